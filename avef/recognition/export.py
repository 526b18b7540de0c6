"""A model as one folder that travels: networks, SVM, calibration, card, checksums."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

from avef import __version__
from avef.core import store, sums
from avef.core.errors import ParameterError
from avef.core.files import write_json
from avef.recognition import card, source
from avef.recognition.recogniser import Recogniser


def write(model: Recogniser, folder: str | Path) -> Path:
    """Write what predicting needs, without any repository; the folder appears when it is whole.

    ``model.json`` holds the facts and parameters, ``audio.weights.h5``, ``visual.weights.h5``
    and ``scaling.json`` what all folds keep, ``foldN.npz`` a fold's networks and what its SVM
    learnt from, ``unheard.npz`` what the calibration is fitted on, ``vad.npz`` the voice
    activity detector, ``MODEL_CARD.md`` the card, and ``SHA256SUMS`` the digests of all of
    them, as ``sha256sum --check`` reads them.

    Raises
    ------
    ParameterError
        If the folder is there already, or the model's files are missing or damaged.
    """
    folder, place = Path(folder), model.source
    if folder.exists():
        raise ParameterError(f"{folder} is there already")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        made = Path(scratch) / "model"
        made.mkdir()
        for file, kept in zip(place.start(), source.start_in(made), strict=True):
            if kept.name != "dbn.npz":
                shutil.copyfile(file, kept)
        for fold, file in enumerate(place.folds):
            shutil.copyfile(file, made / source.fold_name(fold))
        shutil.copyfile(place.vad, made / "vad.npz")
        store.save(made / "unheard.npz", "", **model.unheard._asdict())
        write_json(made / source.FACTS, _facts(model))
        card.write(model, made, name=source.CARD)
        sums.write(made, sorted(made.iterdir()))
        made.replace(folder)
    return folder


def _facts(model):
    return {
        "format": source.FORMAT,
        "avef": __version__,
        "corpus": model.corpus,
        "title": model.source.title,
        "folds": len(model.source.folds),
        "params": asdict(model.source.params) | {"root": ""},  # a path of this machine's
    }
