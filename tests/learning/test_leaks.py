"""No test speaker is in anything that a fold is judged by (§4.2).

The proof looks into no account of the code's own: every clip of the speakers whom the first fold
tests is replaced, sound, faces and labels, and all that was fitted for that fold must stay the
same to the bit. A planted leak of each kind must be seen in the very thing that it concerns.
"""

import json
import shutil
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import ruamel.yaml as yaml
from chain import CHOSEN, CORPORA, SEED, STAGES, STOP, Chain, clip_of, restricted, write_corpus

from avef.core import store
from avef.core.errors import ParameterError
from avef.learning import (
    clip_svm,
    dataset,
    fusion,
    grid,
    lessons,
    provenance,
    source_weights,
    transfer,
    whole_model,
)
from avef.models import dbn
from avef.preparation.prepared import save_clip
from avef.protocol import EMOTIONS, folds
from avef.recognition import calibration
from avef.recognition.calibration import Unheard
from avef.studies import baselines, vad_data, vad_training

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras' own

PAIR = fusion.PREDICTS
CELL = grid.Cell(*PAIR, SEED, 0)
EARLY = replace(STOP, early=True)
KINDS = ("audio", "visual")
REPOSITORY = Path(__file__).resolve().parents[2]
EMODB = ("03", "08", "09", "10", "11", "12", "13", "14", "15", "16")  # its speakers


def first_fold(prepared):
    """The clips of RML, and the rows that its first fold learns from and tests."""
    clips = pd.read_csv(prepared / "rml" / "clips.csv", dtype=str)
    return clips, *folds(clips, "rml", **asdict(CHOSEN.protocol), seed=CHOSEN.seed)[0]


def replaced(prepared, root):
    """A copy of all corpora in which the speakers whom the first fold tests are other people.

    Their sound and faces are other noise and, as their labels, of other emotions; how many
    clips of each emotion a speaker has stays, as the folds are balanced by that.
    """
    shutil.copytree(prepared, root)
    clips, train, test = first_fold(prepared)
    rng = np.random.default_rng(99)
    turned = dict(zip(EMOTIONS, EMOTIONS[1:] + EMOTIONS[:1], strict=True))
    for row in test:
        emotion = turned[clips.loc[row, "emotion"]]
        clips.loc[row, "emotion"] = emotion
        save_clip(root / "rml" / f"{clips.loc[row, 'clip']}.npz", clip_of(emotion, rng))
    clips.to_csv(root / "rml" / "clips.csv", index=False)
    assert [list(part) for part in first_fold(root)[1:]] == [list(train), list(test)]
    return root


class Pair:
    """The same stages twice: on the corpora as they are, and with the tested speakers replaced."""

    def __init__(self, chains):
        self.chains = chains

    def copied(self, root, *without):
        """To go on with, without some stages."""
        made = Pair([c.copied(root / str(n)) for n, c in enumerate(self.chains)])
        for chain in made.chains:
            for stage in without:
                shutil.rmtree(chain.root / stage)
        return made

    def run(self, stage, **changed):
        for chain in self.chains:
            run = {"fusion": chain.fusion, "transfer": chain.transfer}.get(stage)
            run(**changed) if run else chain.unimodal(stage, **changed)

    def changed(self, fitted):
        """The things whose bits are not the same; there are some to look at."""
        one, other = (fitted(chain) for chain in self.chains)
        assert one and sorted(one) == sorted(other)
        return {name for name in one if one[name] != other[name]}


def starts(chain):
    """What transfer leaves: bytes by name."""
    files = source_weights.start(chain.transferred, PAIR[0])
    made = {"scaling of the mel image": json.loads(files.scaling.read_text())}
    for kind in ("audio", "visual"):
        arrays = store.load(source_weights.cell(chain.transferred, PAIR[0], kind))
        made[f"start of the {kind}-net"] = weights(getattr(files, kind))
        made[f"curve of the {kind} start"] = arrays["curve"].tobytes()
    return made | {"start of the DBN": stored(files.dbn)}


