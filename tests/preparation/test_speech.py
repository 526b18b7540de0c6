"""§2.1.1: mono, 16 kHz, pre-emphasis, Eq. 2.1 and Eq. 2.2, each against its own words."""

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from avef.core.errors import ParameterError
from avef.preparation import speech


def noise(count, seed=0):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, count)


@pytest.mark.parametrize(
    ("samples", "frames"),
    [(10_480, 64), (10_479, 63), (10_639, 64), (10_640, 65), (400, 1), (399, 0), (0, 0)],
)
def test_655_ms_are_64_frames(samples, frames):
    assert speech.frame_count(samples) == frames
    assert speech.log_mel(noise(samples)).shape == (frames, 64)


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_log_mel_is_equation_2_1(power):
    """A slow reference: a Fourier sum with loops, filters from librosa."""
    y = noise(1200)
    bank = librosa.filters.mel(sr=16_000, n_fft=512, n_mels=64, fmin=0, fmax=8000, norm=None)
    result = speech.log_mel(y, power=power)
    for t in (0, 2, 5):
        frame = y[160 * t : 160 * t + 400].copy()
        for n in range(400):
            frame[n] *= 0.54 - 0.46 * np.cos(2 * np.pi * n / 399)  # Hamming
        spectrum = np.zeros(257)
        for k in range(257):
            angle = 2 * np.pi * k * np.arange(400) / 512
            re, im = (frame * np.cos(angle)).sum(), (frame * np.sin(angle)).sum()
            spectrum[k] = np.hypot(re, im) ** power
        exact = np.log(bank @ spectrum + 0.01)
        np.testing.assert_allclose(result[t], exact, rtol=0, atol=0.5001 * speech.STEP)


def test_silence_is_the_offset():
    np.testing.assert_allclose(speech.log_mel(np.zeros(1000)), np.log(0.01), atol=0.5 * speech.STEP)


def test_a_tone_lights_its_mel_bin():
    centres = librosa.mel_frequencies(n_mels=66, fmin=0, fmax=8000)[1:-1]
    for bin_ in (10, 30, 60):
        tone = 0.5 * np.sin(2 * np.pi * centres[bin_] * np.arange(1600) / 16_000)
        assert (speech.log_mel(tone).argmax(axis=1) == bin_).all()


@given(st.floats(0, 1), arrays(np.float64, st.integers(0, 40), elements=st.floats(-1, 1)))
def test_pre_emphasis_is_its_formula(mu, y):
    expected = [y[n] - mu * (y[n - 1] if n else 0) for n in range(len(y))]
    np.testing.assert_allclose(speech.pre_emphasis(y, mu), expected, atol=1e-12)


def test_pre_emphasis_takes_0_97():
    np.testing.assert_allclose(speech.pre_emphasis(np.array([1.0, 1, 0])), [1, 0.03, -0.97])


@given(
    arrays(np.float64, st.tuples(st.integers(1, 12), st.just(3)), elements=st.floats(-9, 9)),
    st.integers(1, 4),
)
def test_delta_is_equation_2_2(c, width):
    last, noise = len(c) - 1, 1e-12 * max(1, np.abs(c).max())
    for t, d in enumerate(speech.delta(c, width)):
        above = sum(n * (c[min(t + n, last)] - c[max(t - n, 0)]) for n in range(1, width + 1))
        expected = above / (2 * sum(n**2 for n in range(1, width + 1)))
        np.testing.assert_allclose(d, expected, atol=noise)


def test_delta_of_a_ramp_is_its_slope():
    d = speech.delta(np.float32(3) * np.arange(20, dtype=np.float32))
    np.testing.assert_allclose(d[2:-2], 3)
    np.testing.assert_allclose(d[:2], [1.5, 2.4])  # (1·3 + 2·6) / 10, (1·6 + 2·9) / 10
    assert d.dtype == np.float32


def test_mel_image_stacks_static_delta_and_delta_delta_over_frequency_and_time():
    c = noise(64 * 64).reshape(64, 64)
    image = speech.mel_image(c)
    assert image.shape == (64, 64, 3)
    for channel in range(3):
        np.testing.assert_array_equal(image[..., channel], c.T)
        c = speech.delta(c)


@pytest.mark.parametrize("channels", range(1, 7))
def test_channels_are_averaged(channels):
    samples = noise(100 * channels).reshape(100, channels)
    mono = speech.mono_16k(samples, 16_000)
    np.testing.assert_allclose(mono, samples.sum(axis=1) / channels, atol=1e-6)
    assert mono.dtype == np.float32


@pytest.mark.parametrize("rate", [8000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_resampling_keeps_length_frequency_and_level(rate):
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)
    y = speech.mono_16k(tone, rate)
    assert abs(len(y) - 16_000) <= 1
    middle = y[1000:-1000]
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(len(y)) / 16_000)[1000:-1000]
    np.testing.assert_allclose(middle, expected, atol=0.005)


def test_what_16_khz_cannot_hold_is_removed():
    tone = np.sin(2 * np.pi * 11_000 * np.arange(48_000) / 48_000)
    assert np.abs(speech.mono_16k(tone, 48_000)[1000:-1000]).max() < 0.01


@pytest.mark.parametrize(
    ("call", "value", "rule"),
    [
        (lambda: speech.mono_16k(noise(9), 0), "0 Hz", "positive"),
        (lambda: speech.pre_emphasis(noise(9), 1.5), "1.5", "0…1"),
        (lambda: speech.pre_emphasis(noise(9), -0.1), "-0.1", "0…1"),
        (lambda: speech.log_mel(noise(9), sr=8000), "8000", "16 000 Hz"),
        (lambda: speech.log_mel(noise(10).reshape(5, 2)), r"\(5, 2\)", "1-d"),
        (lambda: speech.log_mel(np.arange(900)), "int64", "float"),
        (lambda: speech.delta(noise(9), 0), "0", "at least 1"),
    ],
)
def test_errors_name_the_value_and_the_rule(call, value, rule):
    with pytest.raises(ParameterError, match=value) as error:
        call()
    assert rule in str(error.value)
