"""§2.1.1: where speech is, per 10 ms, and the weights 0 and 1 made from it."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avef.core.errors import ParameterError
from avef.preparation import vad
from avef.studies import vad_data, vad_scores

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
    mask = vad.speech_mask(vad.speech_probability(sentence(level, level / 300), method="energy"))
    truth = np.zeros(200, bool)
    truth[SPOKEN] = True
    assert (mask == truth).mean() > 0.97


def test_energy_ignores_a_change_of_gain():
    y = sentence()
    loud, faint = (vad.speech_probability(x, method="energy") for x in (y, y / 8))
    np.testing.assert_allclose(loud, faint, atol=1e-4)


@pytest.mark.parametrize("y", [np.zeros(8000), 1e-5 * sentence()])
@pytest.mark.parametrize("method", ["energy", "mrcg_dnn", "silero"])
def test_nothing_is_found_in_silence(y, method):
    assert not vad.speech_mask(vad.speech_probability(y, method=method)).any()


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
def test_a_higher_threshold_never_finds_more(p, one, two):
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


@pytest.fixture(scope="module")
def by_hand(shared_data):
    """Emo-DB's utterances of the two speakers that the network never heard."""
    marked = vad_data.emodb(shared_data / "emodb", "hand")
    utterances = [u for u in marked if u.speaker in vad_data.TEST]
    assert len(utterances) > 60
    assert 0.8 < np.concatenate([u.voiced for u in utterances]).mean() < 0.95
    return utterances


@pytest.mark.parametrize(
    ("method", "share"), [("energy", 0.8), ("silero", 0.85), ("mrcg_dnn", 0.9)]
)
def test_the_mask_agrees_with_hand_labels(by_hand, method, share):
    agree = []
    for u in by_hand[::4]:
        p = vad.speech_probability(u.y, method=method)
        agree.append(vad.speech_mask(p, vad.threshold(method)) == u.voiced)
    assert np.concatenate(agree).mean() > share


def test_the_network_on_unseen_speakers(by_hand):
    """The project's aims: AUC 0.98 on clean speech, 0.95 under pink noise as loud as it."""
    heard = vad_scores.scores(by_hand, {"net": vad.speech_probability}, seed=0, jobs=2)
    auc = vad_scores.auc(heard).set_index("condition")["net"]
    assert auc["clean"] >= 0.98
    assert auc["pink noise, 0 dB"] >= 0.95
    assert auc["room and music, 5 dB"] >= 0.9


def test_workers_do_not_change_scores():
    rng = np.random.default_rng(0)
    spoken = [vad_data.Utterance("a", "1", rng.normal(0, 0.1, 16000), np.arange(100) > 50)]
    level = partial(vad.speech_probability, method="energy")
    one, two = (vad_scores.scores(spoken, {"level": level}, seed=1, jobs=jobs) for jobs in (1, 2))
    assert list(one) == list(two) and {c for c, _ in one} == set(vad_scores.CONDITIONS)
    for key in one:
        np.testing.assert_array_equal(one[key], two[key])
    assert not np.array_equal(one["clean", "level"], one["pink noise, 0 dB", "level"])


def test_syllables_begin_at_their_times_and_two_signs_are_silence(tmp_path):
    path = tmp_path / "a.silb"
    path.write_text("0.02\tdas\n0.05\t(\n0.06\tT\xfcr\n0.08\t.\n", encoding="latin-1")
    voiced = vad_data.syllables(path, 10)
    assert voiced.astype(int).tolist() == [0, 0, 1, 1, 1, 0, 1, 1, 0, 0]
    path.write_text("")
    assert vad_data.syllables(path, 10) is None
    assert vad_data.syllables(tmp_path / "none.silb", 10) is None
