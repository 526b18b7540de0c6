"""The sound of a clip: samples, each at its time on the container's clock.

A decoder gives blocks of samples as stored. Where packets were lost, or a recorder fell
silent, only their time stamps say so; blocks put end to end would be heard too early.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import av
import numpy as np

from avef.core.errors import ClipError
from avef.preparation import container

#: A time stamp that far from where the samples before it end is a gap or an overlap: that share
#: of a video frame, so that no picture is off by half of one, and never more than these seconds.
_SLACK_FRAMES, _SLACK = 0.4, 0.016
_JUMP = 1.0  # seconds; time stamps that go back further are no overlap but another recording
_CANCELLED = 0.25  # level of the channels' mean against theirs; of unlike ones it is 1/√n
_DEAD = 1e-3  # level of a channel against the loudest, −60 dB
_FULL, _CLIPPED = 0.999, 1e-3  # full scale; share of samples in runs of three or more at it


class Reading(NamedTuple):
    """What of a file's sound is read: the entries of these names in the section ``prepare``.

    Attributes
    ----------
    audio_stream : int or None
        1 is the first one; None the one that a player would choose.
    max_damage : float in 0…1
        Of the stream's packets: so many may fail to decode, and are left out.
    max_seconds : float
        A longer clip is refused before it fills the memory.
    """

    audio_stream: int | None = None
    max_damage: float = 0.1
    max_seconds: float = 300.0


USUAL = Reading()


class Audio(NamedTuple):
    """Decoded audio.

    Attributes
    ----------
    samples : (n, channels) float32 in −1…1
        Sample i is heard at ``start + i / rate``; what is missing is silent.
    rate : int
        Hz.
    start : float
        Seconds on the container's clock at which the first sample is heard.
    seen : dict
        Plain facts: ``audio_codec``, ``audio_rate``, ``audio_channels``, ``audio_stream`` (such
        as ``"1 of 2"``), ``audio_start``, ``audio_gaps``, ``audio_gap_seconds``,
        ``audio_overlap_seconds``, ``audio_damaged`` (packets left out).
    warnings : list of str
        What should be known of it, though it can be used.
    """

    samples: np.ndarray
    rate: int
    start: float
    seen: Mapping[str, str | int | float] = MappingProxyType({})
    warnings: Sequence[str] = ()


def read_audio(path: str | Path, reading: Reading = USUAL) -> Audio:
    """Decode an audio stream at its own rate and with its own channels, on its own clock.

    Parameters
    ----------
    path : str or Path
    reading : Reading

    Raises
    ------
    ClipError
        If the file cannot be opened, or its audio is missing, damaged, truncated, too long, or
        changes its form or its clock on the way.
    """
    with container.opened(path) as file:
        stream = container.chosen(file, "audio", reading.audio_stream)
        container.require_short(file, stream, reading.max_seconds)
        counts: Counter = Counter()
        with container.damage_named(stream):
            frames = _frames(file, stream, counts, reading.max_seconds)
            _require_one_form(counts, reading.max_damage)
            container.require_undamaged(stream, counts, reading.max_damage)
            if not frames:
                raise ClipError("the audio stream holds no samples")
            rate = frames[0].sample_rate
            blocks, stamps = _blocks(frames)
        samples, start, moved = on_clock(blocks, stamps, rate, slack=_slack(file))
        if not np.isfinite(samples).all():
            raise ClipError("the audio stream holds samples that are no numbers")
        container.require_complete(file, stream, (start, start + len(samples) / rate))
        seen = {
            "audio_codec": stream.codec_context.name,
            "audio_rate": rate,
            "audio_channels": samples.shape[1],
            "audio_stream": f"{file.streams.audio.index(stream) + 1} of {len(file.streams.audio)}",
            "audio_start": round(start, 3),
            "audio_gaps": sum(seconds > 0 for seconds in moved),
            "audio_gap_seconds": round(sum((s for s in moved if s > 0), 0.0), 3),
            "audio_overlap_seconds": round(sum((-s for s in moved if s < 0), 0.0), 3),
            "audio_damaged": counts["damaged"],
        }
        return Audio(samples, rate, start, seen, _of_clock(seen) + of_channels(samples))


def on_clock(
    blocks: Sequence[np.ndarray],
    stamps: Sequence[float | None],
    rate: int,
    *,
    slack: float = _SLACK,
) -> tuple[np.ndarray, float, list[float]]:
    """Lay blocks of samples where their time stamps are: gaps are silent, overlaps trimmed.

    Parameters
    ----------
    blocks : sequence of ndarrays (channels, n), float32
    stamps : sequence of float or None
        Seconds at which each block begins; None where it follows the one before.
    rate : int
        Hz.
    slack : float
        Seconds by which a stamp may be off and mean nothing: stamps are rounded.

    Returns
    -------
    samples : (n, channels), float32
    start : float
        Seconds at which the first sample is heard.
    moved : list of float
        Seconds of each gap, and negative ones of each overlap.

    Raises
    ------
    ClipError
        If time stamps go back by more than a second.

    Examples
    --------
    At 10 Hz, the second block is two samples late, the third begins before that one ends.

    >>> blocks = [np.ones((1, 3)), 2 * np.ones((1, 3)), 3 * np.ones((1, 3))]
    >>> samples, start, moved = on_clock(blocks, [1.0, 1.5, 1.7], 10)
    >>> samples[:, 0].tolist(), start, np.round(moved, 3).tolist()
    ([1.0, 1.0, 1.0, 0.0, 0.0, 2.0, 2.0, 2.0, 3.0, 3.0], 1.0, [0.2, -0.1])
    """
    start = _start(blocks, stamps, rate)
    parts: list[np.ndarray] = []
    moved: list[float] = []
    end = 0  # samples so far
    for block, stamp in zip(blocks, stamps, strict=True):
        off = 0 if stamp is None else round((stamp - start) * rate) - end
        if off < -_JUMP * rate:
            raise ClipError(f"the audio stream's time stamps go back by {-off / rate:.2f} s")
        if abs(off) > slack * rate:
            parts.append(np.zeros((len(block), max(0, off)), np.float32))
            block = block[:, max(0, -off) :]
            moved.append(off / rate)
            end += max(0, off)
        parts.append(block)
        end += block.shape[1]
    samples = np.concatenate(parts, axis=1).T
    return np.ascontiguousarray(samples, np.float32), start, moved


def of_channels(samples: np.ndarray) -> list[str]:
    """What a listener should know of samples (n, channels) before they become mono.

    Examples
    --------
    The same tone in both channels, with one sign and with the other.

    >>> tone = 0.5 * np.sin(np.arange(800) / 3)
    >>> of_channels(np.stack([tone, tone], axis=1))
    []
    >>> of_channels(np.stack([tone, -0.9 * tone], axis=1))
    ['the channels cancel each other: their mean has 5% of their level']
    >>> of_channels(np.stack([tone, 0 * tone], axis=1))
    ['silent: channel 2 of 2; the mean has less level']
    """
    levels = samples.std(axis=0, dtype=np.float64)
    if not levels.any():
        return []  # whether there is speech is asked elsewhere
    said = []
    left = samples.mean(axis=1).std() / np.sqrt(np.square(levels).mean())
    if samples.shape[1] > 1 and left < _CANCELLED:
        said.append(f"the channels cancel each other: their mean has {left:.0%} of their level")
    if len(dead := np.flatnonzero(levels < _DEAD * levels.max()) + 1):
        which = ", ".join(map(str, dead))
        said.append(f"silent: channel {which} of {len(levels)}; the mean has less level")
    full = np.abs(samples) >= _FULL
    clipped = (full[:-2] & full[1:-1] & full[2:]).mean(axis=0).max(initial=0)
    if clipped > _CLIPPED:
        said.append(f"clipped: {clipped:.1%} of the samples are at full scale")
    return said


def _frames(file, stream, counts, limit):
    """Decoded frames of the form, rate and channels, that most of them have."""
    frames: list[av.AudioFrame] = []
    seconds, first = 0.0, None
    for frame in container.decoded(file, stream, counts):
        frames.append(frame)
        seconds += frame.samples / frame.sample_rate
        first = frame.time if first is None else first
        if max(seconds, (frame.time or 0.0) - (first or 0.0)) > limit:
            raise ClipError(f"the audio lasts longer than prepare.max_seconds = {limit:g}")
    forms = Counter(map(_form, frames))
    usual = max(forms, key=forms.__getitem__, default=None)
    counts["odd"] = len(frames) - forms[usual]
    return [frame for frame in frames if _form(frame) == usual]


def _require_one_form(counts, share):
    """A damaged head may pass for a frame of another form; more of them are another recording."""
    if counts["odd"] > share * counts["packets"]:
        raise ClipError(f"the rate or channels change; so many packets differ: {counts['odd']}")
    counts["damaged"] += counts["odd"]


def _form(frame):
    return frame.sample_rate, frame.layout.nb_channels


def _blocks(frames):
    """Samples of each frame (channels, n) as float32, and its time stamp."""
    to_float = av.AudioResampler(format="fltp")
    blocks = [_joined(to_float.resample(frame)) for frame in frames]
    stamps = [frame.time for frame in frames]
    if rest := to_float.resample(None):
        blocks.append(_joined(rest))
        stamps.append(None)
    return blocks, stamps


def _joined(frames):
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1)


def _start(blocks, stamps, rate):
    """When the first sample is heard: told by the first block that has a time stamp."""
    before = 0
    for block, stamp in zip(blocks, stamps, strict=True):
        if stamp is not None:
            return float(stamp - before / rate)
        before += block.shape[1]
    return 0.0


def _slack(file):
    """Seconds that a time stamp may be off: less than half of the file's video frame."""
    rates = [float(stream.average_rate or 0) for stream in file.streams.video]
    fastest = min(max(rates, default=0.0), 60.0)  # beyond, it is the clock's, not the camera's
    return min(_SLACK, _SLACK_FRAMES / fastest) if fastest else _SLACK


def _of_clock(seen):
    said = []
    if gaps := seen["audio_gaps"]:
        said.append(f"gaps in the sound: {gaps}, {seen['audio_gap_seconds']:.2f} s, left silent")
    if overlap := seen["audio_overlap_seconds"]:
        said.append(f"overlaps in the sound: {overlap:.2f} s, trimmed")
    if damaged := seen["audio_damaged"]:
        said.append(f"damaged packets of sound: {damaged}, left out")
    return said
