"""Names, labels and tables that would drive a terminal, a spreadsheet or a reader's memory."""

import csv

import pytest

from avef import corpora
from avef.core import paths
from avef.core.errors import ParameterError
from avef.corpora import _copies, listing


def plant(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def write_csv(path, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


@pytest.mark.parametrize("name", ["\x1b[31mred", "\u202egpj", "a\nb", "\x9b"])
def test_a_name_that_drives_a_terminal_is_left_out_and_said_as_text(tmp_path, name):
    plant(tmp_path, "s1/f1eng/an1.avi", f"s1/{name}/f1eng/an2.avi")
    clips, left_out = corpora.clip_table("rml", tmp_path)
    assert clips["path"].tolist() == ["s1/f1eng/an1.avi"]
    (row,) = left_out.to_dict("records")
    assert row["reason"] == _copies.CONTROL
    assert row["path"] == f"s1/{name.encode('unicode_escape').decode()}/f1eng/an2.avi"


@pytest.mark.parametrize("folder", ["=1+1", "+x", "-x", "@SUM(A1)", "a:b", "'=1", "$x$"])
def test_a_folder_s_name_comes_back_out_of_the_listing(tmp_path, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    plant(tmp_path / "raw", f"{folder}/s1/f1eng/an1.avi", f"{folder}/s1/f1eng/an1 (1).avi")
    (tmp_path / "raw" / folder / "s1/f1eng/an1 (1).avi").write_bytes(b"a longer one")
    listing.write("rml", "raw")
    written = paths.clips("rml").read_text(encoding="utf-8")
    assert ",=" not in written and ",@" not in written and ",+" not in written
    (path,) = listing.read("rml", "raw").clips["path"]
    assert (tmp_path / "raw" / path).is_file() and path.startswith(f"{folder}/")


def test_labels_of_a_table_are_text(tmp_path):
    plant(tmp_path, "a.mp4")
    write_csv(tmp_path / "clips.csv", [["path", "speaker", "emotion", "language"],
                                       ["a.mp4", "me\x1b[31m", "anger", "\u202een"]])  # fmt: skip
    (row,) = corpora.clip_table("table", tmp_path)[0].to_dict("records")
    assert (row["speaker"], row["language"]) == (r"me\x1b[31m", r"\u202een")


def test_a_code_of_thousands_of_digits_is_none(tmp_path):
    rows = [[f"S001_00{n}", code, name] for n, code, name in
            ((1, "1", "Anger"), (2, "6", "Disgust"), (3, "9" * 5000, "Fear"))]  # fmt: skip
    plant(tmp_path, *(f"{row[0]}.mp4" for row in rows))
    write_csv(tmp_path / "labels.csv", rows)
    clips, left_out = corpora.clip_table("baum1s", tmp_path)
    assert clips["clip"].tolist() == ["S001_001", "S001_002"]
    assert left_out["reason"].tolist() == ["annotated without a known emotion code"]


def test_an_unrelated_table_may_be_too_large_and_the_labels_may_not(tmp_path, monkeypatch):
    rows = [["S001_001", "1", "Anger"], ["S001_002", "6", "Disgust"]]
    plant(tmp_path, "S001_001.mp4", "S001_002.mp4")
    (tmp_path / "features.csv").write_bytes(b"," * 2_000_001)
    with pytest.raises(ParameterError, match=r"no labels .*features\.csv .* more than 2000000"):
        corpora.clip_table("baum1s", tmp_path)
    write_csv(tmp_path / "labels.csv", rows)
    assert len(corpora.clip_table("baum1s", tmp_path)[0]) == 2
    (tmp_path / "clips.csv").write_bytes(b"," * 2_000_001)
    with pytest.raises(ParameterError, match=r"clips\.csv cannot be read as a list of clips"):
        corpora.clip_table("table", tmp_path)
