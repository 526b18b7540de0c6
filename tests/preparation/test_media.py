"""Decoding: what a file holds comes out; what cannot be used has a plain reason."""

import errno

import av
import cv2
import numpy as np
import pytest

from avef.core.errors import ClipError
from avef.preparation import container, media, pictures, sound

RATES = (12, 15, 24, 25, 29.97, 50, 60)


def bars(count, size=(48, 64)):
    """A red bar that moves a pixel a frame, so that order and colour can be told."""
    frames = np.zeros((count, *size, 3), np.uint8)
    for i, frame in enumerate(frames):
        frame[:, i % size[1] : i % size[1] + 8, 0] = 250
    return frames


def tones(seconds, rate, channels=1):
    """A 200 Hz tone whose level differs from channel to channel."""
    wave = np.sin(2 * np.pi * 200 * np.arange(round(seconds * rate)) / rate)
    return wave[:, None] * (0.1 + 0.1 * np.arange(channels))


@pytest.fixture(scope="module")
def usual(tmp_path_factory, write_media):
    """A clip of 2 s with both streams, in several containers."""
    folder = tmp_path_factory.mktemp("usual")
    clip = {"frames": bars(50), "samples": tones(2, 22_050, 2), "rate": 22_050}
    for suffix in ("avi", "mkv"):
        write_media(folder / f"clip.{suffix}", **clip)
    write_media(folder / "clip.mp4", **clip, codec="aac")
    return folder


@pytest.mark.parametrize("rate", [8000, 96_000])
@pytest.mark.parametrize("channels", range(1, 7))
def test_samples_keep_rate_channels_and_level(tmp_path, write_media, channels, rate):
    samples = tones(0.2, rate, channels)
    audio = sound.read_audio(write_media(tmp_path / "a.wav", samples=samples, rate=rate))
    assert (audio.rate, audio.start, audio.samples.dtype) == (rate, 0.0, np.float32)
    assert audio.samples.shape == samples.shape
    np.testing.assert_allclose(audio.samples, samples, atol=1e-4)


def test_a_lossy_codec_keeps_the_level(usual):
    samples = sound.read_audio(usual / "clip.mp4").samples[4000:40_000]
    np.testing.assert_allclose(samples.std(axis=0) * 2**0.5, [0.1, 0.2], rtol=0.02)


@pytest.mark.parametrize("suffix", ["avi", "mkv"])  # mkv rounds time stamps to 1 ms
@pytest.mark.parametrize("fps", RATES)
def test_frames_keep_number_order_colour_and_time(tmp_path, write_media, fps, suffix):
    video = pictures.read_video(write_media(tmp_path / f"v.{suffix}", frames=bars(20), fps=fps))
    assert video.frames.shape == (20, 48, 64, 3)
    seen = video.frames.mean(axis=1)  # (20, 64, 3)
    assert [np.convolve(bar, np.ones(8), "valid").argmax() for bar in seen[..., 0]] == [*range(20)]
    assert seen[..., 0].max() > 200 > 60 > seen[..., 1:].max()
    np.testing.assert_allclose(video.times, np.arange(20) / fps, atol=1e-3)
    assert video.fps == pytest.approx(fps, rel=2e-3)


def test_fps_is_the_usual_rate_whatever_the_gaps():
    times = np.delete(np.arange(60) / 30, [7, 8, 9, 30, 44])
    assert pictures.Video(None, times).fps == pytest.approx(30)
    assert pictures.Video(None, times[:1]).fps == 25


def test_tall_frames_shrink_in_proportion(tmp_path, write_media):
    path = write_media(tmp_path / "v.avi", frames=bars(3, (120, 160)))
    assert pictures.read_video(path, pictures.Reading(picture_side=60)).frames.shape == (
        3,
        60,
        80,
        3,
    )


def test_late_audio_is_told(tmp_path, write_media):
    path = write_media(tmp_path / "a.mkv", frames=bars(62), samples=tones(2, 16_000), delay=0.5)
    assert sound.read_audio(path).start == pytest.approx(0.5, abs=0.002)
    assert pictures.read_video(path).times[0] == 0


def test_missing_or_repeated_time_stamps_are_filled():
    times = pictures._monotonic([None, 0.04, 0.04, None, 0.2], rate=25)
    np.testing.assert_allclose(times, [0, 0.04, 0.08, 0.12, 0.2])


def test_describe_reads_the_header(usual, tmp_path, write_media):
    assert container.describe(usual / "clip.avi") == {
        "duration": 2.0,
        "sample_rate": 22_050,
        "channels": 2,
        "fps": 25.0,
        "width": 64,
        "height": 48,
    }
    mute = write_media(tmp_path / "mute.avi", frames=bars(5), fps=29.97)
    assert set(container.describe(mute)) == {"duration", "fps", "width", "height"}
    assert container.describe(mute)["fps"] == 29.97


def test_any_path_can_be_read(usual, tmp_path):
    path = tmp_path / "sujet 1" / "Überraschung 驚き #1: 100 %.avi"
    path.parent.mkdir()
    path.write_bytes((usual / "clip.avi").read_bytes())
    assert len(pictures.read_video(path).frames) == 50
    assert len(sound.read_audio(path).samples) == 44_100


