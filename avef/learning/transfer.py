"""Transfer among emotion corpora (§2.2): what a target's networks start from.

For each target corpus and emotion model, audio-net, visual-net and the DBN are
trained on the other two corpora. The target then keeps the shallow layers,
frozen, and trains the deep ones from scratch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from avef.config.params import Compute, Networks, Rbm, Stop, Transfer
from avef.core import parallel, store
from avef.core.files import replacing, write_json
from avef.learning import dataset, grid, source_weights
from avef.protocol import EMOTION_MODELS, labels

#: The modules whose text decides the outcome (see :mod:`avef.core.store`).
CODE = (
    "protocol",
    "preparation/segments",
    "learning/dataset",
    "learning/grid",
    "models/inputs",
    "models/networks",
    "models/rbm",
    "models/dbn",
    "learning/checkpoints",
    "learning/training",
    "learning/frozen",
    "learning/transfer",
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


def curves(folder: str | Path) -> pd.DataFrame:
    """``emotion_model``, ``network``, ``epoch``, ``loss``, ``accuracy`` of a target's sources."""
    rows = []
    for emotion_model in EMOTION_MODELS:
        for kind in ("audio", "visual"):
            curve = store.load(source_weights.cell(folder, emotion_model, kind))["curve"]
            rows += [
                (emotion_model, f"{kind}-net", epoch, loss, accuracy)
                for epoch, (loss, accuracy, *_) in enumerate(curve.T, start=1)
            ]
    return pd.DataFrame(rows, columns=["emotion_model", "network", "epoch", "loss", "accuracy"])


def _train_net(kind, emotion_model, sources, out, nets, schedule, stop, compute, seed, key):
    done, files = (
        source_weights.cell(out, emotion_model, kind),
        source_weights.start(out, emotion_model),
    )
    weights = getattr(files, kind)
    beside = [weights, files.scaling] if kind == "audio" else [weights]
    if grid.finished(done, key, *beside):
        return

    import keras  # here, and not above: only what trains loads TensorFlow

    from avef.learning import frozen, training
    from avef.models import inputs, networks

    grid.begin(done)
    net = getattr(nets, kind)
    data = dataset.load_all(sources, schedule.case)
    target = labels(data.clips, emotion_model)[data.clip]
    if kind == "audio":
        write_json(files.scaling, inputs.mel_scaling(data.log_mel, data.audio))
    training.precise(compute.precision)
    full = frozen.build(kind, net, len(EMOTION_MODELS[emotion_model]))
    rows = data.audio if kind == "audio" else data.images
    segments = keras.Input((), dtype="int32")
    seen = frozen.entry(rows, frozen.source(kind, data, files, net))(segments)
    model = keras.Model(segments, full(seen))
    rule = schedule.learning_rate, schedule.momentum, schedule.clip_norm, compute.xla
    training.compiled(model, *rule)
    training.restart(model, full.layers, seed)
    learn, held = grid.held_out(data, np.arange(len(data.clips)), target, stop, seed)
    curve = training.fit(
        model,
        learn,
        target[learn],
        held=held,
        patience=stop.patience,
        epochs=schedule.epochs,
        batch=schedule.batch,
        seed=seed,
        checkpoint=grid.checkpoint(done, key, compute.checkpoint_seconds),
    )
    with replacing(weights) as temporary:
        full.save_weights(temporary)
    fc7 = keras.Model(segments, networks.features(full)(seen))
    every = np.arange(len(rows), dtype=np.int32)
    seen = training.outputs(fc7, [every])
    grid.save(done, key, beside, fc7=seen, curve=curve.to_numpy()[:, 1:].T)


def _train_dbn(emotion_model, out, shape, rbm, seed, key):
    path = source_weights.start(out, emotion_model).dbn
    if store.has(path, key):
        return

    from avef.models import dbn

    found = [
        store.load(source_weights.cell(out, emotion_model, kind))["fc7"]
        for kind in ("audio", "visual")
    ]
    store.save(path, key, **dbn.pretrained(np.hstack(found), shape, rbm, seed).arrays())
