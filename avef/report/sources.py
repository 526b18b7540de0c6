"""What a report is made from: all reading is done here."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pandas as pd

from avef.core import outside
from avef.evaluation import marks
from avef.report import citing, fit, provenance
from avef.report.data import FOLDERS, LEDGER


class Image(NamedTuple):
    """A PNG: its file name without suffix, and its size in pixels, None where it is no PNG."""

    name: str
    size: tuple[int, int] | None


@dataclass(frozen=True)
class Sources:
    """What the stages left.

    ``tables`` by file name without suffix, every entry as the text in the file;
    ``notebooks`` likewise; ``failed`` names those whose run stopped with an
    error. ``mark`` is the gravest of all (:mod:`avef.evaluation.marks`). ``prepared`` and
    ``quarantine`` hold a table a prepared corpus. ``real`` is what was measured on real
    recordings, whatever this run was made from, ``params`` the text of ``params.yaml``,
    ``ledger`` that of the replication ledger, ``reference`` the paper; None where there is
    none. ``data`` are
    the files behind tables and figures, by path relative to the reports folder.
    """

    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    notebooks: Mapping[str, nbformat.NotebookNode] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    mark: str = "paper"
    prepared: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    quarantine: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    real: Mapping[str, Any] | None = None
    params: str | None = None
    ledger: str | None = None
    data: Mapping[str, bytes] = field(default_factory=dict)
    reference: citing.Reference | None = None
    made: provenance.Made = field(default_factory=provenance.Made)


def read(folder: Path) -> Sources:
    """Everything under a reports folder, and its repository's settings and prepared clips."""
    root = folder.resolve().parent
    tables = {path.stem: _table(path) for path in sorted(folder.glob("tables/*.csv"))}
    notebooks = sorted(folder.glob("notebooks/[0-9]*.ipynb"))
    prepared = root / "data/prepared"
    real = root / "benchmarks/results/real.json"
    fit.check(tables)
    citation = _text(root / "CITATION.cff")
    return Sources(
        tables=tables,
        notebooks={
            path.stem: outside.notebook(path)
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
            if path.is_file()
        ),
        mark=_mark(tables, folder),
        prepared=_by_corpus(prepared.glob("*/clips.csv")),
        quarantine=_by_corpus(prepared.glob("*/quarantine.csv")),
        real=fit.real(outside.value(real), str(real)) if real.is_file() else None,
        params=_text(root / "params.yaml"),
        ledger=_text(root / LEDGER),
        data={
            path.relative_to(folder).as_posix(): path.read_bytes()
            for name in FOLDERS
            for path in sorted(folder.glob(f"{name}/*"))
            if path.suffix in (".csv", ".json") and path.is_file()
        },
        reference=citing.read(citation) if citation else None,
        made=provenance.read(root, folder),
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


def _text(path):
    return outside.text(path) if path.is_file() else None


def _by_corpus(paths):
    return {path.parent.name: _table(path) for path in sorted(paths)}


def _table(path):
    if not outside.text(path).strip():  # not even a header: a table without rows
        return pd.DataFrame()
    return outside.table(path, dtype=str, keep_default_na=False)


def _mark(tables, folder):
    """The gravest mark of all tables and metrics."""
    known = {mark for table in tables.values() if "data" in table for mark in table["data"]}
    for path in folder.glob("metrics/*.json"):
        metrics = outside.value(path, object)
        if isinstance(metrics, Mapping):
            known.add(str(metrics.get("data")))
    return marks.gravest(known)
