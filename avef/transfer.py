"""Transfer among emotion corpora (§2.2): what a target's networks start from.

For each target corpus and emotion model, audio-net, visual-net and the DBN are
trained on the other two corpora. The target then keeps the shallow layers,
frozen, and trains the deep ones from scratch.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import pandas as pd

from avef import cells, dataset, inputs, networks, parallel, store, training
from avef.dataset import Dataset
from avef.dbn import DBN, RBM
from avef.files import replacing, write_json
from avef.params import Compute, Dbn, Net, Networks, Rbm, Stop, Transfer
from avef.protocol import EMOTION_MODELS, labels

#: The modules whose text decides the outcome (see :mod:`avef.store`).
CODE = (
    "protocol",
    "segments",
    "dataset",
    "inputs",
    "networks",
    "rbm",
    "dbn",
    "checkpoints",
    "training",
    "transfer",
)


class Start(NamedTuple):
    """The files that one (target, emotion model) starts from."""

    audio: Path
    visual: Path
    dbn: Path
    scaling: Path


def start(folder: str | Path, emotion_model: str) -> Start:
    """Where the files for an emotion model lie in a target's transfer folder."""
    folder = Path(folder) / emotion_model
    return Start(
        folder / "audio.weights.h5",
        folder / "visual.weights.h5",
        folder / "dbn.npz",
        folder / "scaling.json",
    )


def run(
    sources: Sequence[str | Path],
    out: str | Path,
    nets: Networks,
    schedule: Transfer,
    rbm: Rbm,
    stop: Stop,
    compute: Compute,
    seed: int,
    jobs: int = 1,
) -> None:
    """Train on the source corpora for all emotion models; resume what was begun.

    Parameters
    ----------
    sources : paths of the prepared source corpora
    out : path
        The target's transfer folder.
    """
    files = [Path(s) / "clips.csv" for s in sources]
    plain = (nets.audio, nets.visual, schedule, stop, compute.precision, seed)
    key = store.digest(*plain, files=files, code=CODE)
    title = f"transfer to {Path(out).name}"
    work = [
        (kind, emotion_model, sources, out, nets, schedule, stop, compute, seed, key)
        for kind in ("visual", "audio")  # the longer ones first
        for emotion_model in EMOTION_MODELS
    ]
    list(parallel.each(_train_net, work, jobs, f"{title}, networks"))
    key = store.digest(key, nets.dbn, rbm)
    work = [(emotion_model, out, nets.dbn, rbm, seed, key) for emotion_model in EMOTION_MODELS]
    list(parallel.each(_train_dbn, work, jobs, f"{title}, DBN"))


class Kept(NamedTuple):
    """A network that starts from other corpora, on the segments of a target.

    Attributes
    ----------
    entry : keras.Model
        Segment numbers (B,) → what the trained layers take: what the kept layers make of
        the segments; or, where the kept layers are trained further, the segments.
    own : keras.Sequential
        The layers that the target trains.
    fresh : list of Layer
        Those of ``own`` that start from random weights.
    """

    entry: keras.Model
    own: keras.Sequential
    fresh: list


def kept(
    kind: str,
    data: Dataset,
    files: Start,
    net: Net,
    keep: str | None,
    tune: bool,
    classes: int,
    gib: float,
) -> Kept:
    """Part a network into what is kept and what is trained.

    The frozen layers' output is worked out once and serves every fold and epoch;
    the data is not augmented, so nothing is approximated. Where it would take more
    than ``gib`` GiB, the frozen layers run in every step instead, with the same result.
    With ``keep`` None the target starts from random weights.
    """
    full = build(kind, net, classes)
    full.load_weights(getattr(files, kind))
    shallow, deep = networks.split(full, keep)
    source = _source(kind, data, files, net)
    rows = data.audio if kind == "audio" else data.images
    segments = keras.Input((), dtype="int32")
    if tune or keep is None:
        return Kept(_entry(rows, source), full, deep.layers)
    shallow.trainable = False
    if 4 * len(rows) * np.prod(shallow.output_shape[1:]) <= gib * 2**30:
        made = training.outputs(keras.Sequential([source, shallow]), [rows])
        return Kept(keras.Model(segments, inputs.Table(made)(segments)), deep, deep.layers)
    return Kept(_entry(rows, source, shallow), deep, deep.layers)


