"""Audio-net and visual-net alone, on every cell of a corpus (Tables 4 and 5)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from avef.config.corpus import CorpusParams
from avef.core import parallel, store
from avef.core.files import replacing
from avef.core.paths import Folders
from avef.learning import grid, source_weights
from avef.preparation.prepared import modalities


def run(kind: str, folders: Folders, chosen: CorpusParams, *, jobs: int = 1) -> None:
    """Train what is not frozen of one network for all cells; resume what was begun.

    A corpus of sound alone has no cell of the visual-net.

    Parameters
    ----------
    kind : {"audio", "visual"}
    folders : Folders
        The corpus' prepared clips and its transfer folder are read. In ``audio_net`` or
        ``visual_net`` each cell gets the trained layers' weights, and arrays ``fc7``
        (clips, d) and ``softmax`` (clips, C), averaged over each clip's segments, and
        ``curve`` (2 or 4, epochs), see ``grid.COLUMNS``.
    jobs : int
        Worker processes; see :func:`avef.core.parallel.each`.
    """
    wanted = grid.pairs() if kind in modalities(folders.prepared) else []
    if not wanted:
        grid.clear(folders.net(kind))
    work = [(kind, *pair, folders, chosen) for pair in wanted]
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
    kind: str, emotion_model: str, case: int, folders: Folders, chosen: CorpusParams
) -> None:
    """Train all seeds and folds of one (emotion model, case): they share one graph and one cache.

    Parameters as in :func:`run`.
    """
    pair, out = (emotion_model, case), folders.net(kind)
    start = source_weights.verified(folders.transfer, emotion_model, (kind,))
    every = store.digest(
        (kind, *pair),
        (chosen.net(kind), chosen.kept(kind), chosen.keep.tune, chosen.schedule(kind), chosen.stop),
        (chosen.networks.initial, chosen.networks.weight_decay),
        (chosen.compute.precision, chosen.compute.xla, chosen.protocol, chosen.seed),
        files=[folders.prepared / "clips.csv", getattr(start, kind), start.scaling],
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
        _train(kind, work, start, pieces, chosen)


class Piece(NamedTuple):
    """A cell that is to be trained: its file and key, and the weights that it leaves beside."""

    cell: grid.Cell
    file: Path
    weights: Path
    key: str


def _train(kind, work, start, pieces, chosen):
    import keras  # here, and not above: only what trains loads TensorFlow

    from avef.learning import frozen, training
    from avef.models import networks

    data, schedule = work.data, chosen.schedule(kind)
    training.precise(chosen.compute.precision)
    part = frozen.kept(
        kind,
        data,
        start,
        nets=chosen.networks,
        keep=chosen.keep,
        classes=work.classes,
        cache_gib=chosen.compute.cache_gib,
    )
    segments = keras.Input((), dtype="int32")
    seen = part.entry(segments)
    model = keras.Model(segments, part.own(seen))
    decay = chosen.networks.weight_decay
    training.scheduled(model, schedule, weight_decay=decay, xla=chosen.compute.xla)
    both = keras.Model(segments, [networks.features(part.own)(seen), model.output])
    begun = part.own.get_weights()
    every = np.arange(len(data.clip), dtype=np.int32)
    for cell, file, weights, key in pieces:
        lesson = work.lesson(cell, chosen.stop)
        grid.begin(file)
        part.own.set_weights(begun)
        training.restart(model, part.fresh, cell.lot)
        curve = training.fit(
            model,
            lesson.rows,
            lesson.labels,
            epochs=schedule.epochs,
            batch=schedule.batch,
            seed=cell.lot,
            held=lesson.held,
            checkpoint=grid.checkpoint(file, key, chosen.compute.checkpoint_seconds),
        )
        with replacing(weights) as temporary:
            part.own.save_weights(temporary)
        fc7, softmax = (data.pooled(values) for values in training.outputs(both, [every]))
        curve = curve.to_numpy()[:, 1:].T
        grid.save(file, key, [weights], fc7=fc7, softmax=softmax, curve=curve)
