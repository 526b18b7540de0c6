"""From prepared clips to predictions on tiny made-up corpora: transfer, networks, fusion, SVM.

The arrays are noise with a bump whose place tells the emotion, so there is
something to learn; no media are involved.
"""

import json
import shutil
from collections import Counter
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd
import pytest
from chain import (
    CHOSEN,
    COMPUTE,
    CORPORA,
    FUSION,
    GROUPS,
    SCHEDULE,
    SEED,
    STAGES,
    STOP,
    SVM,
    TRANSFER,
    Chain,
    restricted,
    write_corpus,
)
from tiny import KEEP, NETS

from avef.config import params
from avef.config.schema import Protocol
from avef.core import paths, store
from avef.core.errors import ParameterError
from avef.core.machine import described
from avef.evaluation import scores
from avef.learning import (
    clip_svm,
    dataset,
    frozen,
    fusion,
    grid,
    provenance,
    saved_model,
    source_weights,
    training,
    transfer,
    unimodal,
    whole_model,
)
from avef.models import dbn, inputs, networks
from avef.preparation.prepared import load_clip, save_clip
from avef.protocol import EMOTION_MODELS, EMOTIONS, binary, folds
from avef.recognition import calibration
from avef.recognition.recogniser import Recogniser
from avef.recognition.source import Local

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras' own

GRID = (("emotion", 1), ("arousal", 2))  # the whole of it takes three times as long
WHOLE_GRID = grid.pairs()
CELL = f"emotion-case1-seed{SEED}-fold1"


@pytest.fixture(scope="module", autouse=True)
def small_grid():
    with pytest.MonkeyPatch.context() as patch:
        restricted(patch, GRID)
        yield


@pytest.fixture
def only(monkeypatch):
    """Restrict the grid of cells further."""
    return lambda *pairs: restricted(monkeypatch, pairs)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    root, rng = tmp_path_factory.mktemp("prepared"), np.random.default_rng(0)
    for corpus in CORPORA:
        write_corpus(root / corpus, corpus, rng)
    return root


@pytest.fixture(scope="module")
def finished(prepared, tmp_path_factory):
    """Every stage, run once by two workers; nobody writes here."""
    chain = Chain(prepared, tmp_path_factory.mktemp("chain"))
    chain.transfer(jobs=2)
    chain.learn(jobs=2)
    return chain


@pytest.fixture
def begun(finished, tmp_path):
    """A copy to go on with."""
    return finished.copied(tmp_path)


@pytest.fixture(scope="module")
def predicting(finished, tmp_path_factory):
    """A copy with the networks that avef.recognition takes, too; nobody writes here."""
    chain = finished.copied(tmp_path_factory.mktemp("predicting"))
    with pytest.MonkeyPatch.context() as patch:
        restricted(patch, [fusion.PREDICTS])
        chain.learn()
    return chain


@pytest.fixture
def served(predicting, tmp_path, only):
    """A copy of that, where all other pairs are out of the grid."""
    only(fusion.PREDICTS)
    return predicting.copied(tmp_path)


@pytest.fixture(scope="module")
def traces():
    """Traced training steps of each model, by stage."""
    return {stage: Counter() for stage in STAGES}


@pytest.fixture(scope="module")
def whole(prepared, tmp_path_factory, traces):
    """Every stage and all six pairs, in one process; nobody writes here."""
    chain, step = Chain(prepared, tmp_path_factory.mktemp("whole")), keras.Model.train_step
    models = []  # kept, so that no two have the same id
    with pytest.MonkeyPatch.context() as patch:
        restricted(patch, WHOLE_GRID)
        chain.transfer()
        for stage in STAGES:

            def counted(model, data, traced=traces[stage]):
                models.append(model)
                traced[id(model)] += 1
                return step(model, data)

            patch.setattr(keras.Model, "train_step", counted)
            chain.fusion() if stage == "fusion" else chain.unimodal(stage)
    return chain


@pytest.fixture
def fits(monkeypatch):
    """Replace training by a note of what would be trained on."""
    calls = []

    def fit(model, rows, labels, *, epochs, held=None, **_):
        tables = [np.asarray(t.rows) for t in model.layers if isinstance(t, inputs.Table)]
        calls.append(SimpleNamespace(rows=rows, labels=labels, held=held, tables=tables))
        return pd.DataFrame(dict.fromkeys(("epoch", "loss", "accuracy"), np.zeros(epochs)))

    monkeypatch.setattr(training, "fit", fit)
    return calls


# What comes out


def test_the_grid_is_that_of_tables_4_to_7():
    assert set(WHOLE_GRID) == set(product(EMOTION_MODELS, (1, 2)))
    assert len(WHOLE_GRID) == 6


