"""The files that a target's networks start from (§2.2)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from avef.core import outside, store
from avef.core.errors import OF_THE_FILE, ParameterError
from avef.core.files import replacing

if TYPE_CHECKING:
    import keras


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


class _Memory(io.BytesIO):
    """What Keras takes for a file of weights, by its name."""

    def __str__(self):
        return "memory.weights.h5"


def keep(net: keras.Model, path: str | Path) -> None:
    """Write a network's weights atomically, as Keras does, which :func:`fill` reads.

    HDF5 makes the file in memory: where a disk is full, it would pass over what it could not
    write, or crash.
    """
    made = _Memory()
    net.save_weights(made)
    with replacing(path) as temporary:
        temporary.write_bytes(made.getbuffer())


def fill(net: keras.Model, path: str | Path) -> None:
    """Give a network the weights of a file.

    Raises
    ------
    ParameterError
        Naming the file, if it is damaged or of another network.
    """
    try:
        net.load_weights(path)
    except (OSError, RuntimeError, *outside.FOREIGN) as error:  # h5py's have no number
        if isinstance(error, OSError) and error.errno and error.errno not in OF_THE_FILE:
            raise
        said = " ".join(str(error).split())[:200]
        raise ParameterError(f"{path}: no weights of this network: {said}") from error


def scaling(path: str | Path) -> dict[str, list[float]]:
    """Mean and deviation of the mel image's three channels; ParameterError as in :func:`fill`."""
    told = outside.value(path)
    for name in ("mean", "std"):
        entries = told.get(name)
        if not (isinstance(entries, list) and [*map(type, entries)] == [float] * 3):
            raise ParameterError(f"{path}: {name} must be three numbers")
    return told


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
