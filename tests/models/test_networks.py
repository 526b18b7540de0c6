"""Audio-net and visual-net: published sizes, named layers, exact halves (paper 2.2.1-2.2.2)."""

import re
from pathlib import Path

import keras
import nbformat
import numpy as np
import pytest

from avef.core.errors import ParameterError
from avef.models import networks

BUILDERS = {"audio": networks.audio_net, "visual": networks.visual_net}
SMALL = {"audio": (1 / 32, 67), "visual": (1 / 32, 16)}


def small(kind, classes=6, **options):
    width, size = SMALL[kind]
    return BUILDERS[kind](classes, width, size, **options)


def images(net, n=3, seed=0):
    return np.random.default_rng(seed).standard_normal((n, *net.input_shape[1:]), np.float32)


def weights_of(stack):
    """Parameters of (kernel volume, inputs per group, outputs) layers with biases."""
    return sum((volume * inputs + 1) * outputs for volume, inputs, outputs in stack)


ALEXNET = [(121, 3, 96), (25, 48, 256), (9, 256, 384), (9, 192, 384), (9, 192, 256)]
ALEXNET += [(1, 9216, 4096), (1, 4096, 4096)]
C3D = [(27, 3, 64), (27, 64, 128), (27, 128, 256), (27, 256, 256), (27, 256, 512)]
C3D += [(27, 512, 512)] * 3 + [(1, 8192, 4096), (1, 4096, 4096)]


@pytest.fixture(scope="module")
def published():
    return {"audio": networks.audio_net(6), "visual": networks.visual_net(6)}


@pytest.mark.parametrize(
    ("kind", "stack", "classes", "quoted"),
    [("audio", ALEXNET, 1000, 60_965_224), ("visual", C3D, 101, 78_409_573)],
)
def test_published_number_of_parameters(published, kind, stack, classes, quoted):
    assert weights_of([*stack, (1, 4096, classes)]) == quoted  # BVLC AlexNet; C3D on UCF-101
    assert published[kind].count_params() == weights_of([*stack, (1, 4096, 6)])


SHAPES = {
    "audio": {
        "conv1": (55, 55, 96),
        "pool1": (27, 27, 96),
        "conv2": (27, 27, 256),
        "pool2": (13, 13, 256),
        "conv3": (13, 13, 384),
        "conv4": (13, 13, 384),
        "conv5": (13, 13, 256),
        "pool5": (6, 6, 256),
        "flatten": (9216,),
        "fc6": (4096,),
        "fc7": (4096,),
        "fc8": (6,),
    },
    "visual": {
        "conv1a": (16, 112, 112, 64),
        "pool1": (16, 56, 56, 64),
        "conv2a": (16, 56, 56, 128),
        "pool2": (8, 28, 28, 128),
        "conv3b": (8, 28, 28, 256),
        "pool3": (4, 14, 14, 256),
        "conv4b": (4, 14, 14, 512),
        "pool4": (2, 7, 7, 512),
        "conv5b": (2, 7, 7, 512),
        "pool5": (1, 4, 4, 512),
        "flatten": (8192,),
        "fc6": (4096,),
        "fc7": (4096,),
        "fc8": (6,),
    },
}


@pytest.mark.parametrize("kind", SHAPES)
def test_published_layer_shapes(published, kind):
    layers = {layer.name: layer for layer in published[kind].layers}
    assert {name: layers[name].output.shape[1:] for name in SHAPES[kind]} == SHAPES[kind]
    assert [name for name in layers if name in SHAPES[kind]] == list(SHAPES[kind])  # the order


@pytest.mark.parametrize("kind", BUILDERS)
def test_dropout_follows_fc6_and_fc7(kind):
    net = small(kind, dropout=0.25)
    names = [layer.name for layer in net.layers]
    rates = {names[i - 1]: x.rate for i, x in enumerate(net.layers) if hasattr(x, "rate")}
    assert rates == {"fc6": 0.25, "fc7": 0.25}


# Krizhevsky et al. (2012) §5; the configuration that Tran et al. (2015) released.
ONES = {
    "audio": {"conv2", "conv4", "conv5", "fc6", "fc7"},
    "visual": {
        *("conv2a", "conv3a", "conv3b", "conv4a", "conv4b", "conv5a", "conv5b"),
        *("fc6", "fc7"),
    },
}


def weighted(net):
    return [layer for layer in net.layers if layer.weights]


@pytest.mark.parametrize("kind", BUILDERS)
def test_published_initial_weights(kind):
    net = BUILDERS[kind](6, 1 / 8, SMALL[kind][1], initial="published")
    for layer in weighted(net):
        kernel, bias = layer.get_weights()
        assert (bias == (layer.name in ONES[kind])).all(), layer.name
        deviation = 0.005 if kind == "visual" and layer.name in ("fc6", "fc7") else 0.01
        assert kernel.std() == pytest.approx(deviation, rel=6 / np.sqrt(2 * kernel.size))
        assert abs(kernel.mean()) < 6 * deviation / np.sqrt(kernel.size)
    assert ONES[kind] < {layer.name for layer in weighted(net)}


@pytest.mark.parametrize("kind", BUILDERS)
def test_weights_start_by_he_and_biases_at_0_unless_asked_otherwise(kind):
    *hidden, last = weighted(small(kind))
    assert {type(layer.kernel_initializer).__name__ for layer in hidden} == {"HeNormal"}
    assert type(last.kernel_initializer).__name__ == "GlorotUniform"
    assert all((layer.get_weights()[1] == 0).all() for layer in (*hidden, last))


