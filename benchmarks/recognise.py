"""How long a prepared clip of 5 s takes to be recognised (claim P2: within 1 s).

    python benchmarks/recognise.py [--width 1.0] [--audio-size 227] [--visual-size 112]

From log-mel frames and faces in memory to a class: segments, both networks, the DBN,
averaging, and an SVM trained on as many clips as RML has. Weights are random; they
do not change the time. The first, tracing call is not counted.
"""

import argparse
import time

import avef  # isort: skip  # noqa: F401 (first: it sets TensorFlow's switches)
import keras
import numpy as np

from avef import dbn, inputs, networks, params, segments, video

SECONDS, PAPER, REPEATS = 5, 1.0, 5
SVM = params.Svm(c=1.0, degree=3, gamma="scale", coef0=1.0, standardise=True)


def main(options):
    """Print the seconds and their ratio to the paper's."""
    rng = np.random.default_rng(0)
    log_mel = rng.standard_normal((100 * SECONDS, 64)).astype(np.float32)
    faces = rng.integers(0, 256, (30 * SECONDS, 112, 112, 3)).astype(np.uint8)
    voiced, times = np.ones(len(log_mel), bool), np.arange(len(faces)) / 30

    audio = networks.audio_net(6, options.width, options.audio_size)
    visual = networks.visual_net(6, options.width, options.visual_size)
    scaling = {"mean": [0.0] * 3, "std": [1.0] * 3}
    sound = inputs.audio_source(log_mel, scaling, options.audio_size)
    sight = inputs.visual_source(faces, options.visual_size)
    x = keras.Input((64,), dtype="int32"), keras.Input((16,), dtype="int32")
    joined = keras.layers.Concatenate()(
        [networks.features(audio)(sound(x[0])), networks.features(visual)(sight(x[1]))]
    )
    hidden = [max(2, round(n * options.width)) for n in (4096, 2048)]
    for layer in dbn.fusion_layers(hidden, 6)[:-1]:
        joined = layer(joined)
    model = keras.Model(x, joined)
    machine = video.svm(SVM).fit(rng.standard_normal((720, hidden[-1])), np.arange(720) % 6)

    def recognise():
        cut = segments.segment_clip(voiced, times, 30.0, case=2)
        rows = [cut.audio.astype(np.int32), cut.faces.astype(np.int32)]
        features = keras.ops.convert_to_numpy(model(rows, training=False))
        return machine.predict(features.mean(axis=0, keepdims=True)), len(cut.audio)

    _, count = recognise()
    spent = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        recognise()
        spent.append(time.perf_counter() - start)
    seconds = float(np.median(spent))
    print(f"{SECONDS} s clip, {count} segments, width {options.width:g}: {seconds:.2f} s")
    print(f"  {seconds / PAPER:.2f} times the paper's bound of {PAPER:g} s (P2)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--audio-size", type=int, default=227)
    parser.add_argument("--visual-size", type=int, default=112)
    main(parser.parse_args())
