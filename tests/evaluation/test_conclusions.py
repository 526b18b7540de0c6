"""The sentences that notebooks of all corpora end with: of nothing, and of what may be chance."""

import numpy as np
import pandas as pd
import pytest

from avef import paper
from avef.evaluation import claims, conclusions, consistency

CLIPS = pd.DataFrame(columns=["speaker", "emotion"])
NEEDED = pd.DataFrame(columns=["id", "truth", "verdict", "asked", "percent", "met"])


@pytest.mark.parametrize(
    "sentence",
    [
        conclusions.listed({}),
        conclusions.detected({}),
        conclusions.detected({"me": pd.DataFrame({"condition": ["clean"], "level": [0.9]})}),
        conclusions.timed({"P3": np.nan}, {"audio-net": 1}),
        conclusions.judged(pd.DataFrame({"verdict": []})),
        conclusions.trusted(NEEDED, 50),
    ],
)
def test_of_nothing_nothing_is_said(sentence):
    assert sentence.startswith("There is nothing to say")


def test_a_corpus_without_a_clip_is_named_beside_the_others():
    clips = pd.DataFrame({"speaker": ["a"], "emotion": ["fear"]})
    said = conclusions.listed({"rml": (CLIPS, CLIPS), "mine": (clips, CLIPS)})
    assert said.startswith("RML: no clip (0 files left out). mine: 1 clip of 1 speaker")
    assert said.endswith("saying fear would get 100 % right.")


def test_a_detector_is_told_at_its_worst_and_for_every_speech():
    table = pd.DataFrame({"condition": ["a", "b", "c"], "MRCG + DNN": [0.9, 0.6, 0.9]})
    said = conclusions.detected({"synthetic": table, "emodb": table[:1]})
    assert "80.0 % of all pairs on average over 3 conditions" in said
    assert "60.0 % at its worst (b)" in said and said.endswith("(a) (emodb).")


@pytest.mark.parametrize(
    ("hours", "said"), [(0.0001, "0.4 s"), (0.5, "30.0 min"), (30, "30.0 h"), (123.45, "123.5 h")]
)
def test_hours_are_told_in_a_unit_of_their_size(hours, said):
    assert f"a model takes {said} (the paper: 24 h)" in conclusions.timed({"P1": hours}, {"a": 1})


def test_what_was_not_measured_is_left_out():
    said = conclusions.timed({"P2": 2.0, "P3": np.nan}, {"a": 0.5, "b": 1.0})
    assert said.startswith("Recognising a 5 s clip 2 s (the paper: 1 s), with a at width 0.5 and b")
    alike = conclusions.timed({"P2": 2.0}, {"a": 0.5, "b": 0.5})
    assert alike.endswith("with a and b at width 0.5 of the published.")


def test_every_verdict_is_counted_once_in_the_order_of_the_report():
    verdicts = [claims.NO_VERDICT, claims.REPRODUCED, claims.OTHERWISE, claims.NO_VERDICT]
    said = conclusions.judged(pd.DataFrame({"verdict": verdicts}))
    assert said.startswith("Of 4 claims, 1 is reproduced")
    assert "1 has other settings" in said and "2 have demo data and no verdict" in said


def test_the_closest_demand_is_named_with_its_own_uncertainty():
    rows = [
        ("A", "t", "reproduced", "≥ 90", 92.0, True),
        ("B", "u", "reproduced", "≤ 5", 4.0, True),
    ]
    said = conclusions.trusted(pd.DataFrame(rows, columns=NEEDED.columns), 100)
    assert said.startswith("2 of 2 demands are met in 100") and "closest is B" in said
    assert "4 % reproduced (1 … 10, by the number of studies) where ≤ 5" in said
    never = pd.DataFrame([(*rows[1][:4], 0.0, True)], columns=NEEDED.columns)
    assert "0 % reproduced (0 … 7, by" in conclusions.trusted(never, 50)
    assert "A where" in conclusions.trusted(pd.DataFrame(rows[:1], columns=NEEDED.columns), 100)


def test_the_paper_contradicts_itself_as_far_as_its_figures_do():
    table = consistency.check()
    said = conclusions.contradicted(table)
    assert said.startswith(f"{(table['holds'] == 'yes').sum()} of {len(table)} identities hold")
    mended = table.assign(holds="yes")
    assert conclusions.contradicted(mended).endswith("Table 6 is what Tables 8–10 give.")
    rows = table["id"].str.startswith("diagonal")
    table.loc[rows, "difference"] = [-0.5, 0.2, 0.1]
    assert "0.1 … 0.5 points from what" in conclusions.contradicted(table)
    gains = paper.case_comparisons().query("table == 6")["gain"]
    assert said.endswith(f"gains in Table 6 is {gains.min():.1f} … {gains.max():.1f} points.")