@pytest.mark.parametrize("classes", [2, 6])
@pytest.mark.parametrize("kind", BUILDERS)
def test_output_is_a_distribution(kind, classes):
    net = small(kind, classes)
    y = net.predict(images(net), verbose=0)
    assert y.shape == (3, classes)
    assert (y >= 0).all()
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize(("width", "fc7"), [(0.5, 2048), (0.125, 512), (1e-6, 2)])
def test_width_scales_units_to_even_numbers(width, fc7):
    net = networks.audio_net(6, width, 67)
    units = [w.shape[-1] for layer in net.layers[:-1] for w in layer.weights]
    assert net.get_layer("fc7").units == fc7
    assert all(n % 2 == 0 for n in units)


@pytest.mark.parametrize("kind", BUILDERS)
def test_smallest_input_works_and_one_pixel_less_is_refused(kind):
    size = SMALL[kind][1]
    assert small(kind).output_shape == (None, 6)
    with pytest.raises(ParameterError, match=f"at least {size}, got {size - 1}"):
        BUILDERS[kind](6, 1 / 32, size - 1)


@pytest.mark.parametrize("kind", BUILDERS)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": 1}, "classes must be at least 2, got 1"),
        ({"width": 0}, r"width must lie in \(0, 4\], got 0"),
        ({"width": 4.5}, r"width must lie in \(0, 4\], got 4.5"),
        ({"initial": "zeros"}, "initial must be one of he_normal, published, got 'zeros'"),
    ],
)
def test_bad_parameters_are_named(kind, options, message):
    with pytest.raises(ParameterError, match=message):
        BUILDERS[kind](**({"classes": 6, "width": 1 / 32} | options))


@pytest.mark.parametrize(
    ("kind", "keep", "last", "first"),
    [
        ("audio", "conv1", "pool1", "conv2"),
        ("audio", "conv2", "pool2", "conv3"),
        ("audio", "conv3", "conv3", "conv4"),
        ("audio", "conv5", "pool5", "flatten"),
        ("visual", "conv3a", "conv3a", "conv3b"),
        ("visual", "conv3b", "pool3", "conv4a"),
    ],
)
def test_shallow_then_deep_is_the_whole(kind, keep, last, first):
    net = small(kind)
    shallow, deep = networks.split(net, keep)
    assert (shallow.layers[-1].name, deep.layers[0].name) == (last, first)
    x = images(net)
    halves = deep(shallow(x))
    np.testing.assert_allclose(halves, net(x), rtol=1e-5, atol=1e-6)
    assert {id(w) for part in (shallow, deep) for w in part.weights} == {id(w) for w in net.weights}


@pytest.mark.parametrize("keep", ["conv9", "fc6", "flatten", "conv3b"])
def test_split_names_what_can_be_kept(keep):
    with pytest.raises(ParameterError, match=f"conv1, conv2, conv3, conv4, conv5.*got '{keep}'"):
        networks.split(small("audio"), keep)


@pytest.mark.parametrize("kind", BUILDERS)
def test_features_are_fc7(kind):
    net = small(kind)
    x = images(net)
    fc7 = networks.features(net)(x)
    inner = keras.Model(net.inputs[0], net.get_layer("fc7").output)
    np.testing.assert_allclose(fc7, inner(x), rtol=1e-5, atol=1e-6)
    assert fc7.shape == (3, 128)
    assert np.asarray(fc7).min() >= 0
    _, deep = networks.split(net, "conv2" if kind == "audio" else "conv3b")
    assert networks.features(deep).output_shape == (None, 128)


def test_response_norm_is_the_sum_over_five_neighbours():
    x = 30 * np.random.default_rng(1).standard_normal((2, 3, 2, 7), np.float32)
    expected = np.empty_like(x)
    for b, i, j, c in np.ndindex(x.shape):
        energy = sum(x[b, i, j, n] ** 2 for n in range(max(0, c - 2), min(6, c + 2) + 1))
        expected[b, i, j, c] = x[b, i, j, c] / (2 + 1e-4 * energy) ** 0.75
    np.testing.assert_allclose(networks.ResponseNorm()(x), expected, rtol=1e-5)


def test_response_norm_survives_its_configuration():
    layer = networks.ResponseNorm(radius=1, bias=1.0, alpha=0.5, beta=0.5, name="norm")
    again = networks.ResponseNorm.from_config(layer.get_config())
    x = np.ones((1, 1, 1, 4), np.float32)
    np.testing.assert_array_equal(layer(x), again(x))
    assert not np.allclose(layer(x), networks.ResponseNorm()(x))


def test_grouped_convolution_is_that_of_keras():
    ours = networks.GroupedConv2D(6, 3, groups=2, padding="same")
    theirs = keras.layers.Conv2D(6, 3, groups=2, padding="same")
    x = np.random.default_rng(0).standard_normal((2, 5, 5, 4)).astype(np.float32)
    ours.build(x.shape)
    theirs.build(x.shape)
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("kind", "stem"), [("audio", "03_audio_net"), ("visual", "04_visual_net")])
def test_the_sizes_that_the_notebooks_show_are_those_of_the_networks(published, kind, stem):
    file = Path(__file__).parents[2] / "notebooks" / f"{stem}.ipynb"
    text = nbformat.read(file, as_version=4).cells[0].source
    rows = dict(re.findall(r"^\| ((?:conv|fc)[^|]+?) \| ([\d ×]+) \|$", text, re.MULTILINE))
    layers = [layer for row in rows for layer in row.split(", ")]
    net = published[kind]
    assert layers == [one.name for one in net.layers if one.name in layers]
    assert {"conv1", "fc7"} <= set(layers) or {"conv1a", "fc7"} <= set(layers)
    for row, size in rows.items():
        shape = net.get_layer(row.split(", ")[-1]).output.shape[1:]
        assert size == " × ".join(map(str, shape)), row
    assert " × ".join(map(str, net.input_shape[1:])) in text
