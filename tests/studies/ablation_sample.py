"""What the tests of ablations share: parameters, prepared clips and predictions of a base run."""

from pathlib import Path

import pandas as pd

from avef.config import params
from avef.core import paths
from avef.evaluation import tables
from avef.protocol import EMOTIONS

ROOT = Path(__file__).resolve().parents[2]
WANTED = """
ablations:
  kept_less: [keep.audio=conv1]
  by_softmax: [unimodal_decision=softmax]
"""


def predictions(dataset, right):
    """Four speakers with six clips each, of which ``right`` are recognised."""
    rows = []
    for speaker in "abcd":
        for n, emotion in enumerate(EMOTIONS):
            guess = emotion if n < right else EMOTIONS[(n + 1) % 6]
            clip = f"{dataset} {speaker}{n}"
            rows += [("emotion", case, 0, clip, speaker, emotion, guess) for case in (1, 2)]
    names = ["emotion_model", "case", "fold", "clip", "speaker", "true", "predicted"]
    return pd.DataFrame(rows, columns=names).assign(data="demo")


STAGES = tuple(tables.STAGES.values())


def write_predictions(right, stages=STAGES):
    """What a run leaves: so many of six clips right in all of some stages' tables."""
    for dataset in params.read().corpora:
        for stage in stages:
            path = paths.predictions(stage, dataset)
            path.parent.mkdir(parents=True, exist_ok=True)
            predictions(dataset, right).to_csv(path, index=False)


def write_base():
    """Parameters with two ablations, prepared clips, and predictions of a base run: 3 of 6."""
    head, _, _ = (ROOT / "params.yaml").read_text(encoding="utf-8").partition("\nablations:")
    Path("params.yaml").write_text(head + WANTED, encoding="utf-8")
    for dataset in params.read().corpora:
        file = paths.prepared(dataset) / "clips.csv"
        file.parent.mkdir(parents=True)
        file.write_text(f"clip,key\n{dataset} a0,0123\n", encoding="utf-8")
    write_predictions(3)


def replace(old, new, path="params.yaml"):
    """Change a text file once."""
    text = Path(path).read_text(encoding="utf-8")
    assert old in text
    Path(path).write_text(text.replace(old, new, 1), encoding="utf-8")