def network(kind):
    """Of the first fold: the weights, the choice of the epoch, what an SVM learns from."""

    def fitted(chain):
        cell = store.load(grid.file(chain.folders.net(kind), CELL))
        _, train, _ = first_fold(chain.prepared)
        return {
            f"{kind}-net": weights(chain.folders.net(kind) / f"{CELL.name}.weights.h5"),
            f"{kind}-net's epoch": cell["curve"].tobytes(),
            f"fc7 of the {kind}-net": cell["fc7"][train].tobytes(),
        }

    return fitted


def whole(chain):
    """Of the first fold: RBMs, DBN and whole model, what is kept for predict, the SVM's food."""
    cell = store.load(grid.file(chain.folders.dbn_fusion, CELL))
    _, train, _ = first_fold(chain.prepared)
    return {
        "RBMs": cell["rbm_errors"].tobytes(),
        "free-energy gap": cell["rbm_gaps"].tobytes(),
        "whole model's epoch": cell["curve"].tobytes(),
        "features": cell["features"][train].tobytes(),
        "kept for predict": stored(fusion.weights_file(chain.folders.dbn_fusion, 0)),
    }


def machines(chain):
    """Every SVM that is fitted for the first fold: of the tables, and of the baselines."""
    makers = {
        "SVM on the audio-net": (1, lambda: chain.predictions("audio")),
        "SVM on the visual-net": (1, lambda: chain.predictions("visual")),
        "SVM": (1, lambda: chain.predictions("fusion")),
        "baselines of features": (1, lambda: baselines.of_features(chain.target, CHOSEN)),
        "baselines of fusion": (2, lambda: baselines.of_fusions(chain.folders, CHOSEN)),
    }
    made = {}
    for name, (each, make) in makers.items():
        with recorded() as fitted:
            make()
        count = each * len(folds_of(chain))  # fitted one fold after the other
        first = [one for n, one in enumerate(fitted) if n % count < each]
        assert first
        made[name] = [vars_of(one) for one in first]
    return made


def folds_of(chain):
    clips, *_ = first_fold(chain.prepared)
    return folds(clips, "rml", **asdict(CHOSEN.protocol), seed=CHOSEN.seed)


def vars_of(pipeline):
    scaler, svc = (step for _, step in pipeline.steps)
    return (
        scaler.mean_.tobytes(),
        scaler.scale_.tobytes(),
        [
            np.asarray(part).tobytes()
            for part in (svc.support_vectors_, svc.dual_coef_, svc.intercept_, svc.classes_)
        ],
    )


@contextmanager
def recorded():
    """The SVMs that are made in a ``with`` block."""
    made, real = [], clip_svm.machine
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clip_svm, "machine", lambda svm: made.append(real(svm)) or made[-1])
        yield made


def weights(path):
    """Every array of a file of Keras' weights."""
    made = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: (
                made.update({name: item[()].tobytes()}) if isinstance(item, h5py.Dataset) else None
            )
        )
    return made


def stored(path):
    return {name: array.tobytes() for name, array in store.load(path).items()}


@pytest.fixture(scope="module", autouse=True)
def one_pair():
    with pytest.MonkeyPatch.context() as patch:
        restricted(patch, [PAIR])
        yield


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """All stages of both; nobody writes here."""
    root, rng = tmp_path_factory.mktemp("leaks"), np.random.default_rng(0)
    for corpus in CORPORA:
        write_corpus(root / "as it is" / corpus, corpus, rng)
    other = replaced(root / "as it is", root / "other people")
    chains = [Chain(root / "as it is", root / "0"), Chain(other, root / "1")]
    for chain in chains:
        chain.transfer()
        chain.learn()
    return Pair(chains)


@pytest.fixture(scope="module")
def early(finished, tmp_path_factory):
    """The same with the epoch chosen by speakers held out."""
    pair = finished.copied(tmp_path_factory.mktemp("early"), *STAGES)
    for stage in STAGES:
        pair.run(stage, stop=EARLY)
    return pair


