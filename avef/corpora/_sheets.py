"""Tables as spreadsheet programs write them: XLSX and delimited text, as rows of strings."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import openpyxl

from avef.core.errors import ParameterError
from avef.core.inert import shown
from avef.corpora import _copies

EXTENSIONS = (".xlsx", ".csv", ".tsv")

Sheet = list[list[str]]  # rows of entries, not all of one length; no row is blank

#: Bytes, those of what a workbook's parts are unpacked to, and the marks of XML in these.
_LARGEST, _UNPACKED, _MARKUP = 2**26, 2**25, 2_000_000
#: Rows, blank ones too, entries, and entries if all rows were as long as the longest.
_ROWS, _ENTRIES, _AREA = 2_000_000, 2_000_000, 30_000_000
# UTF-32's mark begins with UTF-16's.
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def read(root: str | Path, path: PurePosixPath) -> list[tuple[str, Sheet]]:
    """The sheets of the table at ``path`` below ``root``: list of (" sheet X" or "", rows).

    ParameterError if the file cannot be read, or is no spreadsheet; :class:`TooLargeError`, before
    it is unpacked, if it holds far more than any list of clips.
    """
    file = Path(root) / path
    reason = _copies.fault(Path(root), path)
    if reason and reason not in (_copies.NOT_UTF8, _copies.CONTROL):
        raise ParameterError(f"{shown(file)} cannot be read: {reason}")
    if (size := file.stat().st_size) > _LARGEST:
        raise _too_large(file, f"{size} bytes")
    try:
        return _sheets(file)
    except _ExcessError as error:
        raise _too_large(file, error) from None


def _too_large(file, what):
    told = f"{shown(file)} cannot be read as a list of clips: it holds {what}"
    return TooLargeError(f"{told}, which none does")


def _sheets(file):
    if file.suffix.lower() == ".xlsx":
        return _xlsx(file)
    return [("", delimited(decoded(file.read_bytes())))]


class TooLargeError(ParameterError):
    """A table that holds far more than any list of clips."""


class _ExcessError(Exception):
    """What there is too much of."""


def decoded(data: bytes) -> str:
    """Text in UTF-8, UTF-16 or UTF-32, with or without a byte order mark; else Turkish Windows'.

    >>> decoded("yüz, göğüs".encode("utf-16-be")), decoded("yüz, göğüs".encode("cp1254"))
    ('yüz, göğüs', 'yüz, göğüs')
    """
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    start = data[:4096]
    if not encoding and b"\0" in start:  # delimiters and line ends have a zero byte in UTF-16
        encoding = "utf-16-be" if start[::2].count(0) > start[1::2].count(0) else "utf-16-le"
    if encoding:
        return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1254", errors="replace")


def delimited(text: str) -> Sheet:
    r"""Rows of text with commas, semicolons or tabs, and with any line ends.

    The delimiter is the one that most lines have: a comma may also be a decimal one.

    >>> delimited('clip;s\ra.avi;"1,5"\r\nb.avi;2,5\n')
    [['clip', 's'], ['a.avi', '1,5'], ['b.avi', '2,5']]
    """
    lines = text.splitlines()
    delimiter = max("\t;,", key=lambda one: sum(one in line for line in lines))
    if text.count(delimiter) + len(lines) > _ENTRIES:
        raise _ExcessError(f"more than {_ENTRIES} entries")
    limit = csv.field_size_limit(len(text) + 1)  # the interpreter's, put back below
    try:
        return _rows(csv.reader(io.StringIO(text, newline=None), delimiter=delimiter))
    finally:
        csv.field_size_limit(limit)


def _xlsx(file):
    try:
        _measure(file)
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        try:
            return [(f" sheet {sheet.title}", _cells(sheet)) for sheet in book.worksheets]
        finally:
            book.close()
    except (_ExcessError, MemoryError):
        raise
    except Exception as error:  # openpyxl raises whatever zip, XML or key error it meets
        said = " ".join(shown(error, keep="\n").split())[:200]
        raise ParameterError(f"{shown(file)} cannot be read as a spreadsheet: {said}") from error


def _measure(file):
    """Refuse a workbook that unpacks to much; its own word on sizes is what zipfile reads by."""
    with zipfile.ZipFile(file) as book:
        if sum(part.file_size for part in book.infolist()) > _UNPACKED:
            raise _ExcessError(f"more than {_UNPACKED} bytes once it is unpacked")
        marks = 0
        for part in book.infolist():
            data = book.read(part).replace(b"\0", b"")  # which UTF-16 has
            marks += data.count(b"<") + data.count(b"=")
            if marks > _MARKUP or b"<!ENTITY" in data:
                raise _ExcessError(f"more than {_MARKUP} marks of XML, or entities of its own")


def _cells(sheet):
    sheet.reset_dimensions()  # many programs declare too few cells, or a million rows
    return _rows(sheet.iter_rows(values_only=True))


def _rows(rows: Iterable) -> Sheet:
    """Entries as stripped strings; blank rows, and what is blank behind the last entry, dropped."""
    table: Sheet = []
    entries_in_all = longest = 0
    for number, row in enumerate(rows, start=1):
        entries = [_text(entry) for entry in row]
        entries_in_all += len(entries)
        longest = max(longest, len(entries))
        if number > _ROWS or entries_in_all > _AREA or longest * len(table) > _AREA:
            raise _ExcessError("more rows and columns")
        while entries and not entries[-1]:
            entries.pop()
        if entries:
            table.append(entries)
    return table


def _text(entry):
    if isinstance(entry, float) and entry.is_integer():
        entry = int(entry)  # Excel has no whole numbers
    return "" if entry is None else str(entry).strip()
