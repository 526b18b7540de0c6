"""The networks of every fold, ready to look at clips of any length.

What all folds keep of the networks that they start from (§2.2) is worked out once a clip; the
layers that each of them trained stand side by side, so that no weights move between two clips.
At the published sizes they take 0.6 GB of memory a fold.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np
import pandas as pd

from avef.config.schema import Keep, Networks, Trained
from avef.core import store
from avef.core.errors import ParameterError
from avef.learning import clip_svm, frozen, fusion, training, whole_model
from avef.learning.dataset import Dataset
from avef.models import unrolled
from avef.preparation import segments
from avef.preparation.prepared import PreparedClip
from avef.protocol import EMOTIONS
from avef.recognition.source import Source

AT_ONCE = 16  # segments, 5 s and more; memory grows with it, and time no longer falls


class Fold(NamedTuple):
    """One fold's networks, and what its SVM learnt from.

    Attributes
    ----------
    net : keras.Model
        What both networks' kept layers give → last hidden layer (B, h) and softmax (B, 6).
    svm : an estimator of :func:`avef.learning.clip_svm.machine`, fitted
    clips : (n,) str
        That were learnt from.
    """

    net: keras.Model
    svm: Any
    clips: np.ndarray


class Look(NamedTuple):
    """What all K folds make of one clip of S segments.

    Attributes
    ----------
    segments : (S, 64) int
        Audio frames of each.
    softmax : (S, 6) float32
        Averaged over the folds.
    voices : (6,) int
        Folds whose SVM decides for each emotion.
    """

    segments: np.ndarray
    softmax: np.ndarray
    voices: np.ndarray


class Ensemble:
    """Built once; each graph is traced once and serves every clip.

    Parameters
    ----------
    kept : list of Shared
        Of audio and visual, as :func:`build` gives them, with their weights.
    folds : list of Fold
    """

    def __init__(self, kept: list[frozen.Shared], folds: list[Fold]):
        self._kept, self.folds = kept, folds

    def look(self, clip: PreparedClip) -> Look:
        """Show a prepared clip, with pictures, to all folds."""
        cut = segments.of_clip(clip, fusion.PREDICTS[1])
        audio, images = (rows.astype(np.int32) for rows in cut)
        data = _data(clip.log_mel, clip.faces, audio, images)
        for kept in self._kept:
            rows, frames = frozen.seen(kept.kind, data)
            kept.rows.fill(rows)
            kept.source.layers[0].fill(frames)
        hidden, softmax = self._outputs(len(audio))
        for kept in self._kept:
            kept.clear()
        pooled = hidden.mean(axis=1, keepdims=True)
        voices = np.zeros(len(EMOTIONS), int)
        for fold, features in zip(self.folds, pooled, strict=True):
            voices[fold.svm.predict(features)[0]] += 1
        return Look(cut.audio, softmax.mean(axis=0), voices)

    def _outputs(self, count):
        """Last hidden layer (K, S, h) and softmax (K, S, 6) of the segments that lie ready."""
        made = []
        for rows in np.split(np.arange(count, dtype=np.int32), range(AT_ONCE, count, AT_ONCE)):
            kept = [one.part.entry.predict_on_batch(rows) for one in self._kept]
            made.append([fold.net.predict_on_batch(kept) for fold in self.folds])
        stacks = [[[out[n] for out in fold] for fold in zip(*made, strict=True)] for n in (0, 1)]
        return (np.stack([np.concatenate(fold) for fold in stack]) for stack in stacks)


def load(source: Source, p: Trained) -> Ensemble:
    """Read the networks of every fold, for parameters ``p``.

    Raises
    ------
    ParameterError
        Naming the file that is missing or damaged.
    """
    training.precise(p.compute.precision)
    start = source.start()
    kept, pattern = build(p.networks, p.keep, p.prepare.face_size)
    for one in kept:
        one.fill(_blank(p.prepare.face_size), start)
        one.clear()
    return Ensemble(kept, [_fold(file, pattern, p.svm) for file in source.folds])


def build(nets: Networks, keep: Keep, side: int) -> tuple[list[frozen.Shared], keras.Model]:
    """Networks of random weights, to be filled.

    Nothing is cached of what the kept layers make: each clip is another.

    Returns
    -------
    (kept, deep)
        What all folds share, of audio and of visual; and a pattern of ``Fold.net``.
    """
    kept = [
        frozen.Shared(kind, _blank(side), nets=nets, keep=keep, classes=len(EMOTIONS), cache_gib=0)
        for kind in fusion.KINDS
    ]
    whole = whole_model.joined(*(one.part for one in kept), hidden=nets.dbn.hidden)
    return kept, whole.deep


def copied(pattern: keras.Model) -> keras.Model:
    """A model like :func:`build`'s ``deep``, with weights of its own."""
    with keras.utils.custom_object_scope({"Standardise": unrolled.Standardise}):
        return keras.models.clone_model(pattern)


def _fold(file, pattern, svm):
    arrays, net = store.load(file), copied(pattern)
    try:
        net.set_weights([arrays[number] for number in sorted(arrays) if number.isdigit()])
        machine = clip_svm.machine(svm).fit(arrays["features"], arrays["classes"])
        return Fold(net, machine, arrays["clips"])
    except (KeyError, ValueError, TypeError) as error:
        said = " ".join(str(error).split())[:200]
        raise ParameterError(f"{file}: no networks of these parameters: {said}") from error


def _blank(side):
    """A clip of one segment: it has the shapes of all others."""
    rows = [np.zeros((1, count), np.int32) for count in (segments.LENGTH, segments.FACES)]
    return _data(np.zeros((1, 64), np.float32), np.zeros((1, side, side, 3), np.uint8), *rows)


def _data(log_mel, faces, audio, images):
    return Dataset(pd.DataFrame(), log_mel, faces, audio, images, np.zeros(len(audio), np.int32))
