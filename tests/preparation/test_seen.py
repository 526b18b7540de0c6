"""What was seen of files, summed up: every value counted once, whatever the rows hold."""

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avef.core.files import write_csv
from avef.preparation import seen

TYPED = pd.DataFrame(
    {
        "clip": ["a", "b", "c", "d"],
        "width": [720, 720, 640, 720],
        "height": [576, 576, 480, 576],
        "rotation": [0, 0, 90, 0],
        "interlaced": [True, False, False, False],
        "pixel_aspect": ["16:15", "16:15", None, "1:1"],
        "audio_rate": [44100.0, 48000.0, float("nan"), 44100.0],
        "audio_start": [0.0, 0.0, -0.021, 0.04],
        "key": ["k"] * 4,
        "warnings": ["late by 0.5 s; no end", "", "late by 1.25 s", "late by 0.75 s; late by 2 s"],
    }
)


def told(table):
    return dict(seen.facts(table).itertuples(index=False))


def test_each_fact_has_its_values_and_how_many_clips_have_them():
    assert told(TYPED) == {
        "picture, pixels": "720 × 576 (3), 640 × 480 (1)",
        "rotation, ° clockwise": "0 (3), 90 (1)",
        "pixel aspect": "16:15 (2), 1:1 (1), not known (1)",
        "interlaced": "no (3), yes (1)",
        "sound rate, Hz": "44100 (2), 48000 (1), not known (1)",
        "start of the sound, s": "0 (2), -0.021 (1), 0.04 (1)",
    }


def test_the_text_of_a_csv_says_the_same(tmp_path):
    write_csv(tmp_path / "clips.csv", TYPED)
    text = pd.read_csv(tmp_path / "clips.csv", dtype=str, keep_default_na=False)
    for sum_up in (seen.facts, seen.warnings):
        pd.testing.assert_frame_equal(sum_up(text), sum_up(TYPED))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3, 4, 5, 6], "1 (1), 2 (1), 3 (1), 4 (1), 5 (1), 6 (1)"),
        ([1, 2, 3, 4, 5, 6.5, 7], "1 … 7 (7)"),
        ([0] * 7 + [3, 1, 2, 4, 9, 5, 6.25], "0 (7), 1 … 9 (7)"),
        ([0] * 6 + [3, 1, 2, 4, 9, 5, 6.25], "0 … 9 (13)"),
        ([44100, 2**40, ""], f"44100 (1), {2**40:.10g} (1), not known (1)"),
        ([*"aaabbcdefg"], "a (3), b (2), c (1), d (1), e (1), 2 others (2)"),
        (["1", "2", "n/a"], "1 (1), 2 (1), n/a (1)"),
        (["inf", "1"], "inf (1), 1 (1)"),
        ([None, ""], "not known (2)"),
    ],
)
def test_many_values_are_a_range_or_the_commonest(values, expected):
    assert told(pd.DataFrame({"audio_gaps": values})) == {"gaps in the sound": expected}


def test_a_size_is_known_whole_or_not():
    rows = pd.DataFrame({"width": [720, None, 720], "height": [576, 576, 576]})
    assert told(rows) == {"picture, pixels": "720 × 576 (2), not known (1)"}


def test_what_is_not_there_is_not_told():
    for table in (pd.DataFrame(), TYPED[["clip", "key", "width"]], TYPED[:0]):
        assert told(table) == {}
        assert len(seen.warnings(table)) == 0


def test_warnings_are_counted_by_clip_and_those_of_one_kind_are_one():
    table = seen.warnings(TYPED)
    assert table.to_dict("list") == {
        "warning": ["late by 0.5 … 2 s", "no end"],
        "clips": [3, 1],
        "such as": ["a, c, d", "a"],
    }


def test_a_warning_names_three_clips_and_counts_the_rest():
    rows = pd.DataFrame({"clip": [*"abcde"], "warnings": "odd"})
    assert seen.warnings(rows)["such as"].tolist() == ["a, b, c and 2 more"]


def test_only_numbers_on_their_own_are_joined():
    said = ["as h264", "as h265", "to 720x576", "to 640x480", "took 2.5s", "took 2.75s"]
    rows = pd.DataFrame({"clip": [*"abcdef"], "warnings": said})
    assert seen.warnings(rows)["warning"].tolist() == sorted(said)
    rows = pd.DataFrame({"clip": ["a", "b", "c"], "warnings": ["-1 to 3.", "-10 to 3.", "9 to 3."]})
    assert seen.warnings(rows)["warning"].tolist() == ["-10 … 9 to 3."]


ANY = st.text() | st.sampled_from(["1_0", "1e999", "0x1", "9" * 400, "nan", "; ;", "1; 2"])


@given(st.lists(ANY, min_size=1, max_size=12))
def test_any_text_is_counted_once(texts):
    clips = [f"c{i}" for i in range(len(texts))]
    told_values = told(pd.DataFrame({"colour": texts}))["colour"]
    if "(" not in "".join(texts):
        assert sum(map(int, re.findall(r"\((\d+)\)", told_values))) == len(texts)
    table = seen.warnings(pd.DataFrame({"clip": clips, "warnings": texts}))
    warned = [text for text in texts if any(part.strip() for part in text.split("; "))]
    assert bool(len(table)) == bool(warned)
    assert table["clips"].le(len(warned)).all()
