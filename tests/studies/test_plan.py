"""The plan of a run: counts by hand, published counts, sizes as the pipeline makes them."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers

from avef.config import params, profiles
from avef.core.errors import ParameterError
from avef.models import networks
from avef.preparation.segments import segment_clip
from avef.studies import costs as costs_of
from avef.studies import early, estimate, plan
from avef.studies.costs import Part
from avef.studies.plan import Size

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras' own

ROOT = Path(__file__).resolve().parents[2]
SIZE = Size(10, 8, 1000, 300, (40, 30), "a test")
FOUND = dict.fromkeys(("rml", "enterface05", "baum1s"), SIZE)
#: Round costs: the deep layers take a quarter of the whole's multiply-adds.
COSTS = {
    **{k: Part(1200, 400, 1000, 50, 6) for k in ("audio", "visual")},
    **{f"{k}_shallow": Part(900, 300, 200, 30, 100) for k in ("audio", "visual")},
    **{f"{k}_deep": Part(300, 100, 800, 20, 6) for k in ("audio", "visual")},
    **{f"{k}_fc7": Part(290, 96, 790, 14, 8) for k in ("audio", "visual")},
    "rbm": Part(50, 10, 60, 5, 4),
    "top": Part(30, 10, 60, 5, 4),
    "whole": Part(610, 202, 1640, 33, 20),
}
RATES = dict.fromkeys(COSTS, 1e3)


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    """Reads a profile, whatever ``params.yaml`` is set to."""

    def read(name, folder=ROOT / "profiles"):
        path = tmp_path_factory.mktemp("params") / "params.yaml"
        shutil.copy(ROOT / "params.yaml", path)
        profiles.apply("demo", path, ROOT / "profiles")
        profiles.apply(name, path, folder)
        return params.read(path)

    return read


@pytest.fixture(scope="module")
def settings(profile):
    """Two epochs of everything on one worker, one speaker out for RML, else three groups."""
    p = profile("nano", ROOT / "tests")
    two = {
        name: {c: replace(s, epochs=2) for c, s in getattr(p, name).items()} for name in plan.STAGES
    }
    two["dbn_fusion"] = {c: replace(s, supervised_epochs=3) for c, s in two["dbn_fusion"].items()}
    rbm, jobs = replace(p.rbm, epochs=4), replace(p.jobs, train=1)
    prepare, keep = replace(p.prepare, face_size=10), replace(p.keep, tune=False)
    return replace(p, **two, seeds=[7], rbm=rbm, jobs=jobs, prepare=prepare, keep=keep)


def planned(settings, **options):
    table = plan.plan(replace(settings, **options), FOUND, costs=COSTS, rates=RATES)
    return table.set_index(["stage", "corpus"])


# Multiply-adds


def test_multiply_adds_are_those_counted_by_hand():
    inner = [keras.Input((4, 4, 8)), layers.Flatten(), layers.Dense(7, name="dense")]
    stack = [
        keras.Input((10, 10, 6)),
        layers.Conv2D(4, 3, padding="valid", name="plain"),  # 8 × 8 places
        layers.MaxPooling2D(2),  # 4 × 4
        layers.Conv2D(8, 3, padding="same", groups=2, name="grouped"),  # 4 × 4
        keras.Sequential(inner),
    ]
    expected = {"plain": 8 * 8 * 3 * 3 * 6 * 4, "grouped": 4 * 4 * 3 * 3 * 2 * 8, "dense": 128 * 7}
    net = keras.Sequential(stack)
    assert costs_of.multiply_adds(net) == expected
    forward = sum(expected.values())
    assert costs_of.training_multiply_adds(net) == 3 * forward - expected["plain"]


def test_strides_volumes_and_dense_layers_on_sequences():
    stack = [
        keras.Input((4, 9, 9, 1)),
        layers.Conv3D(2, 3, strides=(1, 2, 2), padding="same", name="volume"),  # 4 × 5 × 5
        layers.Reshape((100, 2)),
        layers.Dense(3, name="each"),
        layers.Conv1D(5, 4, name="line"),  # 97 places
    ]
    assert costs_of.multiply_adds(keras.Sequential(stack)) == {
        "volume": 100 * 27 * 2,
        "each": 100 * 2 * 3,
        "line": 97 * 4 * 3 * 5,
    }


@pytest.mark.parametrize("layer", [layers.Conv2DTranspose(2, 3), layers.SeparableConv2D(2, 3)])
def test_a_layer_that_is_not_known_is_named(layer):
    net = keras.Sequential([keras.Input((8, 8, 3)), layer])
    with pytest.raises(ParameterError, match=f"{layer.name}: a {type(layer).__name__}"):
        costs_of.multiply_adds(net)


def test_published_multiply_adds():
    """AlexNet with 1000 classes 0.724 G (convolutions 666 M), C3D 38.5 G."""
    counts = costs_of.multiply_adds(networks.audio_net(1000))
    assert sum(counts.values()) == 724_406_816
    assert sum(n for name, n in counts.items() if name.startswith("conv")) == 665_784_864
    c3d = networks.visual_net(101)
    counts = costs_of.multiply_adds(c3d)
    assert sum(counts.values()) == pytest.approx(38.5e9, rel=0.005)
    # What frozen and cached layers save from conv3b on: a half, and three quarters.
    shallow, deep = networks.split(c3d, "conv3b")
    cached = costs_of.training_multiply_adds(deep)
    frozen = cached + sum(costs_of.multiply_adds(shallow).values())
    assert frozen / cached == pytest.approx(2.09, abs=0.01)
    assert costs_of.training_multiply_adds(c3d) / cached == pytest.approx(4.32, abs=0.01)


@pytest.mark.parametrize(("steps", "products"), [(1, 5), (3, 9)])
def test_multiply_adds_of_an_rbm(steps, products):
    assert costs_of.rbm_multiply_adds(6, 4, steps) == products * 24


def test_parts_are_of_the_networks_that_are_trained(settings):
    costs = costs_of.parts(settings)
    assert set(costs) == set(COSTS)
    for kind in plan.KINDS:
        whole, shallow, deep = (costs[kind + end] for end in ("", "_shallow", "_deep"))
        assert whole.forward == shallow.forward + deep.forward
        assert whole.weights == shallow.weights + deep.weights
        assert deep.train < 3 * deep.forward
    assert costs["visual_shallow"].out == 2 * 2 * 4 * 8  # pool3 of a 16th of C3D's images
    visible = costs["audio_fc7"].out + costs["visual_fc7"].out
    assert costs["rbm"].train == 5 * (visible * 16 + 16 * 8)
    assert costs["top"].forward == visible * 16 + 16 * 8 + 8 * 6
    joined = [costs[name].train for name in ("audio_fc7", "visual_fc7", "top")]
    assert costs["whole"].train == sum(joined)


# Sizes


def clip(frames, voiced, fps=25):
    mask = np.zeros(frames, bool)
    mask[:voiced] = True
    times = np.arange(max(1, round(frames / 100 * fps))) / fps
    cut = [len(segment_clip(mask, times, fps, case=case).audio) for case in (1, 2)]
    row = {"duration": round(frames / 100, 2), "voiced": round(float(mask.mean()), 4)}
    return row | {"frames": len(times), "speaker": f"s{frames % 3}", "emotion": "fear"}, cut


def test_prepared_clips_have_as_many_segments_as_they_are_cut_into():
    rng = np.random.default_rng(0)
    lengths = [1, 63, 64, 65, 97, 98, 131, 132, *rng.integers(30, 2000, 40)]
    made = [clip(n, rng.integers(1, n + 1)) for n in map(int, lengths)]
    size = plan.counted(pd.DataFrame([row for row, _ in made]))
    assert size.segments == tuple(np.sum([cut for _, cut in made], axis=0))
    assert (size.clips, size.speakers, size.audio) == (48, 3, sum(lengths))
    assert size.video == sum(row["frames"] for row, _ in made)


def test_published_sizes_are_near_what_clips_of_such_lengths_give():
    for corpus, clips, speakers in (
        ("rml", 720, 8),
        ("enterface05", 1287, 43),
        ("baum1s", 521, 31),
    ):
        size = plan.published(corpus)
        assert (size.clips, size.speakers) == (clips, speakers)
        mean = size.audio / clips
        lengths = np.random.default_rng(1).uniform(0.6 * mean, 1.4 * mean, clips).astype(int)
        cut = sum((n - 64) // 34 + 1 for n in lengths)
        assert size.segments[0] == pytest.approx(cut, rel=0.03)
        assert size.segments[1] < 0.8 * size.segments[0]


def test_a_corpus_without_clips_or_published_size_is_named():
    with pytest.raises(ParameterError, match="savee: no published size.*preprocessing@savee"):
        plan.published("savee")


def test_what_is_left_of_the_demo_does_not_stand_for_the_corpora(settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    left = tmp_path / "data" / "prepared" / "rml" / "clips.csv"
    left.parent.mkdir(parents=True)
    columns = {"duration": 2.0, "voiced": 0.7, "frames": 60, "speaker": "s1", "emotion": "fear"}
    pd.DataFrame({"path": ["s1/an1.avi", "s1/an2.avi"]} | columns).to_csv(left, index=False)
    assert plan.sizes(replace(settings, profile="paper"))["rml"].clips == 2
    demo = tmp_path / "data" / "demo" / "rml" / "s1"
    demo.mkdir(parents=True)
    for name in ("an1.avi", "an2.avi"):
        (demo / name).touch()
    assert plan.sizes(replace(settings, profile="paper"))["rml"].clips == 720
    assert plan.sizes(replace(settings, profile="demo"))["rml"].clips == 2


def test_prepared_clips_go_before_published_sizes(settings, tmp_path):
    row, _ = clip(200, 100)
    (tmp_path / "rml").mkdir()
    pd.DataFrame([row]).to_csv(tmp_path / "rml" / "clips.csv", index=False)
    sizes = plan.sizes(settings, tmp_path)
    assert (sizes["rml"].clips, sizes["rml"].source) == (1, "prepared clips")
    assert (sizes["baum1s"].clips, sizes["baum1s"].source) == (521, "published figures")


# The plan


def test_the_work_of_every_stage_is_that_counted_by_hand(settings):
    table = planned(settings)
    assert table["trainings"].tolist() == [12, 12, 12, *2 * [48, 18, 18], 192, 72, 72]
    # Transfer: 60 segments of case 2, three emotion models, two epochs and fc7 at the end.
    transfer = 3 * 60 * (2 * (2 * 1200 + 400) + 4 * 50 + 10)
    # A network, three folds: 2 epochs on 2/3 each; outputs of 3 folds; the cache once.
    one = sum(n * (2 * 2 * 300 + 3 * 100 + 300) for n in 3 * [40, 30])
    each = 2 * 2 * 610 + 3 * 202 + 2 * 4 * 50 + 2 * 3 * 30 + 2 * 300
    both = sum(n * each for n in 3 * [40, 30])
    work = (transfer, 9), (one, 6), (one, 6), (both, 6)  # and pieces, each with its start
    for stage, (macs, pieces) in zip(plan.STAGES, work, strict=True):
        row = table.loc[stage, "baum1s"]
        assert row["pflop"] == pytest.approx(2e-15 * macs)
        assert row["hours"] == pytest.approx((macs / 1e3 + pieces * plan._START) / 3600)
    assert table.loc["transfer", "segments"].eq(60).all()
    assert table.loc["audio_net", "segments"].eq(40).all()


def test_more_speaker_groups_are_more_folds(settings):
    groups = {c: replace(s, groups=5) for c, s in settings.protocol.items()}
    table = planned(settings, protocol=groups)
    assert table["trainings"].tolist() == [12, 12, 12, *6 * [30], *3 * [120]]


def test_every_seed_trains_every_cell_but_the_cache_is_filled_once(settings):
    one, three = planned(settings), planned(settings, seeds=[1, 2, 3])
    cells = one.index.get_level_values("stage") != "transfer"
    assert (three["trainings"] == np.where(cells, 3, 1) * one["trainings"]).all()
    once = 2e-15 * sum(n * 300 for n in 3 * [40, 30])  # see above
    row = ("visual_net", "baum1s")
    assert three["pflop"][row] - once == pytest.approx(3 * (one["pflop"][row] - once))
    pd.testing.assert_series_equal(three["memory_gib"], one["memory_gib"])
    assert three["disk_gib"][row] == pytest.approx(3 * one["disk_gib"][row])


def test_sentences_apart_are_more_folds_of_which_fewer_learn_from_a_clip(settings):
    protocols = {c: replace(s, groups=3) for c, s in settings.protocol.items()}
    apart = {c: replace(s, sentences="disjoint") for c, s in protocols.items()}
    tables, sizes = [], dict.fromkeys(FOUND, SIZE._replace(parts=5))
    for protocol in (protocols, apart):
        changed = replace(settings, protocol=protocol)
        table = plan.plan(changed, sizes, costs=COSTS, rates=RATES)
        tables.append(table.set_index(["stage", "corpus"]).loc["audio_net", "rml"])
    assert [table["trainings"] for table in tables] == [18, 90]
    learnt, outputs, frozen = 2 * 2 * 300, 3 * 100, 300  # of a segment: two folds, two epochs
    each = [learnt + outputs + frozen, 4 * learnt + 5 * outputs + frozen]
    macs = [3 * 70 * n for n in each]
    assert [table["pflop"] for table in tables] == pytest.approx([2e-15 * n for n in macs])


@pytest.mark.parametrize("name", ["demo", "paper-small"])
def test_the_rbms_that_only_tell_a_gap_are_less_than_a_hundredth(profile, name):
    """In each fold of one pair and seed, once more from some of the training speakers."""
    p = profile(name)
    costs, sizes = costs_of.parts(p), {c: plan.published(c) for c in p.corpora}
    table = plan.plan(p, sizes, costs=costs, rates=dict.fromkeys(costs, 1.0))
    learnt = sum(s.segments[1] * plan.folds(p.protocol[c], c, s)[1] for c, s in sizes.items())
    more = (1 - p.stop.fraction) * learnt * p.rbm.epochs * costs["rbm"].train
    assert 0 < 2e-15 * more < 0.01 * table["pflop"].sum()


def test_parts_of_sentences_are_those_of_the_folds():
    assert plan.published("enterface05").parts == 5
    assert plan.published("baum1s").parts == 1
    row, _ = clip(200, 100)
    rows = [row | {"emotion": "fear", "sentence": f"fear-{k}"} for k in (1, 2, 2)]
    assert plan.counted(pd.DataFrame(rows)).parts == 2
    assert plan.counted(pd.DataFrame(rows).drop(columns="sentence")).parts == 1


def test_workers_share_the_pieces_but_none_is_divided(settings):
    one = planned(settings)
    two = planned(settings, jobs=replace(settings.jobs, train=2))
    many = planned(settings, jobs=replace(settings.jobs, train=1000))
    np.testing.assert_allclose(two["hours"], one["hours"] / 2)
    np.testing.assert_allclose(two["memory_gib"], 2 * one["memory_gib"])
    longest = (60 * (2 * 1200 + 400) / 1e3 + plan._START) / 3600
    assert many.loc["transfer", "rml"]["hours"] == pytest.approx(longest)
    assert many.loc["audio_net", "rml"]["memory_gib"] == pytest.approx(
        6 * one.loc["audio_net", "rml"]["memory_gib"]
    )


def test_without_a_cache_the_frozen_layers_run_in_every_step(settings):
    cached = planned(settings)
    bare = planned(settings, compute=replace(settings.compute, cache_gib=0.0))
    frozen = sum(n * (2 * 2 + 3) * 300 for n in 3 * [40, 30])
    once = sum(n * 300 for n in 3 * [40, 30])
    more = (bare["pflop"] - cached["pflop"]).loc[:, "baum1s"]
    assert more["visual_net"] == pytest.approx(2e-15 * (frozen - once))
    assert more["dbn_fusion"] == pytest.approx(2 * more["visual_net"])
    assert more["transfer"] == 0
    gib = 40 * 100 * 4 / 2**30
    assert cached.loc["visual_net", "rml"]["caches_gib"] == pytest.approx(gib)
    tables = (1000 * 64 * 4 + 300 * 10 * 10 * 3) / 2**30
    assert bare.loc["visual_net", "rml"]["caches_gib"] == pytest.approx(tables)
    assert (cached["memory_gib"] - bare["memory_gib"]).loc["visual_net", "rml"] >= gib


def test_kept_layers_that_are_trained_cost_a_whole_network(settings):
    table = planned(settings, keep=replace(settings.keep, tune=True))
    macs = sum(n * (2 * 2 * 1200 + 3 * 400) for n in 3 * [40, 30])
    assert table.loc["audio_net", "baum1s"]["pflop"] == pytest.approx(2e-15 * macs)
    assert table.loc["audio_net", "baum1s"]["weights_gib"] == pytest.approx(12 * 1000 / 2**30)


def test_disk_is_what_the_weights_take(settings, tmp_path):
    costs = costs_of.parts(settings)
    table = plan.plan(settings, FOUND, costs=costs, rates=RATES | dict.fromkeys(costs, 1e9))
    net = networks.visual_net(
        6, settings.networks.visual.width, settings.networks.visual.input_size
    )
    _, deep = networks.split(net, settings.keep.visual)
    deep.save_weights(tmp_path / "deep.weights.h5")
    file = (tmp_path / "deep.weights.h5").stat().st_size
    arrays = 4 * 10 * (costs["visual_fc7"].out + 6)
    row = table.query("stage == 'visual_net' and corpus == 'baum1s'").iloc[0]
    cell = row["disk_gib"] * 2**30 / 18
    assert 0 < file + arrays - cell < 50_000  # the rest is the file's own bookkeeping


def test_what_does_not_fit_is_said(settings):
    table = planned(settings).reset_index()
    table["memory_gib"], table["disk_gib"] = 1.0, 0.5
    assert plan.too_much(table, memory=1.5, disk=6.5) == []
    table.loc[table["stage"].eq("visual_net") & table["corpus"].eq("rml"), "memory_gib"] = 40.0
    memory, disk = plan.too_much(table, memory=1.5, disk=5)
    assert memory.startswith("visual_net of rml does not fit: about 40 GiB of memory")
    assert "6 GiB, and 5 are free" in disk


def test_the_paper_on_real_corpora_is_no_evenings_work(profile):
    """C3D from conv4a on costs 26.5 G multiply-adds a training step (see above)."""
    p = profile("paper")
    sizes = {corpus: plan.published(corpus) for corpus in p.corpora}
    costs = costs_of.parts(p)
    table = plan.plan(p, sizes, costs=costs, rates=dict.fromkeys(costs, 0.5e12)).set_index(
        ["stage", "corpus"]
    )
    rml = table.loc["visual_net", "rml"]
    steps = len(p.seeds) * 3 * sum(sizes["rml"].segments) * 7 * 500
    assert rml["pflop"] == pytest.approx(2e-15 * steps * 26.5e9, rel=0.01)
    assert rml["hours"] == pytest.approx(rml["pflop"] / 3.6, rel=1e-3)  # a teraflop a second
    cache = 4 * sizes["rml"].segments[0] * 4 * 14 * 14 * 256
    assert rml["caches_gib"] == pytest.approx(cache / 2**30)
    weights = table.loc["transfer", "weights_gib"]
    assert weights.max() == pytest.approx(12 * 78.0e6 / 2**30, rel=0.01)


def test_the_small_profile_is_a_days_work_of_eight_cores(profile):
    """At speeds that one core of a server with AVX-512 reached (§2.2's networks, as narrow)."""
    p = profile("paper-small")
    sizes = {corpus: plan.published(corpus) for corpus in p.corpora}
    costs = costs_of.parts(p)
    speed = {"audio": 1.5e10, "visual": 1e11, "whole": 6e10, "rbm": 4e10, "top": 1e10}
    rates = {part: speed[part.partition("_")[0]] for part in costs}
    table = plan.plan(p, sizes, costs=costs, rates=rates, cores=8)
    assert table["hours"].sum() < 16  # leaves something for cores that share their memory


@pytest.mark.parametrize(
    ("name", "rate", "told"), [("paper", 1e11, True), ("paper", 1e16, False), ("demo", 1e4, False)]
)
def test_who_would_wait_for_weeks_is_told_of_the_small_profile(
    profile, monkeypatch, name, rate, told
):
    p = profile(name)
    parts = dict(COSTS)
    monkeypatch.setattr(estimate, "parts", lambda _: parts)
    monkeypatch.setattr(estimate, "measure", lambda *_: dict.fromkeys(parts, rate / 1e6))
    assert ("avef profile paper-small" in estimate.report(p)) == told


# The measurement


def test_time_of_a_batch_is_carried_on_from_some_of_it(monkeypatch):
    """A step of 20 ms and 10 ms a sample, on a clock that only it moves."""
    now, ran = [0.0], []

    def step(samples):
        ran.append(samples)
        now[0] += 0.02 + 0.01 * samples

    monkeypatch.setattr(costs_of.time, "perf_counter", lambda: now[0])
    assert costs_of._a_sample(step, batch=100, limit=0.3) == pytest.approx(0.0102)
    assert max(ran) == 10
    assert costs_of._a_sample(step, batch=6, limit=10) == pytest.approx(0.08 / 6)
    assert costs_of._a_sample(step, batch=1, limit=1) == pytest.approx(0.03)


def test_report_measures_this_machine(settings, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # no clips here
    short = {
        name: {c: replace(s, batch=1) for c, s in getattr(settings, name).items()}
        for name in plan.STAGES
    }
    p = replace(settings, **short, rbm=replace(settings.rbm, batch=1))
    rates = costs_of.measure(p, costs_of.parts(p), limit=0.01)
    assert set(rates) == set(COSTS) - {"audio_fc7", "visual_fc7"}
    assert all(1e4 < rate < 1e14 for rate in rates.values()), rates
    monkeypatch.setattr(estimate, "measure", lambda *_: rates)
    text = estimate.report(p)
    words = (*plan.STAGES, *FOUND, "together", "PFLOP", "published figures", "fit")
    for word in words:
        assert word in text


def test_early_stopping_is_an_estimate_with_its_basis(settings, tmp_path):
    """Trainings of 100 and 20 epochs, elsewhere ended after 30 and 50: 40 of the first, all 20."""
    schedules = {"rml": 100, "baum1s": 20}
    section = {c: replace(settings.audio_net["rml"], epochs=n) for c, n in schedules.items()}
    p = replace(settings, audio_net=section)
    table = pd.DataFrame({"stage": "audio_net", "corpus": list(schedules), "hours": [10.0, 1.0]})
    assert early.expected(p, table, 40.0) == pytest.approx(5.0)
    file = tmp_path / "early.json"
    told = {"a": {"epochs": {"early": 30, "fixed": 9}}, "b": {"epochs": {"early": 50}}}
    file.write_text(json.dumps({"machine": {"cpu": "any"}, "limit": 200} | told))
    said = early.sentence(p, table, file)
    assert "about 5 h" in said and "after 40 epochs" in said and "(a; b)" in said
