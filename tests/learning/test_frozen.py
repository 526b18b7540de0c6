"""What a target keeps: one network for several cases and starts, one after the other."""

import json

import keras
import numpy as np
import pandas as pd
import pytest
from tiny import KEEP, NETS

from avef.config.schema import Keep
from avef.learning import frozen, source_weights, training
from avef.learning.dataset import Dataset

KINDS = ("audio", "visual")


def segments(count, seed):
    """Segments of random frames."""
    rng, first = np.random.default_rng(seed), np.arange(count, dtype=np.int32)
    return Dataset(
        clips=pd.DataFrame({"clip": first}),
        log_mel=rng.standard_normal((count + 64, 64), np.float32),
        faces=rng.integers(0, 256, (count + 16, 12, 12, 3), dtype=np.uint8),
        audio=first[:, None] + np.arange(64, dtype=np.int32),
        images=first[:, None] + np.arange(16, dtype=np.int32),
        clip=first,
    )


@pytest.fixture(scope="module")
def starts(tmp_path_factory):
    """Two files of random weights of each kind, and two scalings."""
    made = []
    for number in (1, 2):
        files = source_weights.start(tmp_path_factory.mktemp("start"), "emotion")
        files.audio.parent.mkdir()
        scaling = {"mean": [0.3 * number] * 3, "std": [0.5 + number] * 3}
        files.scaling.write_text(json.dumps(scaling), encoding="utf-8")
        for kind in KINDS:
            keras.utils.set_random_seed(number)
            frozen.build(kind, NETS, 6).save_weights(getattr(files, kind))
        made.append(files)
    return made


def network(kind, data, **changed):
    options = {"nets": NETS, "keep": KEEP, "classes": 6, "cache_gib": 1.0}
    return frozen.Shared(kind, data, **options | changed)


def lengths(net):
    """Rows in the table of segments, of frames, and of what the kept layers make of them."""
    tables = (net.rows, net.source.layers[0], net.table)
    return [None if t is None else len(np.asarray(t.rows)) for t in tables]


def softmax(part, count):
    numbers = keras.Input((), dtype="int32")
    model = keras.Model(numbers, part.own(part.entry(numbers)))
    return training.outputs(model, [np.arange(count, dtype=np.int32)])


def plain(kind, data, start):
    """As :func:`softmax`, of the whole network on the frames themselves."""
    full = frozen.build(kind, NETS, 6)
    full.load_weights(getattr(start, kind))
    rows, frames = frozen.seen(kind, data)
    size = getattr(NETS, kind).input_size
    source = frozen.source(kind, frames, size, start=start)
    return training.outputs(keras.Sequential([source, full]), [rows])


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"cache_gib": 0.0},
        {"keep": Keep(audio="conv2", visual="conv3b", dbn=1, tune=True)},
        {"keep": Keep(audio=None, visual=None, dbn=0, tune=False)},
    ],
    ids=["cached", "uncached", "tuned", "anew"],
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_network_filled_anew_is_a_new_network(kind, changed, starts):
    """Other segments, more or fewer, other weights, another scaling: to the bit."""
    options = {"nets": NETS, "keep": KEEP, "classes": 6, "cache_gib": 1.0} | changed
    net = network(kind, segments(70, 1), **changed)
    for data, start in ((segments(70, 1), starts[0]), (segments(9, 2), starts[1])):
        net.fill(data, start)
        for layer in net.part.fresh:
            layer.set_weights([w + 1 for w in layer.get_weights()])  # as if it had learnt
        net.fill(data, start)
        count = len(data.clip)
        ours = softmax(net.part, count)
        expected = softmax(frozen.kept(kind, data, start, **options), count)
        assert expected.std(axis=0).max() > 1e-4
        np.testing.assert_array_equal(ours, expected)
        np.testing.assert_allclose(ours, plain(kind, data, start), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_one_set_of_tables_lies_in_memory_at_a_time(kind, starts, monkeypatch):
    """When the kept layers run, what they made before is gone; then their input goes."""
    net, seen = network(kind, segments(5, 1)), []
    real = training.outputs

    def outputs(*arguments):
        seen.append(lengths(net))
        return real(*arguments)

    monkeypatch.setattr(training, "outputs", outputs)
    frames = 64 if kind == "audio" else 16
    for count in (5, 3):
        net.fill(segments(count, count), starts[0])
        assert lengths(net) == [0, 0, count]
    assert seen == [[5, 5 + frames, 0], [3, 3 + frames, 0]]
    net.clear()
    assert lengths(net) == [0, 0, 0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_suits_what_the_cache_has_room_for(kind):
    few, many = segments(2, 0), segments(40, 0)
    each = 4 * np.prod(network(kind, few).part.own.input_shape[1:])
    limit = 10 * each / 2**30
    small, large = network(kind, few, cache_gib=limit), network(kind, many, cache_gib=limit)
    assert small.table is not None and large.table is None
    assert small.suits(few) and large.suits(many)
    assert not small.suits(many) and not large.suits(few)
