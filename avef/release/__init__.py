"""One zip of the results and of all that they come from, ready for an archive that gives DOIs.

:func:`build` reads and writes; :mod:`~avef.release.crate` describes what is in it in the
terms of RO-Crate. The same commit and the same results give the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from avef.config.schema import Params
from avef.core import paths, sums
from avef.core.errors import RunError
from avef.core.files import replacing
from avef.evaluation import marks
from avef.release import crate
from avef.report import data, provenance, sources
from avef.studies import experiments

ARCHIVE = "avef-release.zip"
#: Results that DVC keeps and git does not.
_PAGES = ("reports/index.html", "reports/html")


class Packed(NamedTuple):
    """How many files a release has, and what is told of them."""

    files: int
    about: crate.About


def build(p: Params, target: str | Path = ARCHIVE) -> Packed:
    """Write the zip of the repository in this folder.

    Raises
    ------
    RunError
        If the folder is no git repository, a tracked file is changed and not committed, or a
        result is missing or not that of the code, parameters and data at hand.
    OSError
        If a file cannot be read, or ``target`` not written.
    """
    root = Path.cwd()
    _committed(root)
    stale = experiments.changed(p)
    if stale:
        raise RunError(
            f"results are missing or not up to date ({', '.join(stale)}); `dvc repro` makes them"
        )
    names = _names(root)
    about = _about(root, p)
    packed = contents({name: (root / name).read_bytes() for name in names}, about)
    executable = {name for name in names if os.access(root / name, os.X_OK)}
    with replacing(target) as path:
        path.write_bytes(data.archive(packed, executable=executable))
    return Packed(len(packed), about)


def contents(files: Mapping[str, bytes], about: crate.About) -> dict[str, bytes]:
    """``files``, their description, and the digests of both, by path in the zip.

    Examples
    --------
    >>> about = crate.About("abc", "2026-11-27", "demo")
    >>> made = contents({"CITATION.cff": b"{authors: [{name: us}], license: MIT}"}, about)
    >>> [line[66:] for line in made["SHA256SUMS"].decode().splitlines()]
    ['CITATION.cff', 'ro-crate-metadata.json']
    """
    described = dict(files) | {crate.NAME: crate.describe(files, about).encode()}
    digests = {name: hashlib.sha256(described[name]).hexdigest() for name in sorted(described)}
    return described | {sums.NAME: sums.text(digests).encode()}


def _committed(root):
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    if changed:
        named = [line[3:] for line in changed.splitlines()]
        more = f" and {len(named) - 3} more" if len(named) > 3 else ""
        raise RunError(f"changed and not committed: {', '.join(named[:3])}{more}")


def _names(root):
    """What git tracks, and the report's pages; relative to the repository, with /."""
    tracked = _git(root, "ls-files", "-z").split("\0")
    pages = [root / name for name in _PAGES]
    made = [file for page in pages for file in (page, *page.glob("*")) if file.is_file()]
    return sorted({*filter(None, tracked), *(file.relative_to(root).as_posix() for file in made)})


def _about(root, p):
    commit, date = _git(root, "log", "-1", "--format=%H %cs").split()
    reports = root / paths.REPORTS
    trained = provenance.machines(reports / "metrics")
    machines = tuple(sorted({one for corpus in trained.values() for one in corpus}))
    mark = marks.gravest({marks.of(p), sources.read(reports).mark})
    return crate.About(commit, date, mark, machines)


def _git(root, *arguments):
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RunError(f"git {arguments[0]}: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout.rstrip("\n")
