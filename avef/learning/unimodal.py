"""Audio-net and visual-net alone, on every cell of a corpus (Tables 4 and 5)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from avef.config.params import Compute, Keep, Net, Schedule, Stop
from avef.core import parallel, store
from avef.core.files import replacing
from avef.learning import dataset, grid, source_weights, transfer
from avef.protocol import EMOTION_MODELS, folds, labels

#: The modules whose text decides the outcome (see :mod:`avef.core.store`).
CODE = (*transfer.CODE, "learning/unimodal")


def run(
    kind: str,
    prepared: str | Path,
    transferred: str | Path,
    out: str | Path,
    net: Net,
    keep: Keep,
    schedule: Schedule,
    stop: Stop,
    compute: Compute,
    groups: int | None,
    seed: int,
    jobs: int = 1,
) -> None:
    """Train what is not frozen of one network for all cells; resume what was begun.

    Parameters
    ----------
    kind : {"audio", "visual"}
    prepared, transferred, out : path
        The corpus' prepared clips, its transfer folder, and the folder for the
        cells: per cell the trained layers' weights, and arrays ``fc7`` (clips, d)
        and ``softmax`` (clips, C), averaged over each clip's segments, and
        ``curve`` (2 or 4, epochs), see ``cells.COLUMNS``.
    groups : int or None
        Speaker groups (§4.2).
    """
    settings = Settings(net, keep, schedule, stop, compute)
    work = [
        (kind, *cell, prepared, transferred, out, settings, groups, seed) for cell in grid.pairs()
    ]
    list(parallel.each(run_folds, work, jobs, f"{kind}-net on {Path(out).name}"))


def weights_file(out: str | Path, emotion_model: str, case: int, fold: int) -> Path:
    """Where the weights of a cell's trained layers lie."""
    return Path(out) / f"{grid.name(emotion_model, case, fold)}.weights.h5"


def trained(kind: str, out: str | Path, emotion_model: str, case: int, fold: int) -> Path:
    """The weights of a finished cell; ParameterError if they are not those it was saved with."""
    file = weights_file(out, emotion_model, case, fold)
    cell = Path(out) / f"{grid.name(emotion_model, case, fold)}.npz"
    return grid.require(cell, file, f"{kind}_net@{Path(out).name}")


class Settings(NamedTuple):
    """The parameter sections that one network's training takes."""

    net: Net
    keep: Keep
    schedule: Schedule
    stop: Stop
    compute: Compute


def run_folds(
    kind: str,
    emotion_model: str,
    case: int,
    prepared: str | Path,
    transferred: str | Path,
    out: str | Path,
    settings: Settings,
    groups: int | None,
    seed: int,
) -> None:
    """Train all folds of one (emotion model, case): they share one graph and one cache.

    Parameters as in :func:`run`.
    """
    net, keep, schedule, stop, compute = settings
    start = source_weights.verified(transferred, emotion_model)
    files = [Path(prepared) / "clips.csv", getattr(start, kind), start.scaling]
    last = getattr(keep, kind)
    plain = (kind, emotion_model, case, net, last, keep.tune, schedule, stop)
    plain += (compute.precision, groups, seed)
    key = store.digest(*plain, files=files, code=CODE)
    data = dataset.load(prepared, case)
    splits = folds(data.clips, data.clips["corpus"].iloc[0], groups=groups, seed=seed)
    paths = [Path(out) / f"{grid.name(emotion_model, case, f)}.npz" for f in range(len(splits))]
    weights = [weights_file(out, emotion_model, case, f) for f in range(len(splits))]
    grid.prune(out, emotion_model, case, len(splits))
    done = [grid.finished(path, key, file) for path, file in zip(paths, weights, strict=True)]
    if all(done):
        return

    import keras  # here, and not above: only what trains loads TensorFlow

    from avef.learning import frozen, training
    from avef.models import networks

    classes = len(EMOTION_MODELS[emotion_model])
    target = labels(data.clips, emotion_model)[data.clip]
    training.precise(compute.precision)
    part = frozen.kept(kind, data, start, net, last, keep.tune, classes, compute.cache_gib)
    segments = keras.Input((), dtype="int32")
    seen = part.entry(segments)
    model = keras.Model(segments, part.own(seen))
    rule = schedule.learning_rate, schedule.momentum, schedule.clip_norm, compute.xla
    training.compiled(model, *rule)
    both = keras.Model(segments, [networks.features(part.own)(seen), model.output])
    begun = part.own.get_weights()
    every = np.arange(len(data.clip), dtype=np.int32)
    for fold, (train, test) in enumerate(splits):
        if done[fold]:
            continue
        assert not set(data.clips["speaker"][train]) & set(data.clips["speaker"][test])
        grid.begin(paths[fold])
        rows, held = grid.held_out(data, train, target, stop, seed + fold)
        part.own.set_weights(begun)
        training.restart(model, part.fresh, seed + fold)
        curve = training.fit(
            model,
            rows,
            target[rows],
            epochs=schedule.epochs,
            batch=schedule.batch,
            seed=seed + fold,
            held=held,
            patience=stop.patience,
            checkpoint=grid.checkpoint(paths[fold], key, compute.checkpoint_seconds),
        )
        with replacing(weights[fold]) as temporary:
            part.own.save_weights(temporary)
        fc7, softmax = training.outputs(both, [every])
        grid.save(
            paths[fold],
            key,
            [weights[fold]],
            fc7=dataset.pool(fc7, data.clip, len(data.clips)),
            softmax=dataset.pool(softmax, data.clip, len(data.clips)),
            curve=curve.to_numpy()[:, 1:].T,
        )
