"""The whole model (§2.2.3, Fig. 1): audio-net, visual-net and DBN as one, and its training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import keras
import numpy as np

from avef.learning import training
from avef.learning.frozen import Kept
from avef.models import inputs, networks, unrolled

if TYPE_CHECKING:
    from avef.config.corpus import CorpusParams
    from avef.learning.grid import Checkpoint
    from avef.learning.lessons import Lesson
    from avef.models.rbm import RBM


class Whole(NamedTuple):
    """The whole model and its parts, which share their layers.

    Attributes
    ----------
    model : segment numbers (B,) → softmax (B, C)
    top : segment numbers (B,) → softmax (B, C); the unrolled DBN alone, on rows of ``table``
    table : inputs.Table, to be filled with fc7 of all segments (S, n)
    features : segment numbers (B,) → [fc7 audio, fc7 visual] (B, n), last hidden layer (B, h)
        and softmax (B, C)
    deep : what both networks' kept layers give → the last two; it holds all that is trained
    stack : the layers of the DBN
    """

    model: keras.Model
    top: keras.Model
    table: inputs.Table
    features: keras.Model
    deep: keras.Model
    stack: list


def joined(audio: Kept, visual: Kept, *, hidden: Sequence[int], dropout: float = 0.0) -> Whole:
    """Join what both networks train and a DBN (Fig. 1).

    Parameters
    ----------
    audio, visual : Kept
        Their trained layers end in fc7, dropout and fc8.
    hidden : sequence of int
        4096 and 2048 in the paper.
    dropout : float in 0…1
        Of fc7 where the DBN takes it, in trainings with labels; 0 adds no layer.
    """
    segments = keras.Input((), dtype="int32")
    nets = [networks.features(part.own) for part in (audio, visual)]
    seen = [keras.Input(net.input_shape[1:]) for net in nets]
    both = keras.layers.Concatenate(name="fc7s")  # twice (B, 4096) → (B, 8192)
    joined = both(
        [net(part.entry(segments)) for net, part in zip(nets, (audio, visual), strict=True)]
    )
    stack = unrolled.fusion_layers(hidden, audio.own.output_shape[-1])
    fc7 = keras.Input(joined.shape[1:])
    last = keras.layers.Dropout(dropout, name="drop_fc7s")(fc7) if dropout else fc7
    for layer in stack[:-1]:
        last = layer(last)
    top = keras.Model(fc7, stack[-1](last), name="dbn")
    table = inputs.Table(np.zeros((1, joined.shape[1]), np.float32))
    between = keras.Model(fc7, [last, top.output])
    return Whole(
        model=keras.Model(segments, top(joined)),
        top=keras.Model(segments, top(table(segments))),
        table=table,
        features=keras.Model(segments, [joined, *between(joined)]),
        deep=keras.Model(seen, between(both([net(x) for net, x in zip(nets, seen, strict=True)]))),
        stack=stack,
    )


def train(
    whole: Whole,
    lesson: Lesson,
    chosen: CorpusParams,
    *,
    count: int,
    rbms: Sequence[RBM],
    seed: int,
    checkpoint: Checkpoint,
    gauged: bool = True,
) -> dict[str, np.ndarray]:
    """Greedy pre-training, the DBN with labels, then all as a whole.

    Parameters
    ----------
    lesson : Lesson
        The segments of one fold.
    count : int
        S, the number of all segments.
    rbms : sequence of RBM
        What the lowest layers of the DBN start from.
    gauged : bool
        Whether to pre-train once more for the gaps, if all training speakers are learnt from.

    Returns
    -------
    dict
        ``curve``, ``rbm_errors``, ``rbm_gaps``, as :func:`avef.learning.fusion.run` keeps them.
    """
    from avef.models import dbn  # here, and not above: it brings scikit-learn

    def pretrained(learn, watch=None):
        return dbn.pretrained(
            fc7[learn],
            chosen.networks.dbn,
            chosen.rbm,
            seed=seed,
            initial=rbms,
            watch=None if watch is None else fc7[watch],
        )

    schedule, rows = chosen.dbn_fusion, lesson.rows
    fc7, *_ = training.outputs(whole.features, [np.arange(count, dtype=np.int32)])
    machine = pretrained(rows, lesson.held.rows if lesson.held else None)
    gauge = machine
    if gauged and lesson.gauge and not lesson.held:
        gauge = pretrained(*lesson.gauge)  # nobody is held out of the one that is kept
    whole.table.fill(fc7)
    training.restart(whole.top, whole.stack, seed)
    unrolled.unroll(machine, whole.stack)
    training.fit(
        whole.top,
        rows,
        lesson.labels,
        epochs=schedule.supervised_epochs,
        batch=schedule.batch,
        seed=seed,
    )
    training.restart(whole.model, [], seed)
    curve = training.fit(
        whole.model,
        rows,
        lesson.labels,
        epochs=schedule.epochs,
        batch=schedule.batch,
        seed=seed,
        held=lesson.held,
        checkpoint=checkpoint,
    )
    return {
        "curve": curve.to_numpy()[:, 1:].T,
        "rbm_errors": np.array([r.errors_ for r in machine.rbms_], np.float32),
        "rbm_gaps": np.array([r.gaps_ for r in gauge.rbms_], np.float32),
    }
