"""The same weights mean the same on TensorFlow and on JAX, both train, and runs repeat.

A process has one backend, so the tests start this file as a program:

    KERAS_BACKEND=jax python tests/test_backends.py OUT.npz WEIGHTS_FOLDER steps dbn
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import avef  # isort: skip  # noqa: F401 (first: it sets TensorFlow's switches)
import keras
import numpy as np
import pytest

from avef.core import parallel
from avef.learning import frozen, training, whole_model
from avef.models import inputs, networks
from avef.models.dbn import DBN

BACKENDS, NETS = ("tensorflow", "jax"), ("audio", "visual", "whole")
N = 12  # segments


def main(out, weights, *tasks):
    """Do some of the work below, and store what comes out."""
    results = {"backend": np.array(keras.backend.backend())}
    for task in tasks:
        results |= {"steps": steps, "dbn": boltzmann, "alone": alone, "workers": workers}[task](
            weights
        )
    np.savez(out, **results)


def steps(weights):
    """Forward passes with the weights in a folder (made where missing), then trainings."""
    results = {}
    for name, model in models().items():
        file = Path(weights) / f"{name}.weights.h5"
        if not file.exists():
            model.save_weights(file)
        model.load_weights(file)
        results[f"{name} forward"] = training.outputs(model, [numbers()], batch=4)
        results[f"{name} losses"], results[f"{name} trained"] = stepped(model)
    return results


def numbers():
    return np.arange(N, dtype=np.int32)


def models():
    """Segment numbers → softmax: each network on its tables, and both joined by a DBN."""
    rng = np.random.default_rng(0)
    log_mel = 3 * rng.standard_normal((80, 64), np.float32)
    faces = rng.integers(0, 256, (40, 20, 20, 3), dtype=np.uint8)
    scaling = {"mean": [0.1, 0.0, 0.0], "std": [3.0, 1.5, 0.7]}
    sources = {
        "audio": (inputs.audio_source(log_mel, scaling, 67), 64),
        "visual": (inputs.visual_source(faces, 16), 16),
    }
    nets = {
        "audio": networks.audio_net(6, 1 / 32, 67, dropout=0.0),
        "visual": networks.visual_net(6, 1 / 32, 16, dropout=0.0),
    }
    made, parts = {}, []
    for kind, (source, length) in sources.items():
        rows = numbers()[:, None] + np.arange(length, dtype=np.int32)
        segments = keras.Input((), dtype="int32")
        entry = keras.Model(segments, source(inputs.Table(rows)(segments)))
        made[kind] = keras.Model(segments, nets[kind](entry(segments)))
        parts.append(frozen.Kept(entry, nets[kind], nets[kind].layers))
    return made | {"whole": whole_model.joined(*parts, hidden=[8, 4]).model}


def stepped(model):
    """Loss before and after one step on all segments; weights after two."""
    training.compiled(model, 0.01, 0.9, xla=keras.backend.backend() == "jax")
    training.restart(model, [], seed=1)
    work = {"epochs": 2, "batch": N, "seed": 1}  # an epoch's loss is that before its step
    curve = training.fit(model, numbers(), numbers() % 6, **work)
    return curve["loss"].to_numpy(), flat(model)


def boltzmann(_):
    """A DBN on bits with structure; NumPy draws its coins on every backend."""
    rng = np.random.default_rng(0)
    patterns = rng.random((3, 24)) < 0.5
    x = patterns[rng.integers(3, size=90)].astype(np.float32)
    dbn = DBN((12, 4), "bernoulli", learning_rate=0.1, epochs=10, batch=10).fit(x)
    return {"dbn errors": np.array([rbm.errors_ for rbm in dbn.rbms_]), "dbn": dbn.transform(x)}


def alone(_):
    """Two trainings in this process."""
    return {"alone": np.array([fresh(seed) for seed in (1, 2)])}


def workers(_):
    """The same trainings, each in a worker."""
    return {
        "workers": np.array(list(parallel.each(fresh, [(1,), (2,)], jobs=2, title="two workers")))
    }


def fresh(seed):
    """Weights after a tiny training with dropout from weights of its own."""
    net = networks.audio_net(2, 1 / 32, 67, dropout=0.3)
    images = np.random.default_rng(7).standard_normal((N, 67, 67, 3), np.float32)
    training.compiled(net, 0.01, 0.9)
    training.restart(net, net.layers, seed)
    training.fit(net, images, numbers() % 2, epochs=2, batch=5, seed=seed)
    return flat(net)


def flat(model):
    return np.concatenate([np.ravel(w) for w in model.trainable_weights])


def start(backend, folder, name, *tasks):
    """Run this file in a process of its own; its arrays."""
    out = folder / f"{name}.npz"
    command = [sys.executable, __file__, str(out), str(folder), *tasks]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TF_")}
    environment |= {"KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    if backend == "jax":  # compiling is nearly all that it does
        environment["XLA_FLAGS"] = "--xla_backend_optimization_level=0"
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    with np.load(out) as arrays:
        results = dict(arrays)
    assert results["backend"] == backend
    return results


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("backends")


@pytest.fixture(scope="module")
def tensorflow(folder):
    """TensorFlow's run, which also makes the weights."""
    return start("tensorflow", folder, "first", "steps", "dbn", "alone", "workers")


@pytest.fixture(scope="module")
def jax(tensorflow, folder):
    if not find_spec("jax"):
        pytest.skip("NOT TESTED ON JAX: the package jax is not installed")
    return start("jax", folder, "jax", "steps", "dbn")


@pytest.fixture(params=BACKENDS)
def run(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("net", NETS)
def test_same_weights_same_forward_pass(tensorflow, jax, net):
    expected = tensorflow[f"{net} forward"]
    assert expected.shape == (N, 6)
    assert expected.std(axis=0).max() > 1e-5  # the segments do differ
    np.testing.assert_allclose(jax[f"{net} forward"], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("net", NETS)
def test_one_step_lowers_the_loss(run, net):
    before, after = run[f"{net} losses"]
    assert np.isfinite(before)
    assert after < before - 1e-4


@pytest.mark.parametrize("net", NETS)
def test_both_take_the_same_steps(tensorflow, jax, net):
    np.testing.assert_allclose(jax[f"{net} losses"], tensorflow[f"{net} losses"], rtol=1e-4)
    np.testing.assert_allclose(jax[f"{net} trained"], tensorflow[f"{net} trained"], atol=1e-5)


def test_the_dbn_learns(run):
    errors = run["dbn errors"]
    assert (errors[:, -1] < 0.9 * errors[:, 0]).all()


def test_the_dbn_is_the_same_on_both(tensorflow, jax):
    np.testing.assert_allclose(jax["dbn errors"], tensorflow["dbn errors"], rtol=1e-4)
    np.testing.assert_allclose(jax["dbn"], tensorflow["dbn"], atol=1e-5)


def test_another_process_gives_the_same_weights(tensorflow, folder):
    """Bit by bit, though this one has not built and trained other networks before."""
    other = start("tensorflow", folder, "second", "alone", "dbn")
    for name in ("alone", "dbn", "dbn errors"):
        np.testing.assert_array_equal(other[name], tensorflow[name])
    assert not np.array_equal(*tensorflow["alone"])  # two seeds


def test_workers_give_the_weights_of_one_process(tensorflow):
    np.testing.assert_array_equal(tensorflow["workers"], tensorflow["alone"])


if __name__ == "__main__":
    main(*sys.argv[1:])
