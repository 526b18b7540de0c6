"""Tables as other programs write them."""

import io
import re
import zipfile
from pathlib import PurePosixPath

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avef.core.errors import ParameterError
from avef.corpora import _sheets

ROWS = [["path", "speaker", "emotion"], ["s1/ağız.avi", "Şule", "anger"], ["b.avi", "x", ""]]
PLAIN = [[*row[:2], row[2]] if row[2] else row[:2] for row in ROWS]


def workbook(path, rows, dimension=None):
    """An XLSX whose sheet declares another extent, or none ("")."""
    book, plain = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(plain)
    tag = f'<dimension ref="{dimension}" />'.encode() if dimension else b""
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w") as target:
        for item in source.infolist():
            data = source.read(item.filename)
            if dimension is not None and item.filename.endswith("sheet1.xml"):
                assert b"<dimension" in data
                data = re.sub(rb"<dimension[^>]*>", tag, data)
            target.writestr(item, data)


def read(path):
    return _sheets.read(path.parent, PurePosixPath(path.name))


@pytest.mark.parametrize("dimension", [None, "", "A1", "A1:B2", "A1:A3", "C2:C2", "A1:XFD1048576"])
def test_all_cells_count_whatever_extent_is_declared(tmp_path, dimension):
    workbook(tmp_path / "a.xlsx", ROWS, dimension)
    assert read(tmp_path / "a.xlsx") == [(" sheet Sheet", PLAIN)]


def test_whole_numbers_have_no_point(tmp_path):
    workbook(tmp_path / "a.xlsx", [["speaker", "x"], [1.0, 2.5]])
    assert read(tmp_path / "a.xlsx")[0][1][1] == ["1", "2.5"]


def test_a_cell_in_the_last_corner_costs_no_million_rows(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = 1, 2
    book.save(tmp_path / "a.xlsx")
    rows = read(tmp_path / "a.xlsx")[0][1]
    assert [len(row) for row in rows] == [1, 16384]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1254"],
)
def test_every_dialect_gives_the_same_rows(tmp_path, encoding, delimiter, end):
    text = end.join(delimiter.join(row) for row in ROWS) + end + end
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    assert read(tmp_path / "a.csv") == [("", PLAIN)]


def test_a_huge_quoted_cell_is_a_cell_and_no_setting_of_the_interpreter_stays():
    import csv

    before = csv.field_size_limit()
    rows = _sheets.delimited('a,"' + "b\n" * 200_000 + '"\nc,d\n')
    assert [len(row) for row in rows] == [2, 2]
    assert rows[1] == ["c", "d"]
    assert csv.field_size_limit() == before


@given(st.binary(max_size=400))
def test_no_bytes_break_it(data):
    rows = _sheets.delimited(_sheets.decoded(data))
    assert all(row and row[-1] for row in rows)


def test_what_is_too_large_to_list_clips_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(_sheets, "_LARGEST", 10)
    (tmp_path / "a.csv").write_text("path,speaker,emotion\n")
    with pytest.raises(_sheets.TooLargeError, match=r"a\.csv cannot be read as a list of clips"):
        read(tmp_path / "a.csv")


HEAD = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
FILL = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
BOMBS = {
    "unpacks to much": HEAD + b'<row r="1">' + b"<c/>" * 10_000_000,
    "many cells": HEAD + b'<row r="1">' + b"<c/>" * 2_000_001,
    "many blank rows": HEAD + b'<row r="9999999999"><c r="A9999999999"><v>1</v></c>',
    "much blank before": HEAD
    + b"</row>".join(b'<row r="%d"><c r="XFD%d"><v>1</v></c>' % (i, i) for i in range(1, 3000)),
    "entities": FILL + HEAD + b'<row r="1"><c t="inlineStr"><is><t>&b;</t></is></c>',
    "entities in UTF-16": (FILL + HEAD).decode().encode("utf-16"),
}


@pytest.mark.parametrize("sheet", BOMBS.values(), ids=BOMBS)
def test_a_small_workbook_that_is_large_inside_is_not_read(tmp_path, sheet):
    workbook(tmp_path / "plain.xlsx", ROWS)
    with zipfile.ZipFile(tmp_path / "plain.xlsx") as source:
        parts = {item.filename: source.read(item.filename) for item in source.infolist()}
    tail = b"</row></sheetData></worksheet>"
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in parts.items():
            target.writestr(name, sheet + tail if name.endswith("sheet1.xml") else data)
    assert (tmp_path / "a.xlsx").stat().st_size < 100_000
    with pytest.raises(_sheets.TooLargeError, match=r"a\.xlsx cannot be read as a list of clips"):
        read(tmp_path / "a.xlsx")


def test_a_text_of_more_entries_than_any_list_is_not_read(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"," * 2_000_001)
    with pytest.raises(_sheets.TooLargeError, match="more than 2000000 entries"):
        read(tmp_path / "a.csv")


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x03\x04", b"<html></html>"])
def test_what_is_no_workbook_is_named(tmp_path, data):
    (tmp_path / "a.xlsx").write_bytes(data)
    with pytest.raises(ParameterError, match=r"a\.xlsx cannot be read as a spreadsheet"):
        read(tmp_path / "a.xlsx")


def test_a_workbook_broken_in_its_middle_is_named(tmp_path):
    workbook(tmp_path / "a.xlsx", ROWS)
    with zipfile.ZipFile(tmp_path / "a.xlsx") as book:
        parts = {item.filename: book.read(item.filename) for item in book.infolist()}
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as book:
        for name, data in parts.items():
            book.writestr(name, data.replace(b"</c>", b"", 2) if "sheet1" in name else data)
    with pytest.raises(ParameterError, match="cannot be read as a spreadsheet"):
        read(tmp_path / "a.xlsx")


def test_a_dead_link_is_called_one(tmp_path):
    (tmp_path / "a.csv").symlink_to("/nowhere.csv")
    with pytest.raises(ParameterError, match="dead link"):
        read(tmp_path / "a.csv")