@pytest.mark.parametrize("stage", STAGES)
def test_every_cell_has_its_arrays(finished, stage):
    arrays_of = dict(grid.load_all(finished.root / stage))
    assert sorted(arrays_of) == sorted((*pair, SEED, fold) for pair in GRID for fold in (0, 1))
    for (model, *_), arrays in arrays_of.items():
        assert described()["instructions"] in str(arrays.pop("machine"))
        learnt, chose = arrays.pop("learnt"), arrays.pop("chose")
        assert len(learnt) == 12 and len(chose) == 0
        assert all(np.isfinite(a).all() for a in arrays.values())
        assert arrays["softmax"].shape == (24, len(EMOTION_MODELS[model]))
        np.testing.assert_allclose(arrays["softmax"].sum(axis=1), 1, rtol=1e-4)
        feature, width = ("features", 4) if stage == "fusion" else ("fc7", 128)
        assert arrays[feature].shape == (24, width)
        assert arrays["curve"].shape == (2, 1)
    if stage == "fusion":
        assert ((arrays["features"] >= 0) & (arrays["features"] <= 1)).all()
        assert len(fusion.rbm_errors(finished.root / stage)) == 4 * 2  # two RBMs a cell
    curves = grid.curves(finished.root / stage)
    assert len(curves) == 2 * len(GRID)
    assert curves.notna().all(axis=None)


@pytest.mark.parametrize("decision", ["svm", "softmax"])
@pytest.mark.parametrize("stage", STAGES)
def test_every_clip_is_predicted_once_in_the_fold_of_its_speaker(finished, stage, decision):
    table = finished.predictions(stage, decision)
    clips = pd.read_csv(finished.target / "clips.csv")
    splits = folds(clips, "rml", groups=GROUPS, seed=SEED)
    fold_of = {c: f for f, (_, test) in enumerate(splits) for c in clips["clip"][test]}
    for (model, _), part in table.groupby(["emotion_model", "case"]):
        assert sorted(part["clip"]) == sorted(clips["clip"])
        assert part["fold"].tolist() == part["clip"].map(fold_of).tolist()
        emotion = part["clip"].str.split("_").str[1]
        place = {"emotion": None, "arousal": 0, "valence": 1}[model]
        truth = emotion if place is None else emotion.map(lambda e, i=place: binary(e)[i])
        assert part["true"].tolist() == truth.tolist()
        assert set(part["predicted"]) <= set(EMOTION_MODELS[model])
    assert len(scores.accuracies(table)) == len(GRID)
    assert scores.accuracies(table)["clips"].eq(24).all()


def test_transfer_has_curves_of_both_networks(finished):
    curves = transfer.curves(finished.transferred)
    assert set(curves["network"]) == {"audio-net", "visual-net"}
    assert len(curves) == 2 * 2 * TRANSFER.epochs
    assert curves.notna().all(axis=None)


def test_what_can_be_learned_is_learned(begun, only):
    only(("arousal", 2))
    begun.unimodal("audio", replace(SCHEDULE, epochs=60, batch=4, learning_rate=0.002))
    begun.unimodal("visual", replace(SCHEDULE, epochs=20, batch=4))
    begun.fusion(replace(FUSION, epochs=5, batch=4))
    right = {s: begun.predictions(s).eval("true == predicted").mean() for s in STAGES}
    assert right["audio"] > 0.7, right  # always "high": 0.67; conv1 has two filters here
    assert right["visual"] > 0.9 and right["fusion"] > 0.8, right


# No speaker on both sides


