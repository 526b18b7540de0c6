"""Segment-based fusion (§2.2.3): audio-net, visual-net and DBN as one model.

Per cell: the DBN is pre-trained greedily on the fc7 features of the training
segments, then trained with labels on them, then the deep layers of both
networks and the DBN are trained as a whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import pandas as pd

from avef import cells, dataset, networks, parallel, store, training, transfer, unimodal
from avef.dbn import DBN, fusion_layers, unroll
from avef.params import Compute, Fusion, Keep, Networks, Rbm, Stop
from avef.protocol import EMOTION_MODELS, folds, labels
from avef.transfer import Kept

#: The modules whose text decides the outcome (see :mod:`avef.store`).
CODE = (*unimodal.CODE, "fusion")


def run(
    prepared: str | Path,
    transferred: str | Path,
    audio: str | Path,
    visual: str | Path,
    out: str | Path,
    nets: Networks,
    keep: Keep,
    rbm: Rbm,
    schedule: Fusion,
    stop: Stop,
    compute: Compute,
    groups: int | None,
    seed: int,
    jobs: int = 1,
) -> None:
    """Train the whole model for all cells of a corpus; resume what was begun.

    Parameters
    ----------
    prepared, transferred, audio, visual, out : path
        The corpus' prepared clips, its transfer folder, the cells of
        audio-net and visual-net, and the folder for the cells: arrays
        ``features`` (clips, h), the last hidden layer averaged over each
        clip's segments, ``softmax`` (clips, C), ``curve`` (2 or 4, epochs) of the
        whole model, and ``rbm_errors`` and ``rbm_gaps`` (layers, epochs).
    """
    settings = Settings(nets, keep, rbm, schedule, stop, compute)
    work = [
        (*cell, prepared, transferred, audio, visual, out, settings, groups, seed)
        for cell in cells.grid()
    ]
    list(parallel.each(_run_folds, work, jobs, f"fusion on {Path(out).name}"))


def rbm_errors(folder: str | Path) -> pd.DataFrame:
    """``emotion_model``, ``case``, ``fold``, ``layer``, ``epoch``, ``error``, ``gap`` of all cells.

    The last two are :class:`avef.rbm.RBM`'s ``errors_`` and ``gaps_``.
    """
    rows = []
    for cell, arrays in cells.load_all(folder):
        pairs = zip(arrays["rbm_errors"], arrays["rbm_gaps"], strict=True)
        for layer, (errors, gaps) in enumerate(pairs, start=1):
            both = zip(errors, gaps, strict=True)
            rows += [(*cell, layer, epoch, *values) for epoch, values in enumerate(both, start=1)]
    columns = ["emotion_model", "case", "fold", "layer", "epoch", "error", "gap"]
    return pd.DataFrame(rows, columns=columns)


class Settings(NamedTuple):
    """The parameter sections that fusion takes."""

    nets: Networks
    keep: Keep
    rbm: Rbm
    schedule: Fusion
    stop: Stop
    compute: Compute


class Whole(NamedTuple):
    """The whole model and its parts, which share their layers.

    Attributes
    ----------
    model : segment numbers (B,) → softmax (B, C)
    fc7 : segment numbers (B,) → [fc7 audio, fc7 visual], (B, n)
    top : (B, n) → softmax (B, C); the unrolled DBN
    hidden : segment numbers (B,) → last hidden layer (B, h) and softmax (B, C)
    stack : the layers of the DBN
    """

    model: keras.Model
    fc7: keras.Model
    top: keras.Model
    hidden: keras.Model
    stack: list


def whole_model(audio: Kept, visual: Kept, hidden: list[int]) -> Whole:
    """Join what both networks train and a DBN (Fig. 1).

    Parameters
    ----------
    audio, visual : Kept
        Their trained layers end in fc7, dropout and fc8.
    hidden : list of int
        4096 and 2048 in the paper.
    """
    segments = keras.Input((), dtype="int32")
    features = [  # twice (B, 4096)
        networks.features(part.own)(part.entry(segments)) for part in (audio, visual)
    ]
    joined = keras.layers.Concatenate(name="fc7s")(features)  # (B, 8192)
    stack = fusion_layers(hidden, audio.own.output_shape[-1])
    fc7 = keras.Input(joined.shape[1:])
    last = fc7
    for layer in stack[:-1]:
        last = layer(last)
    top = keras.Model(fc7, stack[-1](last), name="dbn")
    between = keras.Model(fc7, [last, top.output])
    return Whole(
        model=keras.Model(segments, top(joined)),
        fc7=keras.Model(segments, joined),
        top=top,
        hidden=keras.Model(segments, between(joined)),
        stack=stack,
    )


def _run_folds(
    emotion_model, case, prepared, transferred, audio, visual, out, settings, groups, seed
):
    """All folds of one (emotion model, case): they share one graph and one cache."""
    nets, keep, _, schedule, stop, compute = settings
    start = transfer.start(transferred, emotion_model)
    data = dataset.load(prepared, case)
    splits = folds(data.clips, data.clips["corpus"].iloc[0], groups=groups, seed=seed)
    plain = (emotion_model, case, *settings[:-1], compute.precision, groups, seed)
    paths, keys = [], []
    for fold in range(len(splits)):
        paths.append(Path(out) / f"{cells.name(emotion_model, case, fold)}.npz")
        files = [Path(prepared) / "clips.csv", start.dbn] + [
            unimodal.weights_file(cell, emotion_model, case, fold) for cell in (audio, visual)
        ]
        keys.append(store.digest(*plain, files=files, code=CODE))
    if all(map(store.has, paths, keys)):
        return

    classes = len(EMOTION_MODELS[emotion_model])
    target = labels(data.clips, emotion_model)[data.clip]
    rbms = DBN(nets.dbn.hidden, nets.dbn.visible).restore(store.load(start.dbn)).rbms_[: keep.dbn]
    training.precise(compute.precision)
    parts = {}
    for kind, net in (("audio", nets.audio), ("visual", nets.visual)):
        last = getattr(keep, kind)
        parts[kind] = transfer.kept(
            kind, data, start, net, last, keep.tune, classes, compute.cache_gib
        )
    whole = whole_model(parts["audio"], parts["visual"], nets.dbn.hidden)
    training.compiled(whole.model, schedule.learning_rate, schedule.momentum, compute.xla)
    training.compiled(whole.top, schedule.learning_rate, schedule.momentum, compute.xla)
    for fold, (train, test) in enumerate(splits):
        if store.has(paths[fold], keys[fold]):
            continue
        assert not set(data.clips["speaker"][train]) & set(data.clips["speaker"][test])
        for kind, folder in (("audio", audio), ("visual", visual)):
            file = unimodal.weights_file(folder, emotion_model, case, fold)
            parts[kind].own.load_weights(file)
        rows, held = cells.held_out(data, train, target, stop, seed + fold)
        checkpoint = cells.checkpoint(paths[fold], keys[fold], compute.checkpoint_seconds)
        watch = held[0][0] if held else data.segments_of(test).astype(np.int32)
        arrays = _train(whole, rows, held, watch, target, settings, rbms, seed + fold, checkpoint)
        every = np.arange(len(data.clip), dtype=np.int32)
        hidden, softmax = training.outputs(whole.hidden, [every])
        cells.save(
            paths[fold],
            keys[fold],
            features=dataset.pool(hidden, data.clip, len(data.clips)),
            softmax=dataset.pool(softmax, data.clip, len(data.clips)),
            **arrays,
        )


def _train(whole, rows, held, watch, target, settings, rbms, seed, checkpoint):
    """Greedy pre-training, the DBN with labels, then all as a whole.

    Of the segments to watch, no labels are read, and nothing is learnt or chosen by them.
    """
    nets, _, rbm, schedule, stop, _ = settings
    fc7 = training.outputs(whole.fc7, [rows])
    watched = training.outputs(whole.fc7, [watch])
    dbn = transfer.fit_dbn(fc7, nets.dbn, rbm, seed, rbms, watched)
    training.restart(whole.top, whole.stack, seed)
    unroll(dbn, whole.stack)
    training.fit(
        whole.top,
        [fc7],
        target[rows],
        epochs=schedule.supervised_epochs,
        batch=schedule.batch,
        seed=seed,
    )
    training.restart(whole.model, [], seed)
    curve = training.fit(
        whole.model,
        [rows],
        target[rows],
        epochs=schedule.epochs,
        batch=schedule.batch,
        seed=seed,
        held=held,
        patience=stop.patience,
        checkpoint=checkpoint,
    )
    return {
        "curve": curve.to_numpy()[:, 1:].T,
        "rbm_errors": np.array([r.errors_ for r in dbn.rbms_], np.float32),
        "rbm_gaps": np.array([r.gaps_ for r in dbn.rbms_], np.float32),
    }
