"""The files that a target's networks start from (§2.2)."""

from __future__ import annotations

from collections.abc import Sequence
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


def verified(
    folder: str | Path, emotion_model: str, kinds: Sequence[str] = ("audio", "visual")
) -> Start:
    """As :func:`start`, of files that are to the bit as transfer left them.

    Looked at are those of the networks of some ``kinds``, the scaling of the mel image, and
    with both kinds the DBN.

    Raises
    ------
    ParameterError
        Naming the file that is missing or damaged.
    """
    files = start(folder, emotion_model)
    pairs = [(kind, getattr(files, kind)) for kind in kinds] + [("audio", files.scaling)]
    wrong = [
        file for kind, file in pairs if not store.vouches(cell(folder, emotion_model, kind), file)
    ]
    if len(kinds) > 1:
        cells = [cell(folder, emotion_model, kind) for kind in kinds]
        wrong += [files.dbn] * (not all(store.vouches(files.dbn, one) for one in cells))
    if wrong:
        raise ParameterError(
            f"{wrong[0]} is missing or damaged; run `dvc repro transfer@{Path(folder).name}`"
        )
    return files
