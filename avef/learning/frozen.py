"""What a target network keeps of the one it starts from, and what it trains (§2.2)."""

from __future__ import annotations

import json
from typing import NamedTuple

import keras
import numpy as np

from avef.config.schema import Keep, Net, Networks
from avef.learning import training
from avef.learning.dataset import Dataset
from avef.learning.source_weights import Start
from avef.models import inputs, networks


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
    start: Start,
    *,
    nets: Networks,
    keep: Keep,
    classes: int,
    cache_gib: float,
) -> Kept:
    """Part a network into what is kept and what is trained.

    The frozen layers' output is worked out once and serves every fold and epoch;
    the data is not augmented, so nothing is approximated. Where it would take more
    than ``cache_gib`` GiB, the frozen layers run in every step instead, with the same
    result. With ``keep.audio`` or ``keep.visual`` None the target starts from random weights.

    Parameters
    ----------
    kind : {"audio", "visual"}
    start : Start
        Files of weights; see :func:`avef.learning.source_weights.verified`.
    """
    net, last = getattr(nets, kind), getattr(keep, kind)
    full = build(kind, nets, classes)
    full.load_weights(getattr(start, kind))
    shallow, deep = networks.split(full, last)
    reads = source(kind, data, start, net=net)
    rows = data.audio if kind == "audio" else data.images
    segments = keras.Input((), dtype="int32")
    if keep.tune or last is None:
        return Kept(entry(rows, reads), full, deep.layers)
    shallow.trainable = False
    if 4 * len(rows) * np.prod(shallow.output_shape[1:]) <= cache_gib * 2**30:
        made = training.outputs(keras.Sequential([reads, shallow]), [rows])
        return Kept(keras.Model(segments, inputs.Table(made)(segments)), deep, deep.layers)
    return Kept(entry(rows, reads, shallow), deep, deep.layers)


def build(kind: str, nets: Networks, classes: int) -> keras.Sequential:
    """The audio-net or the visual-net that a parameter section describes."""
    make = {"audio": networks.audio_net, "visual": networks.visual_net}[kind]
    net = getattr(nets, kind)
    return make(classes, net.width, net.input_size, dropout=net.dropout, initial=nets.initial)


def source(kind: str, data: Dataset, start: Start, *, net: Net) -> keras.Sequential:
    """Rows of frames (B, 64) or of faces (B, 16) → a network's input."""
    if kind == "visual":
        return inputs.visual_source(data.faces, net.input_size)
    scaling = json.loads(start.scaling.read_text(encoding="utf-8"))
    return inputs.audio_source(data.log_mel, scaling, net.input_size)


def entry(rows: np.ndarray, *steps: keras.Model) -> keras.Model:
    """Segment numbers (B,) → what some steps, one after the other, make of their rows."""
    segments = keras.Input((), dtype="int32")
    seen = inputs.Table(rows)(segments)
    for step in steps:
        seen = step(seen)
    return keras.Model(segments, seen)
