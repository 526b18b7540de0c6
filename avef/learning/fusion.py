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

from avef.config.params import Compute, Fusion, Keep, Networks, Rbm, Stop
from avef.core import parallel, store
from avef.learning import dataset, grid, source_weights, unimodal
from avef.protocol import EMOTION_MODELS, folds, labels

#: The emotion model and case whose networks are kept, for :mod:`avef.recognise`.
PREDICTS = ("emotion", 2)

#: The modules whose text decides the outcome (see :mod:`avef.core.store`).
CODE = (*unimodal.CODE, "learning/whole_model", "learning/fusion")


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
        for cell in grid.pairs()
    ]
    list(parallel.each(_run_folds, work, jobs, f"fusion on {Path(out).name}"))


def weights_file(out: str | Path, fold: int) -> Path:
    """Where what :mod:`avef.recognise` needs of a fold of :data:`PREDICTS` lies.

    All that was trained, as arrays ``000``, ``001``, … in Keras' order; ``clips`` that were
    learnt from, their ``classes``, and their pooled ``features``.
    """
    return Path(out) / "whole" / f"{grid.name(*PREDICTS, fold)}.npz"


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


class Settings(NamedTuple):
    """The parameter sections that fusion takes."""

    nets: Networks
    keep: Keep
    rbm: Rbm
    schedule: Fusion
    stop: Stop
    compute: Compute


def _run_folds(
    emotion_model, case, prepared, transferred, audio, visual, out, settings, groups, seed
):
    """All folds of one (emotion model, case): they share one graph and one cache."""
    nets, keep, rbm, schedule, stop, compute = settings
    start = source_weights.verified(transferred, emotion_model)
    data = dataset.load(prepared, case)
    splits = folds(data.clips, data.clips["corpus"].iloc[0], groups=groups, seed=seed)
    plain = (emotion_model, case, *settings[:-1], compute.precision, groups, seed)
    paths, keys, beside = [], [], []
    for fold in range(len(splits)):
        paths.append(Path(out) / f"{grid.name(emotion_model, case, fold)}.npz")
        kept = (emotion_model, case) == PREDICTS
        beside.append([weights_file(out, fold)] if kept else [])
        files = [Path(prepared) / "clips.csv", start.dbn] + [
            unimodal.trained(kind, cell, emotion_model, case, fold)
            for kind, cell in (("audio", audio), ("visual", visual))
        ]
        keys.append(store.digest(*plain, files=files, code=CODE))
    grid.prune(out, emotion_model, case, len(splits))
    done = [grid.finished(p, key, *b) for p, key, b in zip(paths, keys, beside, strict=True)]
    if all(done):
        return

    # Here, and not above: only what trains loads TensorFlow.
    from avef.learning import frozen, training, whole_model
    from avef.models.dbn import DBN

    classes = len(EMOTION_MODELS[emotion_model])
    classes_of = labels(data.clips, emotion_model)
    target = classes_of[data.clip]
    rbms = DBN(nets.dbn.hidden, nets.dbn.visible).restore(store.load(start.dbn)).rbms_[: keep.dbn]
    training.precise(compute.precision)
    parts = {}
    for kind, net in (("audio", nets.audio), ("visual", nets.visual)):
        last = getattr(keep, kind)
        parts[kind] = frozen.kept(
            kind, data, start, net, last, keep.tune, classes, compute.cache_gib
        )
    model = whole_model.joined(*parts.values(), nets.dbn.hidden, len(data.clip))
    rule = schedule.learning_rate, schedule.momentum, schedule.clip_norm, compute.xla
    training.compiled(model.model, *rule)
    training.compiled(model.top, *rule)
    for fold, (train, test) in enumerate(splits):
        if done[fold]:
            continue
        assert not set(data.clips["speaker"][train]) & set(data.clips["speaker"][test])
        grid.begin(paths[fold])
        for kind, folder in (("audio", audio), ("visual", visual)):
            file = unimodal.weights_file(folder, emotion_model, case, fold)
            parts[kind].own.load_weights(file)
        rows, held = grid.held_out(data, train, target, stop, seed + fold)
        checkpoint = grid.checkpoint(paths[fold], keys[fold], compute.checkpoint_seconds)
        watch = held[0] if held else data.segments_of(test).astype(np.int32)
        learn = rows, held, watch, target, nets.dbn, rbm, schedule, stop.patience
        arrays = whole_model.train(model, *learn, rbms, seed + fold, checkpoint)
        every = np.arange(len(data.clip), dtype=np.int32)
        _, hidden, softmax = training.outputs(model.features, [every])
        pooled = {
            name: dataset.pool(values, data.clip, len(data.clips))
            for name, values in (("features", hidden), ("softmax", softmax))
        }
        for path in beside[fold]:
            learnt = {"features": pooled["features"][train], "classes": classes_of[train]}
            learnt["clips"] = data.clips["clip"].to_numpy(str)[train]
            kept = {f"{number:03}": w for number, w in enumerate(model.deep.get_weights())}
            store.save(path, keys[fold], **learnt, **kept)
        grid.save(paths[fold], keys[fold], beside[fold], **pooled, **arrays)