@pytest.mark.parametrize("reader", [sound.read_audio, pictures.read_video, container.describe])
def test_what_is_no_media_file_says_so(tmp_path, reader):
    contents = {"empty": b"", "cannot be opened": b"RIFF is not enough" * 20}
    for reason, content in contents.items():
        (tmp_path / "x.avi").write_bytes(content)
        with pytest.raises(ClipError, match=reason):
            reader(tmp_path / "x.avi")
    for nowhere, reason in ((tmp_path / "none.avi", "missing"), (tmp_path, "a folder")):
        with pytest.raises(ClipError, match=reason):
            reader(nowhere)


def test_a_missing_stream_says_so(tmp_path, write_media):
    with pytest.raises(ClipError, match="no audio stream"):
        sound.read_audio(write_media(tmp_path / "v.avi", frames=bars(5)))
    with pytest.raises(ClipError, match="no video stream"):
        pictures.read_video(write_media(tmp_path / "a.avi", samples=tones(0.2, 8000)))


@pytest.mark.parametrize("share", [0.2, 0.4, 0.6, 0.8])
@pytest.mark.parametrize("suffix", ["avi", "mkv", "mp4"])
def test_a_cut_file_says_so(usual, tmp_path, suffix, share):
    """In an AVI without its index only the number of frames tells; RML comes as AVI."""
    whole = (usual / f"clip.{suffix}").read_bytes()
    path = tmp_path / f"cut.{suffix}"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ClipError, match=r"truncated|cannot be opened|no video stream"):
        pictures.read_video(path)


def test_a_file_that_lacks_its_last_packet_is_good_enough(usual, tmp_path):
    whole = (usual / "clip.avi").read_bytes()
    (tmp_path / "cut.avi").write_bytes(whole[: int(0.97 * len(whole))])
    assert 45 <= len(pictures.read_video(tmp_path / "cut.avi").frames) <= 50


def test_samples_that_are_no_numbers_are_refused(tmp_path, write_media):
    samples = tones(0.5, 8000).astype(np.float32)
    samples[1000] = np.nan
    path = write_media(tmp_path / "a.wav", samples=samples, rate=8000, codec="pcm_f32le")
    with pytest.raises(ClipError, match="no numbers"):
        sound.read_audio(path)


def test_two_recordings_in_one_file_are_refused(tmp_path, write_media):
    sounds = [
        write_media(tmp_path / f"{n}.aac", samples=tones(0.5, 16_000, n), codec="aac").read_bytes()
        for n in (1, 2)
    ]
    images = [cv2.imencode(".jpg", f)[1] for s in ((48, 64), (64, 96)) for f in bars(5, s)]
    for reader, suffix, parts in (
        (sound.read_audio, "aac", sounds),
        (pictures.read_video, "mjpeg", images),
    ):
        path = tmp_path / f"both.{suffix}"
        path.write_bytes(b"".join(map(bytes, parts)))
        with pytest.raises(ClipError, match="change"):
            reader(path)


@pytest.mark.parametrize("suffix", ["avi", "mkv", "mp4"])
def test_damage_never_escapes_as_another_error(usual, tmp_path, suffix):
    whole = np.frombuffer((usual / f"clip.{suffix}").read_bytes(), np.uint8)
    rng, path = np.random.default_rng(7), tmp_path / f"hurt.{suffix}"
    reasons = set()
    for trial in range(40):
        hurt = whole.copy()
        where = rng.integers(0, len(hurt) if trial % 2 else 3000, 12)
        hurt[where] = rng.integers(0, 256, 12)
        path.write_bytes(hurt.tobytes())
        for reader in (sound.read_audio, pictures.read_video):
            try:
                reader(path)
            except ClipError as error:
                reasons.add(str(error))
    assert reasons
    assert all(reason.startswith("the ") for reason in reasons)


def test_frames_are_counted_by_decoding(shared_data):
    """CREMA-D's headers leave the number of frames out."""
    path = min(shared_data.glob("cremad/VideoFlash/*.flv"))
    with av.open(str(path)) as container:
        count = sum(1 for _ in container.decode(video=0))
        assert container.streams.video[0].frames == 0
    video = pictures.read_video(path)
    assert len(video.frames) == len(video.times) == count
    assert video.fps == pytest.approx(29.97, rel=2e-3)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOSPC])
def test_want_of_handles_or_space_is_no_fault_of_the_file(tmp_path, monkeypatch, number):
    (tmp_path / "a.avi").write_bytes(b"x")
    error = av.error.FFmpegError(number, "too much", "a.avi")

    def out_of_it(*_, **__):
        raise error

    monkeypatch.setattr(container.av, "open", out_of_it)
    with pytest.raises(av.error.FFmpegError, match="too much"):
        sound.read_audio(tmp_path / "a.avi")


def test_media_has_the_names_that_others_call(usual):
    """And what a child reads is to the byte and to the type what this process would read."""
    path = usual / "clip.mp4"
    assert media.describe(path) == container.describe(path)
    for one, two in (
        (media.read_audio(path), sound.read_audio(path)),
        (media.read_video(path), pictures.read_video(path)),
    ):
        for a, b in zip(one, two, strict=True):
            assert repr(a) == repr(b)
            if isinstance(a, np.ndarray):
                assert a.flags.writeable and a.tobytes() == b.tobytes()
