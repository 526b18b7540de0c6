"""A corpus that a table lists: what is read, and a plain reason for all the rest."""

import re

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avef import corpora
from avef.core.errors import ParameterError
from avef.corpora import table

HEAD = ["path", "speaker", "emotion"]


def plant(root, rows, *, media=None, name="clips.csv", head=HEAD):
    """The listed files (or ``media``), and a CSV that lists them."""
    for path in [row[0] for row in rows] if media is None else media:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    (root / name).write_text("\n".join(";".join(row) for row in [head, *rows]), encoding="utf-8")
    return root


def read(root):
    clips, left_out = corpora.clip_table("table", root)
    return clips, dict(zip(left_out["path"], left_out["reason"], strict=True))


def test_all_columns_in_any_order_and_case(tmp_path):
    head = ["Sentence", "EMOTION", "Notes", "gender", "Path", "language", "Speaker"]
    rows = [["hello", "Joyful", "?", "F", "a/one.mp4", "tur", "Ayşe"]]
    plant(tmp_path, rows, media=["a/one.mp4"], head=head)
    clips, left_out = read(tmp_path)
    names = ["clip", "path", "speaker", "emotion", "gender", "language", "sentence", "kind"]
    assert clips.loc[0, names].tolist() == [
        *("a-one", "a/one.mp4", "Ayşe", "happiness", "female", "tur", "hello", "audio-visual")
    ]
    assert left_out == {}


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp1254"]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_encoding_and_delimiter(tmp_path, encoding, delimiter):
    plant(tmp_path, [["çığ/ağız.avi", "Şule", "sad"]])
    text = delimiter.join(HEAD) + "\r\n" + delimiter.join(["çığ/ağız.avi", "Şule", "sad"])
    (tmp_path / "clips.csv").write_bytes(text.encode(encoding))
    clips, left_out = read(tmp_path)
    assert clips["speaker"].tolist() == ["Şule"]
    assert left_out == {}


def test_a_workbook_with_a_title_above_and_numbers_for_names(tmp_path):
    plant(tmp_path, [["1.wav", "", ""]], name="notes.csv")
    book = openpyxl.Workbook()
    for row in (["Our clips"], [], [*HEAD, "gender"], ["1.wav", 7.0, "Fearful", "man"]):
        book.active.append(row)
    book.create_sheet("legend").append(["path", "what it means"])
    book.save(tmp_path / "clips.xlsx")
    clips, left_out = read(tmp_path)
    assert clips[["speaker", "emotion", "gender", "kind"]].values.tolist() == [
        ["7", "fear", "male", "audio"]
    ]
    assert left_out == {}


@pytest.mark.parametrize("word", sorted(table.WORDS))
def test_words_for_the_six(tmp_path, word):
    clips, _ = read(plant(tmp_path, [["a.mp4", "s", word.upper()]]))
    assert clips["emotion"].tolist() == [table.WORDS[word]]


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("a\\b.mp4", "a/b.mp4"),
        (".\\a\\b.mp4", "a/b.mp4"),
        ("./a/b.mp4", "a/b.mp4"),
        ("a//c/../b.mp4", "a/b.mp4"),
        ("Mu\u0308ller.mp4", "M\u00fcller.mp4"),  # as a Mac writes it
        ("M\u00fcller.mp4", "Mu\u0308ller.mp4"),
    ],
)
def test_paths_of_other_systems(tmp_path, written, path):
    clips, left_out = read(plant(tmp_path, [[written, "s", "fear"]], media=[path]))
    assert clips["path"].tolist() == [path]
    assert left_out == {}


@pytest.mark.parametrize(
    "path", ["../out.mp4", "..\\out.mp4", "/out.mp4", "a/../../out.mp4", "..", "C:\\out.mp4"]
)
def test_a_path_that_leads_outside_is_refused_in_a_row(tmp_path, path):
    (tmp_path / "out.mp4").touch()
    root = tmp_path / "corpus"
    root.mkdir()
    plant(root, [["in.mp4", "s", "fear"], [path, "s", "fear"]], media=["in.mp4"])
    clips, left_out = read(root)
    assert clips["path"].tolist() == ["in.mp4"]
    assert left_out == {path: "listed, but leads outside the table's folder"}


