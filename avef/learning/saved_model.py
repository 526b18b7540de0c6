"""What was trained, and with which parameters: what fusion leaves for avef.recognition."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import NamedTuple

from avef.config import params
from avef.config.schema import Params, Svm, Trained
from avef.core import paths, store
from avef.core.errors import ParameterError
from avef.core.files import write_json
from avef.learning import fusion, source_weights
from avef.preparation.prepared import TABLE, modalities


class Model(NamedTuple):
    """A corpus whose fusion stage has run, and the parameters that it was trained with."""

    corpus: str
    params: Trained


def keep(p: Params, corpus: str) -> None:
    """Note beside a corpus' networks, once its fusion stage has run, how they were trained.

    Of a corpus of sound alone, which has no whole model, there is nothing to note.
    """
    if not keys(corpus):
        return
    trained = Trained(
        profile=p.profile,
        root=p.corpora[corpus].root,
        prepare=p.prepare,
        networks=p.networks,
        keep=p.keep,
        compute=p.compute,
        svm=p.svm,
    )
    facts = {"params": asdict(trained), "start": _start(corpus), "folds": keys(corpus)}
    write_json(_note(corpus), facts | {"digest": store.digest(facts)})


def load(corpus: str, svm: Svm | None = None) -> Model:
    """The model that :func:`keep` noted, whatever ``params.yaml`` says since then.

    Parameters
    ----------
    corpus : str
        Of the repository whose root is the working folder, such as ``"rml"``; its stage
        ``dbn_fusion`` has run.
    svm : Svm, optional
        Settings of the SVM, which is fitted anew; those of the training if not given.

    Raises
    ------
    ParameterError
        If there are no trained networks, or they are not those of the note.
    """
    known = params.read().corpora  # names the root where the working folder is another
    if corpus not in known:
        raise ParameterError(f"corpus must be one of {', '.join(known)}, got {corpus!r}")
    folder, again = _note(corpus).parent, f"run `dvc repro dbn_fusion@{corpus}`"
    if not _note(corpus).is_file():
        if (paths.prepared(corpus) / TABLE).is_file():
            _require_pictures(corpus)
        raise ParameterError(f"{folder} holds no trained networks; {again} first")
    try:
        facts = json.loads(_note(corpus).read_text(encoding="utf-8"))
        same = facts.pop("digest") == store.digest(facts)
        same = same and facts["start"] == _start(corpus) and facts["folds"] == keys(corpus)
    except (*store.BROKEN, AttributeError):
        same = False
    if not same:
        raise ParameterError(f"{folder}: what it was trained on has changed since; {again}")
    try:
        trained = params.typed(Trained, facts["params"], str(_note(corpus)))
    except ParameterError as error:
        raise ParameterError(f"{folder}: of another version of avef ({error}); {again}") from error
    return Model(corpus, replace(trained, svm=svm or trained.svm))


def keys(corpus: str) -> list[str]:
    """Keys of the folds' networks, in order; see :mod:`avef.core.store`."""
    folder = paths.cells("dbn_fusion", corpus)
    made: list[str] = []
    while (file := fusion.weights_file(folder, len(made))).is_file():
        made.append(store.key_of(file))
    return made


def _require_pictures(corpus):
    if "visual" not in modalities(paths.prepared(corpus)):
        raise ParameterError(f"{corpus} is sound alone, and has no whole model to predict with")


def _note(corpus):
    return fusion.weights_file(paths.cells("dbn_fusion", corpus), 0).with_name("trained.json")


def _start(corpus):
    """Fingerprint of what is not trained any more: kept layers, scaling, VAD."""
    start = source_weights.start(paths.transferred(corpus), fusion.PREDICTS[0])
    return store.digest(files=[start.audio, start.visual, start.scaling, paths.VAD])
