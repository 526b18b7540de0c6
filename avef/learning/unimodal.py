"""Audio-net and visual-net alone, on every cell of a corpus (Tables 4 and 5)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from avef.config.schema import CorpusParams
from avef.core import parallel, store
from avef.core.files import replacing
from avef.core.paths import Folders
from avef.learning import dataset, grid, source_weights
from avef.protocol import EMOTION_MODELS, folds, labels


def run(kind: str, folders: Folders, chosen: CorpusParams, *, jobs: int = 1) -> None:
    """Train what is not frozen of one network for all cells; resume what was begun.

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
    work = [(kind, *pair, folders, chosen) for pair in grid.pairs()]
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
    """Train all folds of one (emotion model, case): they share one graph and one cache.

    Parameters as in :func:`run`.
    """
    out, schedule, stop = folders.net(kind), chosen.schedule(kind), chosen.stop
    start = source_weights.verified(folders.transfer, emotion_model)
    key = store.digest(
        (kind, emotion_model, case),
        (chosen.net(kind), chosen.kept(kind), chosen.keep.tune, schedule, stop),
        (chosen.compute.precision, chosen.compute.xla, chosen.groups, chosen.seed),
        files=[folders.prepared / "clips.csv", getattr(start, kind), start.scaling],
        code=__name__,
    )
    data = dataset.load(folders.prepared, case)
    splits = folds(data.clips, data.clips["corpus"].iloc[0], groups=chosen.groups, seed=chosen.seed)
    cells = [grid.file(out, (emotion_model, case, fold)) for fold in range(len(splits))]
    weights = [weights_file(out, (emotion_model, case, fold)) for fold in range(len(splits))]
    grid.prune(out, (emotion_model, case), len(splits))
    done = [grid.finished(*pair, key=key) for pair in zip(cells, weights, strict=True)]
    if all(done):
        return

    import keras  # here, and not above: only what trains loads TensorFlow

    from avef.learning import frozen, training
    from avef.models import networks

    classes = len(EMOTION_MODELS[emotion_model])
    target = labels(data.clips, emotion_model)[data.clip]
    training.precise(chosen.compute.precision)
    part = frozen.kept(
        kind,
        data,
        start,
        nets=chosen.networks,
        keep=chosen.keep,
        classes=classes,
        cache_gib=chosen.compute.cache_gib,
    )
    segments = keras.Input((), dtype="int32")
    seen = part.entry(segments)
    model = keras.Model(segments, part.own(seen))
    training.scheduled(model, schedule, xla=chosen.compute.xla)
    both = keras.Model(segments, [networks.features(part.own)(seen), model.output])
    begun = part.own.get_weights()
    every = np.arange(len(data.clip), dtype=np.int32)
    for fold, split in enumerate(splits):
        if done[fold]:
            continue
        seed = chosen.seed + fold
        lesson = grid.lesson(data, target, split, stop=stop, seed=seed)
        grid.begin(cells[fold])
        part.own.set_weights(begun)
        training.restart(model, part.fresh, seed)
        curve = training.fit(
            model,
            lesson.rows,
            lesson.labels,
            epochs=schedule.epochs,
            batch=schedule.batch,
            seed=seed,
            held=lesson.held,
            checkpoint=grid.checkpoint(cells[fold], key, chosen.compute.checkpoint_seconds),
        )
        with replacing(weights[fold]) as temporary:
            part.own.save_weights(temporary)
        fc7, softmax = training.outputs(both, [every])
        grid.save(
            cells[fold],
            key,
            [weights[fold]],
            fc7=dataset.pool(fc7, data.clip, len(data.clips)),
            softmax=dataset.pool(softmax, data.clip, len(data.clips)),
            curve=curve.to_numpy()[:, 1:].T,
        )
