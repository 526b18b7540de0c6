"""Supervised training: it learns, repeats exactly, and starts afresh for every fold."""

import keras
import numpy as np
import pytest
from keras import layers

from avef.core.errors import ParameterError
from avef.learning import checkpoints, training
from avef.learning.grid import Checkpoint
from avef.learning.lessons import Held
from avef.models import networks


def toy(n=48, seed=0):
    """Two classes that a line separates."""
    x = np.random.default_rng(seed).standard_normal((n, 6), np.float32)
    return x, (x[:, 0] + x[:, 1] > 0).astype(np.int64)


def model(learning_rate=0.1, clip_norm=None):
    inner = [keras.Input((8,)), layers.Dropout(0.3), layers.Dense(2, "softmax")]
    outer = [keras.Input((6,)), layers.Dense(8, "relu"), keras.Sequential(inner)]
    return training.compiled(keras.Sequential(outer), learning_rate, 0.9, clip_norm=clip_norm)


def dense(net):
    return [net.layers[0], net.layers[1].layers[-1]]


def trained(net, seed, epochs=3, fresh=True):
    x, y = toy()
    training.restart(net, dense(net) if fresh else [], seed)
    curve = training.fit(net, x, y, epochs=epochs, batch=10, seed=seed)
    return curve, net.get_weights()


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_training_reduces_the_loss_and_finds_the_classes():
    net = model()
    curve, _ = trained(net, seed=1, epochs=20)
    assert curve["epoch"].tolist() == list(range(1, 21))
    assert curve["loss"].iloc[-1] < 0.6 * curve["loss"].iloc[0]
    x, y = toy(200, seed=1)
    assert (training.outputs(net, [x]).argmax(axis=1) == y).mean() > 0.8


def test_a_gradient_longer_than_the_norm_is_cut_to_it():
    def step(clip_norm):
        net = model(0.1, clip_norm)
        training.restart(net, dense(net), 1)
        before = net.get_weights()
        training.fit(net, *toy(), epochs=1, batch=48, seed=1)
        moved = zip(net.get_weights(), before, strict=True)
        return np.concatenate([(a - b).ravel() for a, b in moved if a.dtype == np.float32])

    free, cut = step(None), step(0.01)
    assert np.linalg.norm(free) > 0.1 * 0.02
    np.testing.assert_allclose(np.linalg.norm(cut), 0.1 * 0.01, rtol=1e-3)
    np.testing.assert_allclose(cut / np.linalg.norm(cut), free / np.linalg.norm(free), atol=1e-3)
    np.testing.assert_allclose(step(100), free, rtol=1e-4, atol=1e-7)


def layer_of_two(weight_decay, clip_norm=None):
    """Two inputs, two classes, a bias of 1 that has no reason to stay or to go."""
    softmax = layers.Dense(2, "softmax", bias_initializer="ones")
    net = keras.Sequential([keras.Input((2,)), softmax])
    return training.compiled(net, 0.1, 0.9, weight_decay=weight_decay, clip_norm=clip_norm)


def test_weight_decay_is_the_gradient_of_half_the_squared_kernel():
    """Two steps by hand: v ← 0.9 v − 0.1 (gradient + 0.5 w), w ← w + v; biases do not decay."""
    net = layer_of_two(weight_decay=0.5)
    training.restart(net, net.layers, 1)
    (w, b), x, y = net.get_weights(), np.float32([[1, 2], [3, -1]]), np.array([0, 1])
    speed = [np.zeros_like(w), np.zeros_like(b)]
    for _ in range(2):
        scores = np.exp(x @ w + b)
        error = (scores / scores.sum(axis=1, keepdims=True) - np.eye(2)[y]) / 2
        gradients = x.T @ error + 0.5 * w, error.sum(axis=0)
        speed = [0.9 * v - 0.1 * g for v, g in zip(speed, gradients, strict=True)]
        w, b = w + speed[0], b + speed[1]
    curve = training.fit(net, x, y, epochs=2, batch=2, seed=0)
    for ours, by_hand in zip(net.get_weights(), (w, b), strict=True):
        np.testing.assert_allclose(ours, by_hand, rtol=1e-5)
    free = layer_of_two(weight_decay=0.0)
    training.restart(free, free.layers, 1)
    first = training.fit(free, x, y, epochs=1, batch=2, seed=0)["loss"][0]
    assert curve["loss"][0] == first  # the cross-entropy alone


def test_the_clipped_gradient_is_that_of_the_loss_not_of_the_decay():
    net = layer_of_two(weight_decay=1e3, clip_norm=1e-6)
    training.restart(net, net.layers, 1)
    before = net.get_weights()[0]
    training.fit(net, np.ones((2, 2)), np.array([0, 1]), epochs=1, batch=2, seed=0)
    np.testing.assert_allclose(net.get_weights()[0], (1 - 0.1 * 1e3) * before, rtol=1e-4)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_a_restart_in_lower_precision_learns_as_anew(precision):
    training.precise(precision)
    try:
        net = model()
        curve, first = trained(net, seed=1, epochs=20)
        _, again = trained(net, seed=1, epochs=20)
    finally:
        training.precise("float32")
    assert curve["loss"].iloc[-1] < 0.7 * curve["loss"].iloc[0]
    assert same(first, again)


