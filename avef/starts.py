"""The files that a target's networks start from (§2.2)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Start(NamedTuple):
    """The files that one (target, emotion model) starts from."""

    audio: Path
    visual: Path
    dbn: Path
    scaling: Path


def start(folder: str | Path, emotion_model: str) -> Start:
    """Where the files for an emotion model lie in a target's transfer folder."""
    folder = Path(folder) / emotion_model
    return Start(
        folder / "audio.weights.h5",
        folder / "visual.weights.h5",
        folder / "dbn.npz",
        folder / "scaling.json",
    )