@pytest.mark.parametrize("stage", STAGES)
def test_no_test_speaker_is_trained_on(begun, stage, fits, only, monkeypatch):
    only(("emotion", 1))
    seen = []
    monkeypatch.setattr(dbn, "pretrained", lambda x, *a, **k: seen.append(x) or kept_dbn(begun))
    shutil.rmtree(begun.root / stage)
    begun.fusion() if stage == "fusion" else begun.unimodal(stage)
    data = dataset.load(begun.target, case=1)
    splits = folds(data.clips, "rml", groups=GROUPS, seed=SEED)
    each = 2 if stage == "fusion" else 1  # the DBN with labels, then the whole
    assert len(fits) == each * len(splits) == each * 2
    for number, call in enumerate(fits):
        train, test = splits[number // each]
        clips = data.clip[call.rows]
        assert set(clips) == set(train)
        assert not set(data.clips["speaker"][clips]) & set(data.clips["speaker"][test])
        truth = [EMOTIONS.index(e) for e in data.clips["emotion"][clips]]
        assert call.labels.tolist() == truth
    if stage == "fusion":  # the DBN sees the same segments, as features
        for x, call in zip(seen, fits[::2], strict=True):
            np.testing.assert_array_equal(x, call.tables[0][call.rows])


def kept_dbn(chain):
    start = source_weights.start(chain.transferred, "emotion")
    kept = dbn.DBN(NETS.dbn.hidden).restore(store.load(start.dbn))
    for rbm in kept.rbms_:
        rbm.errors_ = rbm.gaps_ = [0.0]
    return kept


@pytest.mark.parametrize("stage", ["audio", "fusion"])
def test_a_leaking_fold_stops_the_run(begun, stage, fits, only, monkeypatch):
    only(("emotion", 1))

    def leaking(clips, *args, **options):
        (train, test), *rest = folds(clips, *args, **options)
        return [(np.append(train, test[0]), test), *rest]

    monkeypatch.setattr(grid, "folds", leaking)
    shutil.rmtree(begun.root / stage)
    with pytest.raises(ParameterError, match="speakers on both sides of a split"):
        begun.fusion() if stage == "fusion" else begun.unimodal(stage)
    assert not fits


def test_the_svm_is_fitted_without_the_test_clips(finished, only, monkeypatch):
    only(("emotion", 1))
    fitted = []

    class Spy:
        def fit(self, x, y):
            fitted.append(x)
            return self

        def predict(self, x):
            assert not {tuple(row) for row in x} & {tuple(row) for row in fitted[-1]}
            return np.zeros(len(x), int)

    monkeypatch.setattr(clip_svm, "machine", lambda settings: Spy())
    table = finished.predictions("audio")
    assert set(table["predicted"]) == {"anger"}
    assert [len(x) for x in fitted] == [12, 12]


# Seeds: the same folds and starts, trained again


@pytest.fixture(scope="module")
def twice(finished, tmp_path_factory):
    """Arousal in case 2, gone on with to two seeds."""
    chain = finished.copied(tmp_path_factory.mktemp("twice"))
    with pytest.MonkeyPatch.context() as patch:
        restricted(patch, [("arousal", 2)])
        chain.learn(seeds=[SEED, 4])
    return chain


@pytest.mark.parametrize("stage", STAGES)
def test_another_seed_is_another_training_in_the_same_folds(finished, twice, only, stage):
    only(("arousal", 2))
    table = twice.predictions(stage, seeds=[SEED, 4])
    assert table.groupby("seed")["clip"].nunique().to_dict() == {SEED: 24, 4: 24}
    assert not table.duplicated(["seed", "clip"]).any()
    assert (table.groupby("clip")[["fold", "speaker", "true"]].nunique() == 1).all(axis=None)
    first, other = (
        store.load(grid.file(twice.root / stage, grid.Cell("arousal", 2, seed, 0)))
        for seed in (SEED, 4)
    )
    assert np.abs(first["fc7"] - other["fc7"]).max() > 1e-3
    alone = finished.files(stage)
    beside = twice.files(stage)
    assert {name: beside[name] for name in alone} == alone  # the first seed is not made again
    assert set(grid.curves(twice.root / stage)["seed"]) == {SEED, 4}


def test_networks_to_predict_with_are_those_of_the_first_seed(served):
    """Here of seed 4, where those of another seed were."""
    folder = served.root / "fusion"
    served.learn(seeds=[4, SEED])
    keys = [store.key_of(fusion.weights_file(folder, fold)) for fold in range(GROUPS)]
    cells = [grid.Cell(*fusion.PREDICTS, 4, fold) for fold in range(GROUPS)]
    assert keys == [store.key_of(grid.file(folder, cell)) for cell in cells]


def test_a_seed_that_is_dropped_leaves_nothing_behind(finished, twice, tmp_path, only):
    only(("arousal", 2))
    before, chain = finished.files(), twice.copied(tmp_path)
    assert len(chain.files()) == len(before) + 2 * (2 + 2 + 1)  # cells, and networks' weights
    chain.learn()
    assert chain.files() == before


def test_no_two_trainings_draw_alike():
    lots = [grid.Cell("emotion", 1, seed, fold).lot for seed in range(40) for fold in range(43)]
    assert len(set(lots)) == len(lots)
    assert all(0 <= lot < 2**31 for lot in lots)


# One graph for all pairs of one network


@pytest.mark.parametrize(
    ("workers", "sizes"),
    [(1, [4, 2]), (2, [3, 2, 1]), (3, [2, 2, 2]), (4, [2, 2, 2]), (6, [1] * 6), (99, [1] * 6)],
)
def test_chunks_keep_workers_busy_and_networks_together(workers, sizes):
    chunks = grid.chunks(WHOLE_GRID, workers)
    assert [len(chunk) for chunk in chunks] == sizes
    assert sorted(sum(chunks, [])) == sorted(WHOLE_GRID)
    for chunk in chunks:
        assert len({len(EMOTION_MODELS[model]) for model, _ in chunk}) == 1


@pytest.mark.parametrize("stage", STAGES)
def test_six_pairs_are_traced_as_two_networks(whole, traces, stage):
    """In the fusion each is two models: the DBN with labels, and the whole."""
    assert len(list(grid.load_all(whole.root / stage))) == 6 * GROUPS
    assert len(traces[stage]) == (4 if stage == "fusion" else 2)
    assert set(traces[stage].values()) == {2}  # TensorFlow's first trace makes variables


def test_cells_do_not_depend_on_what_the_network_saw_before(whole, finished, tmp_path, only):
    """Emotion alone and arousal alone, each in a process of its own; valence alone.

    And so does a later run, of one process or two: all is repeatable, the predictions, too.
    """
    together = whole.files()
    alone = finished.files()
    assert len(alone) >= 3 * len(GRID) * GROUPS
    assert [name for name in alone if together[name] != alone[name]] == []
    pd.testing.assert_frame_equal(whole.predictions(), finished.predictions())
    only(("valence", 1))
    other = Chain(finished.prepared, tmp_path)
    shutil.copytree(whole.transferred, other.transferred)
    other.learn()
    alone = other.files(*STAGES)
    assert len(alone) == (2 + 2 + 1) * GROUPS
    assert [name for name in alone if together[name] != alone[name]] == []


# The cache of the kept layers


@pytest.mark.parametrize(("model", "case"), GRID)
@pytest.mark.parametrize("kind", ["audio", "visual"])
def test_cached_path_is_the_whole_network(finished, kind, model, case):
    """Weights of the stages in one uncached network, on the segments themselves."""
    net, classes = getattr(NETS, kind), len(EMOTION_MODELS[model])
    start, data = (
        source_weights.start(finished.transferred, model),
        dataset.load(finished.target, case),
    )
    full = frozen.build(kind, NETS, classes)
    full.load_weights(getattr(start, kind))
    shallow, deep = networks.split(full, getattr(KEEP, kind))
    kept = [w.copy() for w in shallow.get_weights()]
    deep.load_weights(unimodal.weights_file(finished.root / kind, grid.Cell(model, case, SEED, 1)))
    assert all(np.array_equal(a, b) for a, b in zip(kept, shallow.get_weights(), strict=True))
    if kind == "audio":
        scaling = json.loads(start.scaling.read_text(encoding="utf-8"))
        source, rows = inputs.audio_source(data.log_mel, scaling, net.input_size), data.audio
    else:
        source, rows = inputs.visual_source(data.faces, net.input_size), data.images
    both = keras.Sequential([source, full]), keras.Sequential([source, networks.features(full)])
    cell = store.load(finished.root / kind / f"{grid.Cell(model, case, SEED, 1).name}.npz")
    for whole, name in zip(both, ("softmax", "fc7"), strict=True):
        expected = dataset.pool(training.outputs(whole, [rows]), data.clip, len(data.clips))
        np.testing.assert_allclose(cell[name], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("stage", STAGES)
def test_training_without_the_cache_gives_the_same(begun, only, stage):
    """With no memory for the frozen layers' output they run in every step."""
    only(("emotion", 1))
    path = begun.root / stage / f"{CELL}.npz"
    cached = store.load(path)
    path.unlink()
    bare = replace(COMPUTE, cache_gib=0.0)
    begun.fusion(compute=bare) if stage == "fusion" else begun.unimodal(stage, compute=bare)
    uncached = store.load(path)
    assert set(cached) == set(uncached)
    for name in ("machine", "learnt", "chose", "place"):
        np.testing.assert_array_equal(cached.pop(name), uncached[name])
    for name, values in cached.items():
        np.testing.assert_allclose(uncached[name], values, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("tune", [False, True])
def test_kept_layers_learn_only_where_they_may(begun, only, tune):
    only(("emotion", 1))
    start = source_weights.start(begun.transferred, "emotion")
    before = frozen.build("audio", NETS, 6)
    before.load_weights(start.audio)
    for kind in ("audio", "visual"):
        begun.unimodal(kind, keep=replace(KEEP, tune=tune))
    begun.fusion(keep=replace(KEEP, tune=tune))  # reads what the networks' stages wrote
    after = frozen.build("audio", NETS, 6)
    own = after if tune else networks.split(after, KEEP.audio)[1]
    own.load_weights(unimodal.weights_file(begun.root / "audio", grid.Cell("emotion", 1, SEED, 1)))
    conv1 = [net.get_layer("conv1").kernel.numpy() for net in (before, after)]
    if tune:
        change = np.abs(conv1[1] - conv1[0])
        assert 0 < change.max() < 0.1 * np.abs(conv1[0]).max()  # it went on from there


@pytest.mark.parametrize("stage", STAGES)
def test_the_epoch_is_chosen_on_training_speakers_alone(begun, only, fits, stage):
    only(("emotion", 1))
    early = replace(STOP, early=True)
    longer = replace(FUSION if stage == "fusion" else SCHEDULE, epochs=6)
    shutil.rmtree(begun.root / stage)
    run = begun.fusion if stage == "fusion" else partial(begun.unimodal, stage)
    run(schedule=longer, stop=early)
    data = dataset.load(begun.target, 1)
    whole = [call for call in fits if call.held is not None]
    splits = folds(data.clips, "rml", groups=GROUPS, seed=SEED)
    for call, (train, test) in zip(whole, splits, strict=True):
        speakers = data.clips["speaker"].to_numpy()
        learnt = set(speakers[data.clip[call.rows]])
        watched = set(speakers[data.clip[call.held.rows]])
        assert learnt | watched == set(speakers[train])
        assert not learnt & watched
        assert not (learnt | watched) & set(speakers[test])


def test_fusion_starts_from_the_trained_networks(finished, begun, only, fits):
    """Without training the whole, fc7 is that of the two networks, and the DBN sits on it."""
    only(("emotion", 1))
    seen = []
    real = dbn.pretrained
    shutil.rmtree(begun.root / "fusion")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            dbn, "pretrained", lambda x, *a, **k: seen.append(real(x, *a, **k)) or seen[-1]
        )
        begun.fusion()
    data = dataset.load(begun.target, 1)
    train, _ = folds(data.clips, "rml", groups=GROUPS, seed=SEED)[1]
    top = [c for c in fits if c.tables][1]
    fc7 = top.tables[0][top.rows]
    pooled = [store.load(begun.root / k / f"{CELL}.npz")["fc7"] for k in ("audio", "visual")]
    averaged = dataset.pool(fc7, np.searchsorted(train, data.clip[data.segments_of(train)]), 12)
    np.testing.assert_allclose(averaged, np.hstack(pooled)[train], rtol=1e-4, atol=1e-5)
    hidden = store.load(begun.root / "fusion" / f"{CELL}.npz")["features"][train]
    expected = dataset.pool(
        seen[1].transform(fc7), np.searchsorted(train, data.clip[data.segments_of(train)]), 12
    )
    np.testing.assert_allclose(hidden, expected, atol=1e-4)


def test_dropout_before_the_dbn_is_a_layer_only_where_it_is_asked_for(finished):
    """It drops in training, and nothing when features are made; the weights are the same."""
    start = source_weights.verified(finished.transferred, "emotion")
    data = dataset.load(finished.target, 1)
    parts = [
        frozen.kept(kind, data, start, nets=NETS, keep=KEEP, classes=6, cache_gib=1)
        for kind in ("audio", "visual")
    ]
    rows = np.arange(8, dtype=np.int32)
    plain, dropped = (
        whole_model.joined(*parts, hidden=[8, 4], dropout=rate) for rate in (0.0, 0.5)
    )
    tops = [whole.top.layers[-1] for whole in (plain, dropped)]
    rates = [[x.rate for x in top.layers if hasattr(x, "rate")] for top in tops]
    assert rates == [[], [0.5]]
    for whole in (plain, dropped):
        whole.table.fill(np.ones((8, whole.table.rows.shape[1]), np.float32))
        seen = [whole.top(rows, training=t).numpy() for t in (True, False)]
        assert np.array_equal(*seen) == (whole is plain)
    dropped.deep.set_weights(plain.deep.get_weights())  # what avef.recognition does, either way
    for one, other in zip(
        *(training.outputs(w.features, [rows]) for w in (plain, dropped)), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize(
    ("changed", "stages"),
    [
        ({"initial": "published"}, STAGES),
        ({"weight_decay": 0.01}, STAGES),
        ({"dbn": replace(NETS.dbn, dropout=0.5)}, ("fusion",)),
    ],
)
def test_how_networks_begin_decay_and_drop_decides_their_cells(begun, only, changed, stages):
    only(("emotion", 1))
    before = begun.files("transfer", *STAGES)
    changed = {"networks": replace(NETS, **changed)}
    begun.transfer(**changed)
    for kind in ("audio", "visual"):
        begun.unimodal(kind, **changed)
    begun.fusion(**changed)
    after = begun.files("transfer", *STAGES)
    for stage in STAGES:
        assert (before[f"{stage}/{CELL}.npz"] != after[f"{stage}/{CELL}.npz"]) == (stage in stages)
    for name in ("audio", "visual", "dbn"):
        file = f"transfer/emotion/{name}.npz"
        assert (before[file] != after[file]) == (stages == STAGES)


# A clip of one's own


@pytest.fixture
def ready(served, monkeypatch):
    """RML's networks, and the parameters that they were trained with, for avef.recognition."""
    monkeypatch.setattr(paths, "cells", lambda stage, corpus: served.root / "fusion")
    monkeypatch.setattr(paths, "transferred", lambda corpus: served.transferred)
    monkeypatch.setattr(paths, "prepared", lambda corpus: served.target)
    monkeypatch.setattr(paths, "VAD", served.target / "clips.csv")  # any file
    monkeypatch.chdir(Path(__file__).parents[2])
    p = params.read()
    prepare = replace(p.prepare, face_size=16)
    saved_model.keep(replace(p, prepare=prepare, networks=NETS, keep=KEEP, seed=SEED), "rml")
    return served


def test_a_single_clip_gets_what_the_cells_have_for_it(ready):
    """The networks kept for avef.recognition are those that the cells were made with."""
    model = Recogniser(Local(saved_model.load("rml", SVM)))
    clips = pd.read_csv(ready.target / "clips.csv")["clip"]
    for row in (0, 13):
        clip = load_clip(ready.target / f"{clips[row]}.npz")
        prediction = model.recognise(clip, name=clips[row])
        made = [
            store.load(grid.file(ready.root / "fusion", grid.Cell(*fusion.PREDICTS, SEED, fold)))
            for fold in range(GROUPS)
        ]
        softmax = np.mean([cell["softmax"][row] for cell in made], axis=0)
        expected = calibration.tempered(softmax, model.calibration.temperature)
        np.testing.assert_allclose(prediction.probabilities, expected, rtol=1e-3, atol=1e-4)
        assert sum(prediction.voices.values()) == GROUPS
        assert prediction.voices[prediction.emotion] == max(prediction.voices.values())
        assert ((prediction.times >= 0) & (prediction.times <= 1.43)).all()
        assert prediction.learnt == GROUPS - 1  # all folds but the one that leaves its speaker out
        assert model.recognise(clip, name="another").learnt == 0


def test_what_calibrates_is_what_the_tables_are_made_of(ready):
    """Each clip once, by the fold that leaves its speaker out, and with the same answers."""
    said = Recogniser(Local(saved_model.load("rml", SVM))).unheard
    tested = ready.predictions().sort_values("fold", kind="stable")
    assert [EMOTIONS[n] for n in said.truth] == tested["true"].tolist()
    assert [EMOTIONS[n] for n in said.decided] == tested["predicted"].tolist()


def test_networks_keep_the_parameters_that_they_were_trained_with(ready):
    model = saved_model.load("rml", replace(SVM, degree=2))
    assert (model.params.networks, model.params.keep) == (NETS, KEEP)
    assert model.params.svm.degree == 2  # the SVM is fitted anew


@pytest.mark.parametrize("changed", ["fusion", "transfer", "note", "edited", "list", "version"])
def test_networks_that_are_not_those_of_the_note_are_refused(ready, changed):
    note = ready.root / "fusion" / "whole" / "trained.json"
    expected = "has changed since; run `dvc repro dbn_fusion@rml`"
    if changed == "fusion":
        ready.fusion(schedule=replace(FUSION, learning_rate=0.004))
    elif changed == "transfer":
        ready.transfer(transfer=replace(TRANSFER, learning_rate=0.004))
    elif changed == "edited":  # which would be read rightly, and predict something else
        text = note.read_text(encoding="utf-8")
        note.write_text(text.replace('"spectrum_power": 2.0', '"spectrum_power": 1.0'), "utf-8")
        assert note.read_text(encoding="utf-8") != text
    elif changed == "list":
        note.write_text("[]", encoding="utf-8")
    elif changed == "note":
        note.write_text(note.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    else:
        facts = json.loads(note.read_text(encoding="utf-8"))
        facts["params"]["compute"]["exactness"] = facts["params"]["compute"].pop("precision")
        facts.pop("digest")
        note.write_text(json.dumps(facts | {"digest": store.digest(facts)}), encoding="utf-8")
        expected = r"(?s)another version of avef \(.*compute.exactness"
    with pytest.raises(ParameterError, match=expected):
        saved_model.load("rml", SVM)


def test_predicting_without_trained_networks_says_what_to_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError, match="run from the repository's root"):
        saved_model.load("rml", SVM)
    shutil.copy(Path(__file__).parents[2] / "params.yaml", tmp_path)
    with pytest.raises(ParameterError, match="dvc repro dbn_fusion@rml"):
        saved_model.load("rml", SVM)
    with pytest.raises(ParameterError, match="one of rml, enterface05, baum1s, got 'nope'"):
        saved_model.load("nope")


# Going on, and repeating


@pytest.mark.parametrize("stage", STAGES)
def test_a_rerun_makes_only_what_is_missing_and_makes_it_the_same(begun, stage):
    before = begun.files()
    path = begun.root / stage / f"{CELL}.npz"
    path.unlink()
    times = {p: p.stat().st_mtime_ns for p in begun.root.rglob("*.npz")}
    begun.learn()
    assert begun.files() == before
    assert times == {p: p.stat().st_mtime_ns for p in begun.root.rglob("*.npz") if p != path}


@pytest.mark.parametrize(
    ("stage", "file"),
    [
        ("transfer", "emotion/audio.weights.h5"),
        ("transfer", "emotion/scaling.json"),
        ("visual", f"emotion-case2-seed{SEED}-fold0.weights.h5"),
        ("fusion", "whole/fold1.npz"),
    ],
)
def test_weights_that_are_gone_are_made_again(served, stage, file):
    before = served.files(stage)
    (served.root / stage / file).unlink()
    served.transfer()
    served.learn()
    assert served.files(stage) == before


FLIPPED = [
    ("transfer", "emotion/audio.weights.h5"),
    ("transfer", "emotion/visual.weights.h5"),
    ("transfer", "emotion/scaling.json"),
    ("transfer", "emotion/dbn.npz"),
    ("audio", f"emotion-case2-seed{SEED}-fold0.weights.h5"),
    ("visual", f"emotion-case2-seed{SEED}-fold1.weights.h5"),
    ("fusion", "whole/fold1.npz"),
]


def flip(path):
    """Turn over a bit where the file's bulk lies."""
    content = bytearray(path.read_bytes())
    content[len(content) * 2 // 3] ^= 0x10
    path.write_bytes(content)


@pytest.mark.parametrize(("stage", "file"), FLIPPED)
def test_flipped_bits_are_noticed_and_made_good(served, stage, file):
    before = served.files()
    flip(served.root / stage / file)
    served.transfer()
    served.learn()
    assert served.files() == before


@pytest.mark.parametrize(("stage", "file"), FLIPPED[:-1])
def test_a_stage_refuses_flipped_bits_of_another(served, stage, file):
    flip(served.root / stage / file)
    again = "transfer@transfer" if stage == "transfer" else f"{stage}_net@{stage}"
    with pytest.raises(
        ParameterError, match=f"{file} is missing or damaged; run `dvc repro {again}`"
    ):
        served.fusion()


SWAPPED = [
    ("audio", f"emotion-case2-seed{SEED}-fold0.npz", f"audio/emotion-case2-seed{SEED}-fold1.npz"),
    ("audio", f"emotion-case2-seed{SEED}-fold0.npz", f"visual/emotion-case2-seed{SEED}-fold0.npz"),
    ("fusion", f"emotion-case2-seed{SEED}-fold0.npz", f"fusion/emotion-case2-seed{SEED}-fold1.npz"),
]


@pytest.mark.parametrize(("stage", "file", "other"), SWAPPED)
def test_a_good_cell_in_anothers_place_is_not_read_and_made_anew(served, stage, file, other):
    before = served.files()
    shutil.copy(served.root / other, served.root / stage / file)
    with pytest.raises(ParameterError, match=f"{file} is not the cell that was saved there"):
        served.predictions(stage)
    served.learn()
    assert served.files() == before


def test_a_dbn_of_other_networks_is_not_started_from(begun, only):
    only(("emotion", 1))
    before = begun.files("transfer")
    one, other = (begun.transferred / name / "dbn.npz" for name in ("emotion", "arousal"))
    shutil.copy(other, one)
    with pytest.raises(ParameterError, match="dbn.npz is missing or damaged; run `dvc repro trans"):
        begun.fusion()
    begun.transfer()
    assert begun.files("transfer") == before


def test_flipped_bits_end_a_prediction_with_the_file_named(ready):
    clip = load_clip(next(ready.target.glob("*.npz")))
    model = saved_model.load("rml", SVM)
    file = fusion.weights_file(ready.root / "fusion", 1)
    flip(file)
    with pytest.raises(ParameterError, match=f"{file.name} is missing or damaged"):
        Recogniser(Local(model)).recognise(clip)


@pytest.mark.parametrize("stage", STAGES)
def test_a_kill_after_the_weights_leaves_no_older_cell_beside_them(begun, only, monkeypatch, stage):
    only(("emotion", 1))
    path = begun.root / stage / f"{CELL}.npz"
    assert path.is_file()

    def killed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(grid, "save", killed)
    schedule = replace(FUSION if stage == "fusion" else SCHEDULE, learning_rate=0.004)
    first = path.with_name(path.name.replace("fold1", "fold0"))
    with pytest.raises(KeyboardInterrupt):
        if stage == "fusion":
            begun.fusion(schedule=schedule)
        else:
            begun.unimodal(stage, schedule=schedule)
    assert not first.exists()


def test_cells_of_more_folds_than_there_are_do_not_outlive_them(served):
    name = grid.Cell(*fusion.PREDICTS, SEED, GROUPS).name
    extra = [f"{served.root}/{stage}/{name}.npz" for stage in STAGES]
    extra += [f"{served.root}/audio/{name}.weights.h5"]
    extra += [f"{served.root}/fusion/whole/fold{GROUPS}.npz"]
    for path in extra:
        Path(path).write_bytes(b"old")
    before = served.files()
    served.learn()
    assert set(before) - set(served.files()) == {
        str(Path(p).relative_to(served.root)) for p in extra
    }


def test_a_broken_or_half_written_cell_is_made_again(begun):
    before = begun.files("audio")
    (begun.root / "audio" / f"{CELL}.npz").write_bytes(b"PK\x03\x04 and no more")
    half = begun.root / "audio" / f".123.{CELL}.npz"  # what a killed run leaves behind
    half.write_bytes(b"PK")
    begun.unimodal("audio")
    assert len(grid.curves(begun.root / "audio")) == 4
    half.unlink()
    assert begun.files("audio") == before


def test_a_changed_schedule_makes_its_cells_again(begun, only):
    only(("arousal", 2))
    before = begun.files("audio", "fusion")
    begun.unimodal("audio", replace(SCHEDULE, epochs=2))
    begun.fusion()
    after = begun.files("audio", "fusion")
    changed = {n for n in after if "fold" in n and after[n] != before[n]}
    stems = {
        f"{stage}/{grid.Cell('arousal', 2, SEED, fold).name}"
        for stage in ("audio", "fusion")
        for fold in (0, 1)
    }
    assert {name.split(".")[0] for name in changed} == stems
    path = grid.file(begun.root / "audio", grid.Cell("arousal", 2, SEED, 0))
    assert store.load(path)["curve"].shape == (2, 2)


def test_a_changed_source_corpus_makes_transfer_again(begun, only, fits):
    only(("arousal", 2))
    begun.transfer()
    assert not fits
    begun.transfer(transfer=replace(TRANSFER, case=1))
    assert len(fits) == 2


# The decision for a clip


@pytest.fixture
def made_up(finished, tmp_path, only):
    """Cells whose features are whatever a function of the emotion says."""
    only(("emotion", 1))
    clips = pd.read_csv(finished.target / "clips.csv")
    number = clips["emotion"].map(EMOTIONS.index).to_numpy()

    def write(features, softmax=None):
        softmax = np.eye(6)[(number + 1) % 6] if softmax is None else softmax
        for fold in (0, 1):
            path = grid.file(tmp_path / "audio", grid.Cell("emotion", 1, SEED, fold))
            store.save(path, "", fc7=features(number), softmax=softmax)
        return Chain(finished.prepared, tmp_path)

    return write


def test_svm_finds_what_the_features_tell(made_up):
    noise = 0.05 * np.random.default_rng(0).standard_normal((24, 6))
    table = made_up(lambda n: 1000 * (np.eye(6)[n] + noise)).predictions("audio")
    assert (table["true"] == table["predicted"]).all()


def test_softmax_takes_the_greatest_mean(made_up):
    table = made_up(lambda n: np.zeros((24, 6))).predictions("audio", "softmax")
    after = dict(zip(EMOTIONS, [*EMOTIONS[1:], EMOTIONS[0]], strict=True))
    assert table["predicted"].tolist() == table["true"].map(after).tolist()


def test_another_decision_is_refused(made_up):
    with pytest.raises(ParameterError, match="svm or softmax, got 'vote'"):
        made_up(lambda n: np.zeros((24, 6))).predictions("audio", "vote")


def test_one_class_alone_is_always_predicted():
    truth = np.array([1, 1, 1, 1, 0, 1])
    split = np.arange(4), np.array([4, 5])
    guess = clip_svm.decide(np.random.default_rng(0).random((6, 3)), truth, split, svm=SVM)
    assert guess.tolist() == [1, 1]


@pytest.mark.parametrize("standardise", [True, False])
def test_svm_is_the_polynomial_one_of_the_parameters(standardise):
    machine = clip_svm.machine(replace(SVM, c=2.0, degree=2, coef0=0.5, standardise=standardise))
    svc = machine[-1] if standardise else machine
    wanted = {"kernel": "poly", "C": 2.0, "degree": 2, "coef0": 0.5, "gamma": "scale"}
    assert {name: svc.get_params()[name] for name in wanted} == wanted


def test_sentences_are_kept_apart_wherever_folds_are_made(prepared, tmp_path):
    """The clips here have none, so that every reader of the protocol refuses."""
    apart = CHOSEN._replace(protocol=Protocol(groups=GROUPS, sentences="disjoint"))
    with pytest.raises(ParameterError, match=r"protocol\.rml\.sentences"):
        grid.work(("emotion", 1), prepared / "rml", tmp_path, chosen=apart)
    with pytest.raises(ParameterError, match=r"protocol\.rml\.sentences"):
        clip_svm.predictions(prepared / "rml", tmp_path, apart, feature="fc7")
    assert fusion._key(GRID[0], True, apart, []) != fusion._key(GRID[0], True, CHOSEN, [])


def write_voices(folder, like):
    """A corpus of sound alone, from another's clips."""
    folder.mkdir()
    table = pd.read_csv(like / "clips.csv", dtype=str)
    for clip in table["clip"]:
        full = load_clip(like / f"{clip}.npz")
        alone = full._replace(
            faces=full.faces[:0], face_status=full.face_status[:0], times=full.times[:0], fps=0.0
        )
        save_clip(folder / f"{clip}.npz", alone)
    table.assign(corpus=folder.name, kind="audio").to_csv(folder / "clips.csv", index=False)
    return folder


def folders_of(root, prepared):
    return paths.Folders(prepared, *(root / name for name in ("transfer", *STAGES)))


def test_a_corpus_of_sound_alone_runs_the_audio_side(prepared, tmp_path, only):
    only(("emotion", 1))
    voices = write_voices(tmp_path / "voices", prepared / "rml")
    chain = folders_of(tmp_path / "out", voices)
    transfer.run([prepared / "baum1s"], chain, CHOSEN)
    made = {path.name for path in chain.transfer.rglob("*.*")}
    assert made == {"audio.weights.h5", "audio.npz", "scaling.json"}
    assert set(transfer.curves(chain.transfer)["network"]) == {"audio-net"}
    chain.visual_net.mkdir()
    (chain.visual_net / f"{CELL}.npz").write_bytes(b"of a time when there were pictures")
    unimodal.run("audio", chain, CHOSEN)
    unimodal.run("visual", chain, CHOSEN)
    fusion.run(chain, CHOSEN)
    assert not [*chain.visual_net.iterdir(), *chain.dbn_fusion.iterdir()]
    heard = clip_svm.predictions(voices, chain.audio_net, CHOSEN, feature="fc7")
    assert sorted(heard["clip"]) == sorted(pd.read_csv(voices / "clips.csv")["clip"])
    people = provenance.table(chain, CHOSEN)
    assert set(people["tested"]) == {""}
    assert {*people["fitted"]} == {"start of the audio-net", "audio-net", "SVM on the audio-net"}
    pairs = grid.seen_pairs(voices)
    seen = clip_svm.predictions(voices, chain.visual_net, CHOSEN, feature="fc7", pairs=pairs)
    assert len(seen) == 0 and list(seen) == list(heard)
    assert grid.seen_pairs(prepared / "rml") == grid.pairs()


def test_sound_alone_teaches_the_audio_net_and_no_other(prepared, tmp_path, only):
    only(("emotion", 1))
    voices = write_voices(tmp_path / "voices", prepared / "rml")
    target, both = prepared / "enterface05", [voices, prepared / "baum1s"]
    mixed, plain = (folders_of(tmp_path / name, target) for name in ("mixed", "plain"))
    transfer.run(both, mixed, CHOSEN)
    transfer.run([prepared / "baum1s"], plain, CHOSEN)
    ours, theirs = (source_weights.verified(one.transfer, "emotion") for one in (mixed, plain))
    assert ours.visual.read_bytes() == theirs.visual.read_bytes()
    assert ours.audio.read_bytes() != theirs.audio.read_bytes()
    rows = [
        len(store.load(source_weights.cell(mixed.transfer, "emotion", kind))["fc7"])
        for kind in ("audio", "visual")
    ]
    assert rows == [len(dataset.load(prepared / "baum1s", TRANSFER.case).clip)] * 2
    with pytest.raises(ParameterError, match="visual-net has nothing to start from.* voices"):
        transfer.run([voices], mixed, CHOSEN)
