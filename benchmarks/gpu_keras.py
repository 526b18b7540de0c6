"""What the GPU benchmark measures of avef on JAX: forward passes, and every part's training.

    python gpu_keras.py forward ARITHMETICS JOB SIZE OUT ARRAYS
    python gpu_keras.py training ARITHMETIC JOB SIZE OUT

A part of `gpu.sh`, which starts it, each section in a process of its own. Arithmetics are
float32; tf32, float32 whose products are of TF32; and bfloat16, layers of mixed_bfloat16.
The RBM's arrays are float32 in all of them, its products as the arithmetic says.
"""

import os
import sys
from math import inf
from types import SimpleNamespace
from typing import NamedTuple

os.environ.setdefault("KERAS_BACKEND", "jax")
import avef  # isort: skip  # noqa: F401 (as in the pipeline)
import jax
import keras
import numpy as np
from gpu import Notes, sized, timed

from avef.learning import frozen, training, whole_model
from avef.models import divergence, networks
from avef.studies import costs

KINDS, CLASSES, SEEN = ("audio", "visual"), 6, 4  # segments that forward passes see
POLICY = {"float32": "float32", "tf32": "float32", "bfloat16": "mixed_bfloat16"}
PRODUCTS = {"float32": "highest", "tf32": "tensorfloat32", "bfloat16": "bfloat16"}
RATE = 1e-6  # what is learnt is random, and a loss that is no number would end the training


class Segments(NamedTuple):
    """What :class:`avef.learning.frozen.Shared` looks at of a data set."""

    log_mel: np.ndarray
    faces: np.ndarray
    audio: np.ndarray
    images: np.ndarray
    clip: np.ndarray


def segments(count, face):
    """Segments of random frames."""
    rng, first = np.random.default_rng(0), np.arange(count, dtype=np.int32)
    return Segments(
        log_mel=rng.standard_normal((count + 64, 64), np.float32),
        faces=rng.integers(0, 256, (count + 16, face, face, 3), dtype=np.uint8),
        audio=first[:, None] + np.arange(64, dtype=np.int32),
        images=first[:, None] + np.arange(16, dtype=np.int32),
        clip=first,
    )


def arithmetic_is(name):
    """Set the arithmetic of what is made and traced from now on."""
    training.precise(POLICY[name])
    # Layers of bfloat16 need no more; those that stay in float32, such as scaling, keep it.
    jax.config.update(
        "jax_default_matmul_precision", None if name == "bfloat16" else PRODUCTS[name]
    )


def shared(kind, job, data, *, tune):
    """A network on the segments: all of it trained, or kept layers' output cached."""
    keep = SimpleNamespace(**vars(job.keep) | {"tune": tune})
    options = {"nets": job.networks, "keep": keep, "classes": CLASSES, "cache_gib": inf}
    return frozen.Shared(kind, data, **options)


def forward(job, notes, names, arrays):
    """The whole model's fc7 and softmax, from weights that NumPy draws, in each arithmetic."""
    data, made = segments(SEEN, job.face_size), {}
    for name in names.split(","):
        arithmetic_is(name)
        parts = [shared(kind, job, data, tune=True) for kind in KINDS]
        for part in parts:
            part.see(data)
        hidden = job.networks.dbn.hidden
        whole = whole_model.joined(*(part.part for part in parts), hidden=hidden)
        rng = np.random.default_rng(1)
        for weights in whole.deep.trainable_variables:
            if len(weights.shape) > 1:  # as He et al. start them; biases stay 0
                scale = np.float32(np.sqrt(2 / np.prod(weights.shape[:-1])))
                weights.assign(scale * rng.standard_normal(weights.shape, np.float32))
        fc7, _, softmax = training.outputs(whole.features, [data.clip], batch=SEEN)
        audio, visual = np.split(fc7, 2, axis=1)
        values = {"AlexNet, fc7": audio, "C3D, fc7": visual, "whole model, softmax": softmax}
        made |= {f"{name}|{what}": value for what, value in values.items()}
    np.savez(arrays, **made)
    notes.add(["forward", jax.default_backend()], names.split(","))


