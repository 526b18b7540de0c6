"""Sound on its own clock: what was lost is silent, what follows stays at its time."""

import av
import numpy as np
import pytest
from recordings import FPS, KINDS, onsets, record, remuxed, ticks

from avef.core.errors import ClipError
from avef.preparation import pictures, sound

GAPS = ((0.65, 0.8), (1.4, 1.55), (2.4, 2.52))  # between ticks
HALF_A_FRAME = 0.5 / FPS
STAMPED = [kind for kind in KINDS if kind != "avi"]  # AVI counts blocks, and has no time stamps
GAPPED = [kind for kind in STAMPED if kind != "ogv"]  # Ogg has one for a page of many packets


def heard(path, **options):
    """When ticks are heard, in seconds from the first picture, and the Audio."""
    audio = sound.read_audio(path, sound.Reading(**options))
    first = pictures.read_video(path).times[0]
    return onsets(audio.samples[:, 0], audio.rate) + audio.start - first, audio


@pytest.mark.parametrize("kind", GAPPED)
def test_three_gaps_leave_sound_and_pictures_together(tmp_path, kind):
    times, audio = heard(record(tmp_path / f"a.{kind}", seconds=4.0, skip=GAPS))
    np.testing.assert_allclose(times, 0.1 + 0.25 * np.arange(16), atol=HALF_A_FRAME / 2)
    assert audio.seen["audio_gaps"] == 3
    assert audio.seen["audio_gap_seconds"] == pytest.approx(0.42, abs=0.12)  # whole packets
    assert audio.warnings[0].startswith("gaps in the sound: 3, 0.")


@pytest.mark.parametrize("kind", KINDS)
def test_whole_sound_is_left_as_it_is(tmp_path, kind):
    times, audio = heard(record(tmp_path / f"a.{kind}"))
    np.testing.assert_allclose(times, 0.1 + 0.25 * np.arange(8), atol=0.003)
    assert (audio.seen["audio_gaps"], audio.seen["audio_overlap_seconds"]) == (0, 0)
    assert list(audio.warnings) == []
    assert audio.seen["audio_rate"] == KINDS[kind][2]


@pytest.mark.parametrize("kind", STAMPED)
def test_late_sound_is_late(tmp_path, kind):
    times, _ = heard(record(tmp_path / f"a.{kind}", late=0.4))
    np.testing.assert_allclose(times, 0.5 + 0.25 * np.arange(8), atol=0.003)


def test_an_avi_says_in_its_stream_header_when_sound_begins(tmp_path):
    path = record(tmp_path / "a.avi")
    content = bytearray(path.read_bytes())
    header = content.index(b"auds")  # strh: type, codec, flags, …, scale, rate, start at 28
    scale, rate = np.frombuffer(content[header + 20 : header + 28], "<u4")
    content[header + 28 : header + 32] = round(0.4 * rate / scale).to_bytes(4, "little")
    path.write_bytes(content)
    np.testing.assert_allclose(heard(path)[0][:4], [0.5, 0.75, 1.0, 1.25], atol=0.003)


@pytest.mark.parametrize("kind", ["mp4", "mov"])
def test_what_an_edit_list_hides_is_not_heard(tmp_path, kind):
    """Cut at 1 s without coding anew: the sound before it stays in the file."""

    def earlier(packet):
        shift = round(1 / packet.time_base)
        packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
        return packet

    whole = record(tmp_path / f"whole.{kind}")
    cut = remuxed(whole, tmp_path / f"cut.{kind}", earlier, {"avoid_negative_ts": "disabled"})
    audio = sound.read_audio(cut)
    assert len(audio.samples) / audio.rate == pytest.approx(1.0, abs=0.06)
    times = onsets(audio.samples[:, 0], audio.rate) + audio.start
    np.testing.assert_allclose(times, [0.1, 0.35, 0.6, 0.85], atol=0.003)


# Laying blocks on the clock, as arrays.


def test_no_sample_is_off_by_more_than_the_slack():
    """Many gaps, each too small to be told from a rounded stamp, do not add up."""
    rng, rate = np.random.default_rng(3), 16_000
    steps = np.where(rng.random(300) < 0.3, rng.uniform(0, 0.03, 300), 0) + 320 / rate
    stamps = 2 + np.cumsum(steps) - steps[0]
    blocks = [np.full((1, 320), number, np.float32) for number in range(1, 301)]
    samples, start, moved = sound.on_clock(blocks, stamps, rate, slack=0.01)
    begins = [np.flatnonzero(samples[:, 0] == n)[0] / rate + start for n in range(1, 301)]
    assert np.abs(begins - stamps).max() <= 0.01 + 2 / rate
    assert len(moved) > 40


