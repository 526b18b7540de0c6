"""One clip in, emotions over time out: the trained whole model on a clip of one's own.

The clip is prepared as the corpora were (§2.1) and cut into the segments of case 2. The
networks of every fold look at all of them; each fold's SVM (§2.2.4) gives one voice.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from avef.core import paths, store
from avef.learning import clip_svm, frozen, fusion, source_weights, training, whole_model
from avef.learning.dataset import Dataset
from avef.learning.saved_model import Model, keys
from avef.preparation.clips import prepare_clip, settings
from avef.preparation.prepared import PreparedClip
from avef.preparation.segments import segment_clip
from avef.protocol import EMOTIONS


class Prediction(NamedTuple):
    """What the model makes of one clip.

    Attributes
    ----------
    emotion : str
        The class with the most voices of the folds' SVMs; among equals the likelier one.
    voices : dict
        Emotion → number of folds.
    times : (S, 2) float
        Begin and end of every segment of speech, seconds; where silence lies within it, it
        spans that silence.
    probabilities : (S, 6) float32
        Softmax of every segment, averaged over the folds; columns as
        :data:`avef.protocol.EMOTIONS`.
    learnt : int
        Folds that learnt from this very clip, if it is one of the corpus.
    """

    emotion: str
    voices: dict[str, int]
    times: np.ndarray
    probabilities: np.ndarray
    learnt: int


def predict(path: str | Path, model: Model) -> Prediction:
    """Recognise the emotion of a clip.

    Parameters
    ----------
    path : path
        A video file with sound.
    model : Model
        From :func:`avef.learning.saved_model.load`.

    Raises
    ------
    ClipError
        With the plain reason why the clip cannot be used.
    """
    clip = prepare_clip(path, **settings(model.params.prepare, paths.VAD))
    return recognise(clip, model, _name(path, model))


def recognise(clip: PreparedClip, model: Model, name: str | None = None) -> Prediction:
    """Recognise the emotion of a prepared clip; ``name`` is its own if it is of the corpus."""
    p, folder = model.params, paths.cells("dbn_fusion", model.corpus)
    emotion_model, case = fusion.PREDICTS
    start = source_weights.verified(paths.transferred(model.corpus), emotion_model)
    data = _one(clip, case)
    training.precise(p.compute.precision)
    parts = [
        frozen.kept(
            kind,
            data,
            start,
            nets=p.networks,
            keep=p.keep,
            classes=len(EMOTIONS),
            cache_gib=p.compute.cache_gib,
        )
        for kind in fusion.KINDS
    ]
    net = whole_model.joined(*parts, hidden=p.networks.dbn.hidden)
    rows = np.arange(len(data.clip), dtype=np.int32)
    voices, scores, learnt = np.zeros(len(EMOTIONS), int), [], 0
    for fold in range(len(keys(model.corpus))):
        arrays = store.load(fusion.weights_file(folder, fold))
        net.deep.set_weights([arrays[number] for number in sorted(arrays) if number.isdigit()])
        _, hidden, softmax = training.outputs(net.features, [rows])
        scores.append(softmax)
        machine = clip_svm.machine(p.svm).fit(arrays["features"], arrays["classes"])
        voices[machine.predict(hidden.mean(axis=0, keepdims=True))[0]] += 1
        learnt += name in arrays["clips"]
    probabilities = np.mean(scores, axis=0)
    best = int(np.lexsort((probabilities.mean(axis=0), voices))[-1])
    times = np.stack([data.audio[:, 0] / 100, (data.audio[:, -1] + 2.5) / 100], axis=1)
    counted = {e: int(n) for e, n in zip(EMOTIONS, voices, strict=True) if n}
    return Prediction(EMOTIONS[best], counted, times, probabilities, learnt)


def text(prediction: Prediction) -> str:
    """A prediction as lines: the emotion, the voices, and the likeliest emotion over time."""
    total = sum(prediction.voices.values())
    said = ", ".join(f"{name} {n}" for name, n in prediction.voices.items())
    lines = [f"{prediction.emotion} (of {total} folds: {said})"]
    if prediction.learnt:
        lines.append(f"{prediction.learnt} of the {total} folds learnt from this very clip.")
    for (begin, end), row in zip(prediction.times, prediction.probabilities, strict=True):
        order = np.argsort(row)[::-1][:2]
        likely = ", ".join(f"{EMOTIONS[n]} {100 * row[n]:.0f} %" for n in order)
        lines.append(f"{begin:6.2f} … {end:5.2f} s  {likely}")
    return "\n".join(lines)


def _name(path, model):
    """The clip's name in the corpus, or None if it is not of it."""
    table = paths.prepared(model.corpus) / "clips.csv"
    root = Path(model.params.root).resolve()
    if not table.is_file() or not Path(path).resolve().is_relative_to(root):
        return None
    clips = pd.read_csv(table, dtype={"clip": str}).set_index("path")["clip"]
    return clips.get(Path(path).resolve().relative_to(root).as_posix())


def _one(clip, case):
    cut = segment_clip(clip.voiced, clip.times, clip.fps, case=case)
    nothing = np.zeros(len(cut.audio), np.int32)
    audio, images = (rows.astype(np.int32) for rows in cut)
    return Dataset(pd.DataFrame(), clip.log_mel, clip.faces, audio, images, nothing)
