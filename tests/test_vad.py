"""§2.1.1: where speech is, per 10 ms, and the weights 0 and 1 made from it."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from avef import media, speech, vad
from avef.errors import ParameterError

SPOKEN = slice(60, 140)


def sentence(level=0.3, floor=0.001):
    """2 s of faint noise with a voice-like sound in 0.6…1.4 s."""
    rng = np.random.default_rng(1)
    y = floor * rng.standard_normal(32_000)
    time = np.arange(32_000) / 16_000
    voice = sum(np.sin(2 * np.pi * 150 * k * time) / k for k in range(1, 8))
    y[9600:22_400] += (
        level * voice[9600:22_400] * (1 + 0.3 * np.sin(2 * np.pi * 4 * time))[9600:22_400]
    )
    return y


@pytest.mark.parametrize("samples", [0, 159, 160, 16_000, 16_159])
@pytest.mark.parametrize("method", vad.METHODS)
def test_one_probability_per_10_ms(method, samples):
    p = vad.speech_probability(sentence()[:samples], method=method)
    assert p.shape == (samples // 160,)
    assert p.dtype == np.float32
    assert ((p >= 0) & (p <= 1)).all()


def test_none_calls_everything_speech():
    assert vad.speech_probability(np.zeros(1600), method="none").tolist() == [1] * 10


@pytest.mark.parametrize("level", [0.003, 0.03, 0.3])
def test_energy_finds_the_speech_at_any_level(level):
    mask = vad.speech_mask(vad.speech_probability(sentence(level, level / 300)))
    truth = np.zeros(200, bool)
    truth[SPOKEN] = True
    assert (mask == truth).mean() > 0.97


def test_energy_ignores_a_change_of_gain():
    y = sentence()
    np.testing.assert_allclose(vad.speech_probability(y), vad.speech_probability(y / 8), atol=1e-4)


@pytest.mark.parametrize("y", [np.zeros(8000), 1e-5 * sentence()])
def test_energy_finds_nothing_in_silence(y):
    assert not vad.speech_mask(vad.speech_probability(y)).any()


def test_the_mask_fills_gaps_and_drops_blips_of_up_to_50_ms():
    p = np.zeros(200)
    p[50:100] = 1
    truth = p.astype(bool)
    p[70:75], p[20:25], p[140:145] = 0, 1, 1
    np.testing.assert_array_equal(vad.speech_mask(p), truth)
    p[70:76], p[20:26] = 0, 1
    assert not vad.speech_mask(p)[70:76].any()
    assert vad.speech_mask(p)[20:26].all()


@given(st.lists(st.floats(0, 1, width=32), max_size=60), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_threshold_never_keeps_more(p, one, two):
    low, high = (vad.speech_mask(np.array(p), t) for t in sorted((one, two)))
    assert low.shape == (len(p),)
    assert low.dtype == bool
    assert not (high & ~low).any()


@pytest.mark.parametrize(("threshold", "share"), [(0, 1), (0.5, 1), (0.51, 0)])
def test_the_threshold_itself_is_speech(threshold, share):
    assert vad.speech_mask(np.full(20, 0.5), threshold).mean() == share


@pytest.mark.parametrize(
    ("call", "value", "rule"),
    [
        (lambda: vad.speech_probability(sentence(), sr=8000), "8000", "16 000 Hz"),
        (lambda: vad.speech_probability(sentence(), method="dnn"), "'dnn'", "energy, none"),
        (lambda: vad.speech_mask(np.ones(9), 1.2), "1.2", "0…1"),
        (lambda: vad.speech_mask(np.ones(9), -0.1), "-0.1", "0…1"),
    ],
)
def test_errors_name_the_value_and_the_rule(call, value, rule):
    with pytest.raises(ParameterError, match=value) as error:
        call()
    assert rule in str(error.value)


def labelled(path):
    """(probability, truth) per 10 ms of an Emo-DB utterance with hand-made labels.

    A label holds from its time on: the first one follows the silence before the speech,
    ``(`` is a pause and ``.`` the end. (Read as end times they would contradict the sound.)
    """
    p = vad.speech_probability(speech.mono_16k(*media.read_audio(path)[:2]))
    silb = path.parents[1] / "silb" / f"{path.stem}.silb"
    rows = [line.split() for line in silb.read_text(encoding="latin-1").splitlines()]
    begins = np.array([float(begin) for begin, _ in rows])
    spoken = np.array([False, *(label not in ".(" for _, label in rows)])
    return p, spoken[begins.searchsorted((np.arange(len(p)) + 0.5) / 100)]


def test_energy_agrees_with_hand_labels(shared_data):
    paths = sorted(Path(shared_data, "emodb", "wav").glob("*.wav"))[::18]
    assert len(paths) > 15
    parts = [labelled(path) for path in paths]
    p, truth = (np.concatenate(column) for column in zip(*parts, strict=True))
    assert 0.8 < truth.mean() < 0.95
    assert roc_auc_score(truth, p) > 0.9
    kept = np.concatenate([vad.speech_mask(p) for p, _ in parts])
    assert (kept == truth).mean() > 0.8
