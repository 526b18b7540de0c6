"""A prepared corpus in memory: tables of frames, and segments that point into them.

The audio and video frames of all clips lie in two long tables, once. A segment
is 64 rows of the one and 16 rows of the other, so both cases and all folds
share the tables, and a batch is a batch of indices.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from avef.preparation import segments
from avef.preparation.prepared import load_clip, prepared_clips


class Dataset(NamedTuple):
    """One corpus, or several one after the other, in one case.

    Attributes
    ----------
    clips : DataFrame
        As written by :func:`avef.preparation.clips.prepare_corpus`.
    log_mel : (T, 64) float32
    faces : (F, s, s, 3) uint8
    audio : (S, 64) int32
        Rows of ``log_mel`` in each segment.
    images : (S, 16) int32
        Rows of ``faces`` in each segment; of clips without pictures all ``NO_FACE``.
    clip : (S,) int32
        Row of ``clips`` that each segment belongs to.
    """

    clips: pd.DataFrame
    log_mel: np.ndarray
    faces: np.ndarray
    audio: np.ndarray
    images: np.ndarray
    clip: np.ndarray

    def segments_of(self, clips: np.ndarray) -> np.ndarray:
        """Positions of the segments that belong to the given rows of ``clips``."""
        return np.flatnonzero(np.isin(self.clip, clips))

    def pooled(self, values: np.ndarray) -> np.ndarray:
        """Average over the segments of each clip: (S, d) → (clips, d), float32."""
        return pool(values, self.clip, len(self.clips))


def load(folder: str | Path, case: int) -> Dataset:
    """Read a prepared corpus and cut it into the segments of case 1 or 2."""
    folder = Path(folder)
    clips = prepared_clips(folder)
    return _join([_one(clips.iloc[[i]], folder, case) for i in range(len(clips))])


def load_all(folders: Sequence[str | Path], case: int) -> Dataset:
    """Read several prepared corpora as one; speakers of different corpora stay apart."""
    parts = [load(folder, case) for folder in folders]
    return _join([p._replace(clips=_prefixed(p.clips)) for p in parts])


def pool(values: np.ndarray, clip: np.ndarray, n_clips: int) -> np.ndarray:
    """Average over the segments of each clip (§2.2.4): (S, d) → (n_clips, d), float32."""
    total = np.zeros((n_clips, values.shape[1]), np.float64)
    np.add.at(total, clip, values)
    return (total / np.bincount(clip, minlength=n_clips)[:, None]).astype(np.float32)


def _one(row, folder, case):
    key = row["key"].iloc[0] if "key" in row else None
    prepared = load_clip(folder / f"{row['clip'].iloc[0]}.npz", key)
    audio, images = segments.of_clip(prepared, case)
    nothing = np.zeros(len(audio), np.int32)
    return Dataset(row, prepared.log_mel, prepared.faces, audio, images, nothing)


def _join(parts):
    def starts(sizes):
        return np.concatenate([[0], np.cumsum(sizes)[:-1]])

    first_mel = starts([len(p.log_mel) for p in parts])
    first_face = starts([len(p.faces) for p in parts])
    first_clip = starts([len(p.clips) for p in parts])

    def shifted(name, first):
        rows = [getattr(p, name) for p in parts]
        moved = [
            np.where(of >= 0, of + n, segments.NO_FACE) for of, n in zip(rows, first, strict=True)
        ]
        return np.concatenate(moved).astype(np.int32)

    shown = [p.faces for p in parts if len(p.faces)] or [parts[0].faces]
    return Dataset(
        clips=pd.concat([p.clips for p in parts], ignore_index=True),
        log_mel=np.concatenate([p.log_mel for p in parts]),
        faces=np.concatenate(shown),
        audio=shifted("audio", first_mel),
        images=shifted("images", first_face),
        clip=shifted("clip", first_clip),
    )


def _prefixed(clips):
    return clips.assign(speaker=clips["corpus"] + "/" + clips["speaker"])