# The proof


FITTED = {
    "transfer": starts,
    "audio": network("audio"),
    "visual": network("visual"),
    "fusion": whole,
    "SVMs": machines,
}


@pytest.mark.parametrize("stage", FITTED)
def test_whoever_is_tested_has_no_part_in_what_is_fitted(finished, stage):
    assert finished.changed(FITTED[stage]) == set()


@pytest.mark.parametrize("stage", [*STAGES, "SVMs"])
def test_nor_has_he_where_an_epoch_is_chosen(early, stage):
    assert early.changed(FITTED[stage]) == set()


def test_but_the_other_folds_have_learnt_from_him(finished):
    """The replaced clips do change what they may change: the proof can fail."""
    other = CELL._replace(fold=1)
    for kind in ("audio", "visual"):
        files = [c.folders.net(kind) / f"{other.name}.weights.h5" for c in finished.chains]
        assert weights(files[0]) != weights(files[1])
    cells = [store.load(grid.file(c.folders.dbn_fusion, other)) for c in finished.chains]
    assert not np.array_equal(cells[0]["rbm_gaps"], cells[1]["rbm_gaps"])


# Planted leaks


def adding_tested(part):
    """A lesson of :func:`lessons.lesson` that the tested clips have got into."""
    real = lessons.lesson

    def lesson(data, target, split, **options):
        made, tested = real(data, target, split, **options), data.segments_of(split[1])
        if part == "rows":
            rows = np.append(made.rows, tested).astype(np.int32)
            return made._replace(rows=rows, labels=target[rows])
        if part == "held":
            rows = tested.astype(np.int32)
            return made._replace(held=made.held._replace(rows=rows, labels=target[rows]))
        return made._replace(gauge=(made.gauge[0], tested))

    return lesson


@pytest.mark.parametrize("kind", ["audio", "visual"])
def test_a_tested_clip_that_is_learnt_from_is_seen(finished, tmp_path, monkeypatch, kind):
    pair = finished.copied(tmp_path, kind)
    monkeypatch.setattr(lessons, "lesson", adding_tested("rows"))
    pair.run(kind)
    assert f"{kind}-net" in pair.changed(network(kind))


@pytest.mark.parametrize("stage", ["audio", "fusion"])
def test_an_epoch_chosen_by_the_tested_is_seen(early, tmp_path, monkeypatch, stage):
    pair = early.copied(tmp_path, stage)
    monkeypatch.setattr(lessons, "lesson", adding_tested("held"))
    pair.run(stage, stop=EARLY)
    name = "whole model" if stage == "fusion" else f"{stage}-net"
    assert f"{name}'s epoch" in pair.changed(FITTED[stage])


def test_a_gap_to_the_tested_is_seen(finished, tmp_path, monkeypatch):
    """It was drawn once; nothing else depends on it."""
    pair = finished.copied(tmp_path, "fusion")
    monkeypatch.setattr(lessons, "lesson", adding_tested("gauge"))
    pair.run("fusion")
    assert pair.changed(whole) == {"free-energy gap"}


def test_pretraining_on_all_clips_is_seen(finished, tmp_path, monkeypatch):
    """No label is needed for it, and it is a leak all the same."""
    every, outputs, pretrained = [], whole_model.training.outputs, dbn.pretrained

    def remembered(*given, **options):
        made = outputs(*given, **options)
        every.append(made[0])
        return made

    pair = finished.copied(tmp_path, "fusion")
    monkeypatch.setattr(whole_model.training, "outputs", remembered)
    monkeypatch.setattr(dbn, "pretrained", lambda x, *a, **k: pretrained(every[-1], *a, **k))
    pair.run("fusion")
    assert {"RBMs", "features", "kept for predict"} <= pair.changed(whole)


