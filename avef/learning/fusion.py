"""Segment-based fusion (§2.2.3): audio-net, visual-net and DBN as one model.

Per cell: the DBN is pre-trained greedily on the fc7 features of the training
segments, then trained with labels on them, then the deep layers of both
networks and the DBN are trained as a whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from avef.config.corpus import CorpusParams
from avef.core import parallel, store
from avef.core.paths import Folders
from avef.learning import grid, lessons, source_weights, unimodal
from avef.preparation.prepared import TABLE
from avef.protocol import labels

if TYPE_CHECKING:  # only what trains loads TensorFlow
    from avef.learning import frozen, whole_model

#: The emotion model and case whose networks are kept, for :mod:`avef.recognition`.
PREDICTS = ("emotion", 2)
KINDS = ("audio", "visual")


def run(folders: Folders, chosen: CorpusParams, *, jobs: int = 1) -> None:
    """Train the whole model for all cells of a corpus; resume what was begun.

    A corpus of sound alone has none.

    Parameters
    ----------
    folders : Folders
        The corpus' prepared clips, its transfer folder and the cells of both networks are
        read. Each cell in ``dbn_fusion`` has arrays ``features`` (clips, h), the last
        hidden layer, and ``fc7`` (clips, d), that of both networks after they were trained
        as a whole, averaged over each clip's segments; ``softmax`` (clips, C), ``curve``
        (2 or 4, epochs) of the whole model, ``rbm_errors`` (layers, epochs), and ``rbm_gaps``
        (layers, epochs) to training speakers whom an RBM does not learn from. Where
        ``stop.early`` holds out none, the gaps are of RBMs of their own, and only of the
        cells whose networks are kept; of the others they are (layers, 0).
    jobs : int
        Worker processes; see :func:`avef.core.parallel.each`.
    """
    wanted = grid.seen_pairs(folders.prepared)
    if not wanted:
        grid.clear(folders.dbn_fusion)
    chunks = grid.chunks(wanted, parallel.workers(jobs))
    work = [(pairs, folders, chosen) for pairs in chunks]
    title = f"fusion on {folders.dbn_fusion.name}"
    list(parallel.each(_run_folds, work, jobs=jobs, title=title))


def weights_file(folder: str | Path, fold: int) -> Path:
    """Where what :mod:`avef.recognition` needs of a fold of :data:`PREDICTS` lies.

    Of the first seed. All that was trained, as arrays ``000``, ``001``, … in Keras' order;
    ``clips`` that were learnt from, their ``classes``, and their pooled ``features``.
    """
    return Path(folder) / "whole" / f"fold{fold}.npz"


def rbm_errors(folder: str | Path) -> pd.DataFrame:
    """What the RBMs of all cells were like in every epoch.

    Columns ``emotion_model``, ``case``, ``seed``, ``fold``, ``layer``, ``epoch``, ``error``,
    ``gap``; the last two are :class:`avef.models.rbm.RBM`'s ``errors_`` and ``gaps_``. No gap
    (NaN) where none was told, see :func:`run`.
    """
    rows = []
    for cell, arrays in grid.load_all(folder):
        told, seen = arrays["rbm_errors"], arrays["rbm_gaps"]
        seen = seen if seen.size else np.full_like(told, np.nan)
        for layer, (errors, gaps) in enumerate(zip(told, seen, strict=True), start=1):
            both = zip(errors, gaps, strict=True)
            rows += [(*cell, layer, epoch, *values) for epoch, values in enumerate(both, start=1)]
    columns = [*grid.Cell._fields, "layer", "epoch", "error", "gap"]
    return pd.DataFrame(rows, columns=columns)


def _run_folds(pairs, folders, chosen):
    """All seeds and folds of some (emotion model, case) of one network: they share one graph."""
    net = None
    for pair in pairs:
        net = _run_pair(net, pair, folders, chosen)


def _run_pair(net, pair, folders, chosen):
    """Train what is missing of a pair; the networks, without segments, for the next one."""
    out = folders.dbn_fusion
    start = source_weights.verified(folders.transfer, pair[0])
    work = grid.work(pair, folders.prepared, out, chosen=chosen)
    pieces = []
    for cell in work.cells:
        weights = {k: unimodal.trained_weights(k, folders, cell) for k in KINDS}
        serves = pair == PREDICTS and cell.seed == chosen.seeds[0]
        files = [folders.prepared / TABLE, start.dbn, *weights.values()]
        key = _key(cell, serves, chosen, files)
        whole = [weights_file(out, cell.fold)] if serves else []
        piece = Piece(cell, grid.file(out, cell), weights, whole, key)
        if not grid.finished(piece.file, *whole, key=key):
            pieces.append(piece)
    if pair == PREDICTS:
        _prune(out, len(work.splits))
    if pieces:
        if net is None or not all(shared.suits(work.data) for shared in net.shared.values()):
            net = _net(work, chosen)
        for shared in net.shared.values():
            shared.fill(work.data, start)
        _train(net, work, start, pieces, chosen)
        for shared in net.shared.values():
            shared.clear()
    return net


def _prune(out, folds):
    """Remove networks that are left of a time when there were more folds."""
    wanted = {weights_file(out, fold) for fold in range(folds)}
    for path in weights_file(out, 0).parent.glob("*.npz"):
        if path not in wanted:
            path.unlink()


class Piece(NamedTuple):
    """A cell that is to be trained: what it starts from, and what it leaves beside its file."""

    cell: grid.Cell
    file: Path
    weights: dict[str, Path]
    whole: list[Path]
    key: str


class Net(NamedTuple):
    """The networks of both kinds, which all pairs of a chunk share, joined to the whole model."""

    shared: dict[str, frozen.Shared]
    whole: whole_model.Whole


def _net(work, chosen):
    from avef.learning import frozen, training, whole_model

    compute = chosen.compute
    training.precise(compute.precision, deterministic=compute.deterministic)
    shared = {
        kind: frozen.Shared(
            kind,
            work.data,
            nets=chosen.networks,
            keep=chosen.keep,
            classes=work.classes,
            cache_gib=chosen.compute.cache_gib,
        )
        for kind in KINDS
    }
    shape, parts = chosen.networks.dbn, [one.part for one in shared.values()]
    whole = whole_model.joined(*parts, hidden=shape.hidden, dropout=shape.dropout)
    decay, xla = chosen.networks.weight_decay, chosen.compute.xla
    for net in (whole.model, whole.top):
        training.scheduled(net, chosen.dbn_fusion, weight_decay=decay, xla=xla)
    return Net(shared, whole)


def _train(net, work, start, pieces, chosen):
    from avef.learning import training, whole_model
    from avef.models.dbn import DBN

    shape, count = chosen.networks.dbn, len(work.data.clip)
    transferred = DBN(shape.hidden, shape.visible).restore(store.load(start.dbn))
    for cell, file, weights, whole, key in pieces:
        grid.begin(file)
        for kind, path in weights.items():
            source_weights.fill(net.shared[kind].part.own, path)
        lesson = work.lesson(cell, chosen.stop)
        arrays = whole_model.train(
            net.whole,
            lesson,
            chosen,
            count=count,
            rbms=transferred.rbms_[: chosen.keep.dbn],
            seed=cell.lot,
            checkpoint=grid.checkpoint(file, key, chosen.compute.checkpoint_seconds),
            gauged=bool(whole),
        )
        outputs = training.outputs(net.whole.features, [np.arange(count, dtype=np.int32)])
        names = ("fc7", "features", "softmax")
        made = zip(names, outputs, strict=True)
        arrays |= {name: work.data.pooled(values) for name, values in made}
        arrays |= lessons.heard(work.data, lesson)
        for path in whole:
            train, _ = work.splits[cell.fold]
            _keep(path, key, net.whole.deep.get_weights(), arrays["features"], work, train)
        grid.save(file, key, whole, **arrays)


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


def _key(cell, serves, chosen, files):
    """Fingerprint of a cell; ``files`` hold what it starts from."""
    return store.digest(
        (cell, serves),
        (chosen.networks, chosen.keep, chosen.rbm, chosen.dbn_fusion, chosen.stop),
        (chosen.compute.sums, chosen.protocol, chosen.seed),
        files=files,
        code=__name__,
    )
