"""What others wrote drives no terminal and no spreadsheet, and comes back as it was."""

import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avef.core import inert, outside
from avef.core.files import write_csv

FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "''=1", "＝1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Müller/ağız 1.avi", "Müller/ağız 1.avi"),
        ("嘉\u3000é\u00a0\u200d", "嘉\u3000é\u00a0\u200d"),  # spaces and joiners are letters' own
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202egpj.exe\u2066", r"\u202egpj.exe\u2066"),
        ("a\nb\r\u2028", r"a\nb\r\u2028"),
        (os.fsdecode(b"T\xfcrk"), r"T\xfcrk"),
    ],
)
def test_what_acts_is_shown_as_its_escape(text, said):
    assert inert.shown(text) == said
    said.encode("utf-8")


def test_line_ends_stay_where_they_are_wanted():
    assert inert.shown("a\nb\x1b", keep="\n") == "a\nb\\x1b"


@given(st.text())
def test_what_is_shown_is_shown_as_it_is(text):
    once = inert.shown(text)
    assert inert.shown(once) == once
    assert inert.plain(inert.cell(text)) == text


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_in_a_table_is_a_text_and_comes_back(tmp_path, text):
    table = pd.DataFrame({"path": [text, "a.avi", None], "n": [-1.5, 2.0, 3.0]})
    write_csv(tmp_path / "a.csv", table)
    first = (tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()[1].strip('"')
    assert first.startswith("'" if text.isprintable() else "\\") and first.endswith("-1.5")
    again = outside.table(tmp_path / "a.csv")
    assert again["path"][0] == inert.shown(text)
    assert again["path"][1] == "a.avi" and pd.isna(again["path"][2])
    assert again["n"].tolist() == [-1.5, 2.0, 3.0]


def test_numbers_and_ordinary_tables_keep_their_bytes(tmp_path):
    table = pd.DataFrame(
        {
            "said": ["-2.5", "+1e-3", "'quoted'", "a, b"],
            "size": pd.array([1, pd.NA, 3, 4], dtype="Int64"),
            "mixed": [1, None, "x", 2.5],
            "kind": pd.Categorical(["a", "b", "a", "b"]),
            "yes": [True, False, True, True],
            "n": [0.1, np.nan, -3.0, 1e20],
        }
    )
    write_csv(tmp_path / "a.csv", table)
    plain = table.to_csv(index=False, lineterminator="\n")
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == plain
    write_csv(tmp_path / "empty.csv", table[:0])
    assert (tmp_path / "empty.csv").read_text(encoding="utf-8").count("\n") == 1


def test_writing_leaves_the_table_as_it_was(tmp_path):
    table = pd.DataFrame({"path": ["=1"]})
    write_csv(tmp_path / "a.csv", table)
    assert table["path"].tolist() == ["=1"]


def test_a_column_of_anything_is_read(tmp_path):
    text = "yes,n,path\nTrue,1,'=1\n,2,\nFalse,x,'a'\n"
    (tmp_path / "a.csv").write_text(text)
    table = outside.table(tmp_path / "a.csv")
    assert table["yes"].tolist()[::2] == [True, False] and pd.isna(table["yes"][1])
    assert table["path"].tolist()[::2] == ["=1", "'a'"] and table["n"].tolist() == ["1", "2", "x"]
