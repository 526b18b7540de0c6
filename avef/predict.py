"""One clip in, emotions over time out: the trained whole model on a clip of one's own.

The clip is prepared as the corpora were (§2.1) and cut into the segments of case 2. The
networks of every fold look at all of them; each fold's SVM (§2.2.4) gives one voice.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from avef import cells, fusion, keeping, paths, prepare, starts, store, training, video, whole
from avef.dataset import Dataset
from avef.errors import ParameterError
from avef.params import Params
from avef.prepare import PreparedClip
from avef.protocol import EMOTIONS, folds, labels
from avef.segments import segment_clip


class Model(NamedTuple):
    """A corpus whose fusion stage has run, and the parameters that it ran with."""

    corpus: str
    params: Params


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
    """

    emotion: str
    voices: dict[str, int]
    times: np.ndarray
    probabilities: np.ndarray


def predict(path: str | Path, model: Model) -> Prediction:
    """Recognise the emotion of a clip.

    Parameters
    ----------
    path : path
        A video file with sound.
    model : Model

    Raises
    ------
    ClipError
        With the plain reason why the clip cannot be used.
    ParameterError
        If the corpus' fusion stage has not run with these parameters.
    """
    folder, stage = paths.cells("dbn_fusion", model.corpus), f"dbn_fusion@{model.corpus}"
    if not fusion.weights_file(folder, 0).is_file():
        raise ParameterError(f"{folder} holds no trained networks; run `dvc repro {stage}` first")
    clip = prepare.prepare_clip(path, **prepare.settings(model.params.prepare, paths.VAD))
    try:
        return recognise(clip, model)
    except ParameterError:
        raise
    except store.BROKEN as error:  # Keras' ValueError: shapes that do not fit
        raise ParameterError(
            f"the networks in {folder} were trained with other parameters than params.yaml has, "
            f"or are not whole; run `dvc repro {stage}`"
        ) from error


def recognise(clip: PreparedClip, model: Model) -> Prediction:
    """Recognise the emotion of a prepared clip; see :func:`predict`."""
    p, corpus = model.params, model.corpus
    emotion_model, case = fusion.PREDICTS
    start = starts.start(paths.transferred(corpus), emotion_model)
    data = _one(clip, case)
    training.precise(p.compute.precision)
    parts = [
        keeping.kept(
            kind,
            data,
            start,
            getattr(p.networks, kind),
            getattr(p.keep, kind),
            p.keep.tune,
            len(EMOTIONS),
            p.compute.cache_gib,
        )
        for kind in ("audio", "visual")
    ]
    net = whole.joined(*parts, p.networks.dbn.hidden)
    clips = pd.read_csv(paths.prepared(corpus) / "clips.csv", dtype={"clip": str, "speaker": str})
    truth = labels(clips, emotion_model)
    rows = np.arange(len(data.clip), dtype=np.int32)
    voices, scores = np.zeros(len(EMOTIONS), int), []
    splits, folder = _splits(clips, model), paths.cells("dbn_fusion", corpus)
    if fusion.weights_file(folder, len(splits)).is_file():
        raise ValueError(f"there are networks of more than {len(splits)} folds")
    for fold, (train, _) in enumerate(splits):
        weights = store.load(fusion.weights_file(folder, fold))
        net.deep.set_weights([weights[name] for name in sorted(weights)])
        hidden, softmax = training.outputs(net.hidden, [rows])
        scores.append(softmax)
        cell = store.load(folder / f"{cells.name(emotion_model, case, fold)}.npz")
        if len(cell["features"]) != len(clips):
            raise ValueError(f"{len(cell['features'])} clips were learnt, {len(clips)} are there")
        mean = hidden.mean(axis=0, keepdims=True)
        machine = video.svm(p.svm).fit(cell["features"][train], truth[train])
        voices[machine.predict(mean)[0]] += 1
    probabilities = np.mean(scores, axis=0)
    best = int(np.lexsort((probabilities.mean(axis=0), voices))[-1])
    times = np.stack([data.audio[:, 0] / 100, (data.audio[:, -1] + 2.5) / 100], axis=1)
    counted = {e: int(n) for e, n in zip(EMOTIONS, voices, strict=True) if n}
    return Prediction(EMOTIONS[best], counted, times, probabilities)


def text(found: Prediction) -> str:
    """A prediction as lines: the emotion, the voices, and the likeliest emotion over time."""
    total = sum(found.voices.values())
    said = ", ".join(f"{name} {n}" for name, n in found.voices.items())
    lines = [f"{found.emotion} (of {total} folds: {said})"]
    for (begin, end), row in zip(found.times, found.probabilities, strict=True):
        order = np.argsort(row)[::-1][:2]
        likely = ", ".join(f"{EMOTIONS[n]} {100 * row[n]:.0f} %" for n in order)
        lines.append(f"{begin:6.2f} … {end:5.2f} s  {likely}")
    return "\n".join(lines)


def _splits(clips, model):
    groups = model.params.protocol[model.corpus].groups
    return folds(clips, model.corpus, groups=groups, seed=model.params.seed)


def _one(clip, case):
    cut = segment_clip(clip.voiced, clip.times, clip.fps, case)
    nothing = np.zeros(len(cut.audio), np.int32)
    audio, images = (rows.astype(np.int32) for rows in cut)
    return Dataset(pd.DataFrame(), clip.log_mel, clip.faces, audio, images, nothing)
