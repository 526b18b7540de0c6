"""Simulated studies: the truth that goes in is the truth that comes out."""

import numpy as np
import pandas as pd
import pytest

from avef import paper
from avef.core.errors import ParameterError
from avef.evaluation import claims
from avef.evaluation.agreement import accuracies
from avef.evaluation.spread import pooled
from avef.studies import power

NONE = power.Spreads(people=0.0, cases=0.0, training=0.0, clips=0.0)


@pytest.mark.parametrize(
    ("truth", "cases", "shift"),
    [("as printed", (1, 2), 0), ("10 lower", (1, 2), -10), ("harm", (2,), 0)],
)
def test_accuracies_are_those_of_the_truth(truth, cases, shift):
    table = accuracies(pooled(power.simulate(truth, NONE, seeds=3, seed=0))).mean(axis=1)
    printed = paper.accuracies().set_index(["dataset", "modality", "emotion_model", "case"])
    apart = (table - printed["accuracy"] - shift)[lambda x: x.index.isin(cases, level="case")]
    assert len(apart) == 27 * len(cases)
    assert apart.abs().max() < 5  # 521 clips three times: ±1.3 by chance, and Tables 8–10
    assert abs(apart.mean()) < 0.5


def test_sizes_are_those_of_the_corpora():
    study = power.simulate("as printed", NONE, seeds=1, seed=0)
    for dataset, (speakers, counts) in power.SIZES.items():
        table = study[dataset, "audio"].query("emotion_model == 'emotion' and case == 1")
        assert table["speaker"].nunique() == speakers
        assert table["true"].value_counts()[list(paper.EMOTIONS)].tolist() == list(counts)
        assert table["clip"].is_unique
        assert (table.groupby("speaker")["fold"].nunique() == 1).all()
    assert sum(sum(counts) for _, counts in power.SIZES.values()) == 720 + 1287 + 521


def test_people_and_trainings_vary_as_asked():
    spreads = power.Spreads(people=10.0, cases=0.0, training=0.0, clips=0.0)
    table = pooled(power.simulate("no gain", spreads, seeds=1, seed=0))
    each = 100 * table.query("dataset == 'enterface05'").groupby("person")["right"].mean()
    assert 5 < each.std() < 10  # half of it is a person's own in each network
    spreads = power.Spreads(people=0.0, cases=0.0, training=8.0, clips=0.0)
    table = pooled(power.simulate("no gain", spreads, seeds=6, seed=0))
    by_seed = accuracies(table)
    assert 2 < by_seed.std(axis=1).mean() < 8  # three to eight folds share it out


def test_the_same_seed_gives_the_same_study_and_another_another():
    one, again = (power.simulate("harm", power.Spreads(), seeds=1, seed=4) for _ in range(2))
    other = power.simulate("harm", power.Spreads(), seeds=1, seed=5)
    key = ("rml", "visual")
    pd.testing.assert_frame_equal(one[key], again[key])
    assert not one[key]["predicted"].equals(other[key]["predicted"])
    with pytest.raises(ParameterError, match="as printed"):
        power.simulate("as wished", power.Spreads(), seeds=1, seed=0)


def test_the_table_says_what_was_asked_and_met():
    verdicts = power.study(power.Spreads(), studies=2, seeds=3, seed=0)
    assert set(verdicts["truth"]) == set(power.TRUTHS)
    shares = power.shares(verdicts)
    assert np.allclose(shares.sum(axis=1), 100)
    needed = power.met(shares)
    assert set(needed["id"]) == set(claims.judge({})["id"])
    assert len(needed) == 9 + 4 + 2 + 1
    good = needed.set_index(["id", "truth"])["met"]
    assert good["T4", "as printed"] and good["T4", "10 lower"]
    bad = shares.assign(**{claims.REPRODUCED: 0.0})
    assert not power.met(bad).set_index(["id", "truth"])["met"]["T4", "as printed"]
