"""What speech is mixed with for the VAD."""

import numpy as np
import pytest

from avef.core.errors import ParameterError
from avef.studies import noise

KINDS = {
    "white": lambda n, rng: noise.coloured(n, 0, rng),
    "brown": lambda n, rng: noise.coloured(n, 2, rng),
    "music": noise.music,
    "knocks": noise.knocks,
    "engine": noise.engine,
    "babble": lambda n, rng: noise.babble(n, [rng.standard_normal(500) for _ in range(3)], rng),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [1, 700, 20_000])
def test_every_kind_has_its_length_and_level_and_comes_from_the_seed(kind, n):
    y, again = (KINDS[kind](n, np.random.default_rng(3)) for _ in range(2))
    assert y.shape == (n,)
    assert np.isfinite(y).all()
    if n > 1:
        assert np.sqrt(np.mean(y**2)) == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(y, again)


@pytest.mark.parametrize(("exponent", "fall"), [(0, 0), (1, 3.01), (2, 6.02)])
def test_coloured_noise_falls_by_so_many_decibels_an_octave(exponent, fall):
    y = noise.coloured(400_000, exponent, np.random.default_rng(0))
    power = np.abs(np.fft.rfft(y)) ** 2
    f = np.fft.rfftfreq(len(y), 1 / 16_000)
    low, high = (power[(f >= a) & (f < 1.05 * a)].mean() for a in (200, 3200))
    assert 10 * np.log10(low / high) == pytest.approx(4 * fall, abs=0.5)
    assert power[f < 19].sum() < 1e-9 * power.sum()


@pytest.mark.parametrize("snr", [-5, 0, 20])
def test_the_ratio_is_that_of_the_voiced_part_to_the_noise(snr):
    rng = np.random.default_rng(1)
    voiced = np.arange(100) >= 50
    speech = np.where(np.repeat(voiced, 160), rng.standard_normal(16_000), 0)
    mixed = noise.mix(speech, 7 * rng.standard_normal(16_000), snr=snr, voiced=voiced)
    added = mixed - speech
    ratio = np.mean(speech[8000:] ** 2) / np.mean(added**2)
    assert 10 * np.log10(ratio) == pytest.approx(snr, abs=0.01)


def test_noise_of_another_length_is_refused():
    with pytest.raises(ParameterError, match="as long as speech, 320, got 160"):
        noise.mix(np.ones(320), np.ones(160), snr=0, voiced=np.ones(2, bool))


def test_a_room_keeps_the_length_and_lets_sound_ring_on():
    y = np.zeros(8000)
    y[100] = 1
    heard = noise.in_room(y, seconds=0.3, distance=0.5, rng=np.random.default_rng(0))
    assert heard.shape == y.shape
    assert np.abs(heard[:100]).max() < 1e-12
    assert 0 < np.abs(heard[4000:]).max() < np.abs(heard[101:1000]).max()


def test_a_band_keeps_what_lies_in_it():
    time = np.arange(16_000) / 16_000
    low, middle = (np.sin(2 * np.pi * f * time) for f in (60, 1000))
    passed = [np.std(noise.band(y, 300, 3400)[4000:]) / np.std(y) for y in (low, middle)]
    assert passed[0] < 0.1 < 0.9 < passed[1]
