"""Raw folders to clip tables: every irregularity, as trees of empty files."""

import csv
import re

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avef import corpora
from avef.core.errors import ParameterError
from avef.corpora import _labels, baum1s

LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"
SHORT = {emotion[:2]: emotion for emotion in corpora.EMOTIONS}
SIX_COLUMNS = ["clip", "corpus", "path", "speaker", "emotion", "arousal", "valence"]


def plant(root, *paths):
    """Empty files: whoever opens one as media fails."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def by_clip(clips):
    return clips.set_index("clip")


def reasons(left_out):
    return dict(zip(left_out["path"], left_out["reason"], strict=True))


# ── RML ──────────────────────────────────────────────────────────────────────

RML = [
    "s1/an3.avi",
    "s2/su11.avi",
    "s3/f1eng/an1.avi",
    "s3/f2per/an1.avi",
    "s6/f3pjb/di2.avi",
    "s8/f5hnh/ha10.avi",
]
RML_CLIPS = ["s1-an3", "s2-su11", "s3-f1eng-an1", "s3-f2per-an1", "s6-f3pjb-di2", "s8-f5hnh-ha10"]


def rml_layout(path, layout):
    part = "rml-1" if path[1] in "12345" else "rml-2"
    return {
        "top": path,
        "halves": f"{part}/{path}",
        "outer": f"RML Emotion/{part}/{path}",
        "shouting": f"RML/{part.upper()}/{path.upper()}",
    }[layout]


@pytest.mark.parametrize("layout", ["top", "halves", "outer", "shouting"])
def test_rml_gives_the_same_clips_in_every_layout(tmp_path, layout):
    paths = [rml_layout(path, layout) for path in RML]
    plant(tmp_path, *paths, "s1/Thumbs.db", "s1/notes.txt", "s3/.hidden.avi", "__MACOSX/s1/an3.avi")
    clips, left_out = corpora.clip_table("rml", tmp_path)
    assert clips["clip"].tolist() == RML_CLIPS
    assert clips["path"].tolist() == paths
    assert clips["speaker"].tolist() == ["s1", "s2", "s3", "s3", "s6", "s8"]
    assert clips["emotion"].tolist() == [SHORT[c.split("-")[-1][:2]] for c in RML_CLIPS]
    assert clips["language"].tolist() == ["", "", "eng", "per", "pjb", "hnh"]
    assert left_out.empty
    assert list(left_out.columns) == ["path", "reason"]


def test_rml_whole_copy_has_the_expected_counts(tmp_path):
    for speaker in range(1, 9):
        for code in SHORT:
            plant(tmp_path, *(f"s{speaker}/{code}{n}.avi" for n in range(1, 16)))
    clips, left_out = corpora.clip_table("rml", tmp_path)
    report = corpora.count_report(clips, left_out, "rml").set_index("emotion")
    assert report.loc["all", "found"] == 720
    assert (report["difference"] == 0).all()
    assert [report[name].dtype for name in ("expected", "difference")] == ["Int64", "Int64"]
    assert report.loc["all", "left_out"] == 0


def test_rml_second_copy_is_left_out_by_name(tmp_path):
    plant(tmp_path, "s3/f1eng/an1.avi", "backup/rml-1/s3/f1eng/an1.avi", "s3/f1eng/AN01.AVI")
    clips, left_out = corpora.clip_table("rml", tmp_path)
    assert clips["clip"].tolist() == ["s3-f1eng-an1"]
    assert len(left_out) == 2
    assert left_out["reason"].str.fullmatch("duplicate of s3/f1eng/(an1.avi|AN01.AVI)").all()
    assert "backup/rml-1/s3/f1eng/an1.avi" in left_out["path"].tolist()


def test_rml_unknown_names_and_folders_are_left_out(tmp_path):
    plant(tmp_path, "s1/an1.avi", "s1/xx1.avi", "s1/an.avi", "s9/an1.avi", "an7.avi")
    clips, left_out = corpora.clip_table("rml", tmp_path)
    assert len(clips) == 1
    assert set(reasons(left_out)) == {"s1/xx1.avi", "s1/an.avi", "s9/an1.avi", "an7.avi"}
    assert "speaker's folder" in reasons(left_out)["s9/an1.avi"]
    assert "emotion code" in reasons(left_out)["s1/xx1.avi"]


def test_rml_unfamiliar_language_folders_still_tell_clips_apart(tmp_path):
    plant(tmp_path, "s4/Second Take/an1.avi", "s4/chinese/an1.avi")
    clips, _ = corpora.clip_table("rml", tmp_path)
    assert clips["clip"].tolist() == ["s4-chinese-an1", "s4-second-take-an1"]


@settings(max_examples=40, deadline=None)
@given(
    keys=st.sets(
        st.tuples(
            st.integers(1, 8),
            st.sampled_from(["", "f1eng", "f2per", "f2chi", "f3pjb"]),
            st.sampled_from(sorted(SHORT)),
            st.integers(1, 15),
        ),
        min_size=1,
        max_size=30,
    ),
    outer=st.sampled_from(["", "RML/", "data/rml-1/"]),
)
def test_rml_every_file_is_one_clip_with_its_own_id(tmp_path_factory, keys, outer):
    root = tmp_path_factory.mktemp("rml")
    for speaker, language, code, n in keys:
        plant(root, "/".join(p for p in (f"{outer}s{speaker}", language, f"{code}{n}.avi") if p))
    clips, left_out = corpora.clip_table("rml", root)
    assert len(clips) == len(keys)
    assert left_out.empty
    assert clips["clip"].is_unique
    assert clips["clip"].is_monotonic_increasing
    spoken = {(int(c.speaker[1:]), c.emotion) for c in clips.itertuples()}
    assert spoken == {(speaker, SHORT[code]) for speaker, _, code, _ in keys}


# ── eNTERFACE'05 ─────────────────────────────────────────────────────────────


def enterface(subject, emotion, sentence, name=None):
    name = name or f"s{subject}_{emotion[:2]}_{sentence}.avi"
    return f"subject {subject}/{emotion}/sentence {sentence}/{name}"


@pytest.mark.parametrize("outer", ["", "enterface database/", "a/b c/"])
def test_enterface_reads_folders_never_names(tmp_path, outer):
    plant(
        tmp_path,
        outer + enterface(2, "anger", 1, "s2_an_2.avi"),  # swapped
        outer + enterface(2, "anger", 2, "s2_an_1.avi"),
        outer + enterface(3, "fear", 4, "s_3_fe_4.avi"),
        outer + enterface(11, "happiness", 5, "s12_ha_5.avi"),
        outer + enterface(12, "happiness", 5),
        outer + enterface(16, "surprise", 3, "s16_su_3avi.avi"),
        outer + "subject 6/anger/s6_an.avi",
        outer + "subject 2/anger/sentence 1/Thumbs.db",
    )
    clips, left_out = corpora.clip_table("enterface05", tmp_path)
    table = by_clip(clips)
    assert clips["clip"].tolist() == [
        "subject02-anger-1",
        "subject02-anger-2",
        "subject03-fear-4",
        "subject11-happiness-5",
        "subject12-happiness-5",
        "subject16-surprise-3",
    ]
    assert table.loc["subject02-anger-1", "path"].endswith("sentence 1/s2_an_2.avi")
    assert table.loc["subject11-happiness-5", "speaker"] == "subject11"
    assert table.loc["subject11-happiness-5", "sentence"] == "happiness-5"
    assert list(reasons(left_out)) == [outer + "subject 6/anger/s6_an.avi"]
    assert "not cut into sentences" in left_out["reason"].iloc[0]


def test_enterface_whole_copy_is_1287_of_1293(tmp_path):
    for subject in range(1, 45):
        for emotion in corpora.EMOTIONS:
            if subject == 6:
                plant(tmp_path, f"subject 6/{emotion}/s6_{emotion[:2]}.avi")
                continue
            skip = 3 if (subject, emotion) == (23, "happiness") else 0
            plant(tmp_path, *(enterface(subject, emotion, n) for n in range(1 + skip, 6)))
    clips, left_out = corpora.clip_table("enterface05", tmp_path)
    assert (len(clips), len(left_out)) == (1287, 6)
    assert clips["speaker"].nunique() == 43
    assert "subject06" not in set(clips["speaker"])
    report = corpora.count_report(clips, left_out, "enterface05").set_index("emotion")
    assert (report["difference"] == 0).all()
    assert report.loc["happiness", "expected"] == 212
    assert report.loc["all", "left_out"] == 6
    short = clips.iloc[:-21]
    report = corpora.count_report(short, left_out, "enterface05").set_index("emotion")
    assert report.loc["all", "difference"] == -21


def test_enterface_strays_are_left_out(tmp_path):
    plant(
        tmp_path,
        enterface(1, "anger", 1),
        "loose.avi",
        "subject 1/boredom/sentence 1/x.avi",
        "subject 1/anger/sentence 1/second.avi",
        "subject 1/anger/sentence 6/s1_an_6.avi",
    )
    clips, left_out = corpora.clip_table("enterface05", tmp_path)
    assert len(clips) == 1
    assert len(left_out) == 4
    assert "emotion" in reasons(left_out)["subject 1/boredom/sentence 1/x.avi"]
    assert "duplicate" in left_out["reason"].str.cat()


# ── BAUM-1s ──────────────────────────────────────────────────────────────────

# name, code, as annotated: typing errors and a contradiction included
BAUM = [
    ("S001_005", "Anger", 1),
    ("S001_006", "Boredom", 2),
    ("S002_001", "Contepmt", 5),
    ("S002_004", "disgust", 6),
    ("S003_010", "FEAR", 7),
    ("S003_011", "Happiness", 8),
    ("S015_007", "Neutral", 8),
    ("S015_008", "Sadnes", 10),
    ("S031_002", "Surprise", 11),
    ("S031_003", "Unsure", 13),
]
BAUM_SIX = {
    "S001_005": "anger",
    "S002_004": "disgust",
    "S003_010": "fear",
    "S003_011": "happiness",
    "S015_007": "happiness",
    "S015_008": "sadness",
    "S031_002": "surprise",
}


def full_rows(rows):
    table = [["", "Subject No", "Gender", "Clip Name", "Emotion", "Emotion Code"]]
    for number, (clip, name, code) in enumerate(rows, start=1):
        table.append([number, int(clip[1:4]), "Female", clip, name, code])
    return table


def swapped_rows(rows):
    """Other headers, other order, lower case, extensions, no running number."""
    return [["code", "file", "who", "label"]] + [
        [code, f"{clip.lower()}.mp4", int(clip[1:4]), name] for clip, name, code in rows
    ]


def headless_rows(rows):
    return [[clip, name, code] for clip, name, code in rows]


def write_xlsx(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    legend = book.active
    legend.title = "Codes"
    for code, name in baum1s.CODES.items():
        legend.append([code, name])
    sheet = book.create_sheet("Annotations")
    for row in rows:
        sheet.append([None if entry == "" else entry for entry in row])
    book.save(path)


def write_csv(path, rows, delimiter=","):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)


def baum_files(root, folder="BAUM1s_MP4 - All", clips=BAUM):
    for clip, *_ in clips:
        plant(root, f"{folder}/{clip[:4].lower()}/{clip}.mp4")
        plant(root, f"{folder}/{clip[:4].lower()}/{clip}.srt")


@pytest.mark.parametrize(
    "folder", ["BAUM1s_MP4 - All", "BAUM1s_MP4_all", "BAUM-1/x/BAUM1s_MP4_all"]
)
@pytest.mark.parametrize("rows", [full_rows, swapped_rows, headless_rows])
@pytest.mark.parametrize("kind", ["xlsx", "csv", "semicolons", "deep"])
def test_baum_every_layout_and_label_table(tmp_path, folder, rows, kind):
    baum_files(tmp_path, folder)
    if kind == "xlsx":
        write_xlsx(tmp_path / "Annotations_BAUM1s.xlsx", rows(BAUM))
    elif kind == "deep":
        write_xlsx(tmp_path / folder / "Annotations_BAUM1s.xlsx", rows(BAUM))
    else:
        delimiter = ";" if kind == "semicolons" else ","
        write_csv(tmp_path / "Annotations_BAUM1s.csv", rows(BAUM), delimiter)
    clips, left_out = corpora.clip_table("baum1s", tmp_path)
    assert dict(zip(clips["clip"], clips["emotion"], strict=True)) == BAUM_SIX
    assert clips["speaker"].tolist() == [clip[:4] for clip in clips["clip"]]
    assert clips["path"].str.endswith(".mp4").all()
    assert left_out["reason"].tolist() == [
        "emotion boredom is not one of the six",
        "emotion contempt is not one of the six",
        "emotion unsure is not one of the six",
    ]
    assert set(clips["gender"]) == ({"female"} if rows is full_rows else {""})


def test_baum_missing_files_and_missing_annotations(tmp_path):
    baum_files(tmp_path, clips=BAUM[:-2])
    plant(tmp_path, "BAUM1s_MP4 - All/s004/S004_001.mp4", "BAUM1s_MP4 - All/s004/intro.mp4")
    write_xlsx(tmp_path / "Annotations_BAUM1s.xlsx", full_rows(BAUM))
    clips, left_out = corpora.clip_table("baum1s", tmp_path)
    told = reasons(left_out)
    assert len(clips) == 6
    assert told["S031_002"] == told["S031_003"] == "annotated, but there is no such file"
    assert told["BAUM1s_MP4 - All/s004/S004_001.mp4"] == "no annotation"
    assert "S001_005" in told["BAUM1s_MP4 - All/s004/intro.mp4"]


def test_baum_acted_half_is_kept_out(tmp_path):
    """BAUM-1a's clips and labels have BAUM-1s' names and mean other clips."""
    baum_files(tmp_path)
    baum_files(tmp_path, "BAUM1a_MP4_all")
    write_xlsx(tmp_path / "Annotations_BAUM1s.xlsx", full_rows(BAUM))
    wrong = [(clip, "Disgust", 6) for clip, *_ in BAUM]
    write_xlsx(tmp_path / "Annotations_BAUM1a.xlsx", full_rows(wrong))
    clips, left_out = corpora.clip_table("baum1s", tmp_path)
    assert dict(zip(clips["clip"], clips["emotion"], strict=True)) == BAUM_SIX
    assert (left_out["reason"] == "BAUM-1a (acted), not BAUM-1s").sum() == len(BAUM)


def test_baum_contradictory_and_empty_codes_are_left_out(tmp_path):
    baum_files(tmp_path)
    rows = full_rows([*BAUM, ("S001_005", "Fear", 7)])
    rows[4][5] = ""  # S002_004
    rows[5][5] = 99  # S003_010
    write_xlsx(tmp_path / "Annotations_BAUM1s.xlsx", rows)
    clips, left_out = corpora.clip_table("baum1s", tmp_path)
    told = {re.sub(r".*/|\.mp4", "", path): reason for path, reason in reasons(left_out).items()}
    assert told["S001_005"] == "annotated with several codes: 1, 7"
    assert told["S002_004"] == told["S003_010"] == "annotated without a known emotion code"
    assert len(clips) == 4


def test_baum_folder_that_contradicts_the_name_is_left_out(tmp_path):
    baum_files(tmp_path)
    plant(tmp_path, "copy/s002/S001_005.mp4")
    write_csv(tmp_path / "labels.csv", headless_rows(BAUM))
    clips, left_out = corpora.clip_table("baum1s", tmp_path)
    assert len(clips) == 7
    assert "disagree" in reasons(left_out)["copy/s002/S001_005.mp4"]


def test_baum_copy_in_both_kinds_of_table_and_stray_tables(tmp_path):
    baum_files(tmp_path)
    write_xlsx(tmp_path / "Annotations_BAUM1s.xlsx", full_rows(BAUM))
    write_csv(tmp_path / "Annotations_BAUM1s.csv", swapped_rows(BAUM))
    write_csv(tmp_path / "stray.csv", [["a", "b"], ["1", "2"]])
    plant(tmp_path, "~$Annotations_BAUM1s.xlsx", "empty.csv")
    clips, _ = corpora.clip_table("baum1s", tmp_path)
    assert dict(zip(clips["clip"], clips["emotion"], strict=True)) == BAUM_SIX


def test_baum_without_labels(tmp_path):
    baum_files(tmp_path)
    with pytest.raises(ParameterError, match=r"no labels.*Annotations_BAUM1s\.xlsx") as error:
        corpora.clip_table("baum1s", tmp_path)
    assert "\n" not in str(error.value)


def test_baum_columns_that_cannot_be_told(tmp_path):
    baum_files(tmp_path)
    write_csv(tmp_path / "labels.csv", [[clip, name] for clip, name, _ in BAUM])
    with pytest.raises(ParameterError, match=r"labels\.csv.*no column of codes"):
        corpora.clip_table("baum1s", tmp_path)


def test_subject_numbers_are_never_taken_for_codes():
    rows = [[str(i % 13 + 1), f"S{i % 13 + 1:03d}_{i:03d}", "Happiness"] for i in range(40)]
    assert "no column of codes" in _labels.interpret(rows, baum1s.CODES)


def test_codes_are_found_beside_names_that_are_mostly_misspelt():
    typed = [("Contepmt", 5), ("Sadnes", 10), ("happines", 8), ("SUPRISE", 11), ("Angry", 1)]
    rows = [[str(n), f"S001_{n:03d}", name, str(code)] for n, (name, code) in enumerate(typed, 1)]
    labels = _labels.interpret(rows, baum1s.CODES)
    assert [code for _, code, _ in labels] == [5, 10, 8, 11, 1]


def test_baum_broken_spreadsheet(tmp_path):
    baum_files(tmp_path)
    (tmp_path / "Annotations_BAUM1s.xlsx").write_text("not a zip")
    with pytest.raises(ParameterError, match="cannot be read as a spreadsheet"):
        corpora.clip_table("baum1s", tmp_path)


def test_baum_codes_survive_what_other_programs_write(tmp_path):
    """Each table in another dialect; a huge cell in the labels, and one beside them."""
    rows = [[*row, "said " * 40_000 if row[0] == "S001_005" else ""] for row in headless_rows(BAUM)]
    texts = {
        "mac.csv": "\r".join(",".join(map(str, row)) for row in rows).encode(),
        "mixed.csv": b"sep=;\r\n"
        + b"\n\r\n".join(";".join(map(str, row)).encode() for row in rows),
        "unicode.csv": "\n".join("\t".join(map(str, row)) for row in rows).encode("utf-16"),
        "be.csv": "\r\n".join(",".join(map(str, row)) for row in rows).encode("utf-16-be"),
        "wide.csv": "\n".join(";".join(map(str, row)) for row in rows).encode("utf-32"),
    }
    for name, data in texts.items():
        root = tmp_path / name
        baum_files(root)
        (root / name).write_bytes(data)
        (root / "features.csv").write_bytes(b'"' + b"0 " * 70_000 + b'"\n')
        clips, _ = corpora.clip_table("baum1s", root)
        assert dict(zip(clips["clip"], clips["emotion"], strict=True)) == BAUM_SIX, name


def test_baum_labels_that_were_not_fetched_are_called_so(tmp_path):
    baum_files(tmp_path)
    (tmp_path / "Annotations_BAUM1s.xlsx").write_text(LFS)
    with pytest.raises(ParameterError, match=r"BAUM1s\.xlsx cannot be read: a Git LFS pointer"):
        corpora.clip_table("baum1s", tmp_path)


def test_baum_annotated_clip_behind_a_dead_link_is_told_once(tmp_path):
    baum_files(tmp_path)
    write_csv(tmp_path / "labels.csv", headless_rows(BAUM))
    film = tmp_path / "BAUM1s_MP4 - All/s001/S001_005.mp4"
    film.unlink()
    film.symlink_to("/nowhere.mp4")
    _, left_out = corpora.clip_table("baum1s", tmp_path)
    told = left_out[left_out["path"].str.contains("S001_005")]
    assert told["reason"].str.startswith("a dead link").tolist() == [True]


def test_baum_expected_counts():
    expected = corpora.expected_counts("baum1s")
    assert expected.sum() == 521
    assert expected.tolist() == [56, 80, 37, 173, 134, 41]


@settings(max_examples=40, deadline=None)
@given(
    codes=st.lists(st.integers(1, 13), min_size=8, max_size=60),
    order=st.permutations(range(5)),
    data=st.data(),
)
def test_label_columns_are_found_wherever_they_stand(codes, order, data):
    """Running and subject numbers lie in the codes' range; a few names are wrong."""
    # One wrong name in eight at most: the column must still agree with the codes.
    wrong = data.draw(st.sets(st.integers(0, len(codes) - 1), max_size=len(codes) // 8))
    rows, truth = [], []
    for i, code in enumerate(codes):
        name = baum1s.CODES[code % 13 + 1 if i in wrong else code].title()
        clip = f"S{i % 12 + 1:03d}_{i:03d}"
        entries = [str(i + 1), str(i % 12 + 1), clip, name, str(code)]
        rows.append([entries[c] for c in order])
        truth.append((clip, code, ""))
    labels = _labels.interpret([["h"] * 5, *rows], baum1s.CODES)
    assert labels == truth


# ── open corpora ─────────────────────────────────────────────────────────────


def test_ravdess(tmp_path):
    plant(
        tmp_path,
        "Actor_01/01-01-03-01-01-01-01.mp4",
        "Video_Speech_Actor_02/Actor_02/01-01-08-02-02-01-02.mp4",
        "Actor_01/02-01-03-01-01-01-01.mp4",
        "Actor_01/03-01-03-01-01-01-01.wav",
        "Actor_01/01-02-03-01-01-01-01.mp4",
        "Actor_01/01-01-01-01-01-01-01.mp4",
        "Actor_01/01-01-02-01-01-01-01.mp4",
        "Actor_02/01-01-05-01-01-01-01.mp4",
        "Actor_02/trailer.mp4",
        "Actor_02/04-01-05-01-01-01-02.mp4",
    )
    clips, left_out = corpora.clip_table("ravdess", tmp_path)
    assert clips["emotion"].tolist() == ["happiness", "surprise"]
    assert clips["speaker"].tolist() == ["actor01", "actor02"]
    assert clips["gender"].tolist() == ["male", "female"]
    told = " | ".join(left_out["reason"])
    for word in (
        "without sound",
        "without picture",
        "sung",
        "neutral",
        "calm",
        "disagree",
        "seven",
        "unknown modality code 04",
    ):
        assert word in told
    assert len(left_out) == 8


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp4"])
def test_ravdess_as_sound_alone_has_the_ids_of_the_whole(tmp_path, suffix):
    """Modality 03 in any container; a clip with pictures comes before its sound."""
    plant(
        tmp_path,
        f"Actor_01/03-01-03-01-01-01-01{suffix}",
        "Actor_01/01-01-05-01-01-01-01.mp4",
        f"03-01-05-01-01-01-01{suffix}",
    )
    clips, left_out = corpora.clip_table("ravdess", tmp_path)
    assert clips["clip"].tolist() == ["01-03-01-01-01-01", "01-05-01-01-01-01"]
    assert clips["kind"].tolist() == ["audio", "audio-visual"]
    assert clips.loc[1, "path"].endswith("/01-01-05-01-01-01-01.mp4")
    assert left_out["path"].tolist() == [f"03-01-05-01-01-01-01{suffix}"]


def test_ravdess_sound_counts_where_the_film_is_not_whole(tmp_path):
    plant(tmp_path, "Actor_01/01-01-05-01-01-01-01.mp4")
    (tmp_path / "Actor_01/03-01-05-01-01-01-01.flac").write_bytes(b"x" * 2000)
    clips, _ = corpora.clip_table("ravdess", tmp_path)
    assert clips["kind"].tolist() == ["audio"]


def test_real_ravdess_sound_is_listed(shared_data):
    clips, left_out = corpora.clip_table("ravdess", shared_data / "ravdess")
    assert (len(clips), len(left_out)) == (384, 0)
    assert set(clips["kind"]) == {"audio"}
    assert clips.groupby(["speaker", "emotion"]).size().eq(8).all()


def test_cremad(tmp_path):
    names = ["1001_DFA_ANG_XX", "1091_IEO_SAD_HI", "1001_DFA_NEU_XX", "1064_IEO_DIS_MD", "odd"]
    plant(tmp_path, *(f"VideoFlash/{name}.flv" for name in names), "AudioWAV/1001_DFA_ANG_XX.wav")
    clips, left_out = corpora.clip_table("cremad", tmp_path)
    assert clips["clip"].tolist() == ["1001_DFA_ANG_XX", "1091_IEO_SAD_HI"]
    assert clips["speaker"].tolist() == ["1001", "1091"]
    assert left_out["reason"].tolist() == [
        "emotion neutral is not one of the six",
        "known to be damaged",
        "name is not actor_sentence_emotion_level",
    ]


def test_savee(tmp_path):
    names = ["DC/a1", "DC/sa10", "JE/su2", "KL/n3", "KL/d4", "XX/a1", "JK/zz1"]
    plant(tmp_path, *(f"AudioVisualClip/{name}.avi" for name in names))
    clips, left_out = corpora.clip_table("savee", tmp_path)
    assert clips["clip"].tolist() == ["DC-a1", "DC-sa10", "JE-su2", "KL-d4"]
    assert clips["emotion"].tolist() == ["anger", "sadness", "surprise", "disgust"]
    assert len(left_out) == 3


def test_emodb_keeps_seven_emotions(tmp_path):
    letters = {
        "W": "anger",
        "L": "boredom",
        "E": "disgust",
        "A": "fear",
        "F": "happiness",
        "T": "sadness",
        "N": "neutral",
    }
    plant(tmp_path, *(f"wav/03a01{letter}a.wav" for letter in letters), "wav/noise.wav")
    clips, left_out = corpora.clip_table("emodb", tmp_path)
    assert {
        clip[5]: emotion for clip, emotion in zip(clips["clip"], clips["emotion"], strict=True)
    } == letters
    outside = clips["emotion"].isin(["boredom", "neutral"])
    assert (clips.loc[outside, ["arousal", "valence"]] == "").all(axis=None)
    assert (clips.loc[~outside, ["arousal", "valence"]] != "").all(axis=None)
    assert len(left_out) == 1
    assert corpora.expected_counts("emodb").sum() == 535


# ── all corpora ──────────────────────────────────────────────────────────────

ONE = {
    "rml": "s1/an1.avi",
    "enterface05": "subject 1/anger/sentence 1/s1_an_1.avi",
    "ravdess": "Actor_01/01-01-05-01-01-01-01.mp4",
    "cremad": "VideoFlash/1001_DFA_ANG_XX.flv",
    "savee": "AudioVisualClip/DC/a1.avi",
    "emodb": "wav/03a01Wa.wav",
    "baum1s": "s001/S001_005.mp4",
    "table": "takes/one.mp4",
}


SENTENCE = {"enterface05": "anger-1", "ravdess": "01", "cremad": "DFA", "emodb": "a01"}


def plant_one(root, corpus):
    plant(root, ONE[corpus])
    if corpus == "baum1s":
        write_csv(root / "labels.csv", headless_rows(BAUM[:1]))
    if corpus == "table":
        write_csv(
            root / "clips.csv", [["path", "speaker", "emotion"], [ONE[corpus], "me", "angry"]]
        )


@pytest.mark.parametrize("corpus", corpora.READERS)
def test_every_table_has_one_form(tmp_path, corpus):
    plant_one(tmp_path, corpus)
    before = sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*"))
    clips, left_out = corpora.clip_table(corpus, str(tmp_path))
    assert sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*")) == before
    assert clips.columns.tolist()[:7] == SIX_COLUMNS
    assert isinstance(clips.index, pd.RangeIndex)
    assert clips.loc[0, ["corpus", "path", "emotion", "arousal", "valence"]].tolist() == [
        corpus,
        ONE[corpus],
        "anger",
        "high",
        "negative",
    ]
    assert clips.loc[0, "sentence"] == SENTENCE.get(corpus, "")
    assert clips.loc[0, "kind"] == ("audio" if corpus == "emodb" else "audio-visual")
    assert all(isinstance(value, str) for value in clips.iloc[0])
    assert re.fullmatch(r"[A-Za-z0-9_-]+", clips.loc[0, "clip"])
    assert (len(clips), len(left_out)) == (1, 0)


@pytest.mark.parametrize("corpus", corpora.READERS)
@pytest.mark.parametrize("state", ["missing", "empty", "useless"])
def test_nothing_there_says_what_and_where_in_one_line(tmp_path, corpus, state):
    root = tmp_path / "raw"
    if state != "missing":
        root.mkdir()
    if state == "useless":
        plant(root, "odd/one" + ONE[corpus][-4:])
        write_csv(root / "labels.csv", headless_rows(BAUM[:1]))
    with pytest.raises(ParameterError) as error:
        corpora.clip_table(corpus, root)
    message = str(error.value)
    assert "\n" not in message
    for part in (corpora.title(corpus), corpora.how_to_obtain(corpus), str(root)):
        assert part in message


def test_unknown_corpus(tmp_path):
    with pytest.raises(ParameterError, match=r"iemocap.*rml"):
        corpora.clip_table("iemocap", tmp_path)


def test_linked_folders_are_entered_once(tmp_path):
    root = tmp_path / "root"
    plant(root / "elsewhere", "s1/an1.avi")
    (root / "rml-1").symlink_to(root / "elsewhere")
    (root / "rml-2").symlink_to(root / "elsewhere")
    (root / "elsewhere" / "loop").symlink_to(root)
    clips, left_out = corpora.clip_table("rml", root)
    assert clips["path"].tolist() == ["elsewhere/s1/an1.avi"]
    assert left_out.empty
