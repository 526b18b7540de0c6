"""What a report is made from: all reading is done here."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import struct
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pandas as pd

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


class Image(NamedTuple):
    """A PNG: its file name without suffix, and its size in pixels, None where it is no PNG."""

    name: str
    size: tuple[int, int] | None


@dataclass(frozen=True)
class Sources:
    """What the stages left.

    ``tables`` by file name without suffix, every entry as the text in the file;
    ``notebooks`` likewise; ``failed`` names those whose run stopped with an
    error. ``prepared`` and ``quarantine`` hold a table a prepared corpus. ``real`` is
    what was measured on real recordings, whatever this run was made from, ``params`` the
    text of ``params.yaml``, ``commit`` what git says; None where there is none.
    """

    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    notebooks: Mapping[str, nbformat.NotebookNode] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    demo: bool = False
    prepared: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    quarantine: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    real: Mapping[str, Any] | None = None
    params: str | None = None
    versions: tuple[tuple[str, str], ...] = ()
    commit: str | None = None


def read(folder: Path) -> Sources:
    """Everything under a reports folder, and its repository's settings and prepared clips."""
    root = folder.resolve().parent
    tables = {path.stem: _table(path) for path in sorted(folder.glob("tables/*.csv"))}
    notebooks = sorted(folder.glob("notebooks/[0-9]*.ipynb"))
    prepared = root / "data/prepared"
    params = root / "params.yaml"
    real = root / "benchmarks/results/real.json"
    return Sources(
        tables=tables,
        notebooks={
            path.stem: nbformat.read(path, as_version=4)
            for path in notebooks
            if not path.name.endswith(".failed.ipynb")
        },
        failed=tuple(
            path.name.removesuffix(".failed.ipynb")
            for path in notebooks
            if path.name.endswith(".failed.ipynb")
        ),
        images=tuple(
            Image(path.stem, png_size(path.read_bytes()[:24]))
            for path in sorted(folder.glob("figures/*.png"))
        ),
        demo=_is_demo(tables, folder),
        prepared=_by_corpus(prepared.glob("*/clips.csv")),
        quarantine=_by_corpus(prepared.glob("*/quarantine.csv")),
        real=json.loads(real.read_text(encoding="utf-8")) if real.is_file() else None,
        params=params.read_text(encoding="utf-8") if params.is_file() else None,
        versions=tuple(versions()),
        commit=commit(root),
    )


def png_size(head: bytes) -> tuple[int, int] | None:
    """Width and height from the first 24 bytes of a PNG, None if it is none.

    Examples
    --------
    >>> png_size(bytes.fromhex("89504e470d0a1a0a 0000000d49484452 00000140 000000f0"))
    (320, 240)
    >>> png_size(b"GIF89a")
    """
    if len(head) < 24 or not head.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def versions() -> list[tuple[str, str]]:
    """(name, version) of Python and of :data:`PACKAGES`, as installed here."""
    rows = [("python", platform.python_version())]
    for name, distributions in PACKAGES.items():
        installed = filter(None, map(_version, distributions))
        rows.append((name, next(installed, "not installed")))
    return rows


def commit(root: Path) -> str | None:
    """The commit that is checked out in ``root``, None where ``root`` is no repository of git.

    What the pipeline writes itself, the reports and ``dvc.lock``, is no change.
    """
    if _git(root, "rev-parse", "--show-prefix") != "":  # a folder within another repository
        return None
    name = _git(root, "rev-parse", "HEAD")
    if not name:
        return None
    paths = (":(exclude)reports", ":(exclude)dvc.lock")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", ".", *paths)
    return f"{name}, with changes that are not committed" if changed else name


def _git(root, *arguments):
    """What git prints; None if it fails or is not there."""
    # Optional locks off: reading the status must not disturb a git that runs beside it.
    command = ["git", "--no-optional-locks", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _version(distribution):
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _by_corpus(paths):
    return {path.parent.name: _table(path) for path in sorted(paths)}


def _table(path):
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except pd.errors.EmptyDataError:  # not even a header: a table without rows
        return pd.DataFrame()


def _is_demo(tables, folder):
    """Whether any table or metric says that its data are demo data."""
    marks = {mark for table in tables.values() if "data" in table for mark in table["data"]}
    for path in folder.glob("metrics/*.json"):
        metrics = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(metrics, Mapping):
            marks.add(metrics.get("data"))
    return "demo" in marks
