"""What is wrong with a file is one line that names it; what is wrong with the machine is not."""

import errno
import json
import os
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from avef.core import files, outside
from avef.core.errors import ParameterError

READERS = {"text": outside.text, "JSON": outside.value, "table": outside.table,
           "notebook": outside.notebook}  # fmt: skip


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "latin", "long name"])
def test_no_reader_raises_another_error(tmp_path, reader, kind):
    path = tmp_path / ("n" * 300 if kind == "long name" else "a.csv")
    if kind == "folder":
        path.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    if kind == "latin":
        path.write_bytes(b"\xfcber")
    with pytest.raises(ParameterError, match=path.name[:5]) as refused:
        reader(path)
    assert "\n" not in str(refused.value)


def test_a_name_with_a_zero_byte_or_an_escape_is_said_plainly():
    with pytest.raises(ParameterError, match=r"a\\x00b: no name of a file"):
        outside.text("a\0b")
    with pytest.raises(ParameterError, match=r"^\\x1b\[31m: no such file"):
        outside.text("\x1b[31m")


OF_THE_FILE = ("ENOENT", "EACCES", "EIO", "EINVAL")
OF_THE_MACHINE = ("EMFILE", "ENFILE", "ENOMEM", "ENOSPC", "EDQUOT", "EFBIG", "EROFS", "ESTALE")


@pytest.mark.parametrize("name", [*OF_THE_FILE, *OF_THE_MACHINE])
def test_want_of_anything_is_the_machine_s_and_all_else_the_file_s(tmp_path, monkeypatch, name):
    number = getattr(errno, name)

    def fails(*_, **__):
        raise OSError(number, os.strerror(number))

    (tmp_path / "a").write_text("x")
    monkeypatch.setattr(Path, "read_text", fails)
    with pytest.raises(ParameterError if name in OF_THE_FILE else OSError) as refused:
        outside.text(tmp_path / "a")
    assert isinstance(refused.value, OSError) == (name in OF_THE_MACHINE)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "9" * 5000, "[1]", "7", "null", "{}}"])
def test_broken_or_other_json_is_refused(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ParameterError, match=r"a\.json: "):
        outside.value(tmp_path / "a.json")


def test_whole_json_is_what_it_says(tmp_path):
    (tmp_path / "a.json").write_text('{"a": [1]}')
    assert outside.value(tmp_path / "a.json") == {"a": [1]}
    with pytest.raises(ParameterError, match="no JSON of the kind list"):
        outside.value(tmp_path / "a.json", list)


@pytest.mark.parametrize("text", ["", 'a,b\n1,2,3,4\n"', "a\n1\n"])
def test_a_broken_table_or_one_that_lacks_a_column_is_refused(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ParameterError, match=r"a\.csv: (no table that can be read|has no column)"):
        outside.table(tmp_path / "a.csv", needs=["a", "c"])


def test_what_is_larger_than_asked_for_is_not_read(tmp_path):
    (tmp_path / "a").write_text("12345")
    assert outside.text(tmp_path / "a", most=5) == "12345"
    with pytest.raises(ParameterError, match="larger than 4 bytes"):
        outside.text(tmp_path / "a", most=4)


@pytest.mark.parametrize(
    "change", [{"cells": [1]}, {"cells": None}, {"nbformat": "x"}, {"cells": {}}]
)
def test_what_is_no_notebook_is_refused(tmp_path, change):
    book = json.loads(nbformat.writes(nbformat.v4.new_notebook()))
    (tmp_path / "a.ipynb").write_text(json.dumps(book))
    assert outside.notebook(tmp_path / "a.ipynb").cells == []
    (tmp_path / "a.ipynb").write_text(json.dumps(book | change))
    with pytest.raises(ParameterError, match=r"a\.ipynb: no notebook that can be read"):
        outside.notebook(tmp_path / "a.ipynb")


def test_people_and_clips_may_have_any_name(tmp_path):
    names = ["NA", "null", "nan", "None", "n/a", "1e3", "007"]
    written = pd.DataFrame({"clip": names, "share": [0.5] * 6 + [np.nan]})
    files.write_csv(tmp_path / "a.csv", written)
    read = outside.table(tmp_path / "a.csv", dtype={"clip": str})
    pd.testing.assert_frame_equal(read, written)
