"""What a step of each network costs: multiply-adds counted, speed measured."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import keras
import numpy as np
from keras import layers

from avef.core.errors import ParameterError
from avef.learning import frozen, training, whole_model
from avef.models import inputs, networks

if TYPE_CHECKING:
    from avef.config.schema import Params

KINDS = ("audio", "visual")
STAGES = {"transfer": KINDS, "audio_net": ["audio"], "visual_net": ["visual"], "dbn_fusion": KINDS}
SLOW = 1e10  # multiply-adds a second that every core reaches
CLASSES = 6  # of the larger emotion model; with two, only the last layer is smaller


class Part(NamedTuple):
    """A part of the networks.

    Attributes
    ----------
    train, forward : int
        Multiply-adds of a training step and of a forward pass, a sample.
    weights : int
    units, out : int
        Numbers that all its layers, and that its last layer, put out, a sample.
    """

    train: int
    forward: int
    weights: int
    units: int
    out: int


def multiply_adds(net: keras.Model) -> dict[str, int]:
    """Multiply-adds of a forward pass for one sample, by layer; two FLOPs each.

    Convolutions (channels last) and dense layers of a built model and of the models in
    it; biases, poolings and normalisations are left out, as is usual.

    Raises
    ------
    ParameterError
        For a layer that has a matrix of weights and is neither.
    """
    counts: dict[str, int] = {}
    for layer in net.layers:
        if isinstance(layer, keras.Model):
            counts |= multiply_adds(layer)
        elif isinstance(layer, layers.Dense | layers.Conv1D | layers.Conv2D | layers.Conv3D):
            # The kernel is used once for every output position; its shape knows of groups.
            places = math.prod(layer.output.shape[1:-1])
            counts[layer.name] = math.prod(layer.kernel.shape) * places
        elif any(len(w.shape) > 1 for w in layer.trainable_weights):
            kind = type(layer).__name__
            raise ParameterError(f"layer {layer.name}: a {kind}'s multiply-adds are not known")
    return counts


def training_multiply_adds(net: keras.Model) -> int:
    """Multiply-adds of a training step for one sample, all layers trained.

    Forward, and as many again for each layer's weights and for its input; only the
    first layer's input needs no gradient.
    """
    counts = list(multiply_adds(net).values())
    return 3 * sum(counts) - counts[0]


def rbm_multiply_adds(visible: int, hidden: int, cd_steps: int = 1) -> int:
    """Multiply-adds of CD-k for one sample: up, k times down and up, two outer products."""
    return visible * hidden * (3 + 2 * cd_steps)


def parts(params: Params) -> dict[str, Part]:
    """The parts at the sizes of ``params``.

    Keys: ``audio`` and ``visual``, alone (the whole network) or followed by ``_shallow``,
    ``_deep`` or ``_fc7`` (the deep layers up to fc7); ``rbm`` (all of the DBN's), ``top``
    (the DBN with labels), ``whole`` (both networks' deep layers and the DBN).
    """
    made: dict[str, Part] = {}
    for kind in KINDS:
        full = frozen.build(kind, params.networks, CLASSES)
        shallow, deep = networks.split(full, getattr(params.keep, kind))
        made |= {kind: _part(full), f"{kind}_shallow": _part(shallow), f"{kind}_deep": _part(deep)}
        made[f"{kind}_fc7"] = _part(networks.features(deep))
    joined = [made[f"{kind}_fc7"] for kind in KINDS]
    units = [sum(part.out for part in joined), *params.networks.dbn.hidden]
    pairs = list(zip(units[:-1], units[1:], strict=True))
    inner = sum(v * h for v, h in pairs)
    with_labels = inner + units[-1] * CLASSES
    steps = sum(rbm_multiply_adds(*pair, params.rbm.cd_steps) for pair in pairs)
    made["rbm"] = Part(steps, inner, inner, 2 * sum(units), units[-1])
    made["top"] = Part(3 * with_labels, with_labels, with_labels, sum(units), units[-1])
    made["whole"] = Part(*map(sum, zip(*joined, made["top"], strict=True)))
    return made


def _part(net):
    units = sum(math.prod(layer.output.shape[1:]) for layer in net.layers)
    out = math.prod(net.output_shape[1:])
    forward = sum(multiply_adds(net).values())
    return Part(training_multiply_adds(net), forward, net.count_params(), units, out)


def measure(params: Params, costs: dict[str, Part], limit: float = 1.0) -> dict[str, float]:
    """Multiply-adds a second of each part, in a few steps on random weights.

    Parameters
    ----------
    limit : float
        Seconds that a step may take; where a whole batch takes longer, some samples are
        measured and their time is carried on in proportion.
    """
    training.precise(params.compute.precision, deterministic=params.compute.deterministic)
    training.deterministic(params.seed)
    corpus = next(iter(params.corpora))
    schedules = {name: getattr(params, name)[corpus] for name in STAGES}
    rates: dict[str, float] = {}
    from tqdm import tqdm  # here, and not above: `benchmarks/gpu.sh` does without

    parts = [name for name in costs if not name.endswith("_fc7")]
    bar = tqdm(total=len(parts), desc="measuring", disable=None, leave=False)

    def note(part, rate):
        rates[part] = rate
        bar.update()

    kept = []
    for kind in KINDS:
        batch = schedules[f"{kind}_net"].batch
        full = frozen.build(kind, params.networks, CLASSES)
        note(kind, _rate(_step(full, params), costs[kind].train, batch, limit))
        shallow, deep = networks.split(full, getattr(params.keep, kind))
        name = f"{kind}_shallow"
        note(name, _rate(_forward(shallow), costs[name].forward, batch, limit))
        name = f"{kind}_deep"
        note(name, _rate(_step(deep, params), costs[name].train, batch, limit))
        segments = keras.Input((), dtype="int32")
        rows = inputs.Table(np.zeros((1, *deep.input_shape[1:]), np.float32))(segments)
        kept.append(frozen.Kept(keras.Model(segments, rows), deep, deep.layers))
    model = whole_model.joined(*kept, hidden=params.networks.dbn.hidden)
    batch = schedules["dbn_fusion"].batch
    for name, net in (("top", model.top), ("whole", model.model)):
        note(name, _rate(_step(net, params), costs[name].train, batch, limit))
    note("rbm", _rbm_rate(params, model.table.rows.shape[-1], limit))
    bar.close()
    return rates


def _rbm_rate(params, visible, limit):
    """The lowest RBM's multiply-adds a second: the time of further epochs, without the start."""
    from avef.models.rbm import RBM  # here, and not above: it brings scikit-learn

    batch, units = params.rbm.batch, params.networks.dbn.hidden[0]
    data = np.random.default_rng(0).random((batch, visible), np.float32)

    def run(epochs):
        start = time.perf_counter()
        RBM(units, batch=batch, epochs=epochs, cd_steps=params.rbm.cd_steps).fit(data)
        return time.perf_counter() - start

    run(1)
    more = int(np.clip(limit / run(1), 3, 30))
    seconds = max(run(1 + more) - run(1), 1e-9) / more
    return batch * rbm_multiply_adds(visible, units, params.rbm.cd_steps) / seconds


def _step(model, params):
    """A training step of n samples, as a function of n."""
    training.compiled(model, 0.001, 0.9, xla=params.compute.xla)
    return lambda n: model.train_on_batch(_zeros(model, n), np.zeros(n, np.int32))


def _forward(model):
    return lambda n: model.predict_on_batch(_zeros(model, n))


def _zeros(model, n):
    return np.zeros((n, *model.inputs[0].shape[1:]), model.inputs[0].dtype)


def _rate(step, count, batch, limit):
    """Multiply-adds a second of a step of n samples, of which each takes ``count``."""
    if batch * count < limit * SLOW:  # a whole batch is short: no need for the line
        return batch * count / _seconds(step, batch, limit)
    return count / _a_sample(step, batch, limit)


def _a_sample(step: Callable, batch: int, limit: float) -> float:
    """Seconds a sample in a step of ``batch``: a line through a step of one and of some."""
    one = _seconds(step, 1, limit)
    some = int(np.clip(limit / one, min(4, batch), batch))
    if some == 1:
        return one / batch
    more = _seconds(step, some, limit)
    return (more + max(0, more - one) / (some - 1) * (batch - some)) / batch


def _seconds(step, samples, limit):
    """The time of a step that has run once before; the least of three where they are short."""
    times = []
    for _ in range(4):
        start = time.perf_counter()
        step(samples)
        times.append(time.perf_counter() - start)
        if len(times) > 1 and sum(times[1:]) > limit:
            break
    return min(times[1:])
