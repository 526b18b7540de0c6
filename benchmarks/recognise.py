"""How long a prepared clip of 5 s takes to be recognised (claim P2: within 1 s).

    python benchmarks/recognise.py [--width 1.0] [--audio-size 227] [--visual-size 112]

From log-mel frames and faces in memory to a class, as `avef.studies.speed` measures it.
"""

import argparse

import avef  # isort: skip  # noqa: F401 (first: it sets TensorFlow's switches)
from avef.config import schema
from avef.studies import speed

PAPER = 1.0
SVM = schema.Svm(c=1.0, degree=3, gamma="scale", coef0=1.0, standardise=True)


def main(options):
    """Print the seconds and their ratio to the paper's."""
    nets = schema.Networks(
        audio=schema.Net(options.width, options.audio_size, 0.3),
        visual=schema.Net(options.width, options.visual_size, 0.3),
        dbn=schema.Dbn([max(2, round(n * options.width)) for n in (4096, 2048)], "gaussian", 0.0),
        initial="he_normal",
        weight_decay=0.0,
    )
    seconds = speed.recognition_seconds(nets, 112, SVM)
    print(f"{speed.machine()}: {speed.SECONDS} s clip, width {options.width:g}: {seconds:.2f} s")
    print(f"  {seconds / PAPER:.2f} times the paper's bound of {PAPER:g} s (P2)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--audio-size", type=int, default=227)
    parser.add_argument("--visual-size", type=int, default=112)
    main(parser.parse_args())