class Training:
    """Every part's speed in one arithmetic, noted as soon as it is known."""

    def __init__(self, job, notes, name):
        self.job, self.notes, self.name = job, notes, name
        arithmetic_is(name)
        self.kind = "bfloat16" if name == "bfloat16" else "float32"
        self.count = job.batches * max(vars(job.batch).values())
        self.data = segments(self.count, job.face_size)

    def run(self):
        """What the goals ask for comes first, in case that time runs out."""
        device = jax.devices()[0]
        told = {
            "kind": device.device_kind,
            "platform": device.platform,
            "count": len(jax.devices()),
        }
        self.notes.add(["device"], told)
        self.note_peak()
        visual = self.every_layer("visual")
        self.plain(visual)
        self.every_layer("audio")
        deep = {kind: self.deep_layers(kind) for kind in ("visual", "audio")}
        whole = whole_model.joined(
            deep["audio"], deep["visual"], hidden=self.job.networks.dbn.hidden
        )
        self.whole(whole, deep)
        self.rbm(whole.table.rows.shape[-1])
        self.top(whole)

    def note(self, part, rate, *, count, **more):
        """A part's samples a second and multiply-adds a sample."""
        self.notes.add(["training", self.name, part], rate | {"flop": 2 * count} | more)

    def note_peak(self):
        """FLOP/s of a product of large matrices."""
        side, rng = self.job.side, np.random.default_rng(0)
        drawn = (rng.standard_normal((side, side), np.float32) for _ in range(2))
        a, b = (keras.ops.convert_to_tensor(one, self.kind) for one in drawn)

        def products(n):
            for _ in range(n):
                c = a @ b
            c.block_until_ready()

        rate = timed(products, 2 * side**3, self.job.seconds)
        self.notes.add(["peak", self.name], rate["samples_a_second"])

    def epochs(self, model, batch):
        """Epochs of a model that takes segment numbers, as a call that waits for the device."""
        training.compiled(model, RATE, 0.9)
        training.restart(model, [], 0)
        rows = self.data.clip

        def run(n):
            training.learn(model, rows, rows % CLASSES, epochs=n, batch=batch, seed=0)
            jax.block_until_ready([v.value for v in model.trainable_variables])

        return run

    def measured(self, part, run, count, **more):
        """Time epochs of whole batches; note them."""
        batch = more["batch"]
        samples = self.count // batch * batch
        self.note(part, timed(run, samples, self.job.seconds), count=count, **more)

    def alone(self, part, kept, batch):
        """A network alone, as :mod:`avef.learning.unimodal` trains it."""
        numbers = keras.Input((), dtype="int32")
        model = keras.Model(numbers, kept.own(kept.entry(numbers)))
        count, weights = costs.training_multiply_adds(kept.own), kept.own.count_params()
        self.measured(part, self.epochs(model, batch), count, batch=batch, weights=weights)

    def every_layer(self, kind):
        """A network of which every layer is trained."""
        net = shared(kind, self.job, self.data, tune=True)
        net.see(self.data)
        self.alone(kind, net.part, getattr(self.job.batch, kind))
        return net.part

    def deep_layers(self, kind):
        """The shallow layers once over all segments, then the deep ones on what these made."""
        net = shared(kind, self.job, self.data, tune=False)
        rate = timed(lambda n: [net.see(self.data) for _ in range(n)], self.count, 0)
        shallow, _ = networks.split(net.full, getattr(self.job.keep, kind))
        self.note(f"{kind}_shallow", rate, count=sum(costs.multiply_adds(shallow).values()))
        self.alone(f"{kind}_deep", net.part, getattr(self.job.batch, kind))
        return net.part

    def plain(self, part):
        """Keras' own fit on host arrays, every layer of C3D trained."""
        x = training.outputs(part.entry, [self.data.clip])
        y, batch = self.data.clip % CLASSES, self.job.batch.visual
        net = training.compiled(frozen.build("visual", self.job.networks, CLASSES), RATE, 0.9)
        rate = timed(
            lambda n: net.fit(x, y, batch_size=batch, epochs=n, verbose=0),
            self.count,
            self.job.seconds,
        )
        self.notes.add(["plain fit", self.name], rate | {"batch": batch})

    def whole(self, whole, deep):
        """The whole model on cached activations."""
        parts = [costs.training_multiply_adds(networks.features(one.own)) for one in deep.values()]
        count = sum(parts) + 3 * sum(costs.multiply_adds(whole.top).values())
        batch = self.job.batch.whole
        self.measured("whole", self.epochs(whole.model, batch), count, batch=batch)

    def top(self, whole):
        """The DBN alone, with labels."""
        rng, width = np.random.default_rng(0), whole.table.rows.shape[-1]
        whole.table.fill(rng.random((self.count, width), np.float32))
        count, batch = 3 * sum(costs.multiply_adds(whole.top).values()), self.job.batch.whole
        self.measured("top", self.epochs(whole.top, batch), count, batch=batch)

    def rbm(self, visible):
        """The lowest RBM's updates, with all that the host does for them."""
        settings = SimpleNamespace(**vars(self.job.rbm) | {"learning_rate": RATE})
        hidden = self.job.networks.dbn.hidden[0]
        rng = np.random.default_rng(0)
        data = rng.standard_normal((self.count, visible), np.float32)
        start = [0.01 * rng.standard_normal((visible, hidden)), np.zeros(visible), np.zeros(hidden)]
        update = divergence.OnDevice(settings, start)

        def run(n):
            for _ in range(n):
                divergence.epoch(update, data, rng, batch=settings.batch)
            jax.block_until_ready(update.arrays)

        count = costs.rbm_multiply_adds(visible, hidden, settings.cd_steps)
        with jax.default_matmul_precision(PRODUCTS[self.name]):
            self.measured("rbm", run, count, batch=settings.batch, units=[visible, hidden])


def main(section, names, job, size, out, *arrays):
    """Do one section."""
    job, notes = sized(job, size), Notes(out)
    if section == "forward":
        forward(job, notes, names, *arrays)
    else:
        Training(job, notes, names).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
