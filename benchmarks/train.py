"""How fast training is, and what caching frozen layers and indexing on the device gain.

    python benchmarks/train.py [--full] [--json PATH] [--width W] [--segments N] ...

One process, random segments; what is compared runs in turns, and the least time of the
turns counts. (a) The visual-net kept up to conv3b: the frozen layers' output cached, the
frozen layers run in every step, every layer trained. (b) Samples a second of each part,
and its share of the peak of a large float32 matrix product (NumPy's on all cores or the
backend's, whichever is more). (c) Batches of row numbers into tables on the device,
beside Keras' own `fit` on host arrays. (d) The same C3D in PyTorch, where it is
installed. `--full` takes the published sizes; KERAS_BACKEND=jax another backend. On
TensorFlow, TF_NUM_INTRAOP_THREADS is 1 unless set, as in the pipeline's workers.
"""

import argparse
import json
import os
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import avef  # isort: skip  # noqa: F401 (first: it sets TensorFlow's switches)
import keras
import numpy as np
import pandas as pd
from gpu_torch import torch_c3d, trainer

from avef.config.schema import Dbn, Keep, Net, Networks
from avef.core.files import write_json
from avef.core.machine import described
from avef.learning import dataset, frozen, source_weights, training, whole_model
from avef.models import networks
from avef.models.dbn import RBM
from avef.studies import costs

KINDS, KEEP, CLASSES = ("audio", "visual"), {"audio": "conv2", "visual": "conv3b"}, 6
VISIBLE, HIDDEN, RBM_BATCH = 8192, 4096, 30
REUSE = ((1, 3), (10, 3), (500, 8))  # epochs and folds that one cache serves
BACKEND = keras.backend.backend()


def in_turns(calls, rounds):
    """The least time of each call, by name; all run once before, then one after the other."""
    for call in calls.values():
        call()
    times = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - start)
    return {name: min(taken) for name, taken in times.items()}


def peak():
    """FLOP/s of a float32 matrix product, the best of NumPy and the backend."""
    a = np.ones((2048, 2048), np.float32)
    b = keras.ops.convert_to_tensor(a)
    calls = {"numpy": lambda: a @ a, "keras": lambda: np.asarray((b @ b)[0, 0])}
    return 2 * len(a) ** 3 / min(in_turns(calls, 10).values())


def corpus(count, face):
    """Segments of random frames, as `avef.learning.dataset.load` gives them."""
    rng, first = np.random.default_rng(0), np.arange(count, dtype=np.int32)
    return dataset.Dataset(
        clips=pd.DataFrame({"clip": first}),
        log_mel=rng.standard_normal((count + 64, 64), np.float32),
        faces=rng.integers(0, 256, (count + 16, face, face, 3), dtype=np.uint8),
        audio=first[:, None] + np.arange(64, dtype=np.int32),
        images=first[:, None] + np.arange(16, dtype=np.int32),
        clip=first,
    )


def random_starts(folder, nets):
    """Files of random weights, such as transfer leaves."""
    files = source_weights.start(folder, "emotion")
    files.audio.parent.mkdir()
    files.scaling.write_text(json.dumps({"mean": [0.0] * 3, "std": [1.0] * 3}), encoding="utf-8")
    for kind in KINDS:
        frozen.build(kind, nets, CLASSES).save_weights(getattr(files, kind))
    return files


class Bench:
    """The options, a corpus, the networks of both kinds, and the weights that they start from."""

    def __init__(self, options, folder):
        self.options, self.rounds = options, options.rounds
        self.nets = Networks(
            audio=Net(options.width, options.audio_size, 0.3),
            visual=Net(options.width, options.visual_size, 0.3),
            dbn=Dbn(hidden=[HIDDEN], visible="gaussian", dropout=0.0),
            initial="he_normal",
            weight_decay=0.0,
        )
        self.data, self.files = (
            corpus(options.segments, options.visual_size),
            random_starts(folder, self.nets),
        )
        self.numbers = np.arange(options.segments, dtype=np.int32)
        self.batch = min(options.batch, options.segments)
        self.samples = options.segments // self.batch * self.batch  # an epoch has whole batches

    def kept(self, kind, tune, cache):
        """A network that starts from other corpora (see `avef.learning.frozen.kept`)."""
        return frozen.kept(
            kind,
            self.data,
            self.files,
            nets=self.nets,
            keep=Keep(**KEEP, dbn=0, tune=tune),
            classes=CLASSES,
            cache_gib=float("inf") if cache else 0,
        )

    def epoch(self, model):
        """An epoch of a model that takes segment numbers, as a call."""
        training.compiled(model, 0.001, 0.9, xla=self.options.xla)
        training.restart(model, [], 0)
        labels, batch = self.numbers % CLASSES, self.batch
        return lambda: training.fit(model, self.numbers, labels, epochs=1, batch=batch, seed=0)

    def training_of(self, part):
        """An epoch of a kept network alone, as `avef.learning.unimodal` trains it."""
        numbers = keras.Input((), dtype="int32")
        return self.epoch(keras.Model(numbers, part.own(part.entry(numbers))))

    def rates(self, epochs):
        """Samples a second of each epoch, in turns."""
        return {name: self.samples / t for name, t in in_turns(epochs, self.rounds).items()}


