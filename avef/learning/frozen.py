"""What a target network keeps of the one it starts from, and what it trains (§2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import keras
import numpy as np

from avef.learning import source_weights, training
from avef.models import inputs, networks

if TYPE_CHECKING:
    from avef.config.schema import Keep, Networks
    from avef.learning.dataset import Dataset
    from avef.learning.source_weights import Start


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


class Shared:
    """A network that serves several cases, and emotion models of as many classes, in turn.

    It is built, and its graph traced, once; :meth:`fill` exchanges the segments that it sees
    and the weights that it starts from. Only one set of them is in memory at a time.

    Parameters
    ----------
    kind : {"audio", "visual"}
    data : Dataset
        Tells the shape of what there is to see, and whether the cache has room for it.
    nets, keep, classes, cache_gib
        As in :func:`kept`.

    Attributes
    ----------
    part : Kept
        Sees nothing until :meth:`fill` was called.
    """

    def __init__(
        self,
        kind: str,
        data: Dataset,
        *,
        nets: Networks,
        keep: Keep,
        classes: int,
        cache_gib: float,
    ):
        net, last = getattr(nets, kind), getattr(keep, kind)
        self.kind, self.cache_gib = kind, cache_gib
        self.full = build(kind, nets, classes)
        shallow, deep = networks.split(self.full, last)
        rows, frames = seen(kind, data)
        self.source = source(kind, frames[:0], net.input_size)
        self.rows = inputs.Table(rows[:0])
        segments = keras.Input((), dtype="int32")
        given = self.source(self.rows(segments))
        self.each = self.table = None
        if keep.tune or last is None:
            self.part = Kept(keras.Model(segments, given), self.full, deep.layers)
            return
        shallow.trainable = False
        self.each = 4 * int(np.prod(shallow.output_shape[1:]))  # bytes that a segment would take
        self.shallow = entry = keras.Model(segments, shallow(given))
        if self._cached(data):
            self.table = inputs.Table(np.empty((0, *shallow.output_shape[1:]), np.float32))
            entry = keras.Model(segments, self.table(segments))
        self.part = Kept(entry, deep, deep.layers)

    def suits(self, data: Dataset) -> bool:
        """Whether the cache has room for these segments just if it had for the first ones."""
        return self._cached(data) == (self.table is not None)

    def fill(self, data: Dataset, start: Start) -> None:
        """See other segments, and start from other weights.

        Parameters
        ----------
        data : Dataset
            Of the same corpus; it :meth:`suits`.
        start : Start
            Files of weights and of the mel image's scaling.
        """
        self.clear()
        source_weights.fill(self.full, getattr(start, self.kind))
        if self.kind == "audio":
            self.source.layers[-1].scale(**_scaling(start))
        self.see(data)

    def see(self, data: Dataset) -> None:
        """See other segments with the weights that are there.

        The frozen layers' output is worked out once and serves every fold and epoch;
        the data is not augmented, so nothing is approximated.
        """
        rows, frames = seen(self.kind, data)
        self.rows.fill(rows)
        self.source.layers[0].fill(frames)
        if self.table is not None:
            made = training.outputs(self.shallow, [np.arange(len(rows), dtype=np.int32)])
            self.clear()
            self.table.fill(made)

    def clear(self) -> None:
        """Let go of all segments, so that the memory is free for others."""
        for table in (self.rows, self.source.layers[0], self.table):
            if table is not None:
                table.clear()

    def _cached(self, data):
        return self.each is not None and self.each * len(data.clip) <= self.cache_gib * 2**30


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

    Where the frozen layers' output would take more than ``cache_gib`` GiB, they run in every
    step instead of once, with the same result. With ``keep.audio`` or ``keep.visual`` None
    the target starts from random weights.

    Parameters
    ----------
    kind : {"audio", "visual"}
    start : Start
        Files of weights; see :func:`avef.learning.source_weights.verified`.
    """
    shared = Shared(kind, data, nets=nets, keep=keep, classes=classes, cache_gib=cache_gib)
    shared.fill(data, start)
    return shared.part


def build(kind: str, nets: Networks, classes: int) -> keras.Sequential:
    """The audio-net or the visual-net that a parameter section describes."""
    make = {"audio": networks.audio_net, "visual": networks.visual_net}[kind]
    net = getattr(nets, kind)
    return make(classes, net.width, net.input_size, dropout=net.dropout, initial=nets.initial)


def seen(kind: str, data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """What a network sees: the rows of all segments, and the frames or faces that these are of."""
    return (data.audio, data.log_mel) if kind == "audio" else (data.images, data.faces)


def source(
    kind: str, frames: np.ndarray, size: int, *, start: Start | None = None
) -> keras.Sequential:
    """Rows of frames (B, 64) or of faces (B, 16) → a network's input, scaled as its start says."""
    if kind == "visual":
        return inputs.visual_source(frames, size)
    return inputs.audio_source(frames, _scaling(start), size)


def _scaling(start):
    if start is None:  # to be given later
        return {"mean": [0.0] * 3, "std": [1.0] * 3}
    return source_weights.scaling(start.scaling)
