"""Supervised training of one model (§2.2.1, Table 3), and what it needs around it."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from avef.core.errors import ParameterError
from avef.learning.checkpoints import EpochLog

if TYPE_CHECKING:
    import pandas as pd

    from avef.config.schema import Schedule
    from avef.learning.grid import Checkpoint
    from avef.learning.lessons import Held

_log = logging.getLogger(__name__)


def precise(precision: str, *, deterministic: bool = False) -> None:
    """Set the arithmetic of the layers that are made from now on, such as ``mixed_bfloat16``.

    ``deterministic`` keeps TensorFlow, until the process ends, to operations that add in one
    order. On a CPU all that is trained here are such; on a GPU others are faster.
    """
    keras.config.set_dtype_policy(precision)
    if deterministic and keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()


def compiled(
    model: keras.Model,
    learning_rate: float,
    momentum: float,
    *,
    clip_norm: float | None = None,
    weight_decay: float = 0.0,
    xla: bool = False,
) -> keras.Model:
    """Prepare a model for SGD with momentum on cross-entropy (Eqs. 2.5–2.6).

    A gradient whose norm over all weights exceeds ``clip_norm`` is scaled down to it.
    Then ``weight_decay`` times the kernel is added to that of each kernel, which is AlexNet's
    rule: as if the loss, which stays the cross-entropy, held half of it times ‖kernel‖².
    XLA is for a GPU: on a CPU it slows the three-dimensional convolutions.

    Raises
    ------
    ParameterError
        If the visual-net would be trained in less than float32 by oneDNN on a CPU.
    """
    if _unsound(model):
        raise ParameterError(
            "compute.precision: must be float32 to train a visual-net on a CPU, where oneDNN's "
            "gradients of its convolutions are wrong otherwise (or set TF_ENABLE_ONEDNN_OPTS=0)"
        )
    model.compile(
        optimizer=_Sgd(learning_rate, momentum, decay=weight_decay, global_clipnorm=clip_norm),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=xla or keras.backend.backend() == "jax",  # JAX knows no other graph
    )
    return model


def scheduled(
    model: keras.Model, schedule: Schedule, *, weight_decay: float, xla: bool = False
) -> keras.Model:
    """As :func:`compiled`, with the rates of a parameter section."""
    return compiled(
        model,
        schedule.learning_rate,
        schedule.momentum,
        clip_norm=schedule.clip_norm,
        weight_decay=weight_decay,
        xla=xla,
    )


def fit(
    model: keras.Model,
    rows: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int,
    batch: int,
    seed: int,
    held: Held | None = None,
    checkpoint: Checkpoint | None = None,
) -> pd.DataFrame:
    """Train a compiled model, as :func:`learn` does, and lay out its curve.

    Returns
    -------
    DataFrame
        ``epoch`` (from 1), ``loss``, ``accuracy`` on the training batches, to six
        decimals; with ``held`` also ``held_loss``, ``held_accuracy``.
    """
    log = learn(
        model,
        rows,
        labels,
        epochs=epochs,
        batch=batch,
        seed=seed,
        held=held,
        checkpoint=checkpoint,
    )
    curve = log.table()
    if len(curve):
        last = {name: round(float(value), 4) for name, value in curve.iloc[-1].items()}
        _log.info("%d segments, %d epochs: %s", len(labels), len(curve), last)
    return curve


def learn(
    model: keras.Model,
    rows: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int,
    batch: int,
    seed: int,
    held: Held | None = None,
    checkpoint: Checkpoint | None = None,
) -> EpochLog:
    """Train a compiled model; the same seed gives the same weights.

    Parameters
    ----------
    model : keras.Model
    rows : ndarray (n, …), int
        What the model takes of each sample: row numbers of tables that lie in the model. They
        are laid out beforehand for all epochs, so that no generator runs between steps.
    labels : ndarray (n,), int
    epochs, batch : int
        Every epoch is a new permutation; its last, incomplete batch is left out.
    seed : int
    held : Held, optional
        Segments of held-out training speakers. Training stops when their loss has not
        fallen for ``held.patience`` epochs, and the best epoch's weights come back.
    checkpoint : Checkpoint, optional
        Where a killed training goes on.

    Returns
    -------
    EpochLog
        What the epochs came to.
    """
    if len(labels) == 0:
        raise ParameterError("there is no segment to train on")
    batch = min(batch, len(labels))
    steps = len(labels) // batch
    log = EpochLog(checkpoint, held.patience if held else None)
    first = log.resume(model)
    if first < epochs and not log.over:
        orders = [_order(seed, epoch, len(labels)) for epoch in range(first, epochs)]
        order = np.concatenate([one[: steps * batch] for one in orders])
        model.fit(
            **_fed(rows[order], labels[order], batch),
            epochs=epochs,
            initial_epoch=first,
            steps_per_epoch=steps,
            shuffle=False,
            verbose=0,
            validation_data=(held.rows, held.labels) if held else None,
            callbacks=[log],
        )
    log.finish(model)
    if first:
        _log.info("went on from epoch %d", first)
    return log


def restart(model: keras.Model, trained: list[keras.layers.Layer], seed: int) -> None:
    """Bring a model back to a fresh start, so that one traced graph serves all folds.

    Parameters
    ----------
    model : keras.Model
        Compiled; its optimiser forgets the momentum, and all its dropouts start over.
    trained : list of Layer
        Get new initial weights, each from its own initialiser.
    seed : int
    """
    deterministic(seed)
    for number, layer in enumerate(trained):
        if hasattr(layer, "kernel"):
            kind = layer.kernel_initializer
            fresh = type(kind).from_config(kind.get_config() | {"seed": seed + number})
            layer.kernel.assign(fresh(layer.kernel.shape, dtype=layer.kernel.dtype))
            layer.bias.assign(layer.bias_initializer(layer.bias.shape, dtype=layer.bias.dtype))
    optimizer = model.optimizer
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):  # around ours, with float16
        if optimizer.built:
            optimizer.dynamic_scale.assign(optimizer.initial_scale)
            optimizer.step_counter.assign(0)
        optimizer = optimizer.inner_optimizer
    for variable in optimizer.variables:
        if variable is not optimizer._learning_rate:
            variable.assign(np.zeros(variable.shape))
    coins = [v for v in model.variables if v.name == "seed_generator_state"]  # of every dropout
    for number, state in enumerate(coins):
        state.assign(np.array([seed + number, 0]))


def outputs(model: keras.Model, inputs: list[np.ndarray], batch: int = 64) -> Any:
    """The model's output for every row of the inputs, float32; a list of several outputs."""
    n = len(inputs[0])
    whole: list[np.ndarray] = []
    for start in range(0, n, batch):
        part = [a[start : start + batch] for a in inputs]
        count = len(part[0])  # filled up to a whole batch, so that one shape is traced
        part = [np.concatenate([a, np.repeat(a[-1:], batch - count, axis=0)]) for a in part]
        out = model.predict_on_batch(part if len(part) > 1 else part[0])
        out = out if isinstance(out, list) else [out]
        whole = whole or [np.empty((n, *o.shape[1:]), np.float32) for o in out]
        for table, piece in zip(whole, out, strict=True):
            table[start : start + batch] = piece[:count]
    return whole if len(whole) > 1 else whole[0]