def test_features_scaled_by_all_clips_are_seen(finished, tmp_path, monkeypatch):
    pool = dataset.pool

    def scaled(*given):
        x = pool(*given)
        return x - x.mean(axis=0)

    pair = finished.copied(tmp_path, "audio")
    monkeypatch.setattr(dataset, "pool", scaled)
    pair.run("audio")
    assert pair.changed(network("audio")) == {"fc7 of the audio-net"}


def test_an_svm_fitted_on_all_clips_is_seen(finished, monkeypatch):
    """By whoever fits one: the tables, both unimodal ones, and all baselines."""
    decide = clip_svm.decide

    def leaking(x, truth, split, **options):
        return decide(x, truth, (np.arange(len(x)), split[1]), **options)

    monkeypatch.setattr(clip_svm, "decide", leaking)
    assert len(finished.changed(machines)) == 5


def test_networks_kept_with_all_clips_are_seen(finished, tmp_path, monkeypatch):
    keep = fusion._keep
    monkeypatch.setattr(
        fusion, "_keep", lambda *given: keep(*given[:-1], np.arange(len(given[-2].data.clips)))
    )
    pair = finished.copied(tmp_path, "fusion")
    pair.run("fusion")
    assert pair.changed(whole) == {"kept for predict"}


def test_a_target_among_its_own_sources_is_seen(finished, tmp_path):
    pair = finished.copied(tmp_path, "transfer")
    for chain in pair.chains:
        sources = [chain.prepared / corpus for corpus in CORPORA]
        transfer.run(sources, chain.folders, CHOSEN)
    assert len(pair.changed(starts)) == len(starts(pair.chains[0]))


def test_a_clip_is_judged_at_a_temperature_of_others():
    rng = np.random.default_rng(0)
    softmax = rng.dirichlet(np.ones(6), 40)
    truth, fold = rng.integers(0, 6, 40), np.arange(40) % 2
    said = Unheard(softmax, softmax.argmax(axis=1), truth, fold)
    other = said._replace(truth=np.where(fold == 0, (truth + 1) % 6, truth))
    sure, changed = calibration.left_out(said), calibration.left_out(other)
    np.testing.assert_array_equal(sure[fold == 0], changed[fold == 0])
    assert not np.isclose(sure[fold == 1], changed[fold == 1]).any()
    leaking = [calibration.temperature(s.softmax, s.truth) for s in (said, other)]
    assert leaking[0] != leaking[1]  # which a temperature of all clips would show


# The account that notebooks show


THINGS = {f"{what} the {kind}-net" for what in ("start of", "SVM on") for kind in KINDS}
THINGS |= {f"{kind}-net" for kind in KINDS} | {"DBN and whole model", "SVM", "kept for predict"}
CHOSEN_BY = {f"epoch of the {what}" for what in ("audio-net", "visual-net", "whole model")}


def test_the_account_is_of_everything_and_names_nobody(finished, early):
    for pair, things in ((finished, THINGS), (early, THINGS | CHOSEN_BY)):
        told = provenance.table(pair.chains[0].folders, CHOSEN)
        assert set(told["tested"]) == {""}
        assert told.groupby("fitted").size().to_dict() == dict.fromkeys(things, 2)
        own = told[~told["fitted"].str.startswith("start")]
        assert own["clips"].max() == 12  # of two speakers; of the sources all 48
        assert told["clips"].max() == 48
        assert provenance.summary(told)["with a tested speaker"].tolist() == [0] * len(things)


