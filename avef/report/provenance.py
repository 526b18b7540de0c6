"""Where a page comes from: the commit, the runs behind it, the machines that trained.

All of it is noted down when the report is made, from what git, the logs and the
metrics say then; the clock is never asked.
"""

from __future__ import annotations

import platform
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from avef.core import installed, outside
from avef.evaluation.texts import took

#: Packages that results may depend on: shown name → distributions that provide it.
PACKAGES = {
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "keras": ("keras",),
    "numpy": ("numpy",),
    "librosa": ("librosa",),
    "scikit-learn": ("scikit-learn",),
    "opencv": ("opencv-python-headless", "opencv-python"),
    "av": ("av",),
    "mtcnn": ("mtcnn",),
    "dvc": ("dvc",),
}
_LINE = r"^(\d{4}-\d\d-\d\d \d\d:\d\d):\d\d,\d{3} \d+ INFO avef\.notebook: "
_BEGAN = re.compile(_LINE)
_TOOK = re.compile(_LINE + r".* took ([\d.]+) s$", re.MULTILINE)


class Run(NamedTuple):
    """One notebook's last run: when it began by its machine's clock, and its seconds."""

    began: str
    seconds: float


@dataclass(frozen=True)
class Made:
    """What is known of how the results were made.

    ``commit`` is what was checked out, ``results`` the commit and date that recorded the
    results; ``runs`` are by a notebook's name and ``machines`` by corpus. None and empty
    where nothing was noted down.
    """

    commit: str | None = None
    results: str | None = None
    runs: Mapping[str, Run] = field(default_factory=dict)
    machines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    versions: tuple[tuple[str, str], ...] = ()

    def lines(self, stems: Iterable[str], corpus: str = "") -> list[tuple[str, str]]:
        """(what, in words) for a page that shows these notebooks, of one corpus or of all.

        Examples
        --------
        >>> made = Made("abc", runs={"03_x": Run("2026-11-26 18:31", 50.6)})
        >>> for line in made.lines(["03_x", "04_x"]):
        ...     print(*line, sep=": ")
        Page made at commit: abc
        Results recorded in commit: not in a commit yet
        Run: began 2026-11-26 18:31, took 51 s
        Networks trained on: not recorded
        """
        runs = [self.runs[stem] for stem in stems if stem in self.runs]
        began = sorted({run.began for run in runs})
        when = " to ".join(dict.fromkeys([*began[:1], *began[-1:]]))
        spent = took(sum(run.seconds for run in runs))
        named = self.machines if not corpus else {corpus: self.machines.get(corpus, ())}
        trained = sorted({one for machines in named.values() for one in machines})
        unknown = "unknown: this is no git repository"
        recorded = self.results or ("not in a commit yet" if self.commit else unknown)
        return [
            ("Page made at commit", self.commit or unknown),
            ("Results recorded in commit", recorded),
            ("Run", f"began {when}, took {spent}" if runs else "not recorded beside this page"),
            ("Networks trained on", "; ".join(trained) or "not recorded"),
        ]


def read(root: Path, reports: Path) -> Made:
    """What git, ``data/logs`` and the metrics say."""
    return Made(commit(root), results(root), runs(root / "data/logs"),
                machines(reports / "metrics"), tuple(versions()))  # fmt: skip


def runs(folder: Path) -> dict[str, Run]:
    """The last run of every notebook whose log says that it came to its end."""
    made = {}
    for path in sorted(folder.glob("*.log")):
        text = path.read_text(encoding="utf-8", errors="replace")
        began, ends = _BEGAN.search(text), _TOOK.findall(text)
        if began and ends:
            made[path.stem] = Run(began[1], float(ends[-1][1]))
    return made


def machines(folder: Path) -> dict[str, tuple[str, ...]]:
    """Corpus → the machines, as "CPU, instruction set", whose float sums its networks are."""
    told: dict[str, set[str]] = {}
    for path in sorted(folder.glob("*-*.json")):
        metrics = outside.value(path, object)
        trained = metrics.get("trained_on") if isinstance(metrics, Mapping) else None
        if isinstance(trained, list):
            told.setdefault(path.stem.partition("-")[2], set()).update(map(str, trained))
    return {corpus: tuple(sorted(named)) for corpus, named in told.items() if named}


def versions() -> list[tuple[str, str]]:
    """(name, version) of Python and of :data:`PACKAGES`, as installed here."""
    rows = [("python", platform.python_version())]
    for name, distributions in PACKAGES.items():
        known = filter(None, map(installed.version, distributions))
        rows.append((name, next(known, "not installed")))
    return rows


def commit(root: Path) -> str | None:
    """The commit that is checked out in ``root``, None where ``root`` is no repository of git.

    What the pipeline writes itself, the reports and ``dvc.lock``, is no change.
    """
    name = _head(root)
    if not name:
        return None
    paths = (":(exclude)reports", ":(exclude)dvc.lock")
    changed = _changed(root, ".", *paths)
    return f"{name}, " + ("with changes that are not committed" if changed else "clean")


def results(root: Path) -> str | None:
    """The last commit of ``dvc.lock``, which names every result, and its date.

    None where it has changed since: results of a run that nobody has committed. A
    later commit that touches no result leaves this as it is.
    """
    if not _head(root) or _changed(root, "dvc.lock"):
        return None
    return _git(root, "log", "-1", "--format=%H, %cs", "--", "dvc.lock") or None


def _head(root):
    if _git(root, "rev-parse", "--show-prefix") != "":  # a folder within another repository
        return None
    return _git(root, "rev-parse", "HEAD")


def _changed(root, *paths):
    return _git(root, "status", "--porcelain", "--untracked-files=no", "--", *paths)


def _git(root, *arguments):
    """What git prints; None if it fails or is not there."""
    # Optional locks off: reading the status must not disturb a git that runs beside it.
    command = ["git", "--no-optional-locks", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