def _entry(rows, *steps):
    segments = keras.Input((), dtype="int32")
    seen = inputs.Table(rows)(segments)
    for step in steps:
        seen = step(seen)
    return keras.Model(segments, seen)


def build(kind: str, net: Net, classes: int) -> keras.Sequential:
    """The audio-net or the visual-net that a parameter section describes."""
    make = {"audio": networks.audio_net, "visual": networks.visual_net}[kind]
    return make(classes, net.width, net.input_size, net.dropout)


def curves(folder: str | Path) -> pd.DataFrame:
    """``emotion_model``, ``network``, ``epoch``, ``loss``, ``accuracy`` of a target's sources."""
    rows = []
    for emotion_model in EMOTION_MODELS:
        for kind in ("audio", "visual"):
            curve = store.load(_done(folder, kind, emotion_model))["curve"]
            rows += [
                (emotion_model, f"{kind}-net", epoch, loss, accuracy)
                for epoch, (loss, accuracy, *_) in enumerate(curve.T, start=1)
            ]
    return pd.DataFrame(rows, columns=["emotion_model", "network", "epoch", "loss", "accuracy"])


def _source(kind, data, files, net):
    if kind == "visual":
        return inputs.visual_source(data.faces, net.input_size)
    scaling = json.loads(files.scaling.read_text(encoding="utf-8"))
    return inputs.audio_source(data.log_mel, scaling, net.input_size)


def _done(out, kind, emotion_model):
    """A network's cell; written last, it says that the weights beside it are whole."""
    return Path(out) / emotion_model / f"{kind}.npz"


def _train_net(kind, emotion_model, sources, out, nets, schedule, stop, compute, seed, key):
    done = _done(out, kind, emotion_model)
    if store.has(done, key):
        return
    files, net = start(out, emotion_model), getattr(nets, kind)
    data = dataset.load_all(sources, schedule.case)
    target = labels(data.clips, emotion_model)[data.clip]
    if kind == "audio":
        write_json(files.scaling, inputs.mel_scaling(data.log_mel, data.audio))
    training.precise(compute.precision)
    full = build(kind, net, len(EMOTION_MODELS[emotion_model]))
    model = keras.Sequential([_source(kind, data, files, net), full])
    training.compiled(model, schedule.learning_rate, schedule.momentum, compute.xla)
    training.restart(model, full.layers, seed)
    rows = data.audio if kind == "audio" else data.images
    learn, held = cells.held_out(data, np.arange(len(data.clips)), target, stop, seed)
    curve = training.fit(
        model,
        [rows[learn]],
        target[learn],
        held=held and ([rows[held[0][0]]], held[1]),
        patience=stop.patience,
        epochs=schedule.epochs,
        batch=schedule.batch,
        seed=seed,
        checkpoint=cells.checkpoint(done, key, compute.checkpoint_seconds),
    )
    with replacing(getattr(files, kind)) as temporary:
        full.save_weights(temporary)
    fc7 = keras.Sequential([model.layers[0], networks.features(full)])
    cells.save(
        done,
        key,
        fc7=training.outputs(fc7, [rows]),
        curve=curve.to_numpy()[:, 1:].T,
    )


def _train_dbn(emotion_model, out, shape, rbm, seed, key):
    path = start(out, emotion_model).dbn
    if store.has(path, key):
        return
    found = [store.load(_done(out, kind, emotion_model))["fc7"] for kind in ("audio", "visual")]
    store.save(path, key, **fit_dbn(np.hstack(found), shape, rbm, seed).arrays())


def fit_dbn(
    features: np.ndarray,
    shape: Dbn,
    rbm: Rbm,
    seed: int,
    kept: Sequence[RBM] = (),
    watch: np.ndarray | None = None,
) -> DBN:
    """Greedy pre-training of the DBN on [fc7 audio, fc7 visual] (§2.2.3).

    ``kept`` and ``watch`` are those of :meth:`avef.dbn.DBN.fit`.
    """
    dbn = DBN(
        hidden=shape.hidden,
        visible=shape.visible,
        learning_rate=rbm.learning_rate,
        momentum=rbm.momentum,
        weight_decay=rbm.weight_decay,
        cd_steps=rbm.cd_steps,
        batch=rbm.batch,
        epochs=rbm.epochs,
        seed=seed,
    )
    return dbn.fit(features, kept=kept, watch=watch)
