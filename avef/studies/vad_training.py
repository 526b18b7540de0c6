"""Training the VAD's network (§2.1.1) on what :mod:`avef.studies.vad_data` makes."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score, roc_curve

from avef.config.schema import Vad
from avef.core import parallel
from avef.core.errors import ParameterError
from avef.learning import training
from avef.models import inputs
from avef.preparation.mrcg import FEATURES, OFFSETS
from avef.preparation.vad_net import SpeechNet
from avef.studies import vad_data
from avef.studies.vad_data import Utterance


def train(
    utterances: Sequence[Utterance],
    validation: Sequence[Utterance],
    section: Vad,
    *,
    seed: int,
    jobs: int = 1,
) -> tuple[SpeechNet, pd.DataFrame]:
    """Train the network; take the epoch that is best on the validation speakers (§2.1.1).

    Parameters
    ----------
    utterances, validation : sequences of Utterance
        No speaker may be in both.
    section : Vad
        ``copies`` is how often each utterance is heard, each time worsened in another way;
        ``hidden`` are the widths of the two hidden layers.
    seed : int
    jobs : int
        Worker processes that make the features.

    Returns
    -------
    net : SpeechNet
        Its threshold is where, on the validation speakers, speech and silence are
        missed equally often.
    curve : DataFrame
        ``epoch``, ``loss``, ``accuracy`` (training), ``auc`` (validation).
    """
    if {u.speaker for u in utterances} & {u.speaker for u in validation}:
        raise ParameterError("a speaker is in training and in validation")
    x, taps, target = _table(
        utterances, copies=section.copies, seed=seed, jobs=jobs, title="training speech"
    )
    held, held_taps, held_target = _table(
        validation, copies=2, seed=seed + 1, jobs=jobs, title="validation speech"
    )
    mean, scale = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64) + 1e-3
    table = np.concatenate([x, held])
    for column in range(FEATURES):  # in place: the table is large
        table[:, column] = (table[:, column].astype(np.float32) - mean[column]) / scale[column]
    held_taps = held_taps + len(x)

    near = keras.Input((len(OFFSETS),), dtype="int32")
    layers = [keras.layers.Dense(width, activation="relu") for width in section.hidden]
    layers.append(keras.layers.Dense(2, activation="softmax"))
    y = keras.layers.Flatten()(inputs.Table(table)(near))
    y = keras.ops.cast(y, "float32")
    for layer in layers[:-1]:
        y = keras.layers.Dropout(section.dropout)(layer(y))
    model = keras.Model(near, layers[-1](y))
    training.compiled(model, section.learning_rate, section.momentum)
    training.restart(model, layers, seed)

    rows, highest = [], -1.0
    for epoch in range(section.epochs):
        step = section.learning_rate * 0.5 * (1 + np.cos(np.pi * epoch / section.epochs))
        model.optimizer.learning_rate.assign(step)
        curve = training.fit(model, taps, target, epochs=1, batch=section.batch, seed=seed + epoch)
        score = training.outputs(model, [held_taps], batch=4096)[:, 1]
        auc = roc_auc_score(held_target, score)
        rows.append((epoch + 1, curve["loss"].iloc[0], curve["accuracy"].iloc[0], auc))
        if auc > highest:
            highest, weights = auc, [layer.get_weights() for layer in layers]
            threshold = _equal_error(held_target, score)
    net = _export(mean, scale, weights, threshold)
    return net, pd.DataFrame(rows, columns=["epoch", "loss", "accuracy", "auc"])


def _table(utterances, *, copies, seed, jobs, title):
    """Features (N, 768), neighbours (N, 7) and labels (N,) of worsened streams."""
    rng = np.random.default_rng(seed)
    work = []
    for _ in range(copies):
        order = rng.permutation(len(utterances))
        while len(order):
            size = int(rng.integers(1, 4))
            chosen, order = [utterances[i] for i in order[:size]], order[size:]
            others = [utterances[i].y for i in rng.choice(len(utterances), 6)]
            work.append((chosen, others, int(rng.integers(2**31))))
    made = list(parallel.each(_example, work, jobs=jobs, title=title))
    x = np.concatenate([m[0] for m in made])
    return x, vad_data.taps([len(m[0]) for m in made]), np.concatenate([m[1] for m in made])


def _example(utterances, others, seed):
    rng = np.random.default_rng(seed)
    y, voiced = vad_data.stream(utterances, rng)
    y = vad_data.worsened(y, voiced, voices=others, rng=rng)
    return vad_data.features(y), voiced.astype(np.int32)


def _equal_error(target, score):
    false, true, thresholds = roc_curve(target, score)
    return thresholds[np.abs(1 - true - false).argmin()]


def _export(mean, scale, weights, threshold):
    """Keras' weights as a SpeechNet: two softmax outputs are one logit, their difference."""
    (w1, b1), (w2, b2), (w3, b3) = weights
    half, single = np.float16, np.float32
    return SpeechNet(
        mean=mean.astype(single),
        scale=scale.astype(single),
        w1=w1.reshape(len(OFFSETS), FEATURES, -1).astype(half),
        b1=b1.astype(single),
        w2=w2.astype(half),
        b2=b2.astype(single),
        w3=(w3[:, 1] - w3[:, 0]).astype(half),
        b3=np.array(b3[1] - b3[0], single),
        threshold=np.array(threshold, single),
    )
