"""Segments as the networks see them: the device's arithmetic is the pure functions' own."""

import gc
import weakref

import keras
import numpy as np
import pytest
from keras import layers

from avef.core.errors import ParameterError
from avef.learning import training
from avef.models import inputs, networks
from avef.preparation import speech


@pytest.fixture(scope="module")
def log_mel():
    return (3 * np.random.default_rng(0).standard_normal((200, 64)) - 2).astype(np.float32)


SCALING = {"mean": [-2.0, 0.1, 0.0], "std": [3.0, 1.5, 0.7]}


def segments(n, seed=0):
    """Rows of case 2: ascending, with gaps, the last one repeated."""
    rng = np.random.default_rng(seed)
    rows = [np.sort(rng.choice(200, 64, replace=False)) for _ in range(n)]
    rows[0][-5:] = rows[0][-5]
    return np.array(rows, np.int32)


def test_table_gathers_rows_of_any_type():
    for rows in (np.arange(24).reshape(6, 2, 2).astype(np.uint8), np.eye(6, dtype=np.float32)):
        table = inputs.Table(rows)
        index = np.array([[5, 0], [3, 3]], np.int32)
        images = np.asarray(table(index))
        assert images.dtype == rows.dtype
        np.testing.assert_array_equal(images, rows[index])
        assert not table.trainable_weights


def test_a_table_is_filled_anew_with_any_number_of_rows_and_traced_once():
    table = inputs.Table(np.empty((0, 2), np.float32))
    traced = []

    class Witness(layers.Layer):
        def call(self, x):
            traced.append(x.shape)
            return x

    numbers = keras.Input((), dtype="int32")
    model = keras.Model(numbers, Witness()(table(numbers)))
    traced.clear()  # of the symbolic call
    for count in (7, 3, 11):
        rows = np.random.default_rng(count).random((count, 2), np.float32)
        table.fill(rows)
        last = np.array([count - 1, 0], np.int32)
        np.testing.assert_array_equal(model.predict_on_batch(last), rows[last])
    if keras.backend.backend() == "tensorflow":  # JAX compiles anew for other shapes
        assert traced == [(2, 2)]
    table.clear()
    assert table.rows.shape[1:] == (2,) and len(np.asarray(table.rows)) == 0


@pytest.mark.parametrize("at_once", [1, 24, 10**9])
def test_a_table_is_filled_piece_by_piece(monkeypatch, at_once):
    monkeypatch.setattr(inputs, "_AT_ONCE", at_once)
    for rows in (np.arange(14, dtype=np.uint8).reshape(7, 2), np.arange(14).reshape(7, 2) / 3):
        table = inputs.Table(rows[:0])
        table.fill(rows)
        np.testing.assert_array_equal(np.asarray(table(np.arange(7))), rows)


def test_a_table_keeps_no_array_alive():
    """At the paper's size one of them takes 11 GiB."""
    table = inputs.Table(np.ones((3, 2), np.float32))
    rows = np.zeros((5, 2), np.float32)
    alive = weakref.ref(rows)
    table.fill(rows)
    del rows
    table.clear()
    gc.collect()
    assert alive() is None


def test_a_table_is_no_part_of_saved_weights(tmp_path):
    """The same weights serve other tables; a network does not take its data along."""
    few, many = (inputs.audio_source(np.zeros((n, 64), np.float32), SCALING, 64) for n in (3, 3000))
    many.layers[-1].scale([5.0] * 3, [2.0] * 3)
    many.save_weights(tmp_path / "a.weights.h5")
    assert (tmp_path / "a.weights.h5").stat().st_size < 3000 * 64
    few.load_weights(tmp_path / "a.weights.h5")
    assert np.asarray(few.layers[0].rows).shape == (3, 64)
    np.testing.assert_array_equal(few.layers[-1].mean, [5.0] * 3)


TYPES = ("uint8", "int32", "float16", "bfloat16", "float32")


def traced(rows):
    """Operations of a traced gather of these rows, and the types of their variables."""
    import tensorflow as tf

    table = inputs.Table(rows)
    graph = tf.function(table.call).get_concrete_function(tf.TensorSpec((None,), "int32")).graph
    return {op.type for op in graph.get_operations()}, table.rows.dtype


