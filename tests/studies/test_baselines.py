"""Hand-crafted features and shallow fusion, the paper's rivals."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from avef.config import params
from avef.config.schema import Protocol, Svm
from avef.core import paths, store
from avef.core.errors import ParameterError
from avef.learning import grid
from avef.preparation.prepared import PreparedClip, save_clip
from avef.protocol import EMOTIONS
from avef.studies import baselines

SVM = Svm(c=1.0, degree=3, gamma="scale", coef0=1.0, standardise=True)
HALVES = Protocol(groups=2, sentences="any")
RNG = np.random.default_rng(0)
SEEDS = [5, 6]


def test_speech_statistics_do_not_depend_on_the_order_of_far_apart_frames_alone():
    c = RNG.standard_normal((200, 64)).astype(np.float32)
    x = baselines.speech_statistics(c)
    assert x.shape == (273,)
    assert x.dtype == np.float32
    assert x[0] == pytest.approx(8 * c.mean(), abs=1e-3)  # the first MFCC: all bins, alike
    assert np.isfinite(baselines.speech_statistics(np.ones((70, 64)))).all()


def test_face_gradients_see_edges_and_not_brightness():
    flat = np.full((3, 60, 60, 3), 90, np.uint8)
    edge = flat.copy()
    edge[:, :, 30:] = 200
    result = [baselines.face_gradients(x) for x in (flat, edge, (edge * 0.9).astype(np.uint8))]
    assert result[0].shape == (1800,)
    assert np.abs(result[1] - result[0]).max() > 0.1
    np.testing.assert_allclose(result[2], result[1], atol=0.05)
    assert not result[1][900:].any()  # the same face throughout: no deviation


@pytest.fixture
def chosen():
    plain = params.read("params.yaml").of("rml")
    return plain._replace(protocol=HALVES, seed=1, seeds=SEEDS, svm=SVM)


@pytest.fixture
def corpus(chosen, tmp_path, monkeypatch):
    """Four speakers; sound tells half of the emotions apart, faces the other half."""
    monkeypatch.chdir(tmp_path)
    folder, rows = paths.prepared("rml"), []
    for speaker in ("s1", "s2", "s3", "s4"):
        for number, emotion in enumerate(EMOTIONS):
            name = f"{speaker}_{emotion}"
            log_mel = RNG.standard_normal((90, 64), np.float32)
            log_mel[:, 10 * (number % 3) :][:, :9] += 8
            faces = RNG.integers(0, 40, (30, 32, 32, 3)).astype(np.uint8)
            faces[:, :, 8 + 8 * (number // 3) :] += 150
            voiced, times = np.ones(90, bool), np.arange(30) / 30
            status = np.ones(30, np.uint8)
            clip = PreparedClip(log_mel, voiced, faces, status, times, 30.0)
            save_clip(folder / f"{name}.npz", clip)
            rows.append({"clip": name, "corpus": "rml", "speaker": speaker, "emotion": emotion})
    clips = pd.DataFrame(rows)
    clips.to_csv(folder / "clips.csv", index=False)
    truth = clips["emotion"].map(EMOTIONS.index).to_numpy()
    folders = paths.folders("rml")
    for seed, fold in product(SEEDS, range(2)):
        cell = grid.Cell("emotion", 2, seed, fold)
        store.save(grid.file(folders.dbn_fusion, cell), "key", fc7=np.eye(6)[truth])
        for stage, known in (("audio_net", truth % 3), ("visual_net", truth // 3)):
            likely = np.array([[(e % 3 if stage == "audio_net" else e // 3) == k for e in range(6)]
                               for k in known], float)  # fmt: skip
            softmax = (likely + 0.01) / (likely + 0.01).sum(axis=1, keepdims=True)
            path = grid.file(paths.cells(stage, "rml"), cell)
            store.save(path, "key", fc7=likely, softmax=softmax)
    return clips


def test_each_modality_tells_its_half_and_every_fusion_both(corpus, chosen):
    crafted = baselines.of_features(paths.prepared("rml"), chosen)
    number = {e: i for i, e in enumerate(EMOTIONS)}
    halves = {"audio": lambda e: number[e] % 3, "visual": lambda e: number[e] // 3}
    for modality, half in halves.items():
        table = crafted[modality]
        assert sorted(table["clip"]) == sorted(corpus["clip"])
        assert table.groupby("speaker")["fold"].nunique().eq(1).all()
        right = (table["true"] == table["predicted"]).mean()
        assert right <= 0.75
        assert (table["true"].map(half) == table["predicted"].map(half)).mean() > 0.9
    fused = baselines.of_fusions(paths.folders("rml"), chosen)
    assert set(fused) == set(baselines.FUSIONS)
    for name, table in fused.items():
        assert table.groupby("seed")["clip"].nunique().to_dict() == dict.fromkeys(SEEDS, 24)
        assert (table["true"] == table["predicted"]).all(), name


def test_the_rival_after_joint_training_is_what_the_whole_model_left(corpus, chosen):
    folders = paths.folders("rml")
    for seed, fold in product(SEEDS, range(2)):
        path = grid.file(folders.dbn_fusion, grid.Cell("emotion", 2, seed, fold))
        store.save(path, "key", fc7=np.zeros((24, 6)))
    fused = baselines.of_fusions(folders, chosen)
    right = {name: (table["true"] == table["predicted"]).mean() for name, table in fused.items()}
    assert right.pop("features after joint training") == pytest.approx(1 / 6)
    assert set(right.values()) == {1}


@pytest.mark.parametrize("study", [baselines.of_features, baselines.of_fusions])
def test_baselines_keep_sentences_apart_as_the_model_does(corpus, chosen, study):
    apart = chosen._replace(protocol=Protocol(groups=2, sentences="disjoint"))
    where = paths.folders("rml") if study is baselines.of_fusions else paths.prepared("rml")
    with pytest.raises(ParameterError, match=r"protocol\.rml\.sentences"):  # RML tells none
        study(where, apart)


def test_a_person_in_two_modalities_is_one_unit():
    """Two people, one of whom gains in both: half of all clips, and no proof of anything."""
    rows = [("s1", n, "anger") for n in range(4)] + [("s2", n, "anger") for n in range(4)]
    table = pd.DataFrame(rows, columns=["speaker", "n", "true"])
    table = table.assign(clip=table["speaker"] + table["n"].astype(str), fold=0)
    better = table.assign(predicted="anger")
    worse = table.assign(predicted=["fear"] * 4 + ["anger"] * 4)
    keys = [("rml", "audio"), ("rml", "visual")]
    result = baselines.against(dict.fromkeys(keys, better), dict.fromkeys(keys, worse), seed=0)
    once = baselines.against({"rml": better}, {"rml": worse}, seed=0)
    assert result == once  # the second modality adds clips, but no people
    assert (result["difference"], result["p"]) == (50.0, 1.0)


def test_against_is_paired_and_signed(corpus, chosen):
    fused = baselines.of_fusions(paths.folders("rml"), chosen)["features"]
    worse = fused.assign(predicted=EMOTIONS[0])
    result = baselines.against({"rml": fused}, {"rml": worse}, seed=0)
    assert result["accuracy"] == 100
    assert result["baseline_accuracy"] == pytest.approx(100 / 6, abs=0.01)
    assert result["low"] > 0
    back = baselines.against({"rml": worse}, {"rml": fused}, seed=0)
    assert back["difference"] == pytest.approx(-result["difference"])


def test_against_tells_how_trainings_differ():
    """Two trainings of ours beside a rival that knows none: gains of 50 and 0 points."""
    clips = {"clip": list("abcd"), "speaker": list("1122"), "fold": 0, "true": "fear"}
    good, bad = ["fear"] * 4, ["fear", "fear", "anger", "anger"]
    ours = pd.concat(
        pd.DataFrame(clips | {"seed": seed, "predicted": guess})
        for seed, guess in ((1, good), (2, bad))
    )
    rival = pd.DataFrame(clips | {"predicted": bad})
    result = baselines.against({"rml": ours}, {"rml": rival}, seed=0)
    assert result["difference"] == 25
    assert (result["seeds"], result["deviation"]) == (2, round(50 / 2**0.5, 4))
    alone = baselines.against({"rml": rival}, {"rml": rival}, seed=0)
    assert alone["seeds"] == 1 and "deviation" not in alone
