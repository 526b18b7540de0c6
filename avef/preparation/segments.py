"""Segments (§2.1): which audio frames and which faces make one network input.

A segment is a pair of index vectors into a prepared clip: 64 audio frames and
16 video frames. Case 1 takes the whole clip, case 2 the voiced part only; both
are views of the same arrays, so nothing is stored twice.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from avef.core.errors import ParameterError
from avef.preparation.prepared import PreparedClip

LENGTH = 64  # audio frames in a segment: 25 + 63·10 = 655 ms
HOP = 34  # audio frames between segments: 30 overlap
SECONDS = 0.655
FACES = 16  # images in a segment
NO_FACE = -1


class Segments(NamedTuple):
    """``audio`` (S, 64) and ``faces`` (S, 16), int64 indices into a clip's frames.

    Where a clip has no pictures all of ``faces`` are :data:`NO_FACE`.
    """

    audio: np.ndarray
    faces: np.ndarray


def sixteen(n: int) -> np.ndarray:
    """Choose exactly 16 of the n images in a segment (§2.1.2).

    More than 16 lose equally many at both ends (20 → 2…17); fewer repeat the
    first and the last ones equally (12 → 0 0 1 1 2 … 9 10 10 11 11). An odd
    one out falls to the end. Where so few are there that repeating each once
    does not suffice, all are repeated about equally, in order.

    Parameters
    ----------
    n : int, ≥ 1

    Returns
    -------
    ndarray (16,), int64, non-decreasing

    Raises
    ------
    ParameterError
        If ``n`` is below 1.

    Examples
    --------
    >>> sixteen(20).tolist()
    [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]
    >>> sixteen(12).tolist()
    [0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 11, 11]
    >>> sixteen(3).tolist()
    [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]
    """
    if n < 1:
        raise ParameterError(f"a segment needs at least one image, got n={n}")
    if n >= FACES:
        return np.arange(FACES) + (n - FACES) // 2
    if 2 * n < FACES:
        return np.arange(FACES) * n // FACES
    missing = FACES - n
    first, last = missing // 2, missing - missing // 2
    repeats = np.ones(n, int)
    repeats[:first] += 1
    repeats[n - last :] += 1
    return np.repeat(np.arange(n), repeats)


def segment_clip(voiced: np.ndarray, times: np.ndarray, fps: float, *, case: int) -> Segments:
    """Cut a clip into segments (§2.1).

    Parameters
    ----------
    voiced : ndarray (T,), bool
        Weight of every audio frame; frame t starts at 10·t ms.
    times : ndarray (F,), float
        Time stamps of the video frames, seconds on the audio's clock.
    fps : float
        Usual frame rate, Hz.
    case : {1, 2}
        1 takes every frame, 2 leaves out those of weight 0, sound and picture alike (§4.3.1).

    Returns
    -------
    Segments
        At least one segment. Speech shorter than a segment takes in the frames
        nearest to it; a clip shorter than a segment repeats its ends.

    Raises
    ------
    ParameterError
        If there is no audio or no video frame, or ``case`` is neither 1 nor 2.

    Examples
    --------
    2 s at 25 images a second, speech in the second half. Case 2 cuts that half alone.

    >>> voiced, times = np.arange(200) >= 100, np.arange(50) / 25
    >>> [len(segment_clip(voiced, times, 25.0, case=case).audio) for case in (1, 2)]
    [5, 2]
    >>> cut = segment_clip(voiced, times, 25.0, case=2)
    >>> cut.audio[:, [0, -1]].tolist()  # first and last audio frame of both segments
    [[100, 163], [134, 197]]
    >>> cut.faces[:, [0, -1]].tolist()  # and the images shown meanwhile
    [[26, 41], [34, 49]]
    """
    if len(voiced) == 0 or len(times) == 0:
        raise ParameterError(f"a clip of {len(voiced)} audio and {len(times)} video frames")
    weight = _weight(voiced, case)
    audio = _audio(weight)
    heard = np.clip(((times - 0.0125) / 0.01).round().astype(int), 0, len(voiced) - 1)
    video_frames = np.flatnonzero(weight[heard])  # shown while a frame of weight 1 is heard
    if len(video_frames) == 0:  # a rate so low that no image falls into the speech
        video_frames = np.array([np.abs(heard - audio[0, 0]).argmin()])
    n = min(max(1, round(SECONDS * fps)), len(video_frames))
    # From the image at the segment's begin on; half a millisecond, as time stamps are rounded.
    first = np.searchsorted(times[video_frames], audio[:, 0] / 100 - 0.0005)
    first = first.clip(0, len(video_frames) - n)
    return Segments(audio, video_frames[first[:, None] + sixteen(n)])


def of_clip(clip: PreparedClip, case: int) -> Segments:
    """:func:`segment_clip` of a prepared clip; of sound alone :func:`segment_speech`."""
    if len(clip.times):
        return segment_clip(clip.voiced, clip.times, clip.fps, case=case)
    audio = segment_speech(clip.voiced, case)
    return Segments(audio, np.full((len(audio), FACES), NO_FACE))


def segment_speech(voiced: np.ndarray, case: int) -> np.ndarray:
    """Cut sound without pictures into segments: the ``audio`` of :func:`segment_clip`.

    Examples
    --------
    A pause of 40 frames falls out, and the speech after it joins the one before.

    >>> voiced = np.ones(138, bool)
    >>> voiced[50:90] = False
    >>> segments = segment_speech(voiced, case=2)
    >>> segments.shape, segments[0, 48:52].tolist()
    ((2, 64), [48, 49, 90, 91])
    """
    return _audio(_weight(voiced, case))


def grow(voiced: np.ndarray, least: int) -> np.ndarray:
    """Extend a mask by the frames nearest to it until ``least`` are set.

    Parameters
    ----------
    voiced : ndarray (T,), bool
    least : int

    Returns
    -------
    ndarray (T,), bool
        All set where T ≤ ``least``; unchanged where enough are set already.

    Examples
    --------
    Of two neighbours equally near, the earlier one is set; a mask of nothing grows from the
    middle.

    >>> grow(np.array([0, 0, 0, 1, 0, 0, 0]), 4).astype(int).tolist()
    [0, 1, 1, 1, 1, 0, 0]
    >>> grow(np.zeros(7), 3).astype(int).tolist()
    [0, 0, 1, 1, 1, 0, 0]
    """
    voiced = np.asarray(voiced, bool)
    if voiced.sum() >= least:
        return voiced
    on = np.flatnonzero(voiced) if voiced.any() else np.array([len(voiced) // 2])
    distance = np.abs(np.arange(len(voiced))[:, None] - on).min(axis=1)
    grown = np.zeros_like(voiced)
    grown[np.argsort(distance, kind="stable")[:least]] = True
    return grown


def _weight(voiced, case):
    if case not in (1, 2):
        raise ParameterError(f"case must be 1 or 2 (§4.3.1), got {case!r}")
    return np.ones(len(voiced), bool) if case == 1 else grow(voiced, LENGTH)


def _audio(weight):
    frames = np.flatnonzero(weight)
    if len(frames) < LENGTH:
        frames = np.pad(frames, _halves(LENGTH - len(frames)), mode="edge")
    starts = np.arange(0, len(frames) - LENGTH + 1, HOP)
    return frames[starts[:, None] + np.arange(LENGTH)]


def _halves(n):
    return n // 2, n - n // 2
