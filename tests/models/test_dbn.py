"""RBM and DBN: they learn the data's structure, repeat, and unroll exactly (paper 2.2.3)."""

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.neural_network import BernoulliRBM

from avef.core.errors import ParameterError
from avef.models import rbm as machine
from avef.models.dbn import DBN, RBM
from avef.models.unrolled import fusion_layers, unroll

LEARNING = {"learning_rate": 0.1, "epochs": 40, "batch": 10}
FAST = {"learning_rate": 0.1, "epochs": 2, "batch": 10}


def bits(n=300, n_visible=24, seed=0):
    """Three patterns of bits, one bit in twenty flipped: binary data with three causes."""
    patterns = np.random.default_rng(99).random((3, n_visible)) < 0.5
    rng = np.random.default_rng(seed)
    return (patterns[rng.integers(3, size=n)] ^ (rng.random((n, n_visible)) < 0.05)).astype(
        np.float32
    )


def reals(n=300, seed=0):
    """The same causes in fc7-like features: positive, unequal scales, some units dead."""
    rng = np.random.default_rng(seed)
    scale = np.array([0.1, 1, 10, 100] * 6, np.float32)
    x = scale * (3 * bits(n, seed=seed) + rng.random((n, 24), np.float32))
    x[:, [5, 6]] = 0, 7
    return x


DATA = {"bernoulli": bits, "gaussian": reals}


def fitted(visible, **options):
    rate = {} if visible == "bernoulli" else {"learning_rate": 0.01}
    return RBM(12, visible, **(LEARNING | rate | options)).fit(DATA[visible]())


def shuffled(x, seed=5):
    """Each unit permuted on its own: the same marginals without the structure."""
    return np.random.default_rng(seed).permuted(x, axis=0)


@pytest.fixture(scope="module")
def machines():
    return {visible: fitted(visible) for visible in DATA}


@pytest.mark.parametrize("visible", DATA)
def test_reconstruction_error_falls(machines, visible):
    errors = machines[visible].errors_
    assert len(errors) == LEARNING["epochs"]
    assert np.isfinite(errors).all()
    assert np.mean(errors[-5:]) < 0.5 * errors[0]


@pytest.mark.parametrize("visible", DATA)
def test_new_data_are_reconstructed_far_better_than_by_their_mean(machines, visible):
    rbm, new = machines[visible], DATA[visible](seed=1)
    error = (((rbm.reconstruct(new) - new) / rbm.scale_) ** 2).mean()
    baseline = (((rbm.reconstruct(shuffled(new)) - new) / rbm.scale_) ** 2).mean()
    mean_only = (((DATA[visible]().mean(axis=0) - new) / rbm.scale_) ** 2).mean()
    assert error < 0.5 * mean_only < baseline


def test_reconstruction_is_as_good_as_scikit_learns(machines):
    x, new = bits(), bits(seed=1)
    theirs = BernoulliRBM(12, learning_rate=0.1, batch_size=10, n_iter=40, random_state=0).fit(x)
    h = theirs.transform(new)
    v = 1 / (1 + np.exp(-(h @ theirs.components_ + theirs.intercept_visible_)))
    ours = ((machines["bernoulli"].reconstruct(new) - new) ** 2).mean()
    assert ours < 1.1 * ((v - new) ** 2).mean()


@pytest.mark.parametrize("visible", DATA)
def test_free_energy_prefers_structure(machines, visible):
    new = DATA[visible](seed=1)
    energy = machines[visible].free_energy(np.concatenate([new, shuffled(new)]))
    assert energy.shape == (2 * len(new),)
    assert np.median(energy[: len(new)]) < np.quantile(energy[len(new) :], 0.1)


def test_free_energy_is_the_logarithm_of_the_sum_over_hidden_states():
    rng = np.random.default_rng(0)
    rbm = RBM(3, "bernoulli", **FAST).fit(bits(30, 4))
    rbm.components_ = rng.standard_normal((3, 4)).astype(np.float32)
    rbm.hidden_bias_, rbm.visible_bias_ = rng.standard_normal(3), rng.standard_normal(4)
    v = bits(5, 4)
    states = np.array(list(np.ndindex(2, 2, 2)))  # (8, 3)
    energy = -(v @ rbm.visible_bias_)[:, None] - states @ rbm.hidden_bias_
    energy = energy - v @ rbm.components_.T @ states.T  # (5, 8)
    expected = -np.log(np.exp(-energy).sum(axis=1))
    np.testing.assert_allclose(rbm.free_energy(v), expected, rtol=1e-5)


