"""The files that a target's networks start from (§2.2)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from avef.core import store
from avef.core.errors import ParameterError


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


def cell(folder: str | Path, emotion_model: str, kind: str) -> Path:
    """A network's cell; written last, it vouches for the files beside it."""
    return Path(folder) / emotion_model / f"{kind}.npz"


def verified(folder: str | Path, emotion_model: str) -> Start:
    """As :func:`start`, of files that are to the bit as transfer left them.

    Raises
    ------
    ParameterError
        Naming the file that is missing or damaged.
    """
    files = start(folder, emotion_model)
    audio, visual = (cell(folder, emotion_model, kind) for kind in ("audio", "visual"))
    pairs = ((audio, files.audio), (audio, files.scaling), (visual, files.visual))
    wrong = [file for beside, file in pairs if not store.vouches(beside, file)]
    wrong += [] if store.whole(files.dbn) else [files.dbn]
    if wrong:
        raise ParameterError(
            f"{wrong[0]} is missing or damaged; run `dvc repro transfer@{Path(folder).name}`"
        )
    return files
