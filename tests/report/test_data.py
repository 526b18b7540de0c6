"""The data behind tables and figures: the right files, packed into the same bytes each time."""

import io
import zipfile

import nbformat
import report_sample

from avef.report import data, gallery, notebooks


def test_figures_are_drawn_from_files_that_are_there():
    there = {"curves/audio_net-rml.csv", "tables/table_4.csv", "predictions/svm-rml.csv"}
    assert data.behind("curves_audio_net", "rml", there) == ["curves/audio_net-rml.csv"]
    assert data.behind("curves_{stage}", "rml", there, stage="audio_net") == [
        "curves/audio_net-rml.csv"
    ]
    assert data.behind("curves_audio_net", "other", there) == []
    assert data.behind("tables_4_6", "", there) == ["tables/table_4.csv"]
    assert data.behind("confusion", "rml", there) == ["predictions/svm-rml.csv"]
    assert data.behind("faces", "rml", there) == data.behind("odd", "", there) == []


def test_the_longest_name_that_fits_counts():
    there = {f"tables/table_{number}.csv" for number in (8, 9, 10)}
    assert data.behind("table_10", "", there) == ["tables/table_10.csv"]
    assert len(data.behind("table_{number}", "", there)) == 3


def test_files_are_named_for_figures_that_exist():
    for start in data.BEHIND:
        assert gallery.describe(start), start


def test_a_notebooks_figures_name_their_files():
    notebook = report_sample.notebook("03_audio_net-rml")
    notebook.cells[1].source = 'finish(figure, f"curves_{stage}-{dataset}", mark)'
    page = notebooks.Page("03_audio_net-rml", "rml", "A title")
    there = ["curves/audio_net-rml.csv", "curves/audio_net-baum1s.csv"]
    outputs = [o for c in notebooks.cells(notebook, page, there) for o in c.get("outputs", ())]
    assert [o["data"] for o in outputs if "image" in o] == [["curves/audio_net-rml.csv"]]
    unnamed = notebooks.cells(nbformat.v4.new_notebook(cells=notebook.cells))
    assert [o["data"] for c in unnamed for o in c.get("outputs", ()) if "image" in o] == [[]]


def test_the_same_data_give_the_same_archive():
    packed = data.archive({"b.csv": b"1", "a/c.csv": b"2"})
    assert packed == data.archive({"a/c.csv": b"2", "b.csv": b"1"})
    assert packed != data.archive({"a/c.csv": b"2", "b.csv": b"2"})
    dates = {member.date_time for member in zipfile.ZipFile(io.BytesIO(packed)).infolist()}
    assert dates == {(1980, 1, 1, 0, 0, 0)}  # not when it was packed
