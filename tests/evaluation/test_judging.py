"""What is judged as one: every rule is fed what it must confirm, refute, and leave open."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from avef import paper
from avef.core.errors import ParameterError
from avef.evaluation import claims, gains, judging, spread, verdicts
from avef.studies import power

GOOD, BAD, OPEN = claims.REPRODUCED, claims.NOT_REPRODUCED, claims.INCONCLUSIVE
STILL = power.Spreads(people=0.0, cases=0.0, training=0.0, clips=0.3)
FULL = power.simulate("as printed", power.Spreads(), seeds=2, seed=1)


def verdict(predictions, name):
    return claims.judge(predictions).set_index("id").loc[name, "verdict"]


def wrong(table, share, seed=0):
    """Some of the clips that are right made wrong."""
    chance = np.random.default_rng(seed).random(len(table))
    other = {e: paper.EMOTIONS[(i + 3) % 6] for i, e in enumerate(paper.EMOTIONS)}
    other |= {"high": "low", "low": "high", "positive": "negative", "negative": "positive"}
    spoiled = (chance < share) & (table["true"] == table["predicted"])
    return table.assign(predicted=table["predicted"].mask(spoiled, table["true"].map(other)))


@pytest.mark.parametrize("name", judging.JUDGED)
def test_what_is_as_printed_is_confirmed(name):
    assert verdict(FULL, name) == GOOD


def test_gains_stand_by_pair_and_training():
    table = gains.by_seed(spread.pooled(FULL))
    assert len(table) == 27 * 2
    assert not table.duplicated([*spread.PAIR, "seed"]).any()
    first = table.query("dataset == 'rml' and modality == 'audio' and emotion_model == 'emotion'")
    ours = FULL["rml", "audio"].query("emotion_model == 'emotion'")
    for row in first.itertuples():
        each = ours[ours["seed"] == row.seed].eval("true == predicted").groupby(ours["case"]).mean()
        assert row.gain == pytest.approx(100 * (each[2] - each[1]), abs=0.006)
    assert set(first["paper"]) == {3.03}  # 71.26 - 68.23


@pytest.mark.parametrize("name", ["T4", "T5", "T6", "T7", "T8", "T9", "T10"])
def test_tables_far_from_the_papers_are_refuted(name):
    assert verdict({key: wrong(table, 0.2) for key, table in FULL.items()}, name) == BAD


def test_a_table_right_on_average_but_scattered_is_refuted():
    """Audio far above the paper and video as far below: the mean alone would pass."""
    mixed = {}
    for (dataset, modality), table in FULL.items():
        better = table.assign(predicted=table["true"])
        better = wrong(better, 0.15)
        mixed[dataset, modality] = better if modality == "audio" else wrong(table, 0.3)
    judged = claims.judge(mixed).set_index("id")
    assert judged.loc["T4", "verdict"] == BAD
    assert "scatter 2" in judged.loc["T4", "remark"] or "scatter 1" in judged.loc["T4", "remark"]


@pytest.mark.parametrize("name", ["T4", "T6", "S3"])
def test_a_missing_corpus_leaves_a_claim_open(name):
    assert verdict({k: t for k, t in FULL.items() if k[0] != "baum1s"}, name) == OPEN


@pytest.mark.parametrize("name", ["T8", "T9", "T10"])
def test_three_people_leave_a_matrix_open(name):
    """Who differ by forty points: their mean says nothing of the paper's."""
    few = {}
    for key, table in FULL.items():
        kept = table[table["speaker"].isin(["s0", "s1", "s2"])]
        easy = kept["speaker"] == "s0"
        few[key] = pd.concat([kept[easy], wrong(kept[~easy], 0.7)], ignore_index=True)
    assert verdict(few, name) == OPEN


def test_s3_is_refuted_where_case_2_harms_and_open_where_little_is_known():
    harm = power.simulate("harm", power.Spreads(), seeds=3, seed=2)
    assert verdict(harm, "S3") == BAD
    few = {}
    for key, table in FULL.items():
        few[key] = table[table["speaker"].isin(["s0", "s1"]) & (table["seed"] == 0)]
    assert verdict(few, "S3") == OPEN


def test_s5_is_refuted_without_its_pattern_and_open_for_few():
    assert verdict(power.simulate("no pattern", STILL, seeds=1, seed=3), "S5") == BAD
    few = {k: t[t["speaker"].isin(["s0", "s1"]) & (t["seed"] == 0)] for k, t in FULL.items()}
    assert verdict(few, "S5") == OPEN


