"""The sound of a clip: samples, on the container's clock."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from avef.core.errors import ClipError
from avef.preparation import container


class Audio(NamedTuple):
    """Decoded audio.

    Attributes
    ----------
    samples : (n, channels) float32 in −1…1
    rate : int
        Hz.
    start : float
        Seconds on the container's clock at which the first sample is heard.
    """

    samples: np.ndarray
    rate: int
    start: float


def read_audio(path: str | Path) -> Audio:
    """Decode the first audio stream at its own rate and with its own channels.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    ClipError
        If the file cannot be opened, or its audio is missing, damaged, truncated, or changes
        its form on the way.
    """
    with container.opened(path) as file:
        stream = container.first(file, "audio")
        to_float = av.AudioResampler(format="fltp")
        blocks: list[np.ndarray] = []
        form: tuple[int, int] | None = None  # rate and channels
        with container.damage_named(stream):
            for frame in file.decode(stream):
                now = frame.sample_rate, frame.layout.nb_channels
                if form is None:
                    form, start = now, frame.time or 0.0
                if now != form:
                    raise ClipError(f"the rate or channels change from {form} to {now}")
                blocks += [block.to_ndarray() for block in to_float.resample(frame)]
            blocks += [block.to_ndarray() for block in to_float.resample(None)]
        if form is None or not blocks:
            raise ClipError("the audio stream holds no samples")
        samples = np.concatenate(blocks, axis=1).T
        if not np.isfinite(samples).all():
            raise ClipError("the audio stream holds samples that are no numbers")
        container.require_complete(file, stream, (start, start + len(samples) / form[0]))
        return Audio(np.ascontiguousarray(samples, np.float32), form[0], float(start))
