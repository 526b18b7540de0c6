"""The VAD's network in numpy, its training, and what it is trained on."""

import numpy as np
import pytest

from avef.config import schema
from avef.core.errors import ParameterError
from avef.preparation import mrcg, vad_net
from avef.studies import vad_data, vad_training
from avef.studies.vad_data import Utterance

SECTION = schema.Vad(
    retrain=True,
    copies=2,
    hidden=[16, 8],
    dropout=0.1,
    epochs=3,
    batch=32,
    learning_rate=0.02,
    momentum=0.9,
)


def speaker(name, count=6):
    """Utterances of a harsh buzz, all voiced but for a pause."""
    rng = np.random.default_rng(len(name))
    utterances = []
    for _ in range(count):
        time = np.arange(16_000) / 16_000
        y = sum(np.sin(2 * np.pi * rng.uniform(100, 200) * k * time) / k for k in range(1, 30))
        voiced = np.ones(100, bool)
        voiced[40:60] = False
        y[6400:9600] = 0
        y = (y / np.abs(y).max()).astype(np.float32)
        utterances.append(Utterance("toy", name, y, voiced))
    return utterances


@pytest.fixture(scope="module")
def trained():
    return vad_training.train(speaker("a") + speaker("bb"), speaker("ccc"), SECTION, seed=1)


def test_training_finds_the_speech_of_another_speaker(trained):
    net, curve = trained
    assert curve["epoch"].tolist() == [1, 2, 3]
    assert curve["auc"].max() > 0.9
    heard = speaker("dddd", 1)[0]
    y, voiced = vad_data.stream([heard], np.random.default_rng(5))
    p = net.probability(y)
    assert p.shape == voiced.shape
    assert p[voiced].mean() > p[~voiced].mean() + 0.3
    assert 0 < float(net.threshold) < 1


def test_the_numpy_network_is_that_of_its_formula(trained):
    net, _ = trained
    y = speaker("a", 1)[0].y
    x = (mrcg.mrcg(y, dtype=np.float64) - net.mean) / net.scale
    x = mrcg.context(x) @ net.w1.reshape(-1, len(net.b1)).astype(np.float64) + net.b1
    x = np.maximum(x, 0) @ net.w2.astype(np.float64) + net.b2
    logit = np.maximum(x, 0) @ net.w3.astype(np.float64) + net.b3
    np.testing.assert_allclose(net.probability(y), 1 / (1 + np.exp(-logit)), atol=1e-4)


def test_a_speaker_on_both_sides_is_refused():
    with pytest.raises(ParameterError, match="a speaker is in training and in validation"):
        vad_training.train(speaker("a"), speaker("a"), SECTION, seed=0)


def test_save_and_load(trained, tmp_path):
    vad_net.save(tmp_path / "v.npz", trained[0])
    for one, two in zip(vad_net.load(tmp_path / "v.npz"), trained[0], strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04"])
def test_a_file_that_is_no_network_is_named(tmp_path, content):
    path = tmp_path / "v.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ParameterError, match="no weights of the VAD"):
        vad_net.load(path)


def test_the_shipped_weights_are_small():
    assert vad_net.shipped().stat().st_size < 2 * 2**20


def test_taps_stay_within_their_stream():
    taps = vad_data.taps([3, 30])
    assert taps.shape == (33, 7)
    assert taps[:3].max() == 2
    assert taps[3:].min() == 3
    assert taps[10].tolist() == [3, 3, 9, 10, 11, 20, 29]


def test_streams_keep_sound_and_labels_together():
    y, voiced = vad_data.stream(speaker("a", 3), np.random.default_rng(0))
    assert len(y) == 160 * len(voiced)
    loud = np.abs(y).reshape(-1, 160).max(axis=1) > 1e-3
    assert (loud == voiced).mean() > 0.98


def test_talkers_without_emodb_are_synthetic_and_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(vad_data, "SYNTHETIC", {"train": [1], "validation": [2], "test": [3]})
    monkeypatch.setattr(vad_data, "TAKES", dict.fromkeys(vad_data.SYNTHETIC, 1))
    (tmp_path / "README.md").write_text("Emo-DB goes here")
    talkers = vad_data.talkers(tmp_path, seed=4, teacher=True)
    speakers = [{u.speaker for u in part} for part in talkers]
    assert speakers == [{"synthetic1"}, {"synthetic2"}, {"synthetic3"}]
    assert talkers.overview()["part"].tolist() == ["train", "validation", "test"]
    assert not talkers.test[0].voiced.all()  # pauses were added
    alone = vad_data.talkers(tmp_path, seed=4, teacher=False)
    assert not alone.train and not alone.validation
    np.testing.assert_array_equal(alone.test[0].y, talkers.test[0].y)