def deterministic(seed: int) -> None:
    """Seed every generator; on TensorFlow also ask for deterministic kernels."""
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()


class _Sgd(keras.optimizers.SGD):
    """Keras' own, but kernels decay through the momentum, by :func:`compiled`'s rule.

    Keras' ``weight_decay`` shrinks the weights beside the momentum, and biases, too.
    """

    def __init__(self, learning_rate, momentum, *, decay, **options):
        super().__init__(learning_rate, momentum, name="sgd", **options)
        self.decay = decay

    def update_step(self, gradient, variable, learning_rate):
        if self.decay and len(variable.shape) > 1:  # biases are vectors
            gradient = gradient + self.decay * variable
        super().update_step(gradient, variable, learning_rate)


def _unsound(model):
    """Whether oneDNN would work out filter gradients of bfloat16 or float16 in 3-D.

    With few frames they hold values of memory that nothing has written, NaN among them
    (TensorFlow 2.21, a CPU with AVX-512).
    """
    if keras.backend.backend() != "tensorflow" or os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "0":
        return False
    import tensorflow as tf

    low = any(
        isinstance(layer, keras.layers.Conv3D)
        and layer.trainable
        and layer.compute_dtype != "float32"
        for layer in _layers(model)
    )
    return low and not tf.config.list_physical_devices("GPU")


def _layers(model):
    """All layers, those of models within a model, too."""
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _layers(layer)


def _fed(rows, labels, batch):
    """Arguments of Keras' ``fit`` for batches of rows, in their order."""
    if keras.backend.backend() != "tensorflow":
        return {"x": rows, "y": labels, "batch_size": batch}
    import tensorflow as tf

    # As Keras makes it of arrays, but without tf.data's tuning thread: the end of a fit
    # would wait for that one up to seconds.
    data = tf.data.Dataset.from_tensor_slices((rows, labels)).batch(batch, drop_remainder=True)
    options = tf.data.Options()
    options.autotune.enabled = False
    return {"x": data.with_options(options)}


def _order(seed, epoch, n):
    """The permutation of an epoch; a resumed training has the same."""
    return np.random.default_rng([seed, epoch]).permutation(n)