def kernels(op, attribute):
    """{device: types} of the kernels that this TensorFlow knows."""
    from tensorflow.python.framework import dtypes
    from tensorflow.python.framework import kernels as known

    types = {}
    for kernel in known.get_registered_kernels_for_op(op).kernel:
        for constraint in kernel.constraint:
            if constraint.name == attribute:
                allowed = map(dtypes.as_dtype, constraint.allowed_values.list.type)
                types.setdefault(kernel.device_type, set()).update(allowed)
    return types


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="of TensorFlow's kernels")
@pytest.mark.parametrize("kind", TYPES)
def test_a_table_may_lie_on_any_device_and_is_gathered_where_it_lies(kind):
    """Variables of int32 are the host's, and gathering from a tensor knows no bytes on a GPU."""
    operations, placed = traced(np.zeros((3, 2), kind))
    assert "ResourceGather" in operations
    assert not {"GatherV2", "ReadVariableOp"} & operations
    variables = kernels("VarHandleOp", "dtype")["DEFAULT"]  # whichever device there is
    assert placed in variables
    assert "int32" not in variables


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="of TensorFlow's kernels")
def test_every_table_is_gathered_by_a_kernel_of_a_gpu():
    gathers = kernels("ResourceGather", "dtype").get("GPU")
    if not gathers:
        pytest.skip("NOT TESTED WITH KERNELS OF A GPU: this TensorFlow was built without them")
    assert {traced(np.zeros((3, 2), kind))[1] for kind in TYPES} <= gathers
    assert "uint8" not in kernels("GatherV2", "Tparams")["GPU"]  # else nothing is gained


def test_mel_image_is_fig_3_scaled(log_mel):
    rows = segments(3)
    images = inputs.audio_source(log_mel, SCALING, 64).predict(rows, verbose=0)
    for segment, image in zip(rows, images, strict=True):
        expected = (speech.mel_image(log_mel[segment]) - SCALING["mean"]) / SCALING["std"]
        np.testing.assert_allclose(image, expected, atol=1e-5)


def test_mel_image_takes_another_scaling_without_being_traced_anew(log_mel):
    rows = segments(3)
    other = {"mean": [1.0, -0.5, 0.25], "std": [0.7, 3.0, 1.1]}
    source, expected = (inputs.audio_source(log_mel, s, 64) for s in (SCALING, other))
    before = source.predict_on_batch(rows)
    source.layers[-1].scale(**other)
    after = source.predict_on_batch(rows)
    assert not np.allclose(before, after)
    np.testing.assert_array_equal(after, expected.predict_on_batch(rows))


def test_mel_image_is_resized_without_turning_it(log_mel):
    source = inputs.audio_source(log_mel, SCALING, 128)
    rows = segments(2)
    image = source.predict(rows, verbose=0)
    assert image.shape == (2, 128, 128, 3)
    expected = (speech.mel_image(log_mel[rows[1]]) - SCALING["mean"]) / SCALING["std"]
    # Bilinear, twice the size: the mean of a 2 × 2 block is a blur of 1/8, 6/8, 1/8 each way.
    blocks = image[1].reshape(64, 2, 64, 2, 3).mean(axis=(1, 3))
    blur = np.eye(64) * 0.75 + (np.eye(64, k=1) + np.eye(64, k=-1)) / 8
    blur[0, 0] = blur[-1, -1] = 0.875
    blurred = np.einsum("ij,jkc,lk->ilc", blur, expected, blur)
    np.testing.assert_allclose(blocks, blurred, atol=1e-4)


