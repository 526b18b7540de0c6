"""Audio-net and visual-net alone, on every cell of a corpus (Tables 4 and 5)."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from avef import cells, dataset, inputs, networks, parallel, store, training, transfer
from avef.files import replacing
from avef.params import Net, Schedule
from avef.protocol import EMOTION_MODELS, folds, labels

#: The modules whose text decides the outcome (see :mod:`avef.store`).
CODE = (*transfer.CODE, "unimodal")


def run(
    kind: str,
    prepared: str | Path,
    transferred: str | Path,
    out: str | Path,
    net: Net,
    keep: str,
    schedule: Schedule,
    groups: int | None,
    seed: int,
    jobs: int = 1,
) -> None:
    """Train the deep layers of one network for all cells; resume what was begun.

    Parameters
    ----------
    kind : {"audio", "visual"}
    prepared, transferred, out : path
        The corpus' prepared clips, its transfer folder, and the folder for the
        cells: per cell the deep layers' weights, and arrays ``fc7`` (clips, d)
        and ``softmax`` (clips, C), averaged over each clip's segments, and
        ``curve`` (2, epochs), loss and accuracy.
    keep : str
        The last kept layer, frozen.
    groups : int or None
        Speaker groups (§4.2).
    """
    work = [
        (kind, model, case, prepared, transferred, out, net, keep, schedule, groups, seed)
        for model, case in cells.grid()
    ]
    list(parallel.each(_run_folds, work, jobs, f"{kind}-net on {Path(out).name}"))


def weights_file(out: str | Path, emotion_model: str, case: int, fold: int) -> Path:
    """Where a cell's deep weights lie."""
    return Path(out) / f"{cells.name(emotion_model, case, fold)}.weights.h5"


def _run_folds(
    kind, emotion_model, case, prepared, transferred, out, net, keep, schedule, groups, seed
):
    """All folds of one (emotion model, case): they share one graph and one cache."""
    start = transfer.start(transferred, emotion_model)
    files = [Path(prepared) / "clips.csv", getattr(start, kind), start.scaling]
    settings = (kind, emotion_model, case, net, keep, schedule, groups, seed)
    key = store.digest(*settings, files=files, code=CODE)
    data = dataset.load(prepared, case)
    splits = folds(data.clips, data.clips["corpus"].iloc[0], groups=groups, seed=seed)
    paths = [Path(out) / f"{cells.name(emotion_model, case, f)}.npz" for f in range(len(splits))]
    if all(store.has(path, key) for path in paths):
        return

    classes = len(EMOTION_MODELS[emotion_model])
    target = labels(data.clips, emotion_model)[data.clip]
    shallow = transfer.shallow_activations(kind, data, start, net, keep, classes)
    _, deep = networks.split(transfer.build(kind, net, classes), keep)
    segments = keras.Input((), dtype="int32")
    activations = inputs.Table(shallow)(segments)
    model = keras.Model(segments, deep(activations))
    training.compiled(model, schedule.learning_rate, schedule.momentum)
    both = keras.Model(segments, [networks.features(deep)(activations), model.output])
    every = np.arange(len(shallow), dtype=np.int32)
    for fold, (train, test) in enumerate(splits):
        if store.has(paths[fold], key):
            continue
        assert not set(data.clips["speaker"][train]) & set(data.clips["speaker"][test])
        rows = data.segments_of(train).astype(np.int32)
        training.restart(model, deep.layers, seed + fold)
        curve = training.fit(
            model,
            [rows],
            target[rows],
            epochs=schedule.epochs,
            batch=schedule.batch,
            seed=seed + fold,
        )
        with replacing(weights_file(out, emotion_model, case, fold)) as temporary:
            deep.save_weights(temporary)
        fc7, softmax = training.outputs(both, [every])
        store.save(
            paths[fold],
            key,
            fc7=dataset.pool(fc7, data.clip, len(data.clips)),
            softmax=dataset.pool(softmax, data.clip, len(data.clips)),
            curve=curve[["loss", "accuracy"]].to_numpy().T,
        )