@pytest.mark.parametrize("kind", ["rounded", "unsteady", "missing"])
def test_inexact_stamps_change_nothing(kind):
    rate, count = 44_100, 200
    rng = np.random.default_rng(1)
    blocks = [rng.normal(size=(2, 1024)).astype(np.float32) for _ in range(count)]
    true = 5 + np.arange(count) * 1024 / rate
    stamps = {
        "rounded": np.round(true, 3),
        "unsteady": true + rng.uniform(-0.007, 0.007, count),
        "missing": [None, None, *true[2:50], *[None] * (count - 50)],
    }[kind]
    samples, start, moved = sound.on_clock(blocks, stamps, rate)
    assert moved == []
    assert start == pytest.approx(5, abs=0.008)
    np.testing.assert_array_equal(samples, np.concatenate(blocks, axis=1).T)


def test_the_later_block_of_an_overlap_is_trimmed_until_it_has_caught_up():
    blocks = [np.full((1, 10), n, np.float32) for n in range(4)]
    samples, _, moved = sound.on_clock(blocks, [0, 0.1, 0.05, 0.15], 100)  # 5 and 5 samples early
    assert samples[:, 0].tolist() == [0] * 10 + [1] * 10 + [3] * 5
    assert np.round(moved, 3).tolist() == [-0.15, -0.05]


def test_stamps_that_go_back_are_another_recording():
    blocks = [np.zeros((1, 100), np.float32)] * 3
    with pytest.raises(ClipError, match=r"time stamps go back by 2\.00 s"):
        sound.on_clock(blocks, [5, 6, 5], 100)


def test_overlapping_packets_are_trimmed(tmp_path):
    def doubled(packet):
        if packet.stream.type == "audio" and packet.pts * packet.time_base > 1:
            packet.pts -= round(0.04 / packet.time_base)  # 40 ms come twice
            packet.dts = packet.pts
        return packet

    path = remuxed(record(tmp_path / "a.mkv"), tmp_path / "b.mkv", doubled)
    audio = sound.read_audio(path)
    assert audio.seen["audio_overlap_seconds"] == pytest.approx(0.04, abs=0.003)
    assert audio.warnings == ["overlaps in the sound: 0.04 s, trimmed"]
    assert len(audio.samples) / audio.rate == pytest.approx(1.96, abs=0.003)


@pytest.mark.parametrize(("fps", "slack"), [(25, 0.016), (50, 0.008), (1000, 0.4 / 60)])
def test_the_slack_is_less_than_half_a_frame(tmp_path, write_media, fps, slack):
    frames = np.zeros((3, 48, 64, 3), np.uint8)
    path = write_media(tmp_path / "v.avi", frames=frames, fps=fps, samples=ticks(1, 8000)[:, None])
    with av.open(str(path)) as file:
        assert sound._slack(file) == pytest.approx(slack)


# Which stream is read.


@pytest.mark.parametrize("kind", ["mkv", "mp4", "mov"])
def test_the_stream_that_a_player_would_choose(tmp_path, kind):
    rate = KINDS[kind][2]
    tracks = [level * ticks(2, rate) for level in (0.5, 0.9, 0.7)]
    path = _marked(record(tmp_path / f"a.{kind}", tracks=tracks), default=2)
    for number, level in ((None, 0.45), (1, 0.25), (3, 0.35)):
        audio = sound.read_audio(path, sound.Reading(audio_stream=number))
        assert np.abs(audio.samples).max() == pytest.approx(level, rel=0.2)
        assert audio.seen["audio_stream"] == f"{number or 2} of 3"
    with pytest.raises(ClipError, match="no audio stream 4, only 3"):
        sound.read_audio(path, sound.Reading(audio_stream=4))


def _marked(path, default):
    """The same file with one of its audio streams as the default one."""
    target = path.with_stem("marked")
    with av.open(str(path)) as old, av.open(str(target), "w") as new:
        pairs = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        for number, stream in enumerate(new.streams.audio, 1):
            stream.disposition = av.stream.Disposition.default if number == default else 0
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = pairs[packet.stream.index]
                new.mux(packet)
    return target


# Damage.


def _hurt(share):
    """Spoil that share of the audio packets, after the first 0.7 s."""

    def change(packet):
        when = packet.pts * packet.time_base
        if packet.stream.type != "audio" or not 0.7 <= when < 0.7 + 2 * share:
            return packet
        other = av.Packet(b"\xff" * packet.size)
        other.pts, other.dts, other.time_base = packet.pts, packet.dts, packet.time_base
        return other

    return change