def test_the_seed_decides_the_weights_whatever_ran_before():
    net = model()
    curve, first = trained(net, seed=1)
    other_curve, other = trained(net, seed=2)
    np.random.default_rng().random()
    again_curve, again = trained(net, seed=1)
    assert same(first, again)
    assert curve.equals(again_curve)
    assert not same(first, other)
    assert not curve.equals(other_curve)
    assert same(first, trained(model(), seed=1)[1])  # another model, another graph


def test_a_model_goes_on_from_its_weights_with_the_same_dropout():
    """The whole model of §2.2.3 starts from trained layers, whatever trained before it."""
    net = model()
    _, start = trained(net, seed=1)
    _, first = trained(net, seed=5, fresh=False)
    net.set_weights(start)
    _, again = trained(net, seed=5, fresh=False)
    assert same(first, again)
    other = model()
    other.set_weights(start)
    assert same(first, trained(other, seed=5, fresh=False)[1])


def test_restart_gives_each_layer_its_own_fresh_weights():
    stack = [keras.Input((6,)), layers.Dense(6), layers.Dense(6)]
    net = training.compiled(keras.Sequential(stack), 0.1, 0.9)
    net.set_weights([np.full_like(w, 9) for w in net.get_weights()])
    training.restart(net, net.layers[1:], seed=3)
    assert all((w == 9).all() for w in net.layers[0].get_weights())
    training.restart(net, net.layers, seed=3)
    (a, bias), (b, _) = (layer.get_weights() for layer in net.layers)
    assert not np.allclose(a, b)
    assert (bias == 0).all()
    assert 0.5 < abs(a).max() <= np.sqrt(6 / 12)  # from the layer's own initialiser, Glorot's
    training.restart(net, net.layers, seed=4)
    assert not np.allclose(a, net.layers[0].get_weights()[0])


def test_restart_draws_the_weights_that_it_always_drew():
    """Of the demo's networks: each kernel by its own rule from the seed and its number."""
    net = training.compiled(networks.audio_net(6, 1 / 32, 67), 0.1, 0.9)
    training.restart(net, net.layers, seed=7)
    for number, layer in enumerate(net.layers):
        if layer.weights:
            last = layer.name == "fc8"
            rule = keras.initializers.GlorotUniform if last else keras.initializers.HeNormal
            kernel, bias = layer.get_weights()
            np.testing.assert_array_equal(kernel, rule(seed=7 + number)(kernel.shape))
            assert not bias.any()


@pytest.mark.parametrize(("kind", "fc"), [("audio_net", 0.01), ("visual_net", 0.005)])
def test_restart_draws_published_weights_and_biases(kind, fc):
    make = getattr(networks, kind)
    net = training.compiled(make(6, 1 / 8, 67, initial="published"), 0.1, 0.9)
    net.set_weights([np.full_like(w, 9) for w in net.get_weights()])
    training.restart(net, net.layers, seed=7)
    kernel, bias = net.get_layer("fc7").get_weights()
    assert (bias == 1).all()
    assert kernel.std() == pytest.approx(fc, rel=0.02)
    kernel, bias = net.get_layer("fc8").get_weights()
    assert (bias == 0).all()
    assert kernel.std() == pytest.approx(0.01, rel=0.1)
    first = net.get_weights()
    training.restart(net, net.layers, seed=8)
    assert not np.array_equal(first[0], net.get_weights()[0])
    training.restart(net, net.layers, seed=7)
    assert same(first, net.get_weights())


def test_restart_forgets_momentum_but_not_the_learning_rate():
    net = model(learning_rate=0.125)
    trained(net, seed=1)
    assert any(np.any(v.numpy()) for v in net.optimizer.variables[2:])
    training.restart(net, [], seed=1)
    assert float(net.optimizer.learning_rate) == 0.125
    rate = net.optimizer._learning_rate
    assert not any(np.any(v.numpy()) for v in net.optimizer.variables if v is not rate)