@pytest.mark.parametrize("written", ["s1\\AN1.AVI", "S1/an1.avi", "s1/An1.avi"])
def test_capitals_of_a_path_do_not_matter_where_one_file_fits(tmp_path, written):
    clips, left_out = read(plant(tmp_path, [[written, "s", "fear"]], media=["s1/An1.avi"]))
    assert clips["path"].tolist() == ["s1/An1.avi"]
    assert left_out == {}


def test_capitals_matter_where_several_files_fit(tmp_path):
    rows = [["a.mp4", "s", "fear"], ["A.MP4", "s", "anger"], ["ONE.avi", "t", "fear"]]
    media = ["a.mp4", "A.mp4", "one.avi", "One.avi"]
    clips, left_out = read(plant(tmp_path, [*rows, ["a.MP4", "s", "fear"]], media=media))
    assert clips[["path", "emotion"]].values.tolist() == [["a.mp4", "fear"]]
    several = "listed, but more than one file fits, capitals aside"
    assert left_out == {
        "A.MP4": f"{several}: A.mp4, a.mp4",
        "a.MP4": f"{several}: A.mp4, a.mp4",
        "ONE.avi": f"{several}: One.avi, one.avi",
        **dict.fromkeys(["A.mp4", "One.avi", "one.avi"], "not listed in clips.csv"),
    }


def test_one_file_in_two_spellings_is_listed_twice(tmp_path):
    rows = [["A.mp4", "s", "fear"], ["a.mp4", "s", "fear"], ["b.mp4", "s", "fear"]]
    clips, left_out = read(plant(tmp_path, rows, media=["a.mp4", "b.mp4"]))
    assert clips["path"].tolist() == ["a.mp4", "b.mp4"]
    assert left_out == {"a.mp4": "listed again"}


def test_only_its_owner_knows_what_a_corpus_should_hold(tmp_path):
    clips, left_out = corpora.clip_table("table", plant(tmp_path, [["a.mp4", "s", "joy"]]))
    report = corpora.count_report(clips, left_out, "table")
    assert report["found"].tolist() == [1, 1]
    for name in ("expected", "difference"):
        assert report[name].dtype == "Int64" and report[name].isna().all()


def test_whatever_is_no_clip_has_a_plain_reason(tmp_path):
    rows = [
        ["good.mp4", "s", "anger"],
        ["gone.mp4", "s", "anger"],
        ["calm.mp4", "s", "Calm"],
        ["odd.mp4", "s", "hapiness"],
        ["blank.mp4", "s", ""],
        ["whose.mp4", "", "fear"],
        ["", "s", "fear"],
        ["twice.mp4", "s", "fear"],
        ["./twice.mp4", "S", "Afraid"],
        ["torn.mp4", "s", "fear"],
        ["torn.mp4", "s", "anger"],
        ["shared.mp4", "s", "fear"],
        ["shared.mp4", "t", "fear"],
    ]
    media = {row[0] for row in rows} - {"gone.mp4", "", "./twice.mp4"} | {"new.mkv", "s/voice.opus"}
    clips, left_out = read(plant(tmp_path, rows, media=media))
    assert clips["path"].tolist() == ["good.mp4", "twice.mp4"]
    assert left_out == {
        "gone.mp4": "listed, but there is no such media file",
        "calm.mp4": "emotion calm is not one of the six",
        "odd.mp4": "emotion hapiness is not one of the six",
        "blank.mp4": "no emotion is given",
        "whose.mp4": "no speaker is given",
        "entry 7 of the table": "no path is given",
        "twice.mp4": "listed again",
        "torn.mp4": "listed with several emotions: anger, fear",
        "shared.mp4": "listed with several speakers: s, t",
        "new.mkv": "not listed in clips.csv",
        "s/voice.opus": "not listed in clips.csv",
    }


