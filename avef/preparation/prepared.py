"""A prepared clip: the arrays that preparation leaves and learning reads.

Whoever learns needs only this of §2.1, and depends on nothing that decodes or detects.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from avef.core import outside, store, sums
from avef.core.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd

#: The kinds of clips: with pictures, and sound alone.
AUDIO_VISUAL, AUDIO = "audio-visual", "audio"
#: What a corpus of each kind lets one learn from.
MODALITIES = {AUDIO_VISUAL: ("audio", "visual"), AUDIO: ("audio",)}
#: The files of a prepared corpus beside its clips.
TABLE, QUARANTINE = "clips.csv", "quarantine.csv"
_TEXT = (
    *("clip", "path", "corpus", "speaker", "emotion", "gender", "language", "sentence"),
    *("kind", "key", "warnings"),
)


class PreparedClip(NamedTuple):
    """Arrays of one clip, all on the audio's clock; F is 0 where it is sound alone.

    Attributes
    ----------
    log_mel : (T, 64) float32
        Frame t covers [10t, 10t + 25) ms.
    voiced : (T,) bool
        Whether the frame is speech: weight 1 of §2.1.1.
    faces : (F, s, s, 3) uint8
        A crop of every video frame, RGB; where it shows no face, at the nearest one's place.
    face_status : (F,) uint8
        One of ``faces.NONE``, ``DETECTED``, ``TRACKED``, ``INTERPOLATED``.
    times : (F,) float64
        Seconds.
    fps : float
        Usual frame rate, Hz.
    seen : dict
        Plain facts of the file's sound and pictures, and ``warnings``, one text: what its row
        of the table says besides the arrays.
    """

    log_mel: np.ndarray
    voiced: np.ndarray
    faces: np.ndarray
    face_status: np.ndarray
    times: np.ndarray
    fps: float
    seen: Mapping[str, str | int | float] = MappingProxyType({})


def prepared_clips(folder: str | Path) -> pd.DataFrame:
    """The table of a prepared corpus, a row a clip.

    Raises
    ------
    ParameterError
        If it is missing, or is not what :func:`avef.preparation.clips.prepare_corpus` wrote.
    """
    file = Path(folder) / TABLE
    sums.require(file)
    return outside.table(file, dtype=dict.fromkeys(_TEXT, str))


def modalities(folder: str | Path) -> tuple[str, ...]:
    """What the networks can learn from a prepared corpus: audio, and visual if it has pictures."""
    table = prepared_clips(folder)
    return MODALITIES[table["kind"].iloc[0] if "kind" in table else AUDIO_VISUAL]


def save_clip(path: str | Path, clip: PreparedClip, key: str = "") -> None:
    """Write a prepared clip atomically."""
    seen = np.array(json.dumps(dict(clip.seen)))
    store.save(path, key, **clip._asdict() | {"seen": seen})


def load_clip(path: str | Path, key: str | None = None) -> PreparedClip:
    """Read a prepared clip written by :func:`save_clip`.

    Raises
    ------
    ParameterError
        Naming the file, if it is missing, damaged or no prepared clip; or, where a ``key`` is
        given, is not the clip of that key.
    """
    if key is not None and not store.has(path, key):
        store.load(path)  # which says so of a damaged one
        store.distrust(path)
        raise ParameterError(f"{path} is of another clip, or older than its table; make it anew")
    arrays = store.load(path)
    try:
        clip = PreparedClip._make(arrays[name] for name in PreparedClip._fields)
        return clip._replace(fps=float(clip.fps), seen=json.loads(str(clip.seen)))
    except (KeyError, ValueError, TypeError) as error:
        raise ParameterError(f"{path} holds no prepared clip ({error}); make it anew") from error