def caching(bench):
    """(a): three ways to train the visual-net's deep layers."""
    setups = {cache: lambda c=cache: bench.kept("visual", False, c) for cache in (False, True)}
    set_up = in_turns(setups, 1)
    once = max(set_up[True] - set_up[False], 0) / bench.options.segments
    ways = {"cached": (False, True), "frozen": (False, False), "every layer": (True, False)}
    epochs = {n: bench.training_of(bench.kept("visual", *way)) for n, way in ways.items()}
    rates = bench.rates(epochs)
    full = frozen.build("visual", bench.nets, CLASSES)
    shallow, deep = networks.split(full, KEEP["visual"])
    cached = costs.training_multiply_adds(deep)
    macs = {
        "cached": cached,
        "frozen": cached + sum(costs.multiply_adds(shallow).values()),
        "every layer": costs.training_multiply_adds(full),
    }
    print("\n(a) visual-net kept up to conv3b     samples/s      time   operations  (× cached)")
    for name, rate in rates.items():
        print(
            f"    {name:30} {rate:12.1f} {rates['cached'] / rate:9.2f} {macs[name] / cached:12.2f}"
        )
    print(f"    the cache takes {1000 * once:.2f} ms a segment, once; with it, one training of")
    gains = {}
    for epochs_, folds in REUSE:
        passes = epochs_ * (folds - 1)  # each segment trains in all folds but its own
        with_it = once + passes / rates["cached"]
        gain = {name: passes / rates[name] / with_it for name in ("frozen", "every layer")}
        gains[f"{epochs_} epochs x {folds} folds"] = gain
        print(
            f"      {epochs_:3} epochs × {folds} folds is {gain['frozen']:.2f} times as fast as"
            f" frozen, {gain['every layer']:.2f} times as every layer"
        )
    work = {name: n / cached for name, n in macs.items()}
    return {"samples_a_second": rates, "operations": work, "cache_s": once, "gains": gains}


def rbm_rate(rounds):
    """Samples a second of CD-1: two further epochs of one batch, without the start."""
    data = np.random.default_rng(0).random((RBM_BATCH, VISIBLE), np.float32)
    fits = {n: lambda n=n: RBM(HIDDEN, batch=RBM_BATCH, epochs=n).fit(data) for n in (1, 3)}
    took = in_turns(fits, rounds)
    return 2 * RBM_BATCH / (took[3] - took[1])


