"""Segment-based fusion (§2.2.3): audio-net, visual-net and DBN as one model.

Per cell: the DBN is pre-trained greedily on the fc7 features of the training
segments, then trained with labels on them, then the deep layers of both
networks and the DBN are trained as a whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from avef.config.schema import CorpusParams
from avef.core import parallel, store
from avef.core.paths import Folders
from avef.learning import grid, source_weights, unimodal
from avef.protocol import labels

#: The emotion model and case whose networks are kept, for :mod:`avef.recognise`.
PREDICTS = ("emotion", 2)
KINDS = ("audio", "visual")


def run(folders: Folders, chosen: CorpusParams, *, jobs: int = 1) -> None:
    """Train the whole model for all cells of a corpus; resume what was begun.

    Parameters
    ----------
    folders : Folders
        The corpus' prepared clips, its transfer folder and the cells of both networks are
        read. Each cell in ``dbn_fusion`` has arrays ``features`` (clips, h), the last
        hidden layer averaged over each clip's segments, ``softmax`` (clips, C), ``curve``
        (2 or 4, epochs) of the whole model, and ``rbm_errors`` and ``rbm_gaps``
        (layers, epochs).
    jobs : int
        Worker processes; see :func:`avef.core.parallel.each`.
    """
    work = [(*pair, folders, chosen) for pair in grid.pairs()]
    title = f"fusion on {folders.dbn_fusion.name}"
    list(parallel.each(_run_folds, work, jobs=jobs, title=title))


def weights_file(folder: str | Path, fold: int) -> Path:
    """Where what :mod:`avef.recognise` needs of a fold of :data:`PREDICTS` lies.

    All that was trained, as arrays ``000``, ``001``, … in Keras' order; ``clips`` that were
    learnt from, their ``classes``, and their pooled ``features``.
    """
    return Path(folder) / "whole" / f"{grid.name(*PREDICTS, fold)}.npz"


def rbm_errors(folder: str | Path) -> pd.DataFrame:
    """``emotion_model``, ``case``, ``fold``, ``layer``, ``epoch``, ``error``, ``gap`` of all cells.

    The last two are :class:`avef.models.rbm.RBM`'s ``errors_`` and ``gaps_``.
    """
    rows = []
    for cell, arrays in grid.load_all(folder):
        pairs = zip(arrays["rbm_errors"], arrays["rbm_gaps"], strict=True)
        for layer, (errors, gaps) in enumerate(pairs, start=1):
            both = zip(errors, gaps, strict=True)
            rows += [(*cell, layer, epoch, *values) for epoch, values in enumerate(both, start=1)]
    columns = ["emotion_model", "case", "fold", "layer", "epoch", "error", "gap"]
    return pd.DataFrame(rows, columns=columns)


def _run_folds(emotion_model, case, folders, chosen):
    """All folds of one (emotion model, case): they share one graph and one cache."""
    pair, out = (emotion_model, case), folders.dbn_fusion
    start = source_weights.verified(folders.transfer, emotion_model)
    work = grid.work(pair, folders.prepared, out, chosen=chosen)
    pieces = []
    for fold, cell in enumerate(work.cells):
        weights = {k: unimodal.trained_weights(k, folders, (*pair, fold)) for k in KINDS}
        key = _key(pair, chosen, [folders.prepared / "clips.csv", start.dbn, *weights.values()])
        whole = [weights_file(out, fold)] if pair == PREDICTS else []
        if not grid.finished(cell, *whole, key=key):
            pieces.append(Piece(fold, weights, whole, key))
    if pieces:
        _train(work, start, pieces, chosen)


class Piece(NamedTuple):
    """A fold that is to be trained: what it starts from, and what it leaves beside its cell."""

    fold: int
    weights: dict[str, Path]
    whole: list[Path]
    key: str


def _train(work, start, pieces, chosen):
    # Here, and not above: only what trains loads TensorFlow.
    from avef.learning import frozen, training, whole_model
    from avef.models.dbn import DBN

    data, shape = work.data, chosen.networks.dbn
    transferred = DBN(shape.hidden, shape.visible).restore(store.load(start.dbn))
    training.precise(chosen.compute.precision)
    parts = {
        kind: frozen.kept(
            kind,
            data,
            start,
            nets=chosen.networks,
            keep=chosen.keep,
            classes=work.classes,
            cache_gib=chosen.compute.cache_gib,
        )
        for kind in KINDS
    }
    model = whole_model.joined(
        *parts.values(), hidden=shape.hidden, count=len(data.clip), dropout=shape.dropout
    )
    decay, xla = chosen.networks.weight_decay, chosen.compute.xla
    for net in (model.model, model.top):
        training.scheduled(net, chosen.dbn_fusion, weight_decay=decay, xla=xla)
    every = np.arange(len(data.clip), dtype=np.int32)
    for fold, weights, whole, key in pieces:
        cell, seed, split = work.cells[fold], chosen.seed + fold, work.splits[fold]
        lesson = grid.lesson(data, work.target, split, stop=chosen.stop, seed=seed)
        grid.begin(cell)
        for kind, file in weights.items():
            parts[kind].own.load_weights(file)
        arrays = whole_model.train(
            model,
            lesson,
            chosen,
            rbms=transferred.rbms_[: chosen.keep.dbn],
            seed=seed,
            checkpoint=grid.checkpoint(cell, key, chosen.compute.checkpoint_seconds),
        )
        _, hidden, softmax = training.outputs(model.features, [every])
        features, softmax = data.pooled(hidden), data.pooled(softmax)
        for path in whole:
            _keep(path, key, model.deep.get_weights(), features, work, split[0])
        grid.save(cell, key, whole, features=features, softmax=softmax, **arrays)


def _keep(path, key, weights, features, work, train):
    """What recognising a clip of one's own needs of a fold; see :func:`weights_file`."""
    clips = work.data.clips
    store.save(
        path,
        key,
        features=features[train],
        classes=labels(clips, PREDICTS[0])[train],
        clips=clips["clip"].to_numpy(str)[train],
        **{f"{number:03}": values for number, values in enumerate(weights)},
    )


def _key(pair, chosen, files):
    """Fingerprint of a cell; ``files`` hold what it starts from."""
    return store.digest(
        pair,
        (chosen.networks, chosen.keep, chosen.rbm, chosen.dbn_fusion, chosen.stop),
        (chosen.compute.precision, chosen.compute.xla, chosen.groups, chosen.seed),
        files=files,
        code=__name__,
    )
