"""What was trained, and with which parameters: what the fusion stage leaves for avef.recognise."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import NamedTuple

from avef.config import params
from avef.config.schema import Params, Svm
from avef.core import paths, store
from avef.core.errors import ParameterError
from avef.core.files import write_json
from avef.learning import fusion, source_weights


class Model(NamedTuple):
    """A corpus whose fusion stage has run, and the parameters that it was trained with."""

    corpus: str
    params: Params


def keep(p: Params, corpus: str) -> None:
    """Note beside a corpus' networks, once its fusion stage has run, how they were trained."""
    facts = {"params": asdict(p), "start": _start(corpus), "folds": keys(corpus)}
    write_json(_note(corpus), facts)


def load(corpus: str, svm: Svm | None = None) -> Model:
    """The model that :func:`keep` noted, whatever ``params.yaml`` says since then.

    Parameters
    ----------
    corpus : str
        Of this repository, such as ``"rml"``; its stage ``dbn_fusion`` has run.
    svm : Svm, optional
        Settings of the SVM, which is fitted anew; those of the training if not given.

    Raises
    ------
    ParameterError
        If there are no trained networks, or they are not those of the note.
    """
    folder, again = _note(corpus).parent, f"run `dvc repro dbn_fusion@{corpus}`"
    if not _note(corpus).is_file():
        raise ParameterError(f"{folder} holds no trained networks; {again} first")
    try:
        facts = json.loads(_note(corpus).read_text(encoding="utf-8"))
        same = facts["start"] == _start(corpus) and facts["folds"] == keys(corpus)
    except store.BROKEN:
        same = False
    if not same:
        raise ParameterError(f"{folder}: what it was trained on has changed since; {again}")
    try:
        trained_with = params.checked(facts["params"])
        return Model(corpus, replace(trained_with, svm=svm or trained_with.svm))
    except ParameterError as error:
        raise ParameterError(f"{folder}: of another version of avef ({error}); {again}") from error


def keys(corpus: str) -> list[str]:
    """Keys of the folds' networks, in order; see :mod:`avef.core.store`."""
    folder = paths.cells("dbn_fusion", corpus)
    made: list[str] = []
    while (file := fusion.weights_file(folder, len(made))).is_file():
        made.append(store.key_of(file))
    return made


def _note(corpus):
    return fusion.weights_file(paths.cells("dbn_fusion", corpus), 0).with_name("trained.json")


def _start(corpus):
    """Fingerprint of what is not trained any more: kept layers, scaling, VAD."""
    start = source_weights.start(paths.transferred(corpus), fusion.PREDICTS[0])
    return store.digest(files=[start.audio, start.visual, start.scaling, paths.VAD])