def throughput(bench):
    """(b): every part's samples a second and its share of the peak."""
    every = {kind: bench.kept(kind, True, False) for kind in KINDS}
    deep = {kind: bench.kept(kind, False, True) for kind in KINDS}
    hidden = [max(2, round(n * bench.options.width)) for n in (HIDDEN, HIDDEN // 2)]
    all_of_it = whole_model.joined(deep["audio"], deep["visual"], hidden=hidden)
    epochs = {f"{kind}-net": bench.training_of(every[kind]) for kind in KINDS}
    epochs["whole model, cached"] = bench.epoch(all_of_it.model)
    most = peak()
    rates = bench.rates(epochs)
    macs = {f"{kind}-net": costs.training_multiply_adds(every[kind].own) for kind in KINDS}
    parts = [costs.training_multiply_adds(networks.features(deep[kind].own)) for kind in KINDS]
    macs["whole model, cached"] = sum(parts) + 3 * sum(costs.multiply_adds(all_of_it.top).values())
    name = f"RBM {VISIBLE}→{HIDDEN}, CD-1"
    rates[name], macs[name] = (
        rbm_rate(min(2, bench.rounds)),
        costs.rbm_multiply_adds(VISIBLE, HIDDEN),
    )
    most, results = max(most, peak()), {}  # twice, as other programs may come and go
    print(
        f"\n(b) training; peak {most / 1e9:6.0f} GFLOP/s      samples/s  GFLOP/sample  of the peak"
    )
    for name, count in macs.items():
        share = 2 * count * rates[name] / most
        results[name] = {"samples_a_second": rates[name], "flop": 2 * count, "share": share}
        print(f"    {name:30} {rates[name]:12.1f} {2e-9 * count:13.3f} {share:12.1%}")
    return {"peak_flops": most, "parts": results}


def batches(bench):
    """(c): rows of tables on the device beside Keras' fit on host arrays, every layer trained."""
    print("\n(c) batches of every layer's training   row numbers  host arrays   ratio   MB held")
    results = {}
    for kind in KINDS:
        part = bench.kept(kind, True, False)
        x = training.outputs(part.entry, [bench.numbers])[: bench.samples]
        y = bench.numbers[: bench.samples] % CLASSES
        plain = frozen.build(kind, bench.nets, CLASSES)
        training.compiled(plain, 0.001, 0.9, xla=bench.options.xla)
        ways = {
            "rows": bench.training_of(part),
            "arrays": lambda net=plain, x=x, y=y: net.fit(x, y, batch_size=bench.batch, verbose=0),
        }
        rates = bench.rates(ways)
        table = bench.data.log_mel if kind == "audio" else bench.data.faces
        held = {"rows": table.nbytes, "arrays": bench.options.segments * x[0].nbytes}
        results[kind] = {"samples_a_second": rates, "bytes": held}
        print(
            f"    {kind + '-net':34} {rates['rows']:12.1f} {rates['arrays']:12.1f}"
            f" {rates['rows'] / rates['arrays']:7.2f}   {held['rows'] / 1e6:.1f},"
            f" {held['arrays'] / 1e6:.1f}"
        )
    return results


def beside_torch(bench):
    """(d): every layer of the visual-net trained by PyTorch, from tensors on its device."""
    if not find_spec("torch"):
        print("\n(d) PyTorch is not installed: left out")
        return None
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    if BACKEND == "tensorflow" and device == "cpu":
        torch.set_num_threads(int(os.environ["TF_NUM_INTRAOP_THREADS"]))
    net = torch_c3d(bench.nets.visual).to(device).train()
    part = bench.kept("visual", True, False)
    assert sum(p.numel() for p in net.parameters()) == part.own.count_params()
    x = training.outputs(part.entry, [bench.numbers])[: bench.samples]
    x = torch.tensor(x).permute(0, 4, 1, 2, 3).contiguous().to(device)
    y = torch.tensor(bench.numbers[: bench.samples] % CLASSES, dtype=torch.long).to(device)
    epochs = trainer(net, x, y, batch=bench.batch, low=False)

    rates = bench.rates({"avef": bench.training_of(part), "torch": lambda: epochs(1)})
    ratio = rates["avef"] / rates["torch"]
    print(
        f"\n(d) visual-net, every layer: {rates['avef']:.1f} samples/s, PyTorch"
        f" {torch.__version__} on {device} with {torch.get_num_threads()} thread(s)"
        f" {rates['torch']:.1f}, ratio {ratio:.2f}"
    )
    return rates


def options_of(arguments):
    """The command line; --full sets what is not given otherwise."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--full", action="store_true", help="width 1, 227 and 112 pixels")
    parser.add_argument("--width", type=float)
    parser.add_argument("--audio-size", type=int)
    parser.add_argument("--visual-size", type=int)
    parser.add_argument("--segments", type=int, default=60)
    parser.add_argument("--batch", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", default="float32", help="or mixed_bfloat16")
    parser.add_argument("--xla", action="store_true", default=BACKEND != "tensorflow")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    options = parser.parse_args(arguments)
    sizes = {"width": (0.25, 1.0), "audio_size": (67, 227), "visual_size": (48, 112)}
    for name, (small, full) in sizes.items():
        if getattr(options, name) is None:
            setattr(options, name, full if options.full else small)
    return options


def main(options):
    """Print the four tables."""
    start = time.perf_counter()
    training.precise(options.precision)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, folder)
        print(
            f"{BACKEND}, {options.precision}, width {options.width}, audio {options.audio_size}²,"
            f" visual {options.visual_size}², {options.segments} segments in batches of"
            f" {bench.batch}, {os.cpu_count()} cores"
        )
        sections = (caching, throughput, batches, beside_torch)
        results = {section.__name__: section(bench) for section in sections}
    print(f"\n{time.perf_counter() - start:.0f} s in all")
    if options.json:
        plain = vars(options) | {"json": str(options.json), "backend": BACKEND}
        write_json(options.json, {"machine": described(), "options": plain} | results)


if __name__ == "__main__":
    main(options_of(None))
