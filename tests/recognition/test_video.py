"""The annotated copy: every picture and sample of the clip at its own time."""

from dataclasses import replace

import av
import numpy as np
import pytest
from disturbed import full_disk

from avef.preparation import faces, media
from avef.recognition import video


@pytest.fixture
def no_faces(monkeypatch):
    """A track without a face; finding some is tested elsewhere."""

    def track(frames, **_):
        count, nan = len(frames), np.nan
        empty = np.full((count, 5, 2), nan, np.float32), np.full((count, 4), nan, np.float32)
        return faces.FaceTrack(*empty, np.zeros(count, np.float32), np.zeros(count, np.uint8))

    monkeypatch.setattr(faces, "track", track)


def burst(rate, seconds, at, channels):
    """Silence with a short tone at one moment."""
    time = np.arange(round(rate * seconds)) / rate
    tone = 0.5 * np.sin(2000 * time) * (np.abs(time - at) < 0.05)
    return np.repeat(tone[:, None], channels, axis=1).astype(np.float32)


@pytest.mark.parametrize(
    ("rate", "channels", "delay", "kept"),
    [(16_000, 1, 0.0, 16_000), (48_000, 2, 0.2, 48_000), (96_000, 6, 0.0, 48_000)],
)
def test_sound_and_pictures_keep_their_time(
    prediction, model, no_faces, write_media, tmp_path, rate, channels, delay, kept
):
    frames = np.zeros((30, 64, 96, 3), np.uint8)
    frames[18:] = 255  # light goes on at 0.72 s
    sound = burst(rate, 1.2, 0.72 - delay, channels)
    clip = write_media(tmp_path / "in.mkv", frames=frames, samples=sound, rate=rate, delay=delay)
    target = tmp_path / "out.mp4"
    video.annotate(replace(prediction, clip=str(clip)), model.params, target)
    audio, shown = media.read_audio(target), media.read_video(target)
    assert (audio.rate, audio.samples.shape[1]) == (kept, min(channels, 2) if channels < 3 else 1)
    assert len(shown.frames) == 30
    light = shown.times[np.flatnonzero(shown.frames[:, 100, 100, 0] > 128)[0]]
    loud = audio.start + np.flatnonzero(np.abs(audio.samples[:, 0]) > 0.2).mean() / audio.rate
    assert loud == pytest.approx(light, abs=0.03)
    np.testing.assert_allclose(np.diff(shown.times), 0.04, atol=0.002)
    with av.open(str(target)) as file:
        assert [s.codec_context.name for s in file.streams] == ["h264", "aac"]


@pytest.mark.parametrize(("delay", "side"), [(0.0, 64), (0.2, 65), (-0.1, 64)])
def test_a_browser_plays_the_same_with_its_sound(model, write_media, tmp_path, delay, side):
    frames = np.zeros((30, side, 97, 3), np.uint8)
    frames[18:] = 255  # light goes on at 0.72 s
    sound = burst(16_000, 1.2, 0.72 - delay, 1)
    clip = write_media(tmp_path / "in.mkv", frames=frames, samples=sound, delay=delay)
    begins = video.playable(clip, model.params, tmp_path / "out.webm")
    audio, shown = media.read_audio(tmp_path / "out.webm"), media.read_video(tmp_path / "out.webm")
    assert begins == pytest.approx(max(delay, 0), abs=0.001)
    assert audio.start == pytest.approx(begins, abs=0.02)
    assert shown.frames.shape == (30, 64, 96, 3)
    light = shown.times[np.flatnonzero(shown.frames[:, 30, 30, 0] > 128)[0]]
    loud = audio.start + np.flatnonzero(np.abs(audio.samples[:, 0]) > 0.2).mean() / audio.rate
    assert loud == pytest.approx(light, abs=0.03)
    with av.open(str(tmp_path / "out.webm")) as file:
        assert [s.codec_context.name for s in file.streams] == ["vp9", "opus"]


def test_a_clip_that_fails_leaves_no_file(prediction, model, no_faces, tmp_path, monkeypatch):
    from avef.core.errors import ClipError

    with pytest.raises(ClipError, match="missing"):
        video.annotate(replace(prediction, clip="absent.mp4"), model.params, tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_a_film_to_a_full_disk_is_not_there(
    prediction, model, no_faces, write_media, tmp_path, suffix
):
    frames = np.random.default_rng(0).integers(0, 256, (40, 64, 96, 3)).astype(np.uint8)
    sound = burst(16_000, 1.6, 0.7, 1)
    clip = write_media(tmp_path / "in.mkv", frames=frames, samples=sound)
    target, told = tmp_path / f"out{suffix}", replace(prediction, clip=str(clip))
    video.annotate(told, model.params, target)
    whole = target.stat().st_size
    target.unlink()
    for size in (600, whole // 2, whole - 3000):
        with full_disk(size), pytest.raises(OSError, match="File too large"):
            video.annotate(told, model.params, target)
        assert [*tmp_path.iterdir()] == [clip]
    video.annotate(told, model.params, target)
    assert len(media.read_video(target).frames) == len(frames)
