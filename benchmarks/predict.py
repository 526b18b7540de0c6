"""How long recognising takes, once the networks are in memory.

    python benchmarks/predict.py                       # in a repository whose stages have run
    python benchmarks/predict.py --full [--folds 3] [--fast]    # networks of the published sizes
    python benchmarks/predict.py --full --width 0.25 --audio-size 67 --visual-size 48    # of others

The first: what each further clip costs, from the file to its result, by the model of the first
corpus and on clips of it, as a share of their duration. The others: a prepared clip of 5 s at
25 pictures a second, from its arrays to voices and softmax, by networks of random weights, which
do not change the time; claim P2 asks for a second, of one network.
"""

import argparse
import os
import time

import avef  # isort: skip  # noqa: F401 (first: it sets TensorFlow's switches)
import numpy as np

from avef.config import params, schema
from avef.core import paths

SECONDS, FPS, REPEATS = 5, 25, 5
BOUND = 1.0  # seconds, of P2


def further_clips(corpus, count, fast):
    """Seconds a clip and the share of its duration, after a first clip that loads and traces."""
    import pandas as pd

    from avef.recognition import recogniser

    p = params.read()
    corpus = corpus or next(iter(p.corpora))
    files = pd.read_csv(paths.prepared(corpus) / "clips.csv")["path"]
    model = recogniser.load(corpus, p.svm, fast=fast)
    clips = [f"{model.params.root}/{file}" for file in files[: count + 2]]
    start = time.perf_counter()
    for clip in clips[:2]:  # two lengths are traced, and then any
        model.predict(clip)
    first, start = time.perf_counter() - start, time.perf_counter()
    made = [model.predict(clip) for clip in clips[2:]]
    spent, length = time.perf_counter() - start, sum(one.duration for one in made)
    print(f"the first two clips, with loading: {first:.1f} s")
    print(
        f"each of {len(made)} more: {spent / len(made):.2f} s, {spent / length:.2f} x its duration"
    )


def full(nets, folds, fast):
    """Seconds that networks of random weights take for a prepared clip."""
    from avef.learning import clip_svm, training
    from avef.preparation.prepared import PreparedClip
    from avef.recognition import ensemble

    training.precise("mixed_bfloat16" if fast else "float32")
    rng = np.random.default_rng(0)
    side, units = nets.visual.input_size, nets.dbn.hidden[-1]
    kept, deep = ensemble.build(nets, schema.Keep("conv2", "conv3b", 1, False), side)
    svm = clip_svm.machine(schema.Svm(1.0, 3, "scale", 1.0, True))
    svm.fit(rng.standard_normal((720, units)), np.arange(720) % 6)
    faces = rng.integers(0, 256, (FPS * SECONDS, side, side, 3)).astype(np.uint8)
    log_mel = rng.standard_normal((100 * SECONDS, 64)).astype(np.float32)
    shown = np.ones(len(faces), np.uint8), np.arange(len(faces)) / FPS, float(FPS)
    clip = PreparedClip(log_mel, np.ones(len(log_mel), bool), faces, *shown)
    nothing = np.array([])
    made = [ensemble.Fold(ensemble.copied(deep), svm, nothing) for _ in range(folds)]
    model = ensemble.Ensemble(kept, made)
    model.look(clip)
    spent, busy = [], time.process_time()
    for _ in range(REPEATS):
        start = time.perf_counter()
        count = len(model.look(clip).segments)
        spent.append(time.perf_counter() - start)
    busy = (time.process_time() - busy) / REPEATS
    print(f"{SECONDS} s clip, {count} segments, {folds} folds: {np.median(spent):.2f} s", end="")
    print(f" ({min(spent):.2f} at best; {busy:.2f} s of processor time)")
    print(f"  {np.median(spent) / BOUND:.2f} times the paper's bound of {BOUND:g} s (P2)")


def sized(options):
    """The networks that are asked for."""
    audio = schema.Net(options.width, options.audio_size, 0.3)
    visual = schema.Net(options.width, options.visual_size, 0.3)
    hidden = [max(2, round(n * options.width)) for n in (4096, 2048)]
    return schema.Networks(
        audio, visual, schema.Dbn(hidden, "gaussian", 0.0), "he_normal", weight_decay=0.0
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--audio-size", type=int, default=227)
    parser.add_argument("--visual-size", type=int, default=112)
    parser.add_argument("--folds", type=int, default=1)
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--corpus")
    parser.add_argument("--clips", type=int, default=10)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    os.environ["TF_NUM_INTRAOP_THREADS"] = str(options.threads)
    if options.full:
        full(sized(options), options.folds, options.fast)
    else:
        further_clips(options.corpus, options.clips, options.fast)