@pytest.mark.parametrize("visible", DATA)
def test_the_seed_decides_the_weights(visible):
    a, b, c = (fitted(visible, epochs=2, seed=s) for s in (3, 3, 4))
    np.testing.assert_array_equal(a.components_, b.components_)
    np.testing.assert_array_equal(a.hidden_bias_, b.hidden_bias_)
    assert a.errors_ == b.errors_
    assert not np.allclose(a.components_, c.components_)


def test_one_update_is_that_of_contrastive_divergence():
    """CD-1 by hand: the hidden states that reconstruct are drawn, all else is probabilities."""
    x, options = bits(8, 5), {"momentum": 0.0, "weight_decay": 0.1, "batch": 8, "epochs": 1}
    rbm = RBM(3, "bernoulli", learning_rate=0.5, seed=4, **options).fit(x)
    rng = np.random.default_rng(4)
    w = 0.01 * rng.standard_normal((5, 3))
    v0 = x[rng.permutation(8)]
    h0 = 1 / (1 + np.exp(-v0 @ w))
    drawn = rng.random((8, 3), np.float32) < h0
    v1 = 1 / (1 + np.exp(-(drawn @ w.T)))
    h1 = 1 / (1 + np.exp(-v1 @ w))
    step = (v0.T @ h0 - v1.T @ h1) / 8 - 0.1 * w
    np.testing.assert_allclose(rbm.components_.T, w + 0.5 * step, atol=1e-6)
    np.testing.assert_allclose(rbm.visible_bias_, 0.5 * (v0 - v1).mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(rbm.hidden_bias_, 0.5 * (h0 - h1).mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(rbm.errors_, [((v0 - v1) ** 2).mean()], rtol=1e-5)


@pytest.mark.parametrize("visible", DATA)
def test_an_accelerator_gives_the_same_weights(visible, monkeypatch):
    """The arithmetic of accelerators, on the CPU."""
    host = fitted(visible, epochs=3, cd_steps=2)
    monkeypatch.setattr(machine, "_accelerator", lambda: True)
    device = fitted(visible, epochs=3, cd_steps=2)
    np.testing.assert_allclose(device.components_, host.components_, atol=1e-4)
    np.testing.assert_allclose(device.hidden_bias_, host.hidden_bias_, atol=1e-4)
    np.testing.assert_allclose(device.visible_bias_, host.visible_bias_, atol=1e-4)
    np.testing.assert_allclose(device.errors_, host.errors_, rtol=1e-3)


def test_watching_shows_a_gap_where_few_rows_are_learnt_by_heart_and_changes_nothing():
    rng = np.random.default_rng(0)
    x, new = (rng.random((30, 24)) < 0.5 for _ in range(2))
    options = {"learning_rate": 0.2, "epochs": 200, "batch": 10}
    watched = RBM(60, "bernoulli", **options).fit(x, watch=new.astype(np.float32))
    assert watched.gaps_[-1] > watched.gaps_[0] + 0.1
    assert len(watched.gaps_) == 200
    alone = RBM(60, "bernoulli", **options).fit(x)
    np.testing.assert_array_equal(alone.components_, watched.components_)
    assert alone.gaps_ == []


def test_the_start_is_not_changed_by_what_starts_from_it():
    first = fitted("bernoulli", epochs=1)
    before = first.components_.copy()
    RBM(12, "bernoulli", **FAST).fit(bits(), initial=first)
    np.testing.assert_array_equal(first.components_, before)


def test_more_gibbs_steps_change_the_weights():
    one, three = (fitted("bernoulli", epochs=2, cd_steps=k) for k in (1, 3))
    assert not np.allclose(one.components_, three.components_)


def test_gaussian_units_are_standardised_and_constant_ones_harmless(machines):
    rbm, x = machines["gaussian"], reals()
    data = (x - rbm.mean_) / rbm.scale_
    varying = x.std(axis=0) > 0.01 * x.std()
    np.testing.assert_allclose(data.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(data[:, varying].std(axis=0), 1, rtol=1e-3)
    assert np.abs(data).max() < 10
    np.testing.assert_array_equal(data[:, [5, 6]], 0)
    np.testing.assert_allclose(rbm.reconstruct(x)[:, 6], 7, atol=0.5)


def test_bernoulli_units_are_not_scaled(machines):
    assert (machines["bernoulli"].mean_ == 0).all()
    assert (machines["bernoulli"].scale_ == 1).all()


@pytest.mark.parametrize("visible", DATA)
def test_hidden_probabilities(machines, visible):
    rbm, x = machines[visible], DATA[visible](7)
    h = rbm.transform(x)
    assert (h.shape, h.dtype) == ((7, 12), np.float32)
    assert ((h >= 0) & (h <= 1)).all()
    z = ((x - rbm.mean_) / rbm.scale_) @ rbm.components_.T + rbm.hidden_bias_
    np.testing.assert_allclose(h, 1 / (1 + np.exp(-z.astype(float))), atol=1e-5)
    np.testing.assert_array_equal(rbm.fit_transform(x), rbm.transform(x))


@pytest.mark.parametrize("kind", [RBM, DBN])
def test_scikit_learn_conventions(kind):
    machine = kind(seed=5, batch=7, visible="bernoulli")
    copy = clone(machine)
    assert copy.get_params() == machine.get_params()
    assert copy.get_params()["batch"] == 7
    assert not vars(copy).keys() - copy.get_params().keys()  # nothing fitted in the constructor
    with pytest.raises(NotFittedError):
        machine.transform(bits(3))


@pytest.mark.parametrize(
    ("options", "x", "message"),
    [
        ({"visible": "poisson"}, bits(9), "visible must be one of .*gaussian.*'poisson'"),
        ({"visible": "bernoulli"}, 3 * bits(9), "0…1, got 0…3"),
        ({"visible": "bernoulli"}, bits(9) - 1, "0…1, got -1…0"),
        ({}, bits(9)[0], r"finite array .*\(24,\)"),
        ({}, bits(0), r"finite array .*\(0, 24\)"),
        ({}, np.full((3, 2), np.nan), "finite"),
        ({"n_hidden": 0}, bits(9), "n_hidden must be at least 1, got 0"),
        ({"cd_steps": 0}, bits(9), "cd_steps must be at least 1, got 0"),
        ({"batch": 0}, bits(9), "batch must be at least 1, got 0"),
    ],
)
def test_bad_input_is_named(options, x, message):
    with pytest.raises(ParameterError, match=message):
        RBM(**({"n_hidden": 3} | options)).fit(x)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_divergence_is_an_error_not_a_table_of_nan():
    with pytest.raises(ParameterError, match="learning_rate"):
        RBM(12, "gaussian", learning_rate=10, epochs=20).fit(reals())


def test_fewer_rows_than_a_batch_are_one_batch():
    rbm = RBM(3, "bernoulli", batch=30, epochs=2).fit(bits(4))
    assert np.isfinite(rbm.errors_).all()


@pytest.fixture(scope="module")
def network():
    return DBN((10, 4), **FAST).fit(reals())


def test_layers_are_trained_greedily_one_on_the_other(network):
    lower, upper = network.rbms_
    assert [r.components_.shape for r in network.rbms_] == [(10, 24), (4, 10)]
    assert (lower.visible, upper.visible) == ("gaussian", "bernoulli")
    alone = RBM(10, "gaussian", **(FAST | {"learning_rate": 0.01})).fit(reals())
    np.testing.assert_array_equal(lower.components_, alone.components_)
    above = RBM(4, "bernoulli", seed=1, **FAST).fit(alone.transform(reals()))
    np.testing.assert_array_equal(upper.components_, above.components_)
    both = above.transform(alone.transform(reals()))
    np.testing.assert_array_equal(network.transform(reals()), both)


def test_saved_weights_come_back(network, tmp_path):
    np.savez(tmp_path / "dbn.npz", **network.arrays())
    with np.load(tmp_path / "dbn.npz", allow_pickle=False) as arrays:
        again = DBN((10, 4)).restore(arrays)
    np.testing.assert_array_equal(again.transform(reals()), network.transform(reals()))


def test_kept_layers_are_the_start(network):
    still = {"learning_rate": 0.0, "epochs": 1}
    begun = DBN((10, 4), **still).fit(reals(seed=2), initial=network.rbms_[:1])
    lower, upper = begun.rbms_
    np.testing.assert_array_equal(lower.components_, network.rbms_[0].components_)
    np.testing.assert_array_equal(lower.hidden_bias_, network.rbms_[0].hidden_bias_)
    assert not np.allclose(upper.components_, network.rbms_[1].components_)
    assert not np.allclose(lower.mean_, network.rbms_[0].mean_)  # the target's own scaling


def test_kept_layers_must_fit(network):
    with pytest.raises(ParameterError, match=r"\(24, 10\).*\(24, 9\)"):
        DBN((9, 4), **FAST).fit(reals(), initial=network.rbms_[:1])


def test_unrolled_network_computes_what_the_dbn_does(network):
    stack = fusion_layers((10, 4), classes=6)
    inputs = keras.Input((24,))
    x = inputs
    for layer in stack[:-1]:
        x = layer(x)
    model = keras.Model(inputs, [x, stack[-1](x)])
    unroll(network, stack)
    hidden, y = model.predict(reals(20, seed=3), verbose=0)
    np.testing.assert_allclose(hidden, network.transform(reals(20, seed=3)), atol=1e-5)
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-5)
    trained = {w.shape for w in model.trainable_weights}
    assert trained == {(24, 10), (10,), (10, 4), (4,), (4, 6), (6,)}  # not the standardisation
