"""The first screen: what is known, and nothing that is not."""

import pandas as pd
import pytest
import report_sample

from avef import paper
from avef.evaluation import claims, consistency
from avef.report import opening, real

POWER = pd.DataFrame(
    [
        ("T4", "as printed", "reproduced", "≥ 90", "99.6"),
        ("T5", "as printed", "reproduced", "≥ 90", "91.0"),
        ("S3", "no gain", "reproduced", "≤ 5", "4.0"),
    ],
    columns=["id", "truth", "verdict", "asked", "percent"],
)


def rows(**verdicts):
    """Every claim not run, but for those given."""
    return [{"id": name, "verdict": verdicts.get(name, claims.NOT_RUN)} for name in paper.CLAIMS]


def lines(made, title):
    block = next(one for one in made if one.title == title)
    return {line.about: line for line in block.lines}


def test_every_claim_has_a_line_and_every_check_has_words():
    named = [name for names in opening.GROUPS.values() for name in names]
    assert sorted([*named, *opening.MEASURED]) == sorted(paper.CLAIMS)
    assert set(opening.CONTRADICTIONS) == set(consistency.GROUPS)
    assert set(opening.MEASURED) == set(real.KEYS)


def test_a_demo_run_is_no_run_on_the_papers_corpora():
    shown = [row | {"verdict": claims.NO_VERDICT} for row in rows()]
    made = opening.blocks({"power_needed": POWER}, shown, demo=True)
    assert made[0].says.startswith("Not run")
    table = lines(made, "On the paper's corpora")
    assert {line.known.partition(";")[0] for line in table.values()} == {"not run"}
    known = table["Accuracies (Tables 4–7)"]
    assert known.known == "not run; power 91 %"
    assert (known.sign, known.look) == ("–", "not-run")
    assert table["Leaving out silence helps"].known == "not run; power 96 %"
    assert table["Speed"].known == "not run"
    assert [block.title for block in made] == ["On the paper's corpora", "What the demo shows"]


def test_a_run_of_other_networks_is_a_run_without_a_verdict():
    shown = [row | {"verdict": claims.OTHER_NETWORKS} for row in rows()]
    (made,) = opening.blocks({}, shown)
    known = lines([made], "On the paper's corpora")["Accuracies (Tables 4–7)"]
    assert (known.known, known.sign) == (claims.OTHER_NETWORKS, "n")


def test_verdicts_of_a_group_are_counted_and_definitions_stand_apart():
    told = dict.fromkeys(("T4", "T5", "T6", "T7"), claims.REPRODUCED)
    told |= {"S1": claims.REPRODUCED, "T2": claims.IMPLEMENTED}
    made = opening.blocks({}, rows(**told))
    table = lines(made, "On the paper's corpora")
    assert table["Accuracies (Tables 4–7)"][1:] == ("reproduced", "✓", "reproduced")
    mixed = table["Learned features, deep fusion and transfer help"]
    assert mixed[1:] == ("1 reproduced, 2 not run", "", "")
    assert [about for about, line in table.items() if "implemented" in line.known] == [
        "Definitions: the set-up and the network"
    ]
    assert len(made) == 1 and not made[0].says.startswith("Not run")


def test_real_recordings_are_judged_by_the_claims_own_rules():
    given = report_sample.real()
    table = lines(opening.blocks({}, [], measured=given), "On real recordings")
    kept = table[opening.MEASURED["V1"]]
    assert kept[1:] == ("89.8 %, the paper 70.3 %: not reproduced", "✗", "refuted")
    assert opening.MEASURED["V2"] not in table  # not measured of unknown speakers
    assert (
        table["Leaving out silence, RAVDESS"].known == "+2.5 points (0.4 … 4.6) at 1/8 of the width"
    )
    given["claims"] |= {"V2": {"relative_gain": 18.0, "utterances": 9, "low": 12.0, "high": 21.0}}
    table = lines(opening.blocks({}, [], measured=given), "On real recordings")
    gained = table[opening.MEASURED["V2"]]
    assert gained.known.startswith("18.0 % relative (12.0 … 21.0), the paper 19.7 %")
    assert gained.look == "reproduced"


@pytest.mark.parametrize("group", ["cases", "frames"])
def test_only_what_fails_contradicts_the_paper(group):
    table = consistency.check()
    said, *_ = opening.CONTRADICTIONS[group]
    assert said in lines(opening.blocks({"consistency": table}, []),
                         "Within the paper itself")  # fmt: skip
    table.loc[table["id"].str.startswith(group), "holds"] = "yes"
    table.loc[table["id"].str.startswith("split"), "holds"] = "no"
    made = opening.blocks({"consistency": table}, [])
    told = {line.known for line in lines(made, "Within the paper itself").values()}
    assert {"1 of 1 split", "4 of 12 named confusions"} <= told
    assert said not in lines(made, "Within the paper itself")
    assert f"{(table['holds'] == 'yes').sum()} of {len(table)}" in made[1].says


def test_the_demo_shows_case_2_of_both_modalities():
    table = pd.DataFrame({"dataset": ["rml", "rml", "new"], "case": ["1", "2", "2"],
                          "ours": ["50.0", "67.61", ""]})  # fmt: skip
    made = opening.blocks({"table_6": table}, [], demo=True)
    shown = lines(made, "What the demo shows")
    assert {about: line.known for about, line in shown.items()} == {
        "RML": "68 % of clips by unseen speakers recognised"
    }


def test_a_cost_has_its_interval_in_its_own_direction():
    given = report_sample.real()
    given["ravdess"]["runs"][0]["gain"] |= {"difference": -8.1, "low": -14.4, "high": -1.7}
    assert "costs 8.1 points (1.7 … 14.4; " in real.known(given)["answers"][0]
