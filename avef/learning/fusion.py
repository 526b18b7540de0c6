"""Segment-based fusion (§2.2.3): audio-net, visual-net and DBN as one model.

Per cell: the DBN is pre-trained greedily on the fc7 features of the training
segments, then trained with labels on them, then the deep layers of both
networks and the DBN are trained as a whole.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from avef.config.schema import CorpusParams
from avef.core import parallel, store
from avef.core.paths import Folders
from avef.learning import dataset, grid, source_weights, unimodal
from avef.protocol import EMOTION_MODELS, folds, labels

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
    data = dataset.load(folders.prepared, case)
    splits = folds(data.clips, data.clips["corpus"].iloc[0], groups=chosen.groups, seed=chosen.seed)
    cells = [grid.file(out, (*pair, fold)) for fold in range(len(splits))]
    whole = [[weights_file(out, f)] if pair == PREDICTS else [] for f in range(len(splits))]
    weights = [
        {kind: unimodal.trained_weights(kind, folders, (*pair, fold)) for kind in KINDS}
        for fold in range(len(splits))
    ]
    keys = [
        _key(pair, chosen, [folders.prepared / "clips.csv", start.dbn, *w.values()])
        for w in weights
    ]
    grid.prune(out, pair, len(splits))
    done = [
        grid.finished(cell, *files, key=key)
        for cell, files, key in zip(cells, whole, keys, strict=True)
    ]
    if all(done):
        return

    # Here, and not above: only what trains loads TensorFlow.
    from avef.learning import frozen, training, whole_model
    from avef.models.dbn import DBN

    shape, classes = chosen.networks.dbn, len(EMOTION_MODELS[emotion_model])
    classes_of = labels(data.clips, emotion_model)
    learnt_before = DBN(shape.hidden, shape.visible).restore(store.load(start.dbn))
    training.precise(chosen.compute.precision)
    parts = {
        kind: frozen.kept(
            kind,
            data,
            start,
            nets=chosen.networks,
            keep=chosen.keep,
            classes=classes,
            cache_gib=chosen.compute.cache_gib,
        )
        for kind in KINDS
    }
    model = whole_model.joined(*parts.values(), hidden=shape.hidden, count=len(data.clip))
    training.scheduled(model.model, chosen.dbn_fusion, xla=chosen.compute.xla)
    training.scheduled(model.top, chosen.dbn_fusion, xla=chosen.compute.xla)
    every = np.arange(len(data.clip), dtype=np.int32)
    for fold, split in enumerate(splits):
        if done[fold]:
            continue
        seed = chosen.seed + fold
        target = classes_of[data.clip]
        lesson = grid.lesson(data, target, split, stop=chosen.stop, seed=seed)
        grid.begin(cells[fold])
        for kind, file in weights[fold].items():
            parts[kind].own.load_weights(file)
        arrays = whole_model.train(
            model,
            lesson,
            chosen,
            rbms=learnt_before.rbms_[: chosen.keep.dbn],
            seed=seed,
            checkpoint=grid.checkpoint(cells[fold], keys[fold], chosen.compute.checkpoint_seconds),
        )
        _, hidden, softmax = training.outputs(model.features, [every])
        pooled = {
            name: dataset.pool(values, data.clip, len(data.clips))
            for name, values in (("features", hidden), ("softmax", softmax))
        }
        train, _ = split
        for path in whole[fold]:
            trained = {f"{number:03}": w for number, w in enumerate(model.deep.get_weights())}
            store.save(
                path,
                keys[fold],
                features=pooled["features"][train],
                classes=classes_of[train],
                clips=data.clips["clip"].to_numpy(str)[train],
                **trained,
            )
        grid.save(cells[fold], keys[fold], whole[fold], **pooled, **arrays)


def _key(pair, chosen, files):
    """Fingerprint of a cell; ``files`` hold what it starts from."""
    return store.digest(
        pair,
        (chosen.networks, chosen.keep, chosen.rbm, chosen.dbn_fusion, chosen.stop),
        (chosen.compute.precision, chosen.compute.xla, chosen.groups, chosen.seed),
        files=files,
        code=__name__,
    )