def test_scaling_is_of_the_three_channels(log_mel):
    rows = segments(5)
    images = np.stack([speech.mel_image(log_mel[s]) for s in rows])
    scaling = inputs.mel_scaling(log_mel, rows)
    np.testing.assert_allclose(scaling["mean"], images.mean(axis=(0, 1, 2)), atol=1e-5)
    np.testing.assert_allclose(scaling["std"], images.std(axis=(0, 1, 2)), rtol=1e-4)
    scaled = inputs.audio_source(log_mel, scaling, 64).predict(rows, verbose=0)
    np.testing.assert_allclose(scaled.mean(axis=(0, 1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(scaled.std(axis=(0, 1, 2)), 1, rtol=1e-3)


def test_scaling_of_silence_is_finite():
    scaling = inputs.mel_scaling(np.zeros((80, 64), np.float32), np.arange(64)[None])
    assert scaling["mean"] == [0, 0, 0]
    assert min(scaling["std"]) > 0


@pytest.mark.parametrize(("n", "looked_at"), [(1, 1), (2000, 2000), (2001, 1001), (3999, 2000)])
def test_scaling_looks_at_2000_segments_at_most_evenly_spread(n, looked_at):
    rows = np.repeat(np.arange(n)[:, None], 64, axis=1)
    seen = {}

    class Spy:
        def __getitem__(self, some):
            seen["some"] = some[:, 0]
            return np.zeros((len(some), 64, 64), np.float32)

    inputs.mel_scaling(Spy(), rows)
    assert len(seen["some"]) == looked_at
    assert seen["some"][0] == 0
    assert len(set(np.diff(seen["some"]))) <= 1
    assert seen["some"][-1] > 0.99 * (n - 1) - 1


@pytest.fixture(scope="module")
def faces():
    return np.random.default_rng(1).integers(0, 256, (30, 12, 12, 3)).astype(np.uint8)


def standardised(stack):
    """(16, s, s, 3) uint8 → float, mean 0 and deviation 1."""
    return (stack - stack.mean()) / np.sqrt(stack.var() + 1)


def test_faces_are_standardised_segment_by_segment(faces):
    faces = faces.copy()
    faces[:14] //= 4  # a dark clip beside a bright one
    rows = np.array([np.repeat(np.arange(8), 2), np.arange(14, 30)], np.int32)
    images = inputs.visual_source(faces, 12).predict(rows, verbose=0)
    for segment, row in zip(images, rows, strict=True):
        np.testing.assert_allclose(segment, standardised(faces[row].astype(float)), atol=1e-5)


def test_a_flat_segment_is_zero():
    flat = np.full((2, 12, 12, 3), 77, np.uint8)
    rows = np.tile([0, 1], 8)[None].astype(np.int32)
    assert (inputs.visual_source(flat, 24).predict(rows, verbose=0) == 0).all()


def test_faces_are_resized_one_by_one(faces):
    rows = np.array([np.arange(16), np.arange(14, 30)], np.int32)
    images = inputs.visual_source(faces, 24).predict(rows, verbose=0)
    assert images.shape == (2, 16, 24, 24, 3)
    np.testing.assert_allclose(images.mean(axis=(1, 2, 3, 4)), 0, atol=1e-5)
    corners = np.array([s[:, 0, 0] for s in images])  # they stay as they were, but for the scale
    for corner, row in zip(corners, rows, strict=True):
        before = faces[row, 0, 0].astype(float)
        slope, offset = np.polyfit(before.ravel(), corner.ravel(), 1)
        np.testing.assert_allclose(corner, slope * before + offset, atol=1e-5)
        assert slope > 0


@pytest.mark.parametrize("kind", ["audio", "visual"])
def test_a_lower_precision_reaches_the_networks_and_spares_the_tables(kind):
    rng = np.random.default_rng(0)
    full = []
    for precision in ("float32", "mixed_bfloat16"):
        training.precise(precision)
        try:
            if kind == "audio":
                table = np.random.default_rng(1).standard_normal((90, 64)).astype(np.float32)
                scaling = {"mean": [0.0] * 3, "std": [1.0] * 3}
                source = inputs.audio_source(table, scaling, 67)
                net = networks.audio_net(2, 1 / 32, 67)
            else:
                table = rng.integers(0, 256, (20, 16, 16, 3)).astype(np.uint8)
                source, net = inputs.visual_source(table, 16), networks.visual_net(2, 1 / 32, 16)
        finally:
            training.precise("float32")
        model = keras.Sequential([source, net])
        rows = np.tile(np.arange(model.input_shape[-1], dtype=np.int32), (8, 1))
        if kind == "audio" or precision == "float32":  # see the next test
            training.compiled(model, 0.01, 0.9)
            training.restart(model, net.layers, 1)
            curve = training.fit(model, rows, np.arange(8) % 2, epochs=2, batch=4, seed=1)
            assert np.isfinite(curve["loss"]).all()
        full.append(training.outputs(model, [rows]))
        assert source.layers[0](rows).dtype in ("float32", "uint8")
        assert net.get_layer("fc6").compute_dtype == precision.removeprefix("mixed_")
    np.testing.assert_allclose(full[0].sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(full[1].sum(axis=1), 1, atol=1e-2)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="oneDNN is TensorFlow's")
def test_a_visual_net_in_lower_precision_is_not_trained_on_a_cpu(monkeypatch):
    training.precise("mixed_bfloat16")
    try:
        net = networks.visual_net(2, 1 / 32, 16)
    finally:
        training.precise("float32")
    monkeypatch.setattr("tensorflow.config.list_physical_devices", lambda kind=None: [])
    with pytest.raises(ParameterError, match=r"^compute\.precision: must be float32"):
        training.compiled(keras.Sequential([net]), 0.01, 0.9)
    shallow, deep = networks.split(net, "conv5b")  # the dense layers alone are sound
    shallow.trainable = False
    training.compiled(keras.Sequential([shallow, deep]), 0.01, 0.9)
    shallow.trainable = True
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    training.compiled(net, 0.01, 0.9)
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    monkeypatch.setattr("tensorflow.config.list_physical_devices", lambda kind=None: ["a GPU"])
    training.compiled(net, 0.01, 0.9)