def test_demo_data_are_never_judged_and_nothing_is_not_run():
    demo = {key: table.assign(data="demo") for key, table in FULL.items()}
    assert set(claims.judge(demo)["verdict"]) == {claims.NO_VERDICT}
    one, *others = FULL  # a single corpus and modality whose networks are others
    small = {one: FULL[one].assign(data="resized")}
    small |= {key: FULL[key].assign(data="paper") for key in others}
    assert set(claims.judge(small)["verdict"]) == {claims.OTHER_NETWORKS}
    assert set(claims.judge({})["verdict"]) == {claims.NOT_RUN}
    sound = {key: table for key, table in FULL.items() if key[1] == "audio"}
    assert verdict(sound, "T6") == verdict(sound, "T8") == verdict(sound, "S5") == claims.NOT_RUN


def test_columns_and_order():
    judged = claims.judge(FULL, seed=3)
    assert list(judged.columns) == ["id", "verdict", "remark"]
    assert judged["id"].tolist() == list(judging.JUDGED)
    backwards = dict(reversed([(k, t.iloc[::-1]) for k, t in FULL.items()]))
    assert claims.judge(backwards)["verdict"].tolist() == judged["verdict"].tolist()
    with pytest.raises(ParameterError, match="predicted twice"):
        claims.judge({("rml", "audio"): pd.concat([FULL["rml", "audio"]] * 2)})


def test_what_the_paper_prints_is_what_the_rules_take_for_it():
    pairs = paper.case_comparisons()["gain"]
    assert pairs.mean() == pytest.approx(verdicts.PRINTED["gain"], abs=0.005)
    leads, partners = [], []
    for dataset in paper.DATASETS:
        matrix = paper.confusion(dataset)
        recall = pd.Series(np.diag(matrix), index=matrix.index)
        easy = ["anger", "happiness"]
        leads.append(recall[easy].mean() - recall.drop(easy).mean())
        both = [("anger", "happiness"), ("fear", "disgust")]
        both += [(b, a) for a, b in both]
        errors = sum(matrix.loc[a].drop(a).sum() for a, _ in both)
        partners.append(100 * (sum(matrix.loc[a, b] for a, b in both) / errors - 0.2))
    assert np.mean(leads) == pytest.approx(verdicts.PRINTED["lead"], abs=0.01)
    assert np.mean(partners) == pytest.approx(verdicts.PRINTED["partners"], abs=0.01)


def two_cases(people, pairs, seeds, gain):
    """One clip a person in each pair; ``gain(person, pair, seed)`` is 0 or 1."""
    rows = [
        ("rml", "audio", f"m{pair}", case, seed, f"s{p}", float(case == 2 and gain(p, pair, seed)))
        for p, pair, seed, case in product(range(people), range(pairs), range(seeds), (1, 2))
    ]
    names = ["dataset", "modality", "emotion_model", "case", "seed", "person", "right"]
    return pd.DataFrame(rows, columns=names).assign(person=lambda t: "rml/" + t["person"])


def test_a_training_that_is_shared_is_not_many_people():
    """Everybody gains in every second training: the people agree, the trainings do not."""
    gain = gains.of_cases(two_cases(40, 4, 2, lambda p, pair, seed: seed == 0))
    assert (gain.mean.value, gain.mean.people) == (50.0, 0.0)
    assert gain.mean.training > 10
    assert gain.mean.low < 50 < gain.mean.high


def test_one_person_is_one_unit_whatever_the_number_of_pairs():
    few = gains.of_cases(two_cases(6, 2, 2, lambda p, pair, seed: p < 3))
    many = gains.of_cases(two_cases(6, 20, 2, lambda p, pair, seed: p < 3))
    assert few.people == many.people == 6
    assert few.mean.people == pytest.approx(many.mean.people)


def test_clip_noise_is_not_taken_for_training():
    rng = np.random.default_rng(0)
    index = pd.MultiIndex.from_product(
        [["rml"], ["audio"], [f"m{i}" for i in range(30)], range(3), [f"s{i}" for i in range(25)]],
        names=[*spread.PAIR, "seed", "person"],
    )
    values = pd.Series(10 * rng.standard_normal(len(index)), index=index)
    assert spread.clip_noise(values) == pytest.approx(100 / 25, rel=0.15)
    by_pair = values.groupby([*spread.PAIR, "seed"]).mean().unstack("seed")
    weights = pd.Series(1 / 30, index=by_pair.index)
    alone = spread.of_training(by_pair, weights)
    without = spread.of_training(by_pair, weights, noise=spread.clip_noise(values))
    assert without < 0.6 * alone


def test_what_a_single_training_cannot_tell_is_not_called_nothing():
    once = {key: table[table["seed"] == table["seed"].min()] for key, table in FULL.items()}
    remarks = claims.judge(once).set_index("id")["remark"]
    assert "training not known, people ±" in remarks["T8"] and "not known" not in remarks["T4"]
    assert "nan" not in " ".join(remarks)