@pytest.mark.parametrize(
    "names",
    [
        ("Müller", "MÜLLER", "Mu\u0308ller", "müller "),
        ("01", "1", "001", "1"),
        ("Actor 07", "actor\xa07", "Actor  007", "ACTOR 7"),
    ],
)
def test_one_speaker_spelt_in_several_ways_stays_one(tmp_path, names):
    """Or a person would be in training and in test."""
    rows = [[f"{n}.mp4", name, "fear"] for n, name in enumerate(names)]
    clips, _ = read(plant(tmp_path, rows))
    assert clips["speaker"].tolist() == [names[0]] * 4


def test_speakers_of_other_numbers_are_others(tmp_path):
    rows = [[f"{n}.mp4", name, "fear"] for n, name in enumerate(["1", "10", "100", "0", "s1"])]
    clips, _ = read(plant(tmp_path, rows))
    assert clips["speaker"].nunique() == 5


@pytest.mark.parametrize("names", [("Işıl", "IŞIL", "ışıl"), ("İyi", "iyi", "İYİ")])
def test_turkish_capitals_do_not_matter_either(tmp_path, names):
    """I is the capital of ı there, and İ that of i."""
    rows = [[f"{n}/{names[0]}.mp4", name, "fear"] for n, name in enumerate(names)]
    plant(tmp_path, rows)
    plant(tmp_path, [[f"{n}/{s}.MP4", s, e] for n, (_, s, e) in enumerate(rows)], media=[])
    clips, left_out = read(tmp_path)
    assert clips["speaker"].tolist() == [names[0]] * 3
    assert left_out == {}


def test_another_name_of_the_table_will_do_if_it_is_the_only_one(tmp_path):
    plant(tmp_path, [["a.mp4", "s", "fear"]], name="My list.CSV")
    (tmp_path / "other.csv").write_text("path,size\na.mp4,3\n")
    assert len(read(tmp_path)[0]) == 1
    plant(tmp_path, [["a.mp4", "s", "fear"]], name="second.tsv")
    with pytest.raises(ParameterError, match=r"several tables \(My list\.CSV, second\.tsv\)"):
        read(tmp_path)
    plant(tmp_path, [["a.mp4", "s", "anger"]], name="clips.csv")
    assert read(tmp_path)[0]["emotion"].tolist() == ["anger"]


def test_without_a_table_the_columns_are_named(tmp_path):
    plant(tmp_path, [["a.mp4", "s", "fear"]], head=["file", "who", "what"])
    with pytest.raises(ParameterError, match=r"columns path, speaker, emotion.*obtain it") as error:
        read(tmp_path)
    assert "\n" not in str(error.value)


def test_ids_are_apart_where_names_meet(tmp_path):
    paths = ["a/b.mp4", "a-b.mp4", "A/B.avi", "一.mp4", "二.mp4", "x.mp4", f"{'long' * 50}.mp4"]
    clips, left_out = read(plant(tmp_path, [[path, "s", "fear"] for path in paths]))
    assert left_out == {}
    ids = dict(zip(clips["path"], clips["clip"], strict=True))
    assert len({one.lower() for one in ids.values()}) == len(paths)
    assert ids["x.mp4"] == "x"
    assert re.fullmatch("a-b-[0-9a-f]{8}", ids["a/b.mp4"])
    assert re.fullmatch("clip-[0-9a-f]{8}", ids["一.mp4"])
    assert max(map(len, ids.values())) < 100


@given(st.sets(st.text(st.characters(codec="utf-8"), min_size=1, max_size=8), max_size=12))
def test_any_name_gives_a_safe_id_of_its_own(names):
    from pathlib import PurePosixPath

    paths = {PurePosixPath(f"{name.replace(chr(0), '')}.mp4") for name in names}
    rows = table._with_ids([{"path": path} for path in sorted(paths)])
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", row["clip"]) for row in rows)
    composed = {table._composed(path) for path in paths}
    assert len({row["clip"] for row in rows}) >= len(
        {path.removesuffix(".mp4") for path in composed}
    )
