"""The data behind tables and figures: the right files, packed into the same bytes each time."""

from avef.report import data, gallery


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


def test_the_same_data_give_the_same_archive(tmp_path):
    packed = data.archive({"b.csv": b"1", "a/c.csv": b"2"})
    assert packed == data.archive({"a/c.csv": b"2", "b.csv": b"1"})
    assert packed != data.archive({"a/c.csv": b"2", "b.csv": b"2"})
    assert b"2" in packed and len(packed) < 400