class Witness(layers.Layer):
    """Passes its input on and remembers it."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def call(self, x):
        self.seen.append(np.asarray(x)[:, 0].astype(int).tolist())
        return x


def batches_seen(n, batch, epochs):
    witness = Witness()
    net = keras.Sequential([keras.Input((1,)), witness, layers.Dense(2, "softmax")])
    training.compiled(net, 0.1, 0.9)
    net.run_eagerly = True
    witness.seen.clear()
    x = np.arange(n, dtype=np.float32)[:, None]
    training.fit(net, x, np.arange(n) % 2, epochs=epochs, batch=batch, seed=1)
    return witness.seen


def test_every_epoch_is_a_new_permutation_without_its_incomplete_batch():
    seen = batches_seen(n=23, batch=5, epochs=3)
    assert [len(b) for b in seen] == [5] * 12
    epochs = [sum(seen[i : i + 4], []) for i in (0, 4, 8)]
    for rows in epochs:
        assert len(set(rows)) == 20
        assert rows != sorted(rows)
    assert epochs[0] != epochs[1] != epochs[2]


def test_fewer_samples_than_a_batch_are_one_batch():
    (seen,) = batches_seen(n=3, batch=10, epochs=1)
    assert sorted(seen) == [0, 1, 2]


def test_nothing_to_train_on_is_an_error():
    with pytest.raises(ParameterError, match="no segment"):
        training.fit(model(), np.empty((0, 6)), np.empty(0), epochs=1, batch=5, seed=0)


@pytest.mark.parametrize("n", [1, 7, 8, 9])
def test_outputs_are_the_models_own_for_any_number_of_rows(n):
    net, (x, _) = model(), toy(n)
    y = training.outputs(net, [x], batch=4)
    assert (y.shape, y.dtype) == ((n, 2), np.float32)
    np.testing.assert_allclose(y, net(x, training=False), rtol=1e-5)


def test_outputs_of_several_inputs_and_several_outputs():
    a, b = keras.Input((6,)), keras.Input((1,))
    net = keras.Model([a, b], [layers.Add()([a, b]), layers.Multiply()([a, b])])
    x, y = toy(5)
    total, product = training.outputs(net, [x, y[:, None]], batch=2)
    np.testing.assert_allclose(total, x + y[:, None], rtol=1e-6)
    np.testing.assert_allclose(product, x * y[:, None], rtol=1e-6)


class KilledError(Exception):
    """Stands for kill -9."""


def checkpoint(path, key="key"):
    return Checkpoint(path, key, seconds=0.0)


def killed_after(epochs, monkeypatch):
    """Die right after that many epochs have been written down."""
    write = checkpoints.EpochLog._write

    def die(log):
        write(log)
        if len(log.rows) == epochs:
            raise KilledError

    monkeypatch.setattr(checkpoints.EpochLog, "_write", die)


@pytest.mark.parametrize("held", [False, True])
def test_a_killed_training_goes_on_from_its_last_epoch_to_the_same_end(tmp_path, monkeypatch, held):
    x, y = toy()
    watched = Held(x[:9], y[:9], patience=9) if held else None
    options = {"epochs": 6, "batch": 10, "seed": 1, "held": watched}

    def run(**more):
        net = model()
        training.restart(net, dense(net), 1)
        return training.fit(net, x, y, **options, **more), net.get_weights()

    curve, weights = run()
    with monkeypatch.context() as patch, pytest.raises(KilledError):
        killed_after(2, patch)
        run(checkpoint=checkpoint(tmp_path / "a.npz"))
    seen = []
    order = training._order
    monkeypatch.setattr(training, "_order", lambda s, e, n: seen.append(e) or order(s, e, n))
    again, resumed = run(checkpoint=checkpoint(tmp_path / "a.npz"))
    assert seen == [2, 3, 4, 5]  # the third epoch is the first one done
    assert again.equals(curve)
    assert same(weights, resumed)
    other, fresh = run(checkpoint=checkpoint(tmp_path / "a.npz", key="another"))
    assert other.equals(curve)
    assert same(weights, fresh)


def test_the_best_epoch_comes_back_and_patience_ends_the_training():
    x, y = toy()
    net = model(learning_rate=0.2)
    training.restart(net, dense(net), 1)
    held = Held(x[:20], 1 - y[:20], 3)  # the better it learns, the worse it does here
    curve = training.fit(net, x, y, epochs=30, batch=10, seed=1, held=held)
    best = int(curve["held_loss"].argmin())
    assert len(curve) == best + 1 + 3 < 30
    loss, _ = net.evaluate(x[:20], 1 - y[:20], verbose=0)
    assert loss == pytest.approx(curve["held_loss"][best], abs=1e-5)


def test_a_lower_precision_is_asked_for_by_name():
    try:
        training.precise("mixed_bfloat16")
        assert layers.Dense(2).compute_dtype == "bfloat16"
    finally:
        training.precise("float32")
    assert layers.Dense(2).compute_dtype == "float32"


@pytest.mark.parametrize("watched", [False, True])
def test_a_loss_that_is_no_number_ends_the_training_with_its_name(tmp_path, watched):
    """By steps far too large; or, with fine steps, on the held-out speakers alone."""
    x, y = toy()
    net = model(learning_rate=0.1 if watched else 1e30)
    training.restart(net, dense(net), 1)
    held = Held(np.float32(3e38) * np.sign(x[:9]), y[:9], 3) if watched else None
    options = {"epochs": 5, "batch": 16, "seed": 0, "held": held}
    path = tmp_path / ".emotion-case2-fold1.part.npz"
    with pytest.raises(ParameterError, match=r"emotion-case2-fold1: .*epoch \d.*learning_rate"):
        training.fit(net, x, y, **options, checkpoint=Checkpoint(path, "key", 1e9))
