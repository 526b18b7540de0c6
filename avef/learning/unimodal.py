"""Audio-net and visual-net alone, on every cell of a corpus (Tables 4 and 5)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from avef.config.corpus import CorpusParams
from avef.core import parallel, store
from avef.core.paths import Folders
from avef.learning import grid, lessons, source_weights
from avef.preparation.prepared import TABLE, modalities

if TYPE_CHECKING:  # only what trains loads TensorFlow
    import keras

    from avef.learning import frozen


def run(kind: str, folders: Folders, chosen: CorpusParams, *, jobs: int = 1) -> None:
    """Train what is not frozen of one network for all cells; resume what was begun.

    A corpus of sound alone has no cell of the visual-net.

    Parameters
    ----------
    kind : {"audio", "visual"}
    folders : Folders
        The corpus' prepared clips and its transfer folder are read. In ``audio_net`` or
        ``visual_net`` each cell gets the trained layers' weights, and arrays ``fc7``
        (clips, d) and ``softmax`` (clips, C), averaged over each clip's segments,
        ``curve`` (2 or 4, epochs), see ``grid.COLUMNS``, and those of
        :func:`avef.learning.lessons.heard`.
    jobs : int
        Worker processes; see :func:`avef.core.parallel.each`.
    """
    wanted = grid.pairs() if kind in modalities(folders.prepared) else []
    if not wanted:
        grid.clear(folders.net(kind))
    chunks = grid.chunks(wanted, parallel.workers(jobs))
    work = [(kind, pairs, folders, chosen) for pairs in chunks]
    title = f"{kind}-net on {folders.net(kind).name}"
    list(parallel.each(run_folds, work, jobs=jobs, title=title))


def weights_file(folder: str | Path, cell: grid.Cell) -> Path:
    """Where the weights of a cell's trained layers lie."""
    return grid.file(folder, cell).with_suffix(".weights.h5")


def trained_weights(kind: str, folders: Folders, cell: grid.Cell) -> Path:
    """The weights of a finished cell.

    Raises
    ------
    ParameterError
        If they are not there, or not those that the cell was saved with.
    """
    folder = folders.net(kind)
    stage = f"{kind}_net@{folder.name}"
    return grid.require(grid.file(folder, cell), weights_file(folder, cell), stage)


def run_folds(
    kind: str, pairs: Sequence[tuple[str, int]], folders: Folders, chosen: CorpusParams
) -> None:
    """Train all seeds and folds of some (emotion model, case): they share one graph.

    The emotion models of ``pairs`` have as many classes. One pair after the other puts its
    segments, and what it starts from, into the network. Other parameters as in :func:`run`.
    """
    net = None
    for pair in pairs:
        net = _run_pair(net, kind, pair, folders, chosen)


class Piece(NamedTuple):
    """A cell that is to be trained: its file and key, and the weights that it leaves beside."""

    cell: grid.Cell
    file: Path
    weights: Path
    key: str


class Net(NamedTuple):
    """A network that all pairs of a chunk share, and what is asked of it.

    Attributes
    ----------
    shared : frozen.Shared
    model : segment numbers (B,) → softmax (B, C)
    both : segment numbers (B,) → [fc7 (B, d), softmax (B, C)]
    """

    shared: frozen.Shared
    model: keras.Model
    both: keras.Model


def _run_pair(net, kind, pair, folders, chosen):
    """Train what is missing of a pair; the network, without its segments, for the next one."""
    out = folders.net(kind)
    start = source_weights.verified(folders.transfer, pair[0], (kind,))
    every = store.digest(
        (kind, *pair),
        (chosen.net(kind), chosen.kept(kind), chosen.keep.tune, chosen.schedule(kind), chosen.stop),
        (chosen.networks.initial, chosen.networks.weight_decay),
        (chosen.compute.sums, chosen.protocol, chosen.seed),
        files=[folders.prepared / TABLE, getattr(start, kind), start.scaling],
        code=__name__,
    )
    work = grid.work(pair, folders.prepared, out, chosen=chosen)
    pieces = []
    for cell in work.cells:
        key = store.digest(every, cell)
        piece = Piece(cell, grid.file(out, cell), weights_file(out, cell), key)
        if not grid.finished(piece.file, piece.weights, key=key):
            pieces.append(piece)
    if pieces:
        if net is None or not net.shared.suits(work.data):
            net = _net(kind, work, chosen)
        net.shared.fill(work.data, start)
        _train(net, work, pieces, chosen)
        net.shared.clear()
    return net


def _net(kind, work, chosen):
    import keras

    from avef.learning import frozen, training
    from avef.models import networks

    compute = chosen.compute
    training.precise(compute.precision, deterministic=compute.deterministic)
    shared = frozen.Shared(
        kind,
        work.data,
        nets=chosen.networks,
        keep=chosen.keep,
        classes=work.classes,
        cache_gib=chosen.compute.cache_gib,
    )
    part, segments = shared.part, keras.Input((), dtype="int32")
    seen = part.entry(segments)
    model = keras.Model(segments, part.own(seen))
    decay, xla = chosen.networks.weight_decay, chosen.compute.xla
    training.scheduled(model, chosen.schedule(kind), weight_decay=decay, xla=xla)
    both = keras.Model(segments, [networks.features(part.own)(seen), model.output])
    return Net(shared, model, both)


def _train(net, work, pieces, chosen):
    from avef.learning import training

    part, schedule = net.shared.part, chosen.schedule(net.shared.kind)
    begun = part.own.get_weights()
    every = np.arange(len(work.data.clip), dtype=np.int32)
    for cell, file, weights, key in pieces:
        lesson = work.lesson(cell, chosen.stop)
        grid.begin(file)
        part.own.set_weights(begun)
        training.restart(net.model, part.fresh, cell.lot)
        curve = training.fit(
            net.model,
            lesson.rows,
            lesson.labels,
            epochs=schedule.epochs,
            batch=schedule.batch,
            seed=cell.lot,
            held=lesson.held,
            checkpoint=grid.checkpoint(file, key, chosen.compute.checkpoint_seconds),
        )
        source_weights.keep(part.own, weights)
        made = training.outputs(net.both, [every])
        fc7, softmax = (work.data.pooled(values) for values in made)
        arrays = {"fc7": fc7, "softmax": softmax, "curve": curve.to_numpy()[:, 1:].T}
        grid.save(file, key, [weights], **arrays, **lessons.heard(work.data, lesson))