@pytest.mark.parametrize("kind", ["mp4", "mov", "flv"])
def test_damaged_packets_are_left_out_up_to_a_share(tmp_path, kind):
    path = remuxed(record(tmp_path / f"a.{kind}"), tmp_path / f"b.{kind}", _hurt(0.05))
    times, audio = heard(path)
    np.testing.assert_allclose(times, 0.1 + 0.25 * np.arange(8), atol=HALF_A_FRAME)
    assert audio.seen["audio_damaged"] in range(1, 7)
    assert f"damaged packets of sound: {audio.seen['audio_damaged']}, left out" in audio.warnings
    with pytest.raises(ClipError, match=r"damaged: \d of \d+ packets .*max_damage = 1\.0%"):
        sound.read_audio(path, sound.Reading(max_damage=0.01))


def test_much_damage_is_refused(tmp_path):
    path = remuxed(record(tmp_path / "a.mp4"), tmp_path / "b.mp4", _hurt(0.3))
    with pytest.raises(ClipError, match="the audio stream is damaged: 2[0-9] of 8[0-9] packets"):
        sound.read_audio(path)


def test_a_few_packets_of_another_form_are_damage(tmp_path, write_media):
    parts = []
    for channels, seconds in ((1, 0.1), (2, 3.0)):
        samples = np.tile(ticks(seconds, 16_000)[:, None], channels)
        path = write_media(tmp_path / "a.aac", samples=samples, codec="aac")
        parts.append(path.read_bytes())
    path.write_bytes(b"".join(parts))
    audio = sound.read_audio(path)
    assert audio.samples.shape[1] == 2
    assert audio.seen["audio_damaged"] in (2, 3)
    with pytest.raises(ClipError, match="rate or channels change"):
        sound.read_audio(path, sound.Reading(max_damage=0.02))


def test_a_film_that_begins_within_a_packet(tmp_path):
    whole = record(tmp_path / "whole.mpg", seconds=3.0)
    reference, _ = heard(whole)
    first = pictures.read_video(whole).times[0]  # the same clock
    damaged = set()
    for start in range(10_001, 60_001, 10_000):
        path = tmp_path / "cut.mpg"
        path.write_bytes(whole.read_bytes()[start:])
        audio = sound.read_audio(path, sound.Reading(max_damage=0.2))  # lost for a while
        damaged.add(audio.seen["audio_damaged"])
        times = onsets(audio.samples[:, 0], audio.rate) + audio.start - first
        np.testing.assert_allclose(times[2:], reference[-len(times) + 2 :], atol=0.003)
    assert max(damaged) > 0


# What the ear would notice.


VOICE = 0.6 * np.sin(np.arange(16_000) ** 1.2 / 40) * np.hanning(16_000)


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ([VOICE], []),
        ([VOICE, VOICE], []),
        ([VOICE, np.roll(VOICE, 300)], []),
        ([0 * VOICE, 0 * VOICE], []),
        ([VOICE, -VOICE], ["the channels cancel each other: their mean has 0% of their level"]),
        ([VOICE, 0 * VOICE], ["silent: channel 2 of 2; the mean has less level"]),
        ([np.clip(4 * VOICE, -1, 1)], ["clipped: 26.9% of the samples are at full scale"]),
        ([np.clip(1.68 * VOICE, -1, 1)], []),  # a peak or two
    ],
)
def test_channels_that_make_poor_mono_are_told(tmp_path, write_media, channels, said):
    path = write_media(tmp_path / "a.wav", samples=np.stack(channels, axis=1))
    assert list(sound.read_audio(path).warnings) == said


# Length.


def test_a_clip_that_is_too_long_is_refused_by_its_header(tmp_path, monkeypatch):
    path = record(tmp_path / "a.mp4")
    monkeypatch.setattr(sound.container, "decoded", None)  # it is not decoded at all
    with pytest.raises(ClipError, match=r"lasts 2 s, and prepare\.max_seconds = 1"):
        sound.read_audio(path, sound.Reading(max_seconds=1.0))


def test_a_clip_that_is_longer_than_its_header_says_is_refused_on_the_way(tmp_path):
    live = record(tmp_path / "a.webm", options={"live": "1"})  # says no length at all
    for limit in (0.5, 1.5):
        with pytest.raises(ClipError, match=rf"longer than prepare\.max_seconds = {limit}"):
            sound.read_audio(live, sound.Reading(max_seconds=limit))
    assert len(sound.read_audio(live).samples) == pytest.approx(96_000, rel=0.01)


def test_a_leap_of_the_clock_fills_no_memory(tmp_path):
    def leaping(packet):
        if packet.stream.type == "audio" and packet.pts * packet.time_base > 1:
            packet.pts += round(36_000 / packet.time_base)
            packet.dts = packet.pts
        return packet

    path = remuxed(record(tmp_path / "a.webm"), tmp_path / "b.webm", leaping, {"live": "1"})
    with pytest.raises(ClipError, match="max_seconds"):
        sound.read_audio(path)