@pytest.mark.parametrize(
    ("stage", "name", "fitted"),
    [
        ("transfer", "learnt", "start of the audio-net"),
        ("transfer", "chose", "start of the audio-net"),
        ("audio", "learnt", "audio-net"),
        ("audio", "chose", "epoch of the audio-net"),
        ("fusion", "learnt", "DBN and whole model"),
        ("fusion", "chose", "epoch of the whole model"),
        ("fusion", "clips", "kept for predict"),
    ],
)
def test_the_account_names_who_is_tested(finished, tmp_path, stage, name, fitted):
    """A clip of his written into one stored training, and its speaker is found there alone."""
    chain = finished.copied(tmp_path).chains[0]
    clips, _, test = first_fold(chain.prepared)
    kept = fusion.weights_file(chain.folders.dbn_fusion, 0)
    path = grid.file(chain.root / stage, CELL)
    if stage == "transfer":
        path = source_weights.cell(chain.transferred, PAIR[0], "audio")
    change, clip = (kept, "") if name == "clips" else (path, "rml/")
    arrays = store.load(change)
    arrays[name] = np.append(arrays[name], clip + clips["clip"][test[0]])
    weights = path.with_suffix(".weights.h5")  # those that a cell of one network vouches for
    store.save(change, "", [weights] if weights.is_file() else [], **arrays)
    if stage == "fusion":  # the cell vouches for what is kept beside it
        store.save(path, "", [kept], **store.load(path))
    told = provenance.table(chain.folders, CHOSEN).query("tested != ''")
    assert told[["fitted", "fold", "tested"]].values.tolist() == [
        [fitted, 0, clips["speaker"][test[0]]]
    ]
    assert provenance.summary(told)["with a tested speaker"].tolist() == [1]


def test_an_svm_on_other_folds_is_named(finished, monkeypatch):
    def leaking(*given, **options):
        (train, test), *rest = folds(*given, **options)
        return [(np.append(train, test[:1]), test), *rest]

    monkeypatch.setattr(provenance, "folds", leaking)
    told = provenance.table(finished.chains[0].folders, CHOSEN).query("tested != ''")
    assert set(told["fitted"]) == {"SVM on the audio-net", "SVM on the visual-net", "SVM"}


# Other corpora, and the VAD


def test_a_source_with_a_recording_of_the_target_is_refused(finished, tmp_path):
    """As where one folder is configured twice: known by the bytes of the raw files."""
    for corpus, keys in (("rml", ["k1", "k2"]), ("others", ["k3", "k2"])):
        (tmp_path / corpus).mkdir()
        table = pd.DataFrame({"clip": ["a", "b"], "corpus": corpus, "key": keys})
        table.to_csv(tmp_path / corpus / "clips.csv", index=False)
    folders = finished.chains[0].folders._replace(prepared=tmp_path / "rml")
    with pytest.raises(ParameterError, match="corpora.rml: others holds 1 of its rec.* such as b,"):
        transfer.run([tmp_path / "others"], folders, CHOSEN)


def test_the_vad_reads_nothing_of_the_corpora():
    """Its stage depends on Emo-DB's list alone; what it hears is in ``tests/preparation``."""
    stages = yaml.YAML(typ="safe").load(REPOSITORY / "dvc.yaml")["stages"]
    assert [d for d in stages["vad"]["deps"] if d.startswith("data")] == ["data/vad/emodb.csv"]


def test_nobody_whom_the_vad_is_told_by_taught_it(tmp_path, monkeypatch):
    def people(made):
        return [{u.speaker for u in part} for part in (made.train, made.validation, made.test)]

    spoken = lambda people, *_, **__: [said_by(f"synthetic{n}") for n in people]  # noqa: E731
    monkeypatch.setattr(vad_data, "synthetic", spoken)
    monkeypatch.setattr(vad_data, "_paused", lambda utterance, seed: utterance)
    monkeypatch.setattr(vad_data, "there", lambda root: True)
    monkeypatch.setattr(vad_data, "emodb", lambda *_: [said_by(s) for s in EMODB])
    parts = people(vad_data.talkers(tmp_path, 0, teacher=True))
    assert all(parts) and len(set.union(*parts)) == sum(map(len, parts))
    assert {"03", "09"} <= parts[2]
    learnt, held = (list(map(said_by, names)) for names in (("a", "b"), ("b", "c")))
    with pytest.raises(ParameterError):  # a planted leak: the threshold is chosen on the latter
        vad_training.train(learnt, held, None, seed=0)


def said_by(speaker):
    return vad_data.Utterance("any", str(speaker), np.zeros(0), np.zeros(0, bool))
