"""The model of a corpus, loaded once, and what it makes of any number of clips."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from avef.config.schema import Svm, Trained
from avef.core import paths, store
from avef.evaluation.tables import DEMO
from avef.learning import saved_model
from avef.preparation import faces
from avef.preparation.clips import prepare_clip, settings
from avef.preparation.prepared import PreparedClip
from avef.protocol import EMOTIONS
from avef.recognition import calibration, deciding
from avef.recognition.result import Prediction
from avef.recognition.unheard import unheard

if TYPE_CHECKING:  # loads TensorFlow, which a mistaken path need not wait for
    from avef.recognition.ensemble import Ensemble

#: Of the answers that are called sure, so many are to be right.
SHARE = 0.8


class Recogniser:
    """What recognises emotions. Its networks are loaded when the first clip comes.

    Parameters
    ----------
    model : avef.learning.saved_model.Model
    share : float in 0…1
        See :class:`avef.recognition.calibration.Calibration`.

    Attributes
    ----------
    corpus : str
        Whose networks.
    params : Trained
        What they were trained with.
    """

    def __init__(self, model: saved_model.Model, share: float = SHARE):
        self._model, self.share = model, share

    @property
    def corpus(self) -> str:
        """Whose networks."""
        return self._model.corpus

    @property
    def params(self) -> Trained:
        """What the networks were trained with."""
        return self._model.params

    @property
    def demo(self) -> bool:
        """Whether it learnt from drawn faces and synthetic voices."""
        return self.params.profile == "demo"

    @cached_property
    def key(self) -> str:
        """Fingerprint of all that decides a clip's result but the clip itself."""
        folds = saved_model.keys(self.corpus)
        return store.digest(
            asdict(self.params), self.share, folds, files=[paths.VAD], code=__name__
        )

    @cached_property
    def ensemble(self) -> Ensemble:
        """The networks of every fold."""
        from avef.recognition import ensemble

        return ensemble.load(self._model)

    @cached_property
    def unheard(self) -> calibration.Unheard:
        """What the folds say of speakers that they never heard."""
        return unheard(self.corpus, saved_model.keys(self.corpus), self.ensemble.folds)

    @cached_property
    def calibration(self) -> calibration.Calibration:
        """How to read the softmax."""
        return calibration.fitted(self.unheard, self.share)

    def predict(self, path: str | Path) -> Prediction:
        """Recognise the emotion of a clip, a video file with sound.

        Raises
        ------
        ClipError
            With the plain reason why the clip cannot be used.
        ParameterError
            If the model's files are missing or damaged.
        """
        clip = prepare_clip(path, **settings(self.params.prepare, paths.VAD))
        return self.recognise(clip, name=self._name(path), path=str(path))

    def recognise(
        self, clip: PreparedClip, *, name: str | None = None, path: str = ""
    ) -> Prediction:
        """Recognise the emotion of a prepared clip.

        ``name`` is its own if it is of the corpus, ``path`` where it came from.
        """
        look, calibrated = self.ensemble.look(clip), self.calibration
        probabilities = calibration.tempered(look.softmax.mean(axis=0), calibrated.temperature)
        answer = deciding.answer(look.voices, probabilities, calibrated.threshold)
        named = zip(EMOTIONS, look.voices.tolist(), strict=True)
        ends = [look.segments[:, 0] / 100, (look.segments[:, -1] + 2.5) / 100]
        said = str(clip.seen.get("warnings", ""))
        return Prediction(
            clip=path,
            **answer._asdict(),
            threshold=calibrated.threshold,
            share=calibrated.share,
            probabilities=probabilities,
            arousal=deciding.sides(probabilities, "arousal"),
            valence=deciding.sides(probabilities, "valence"),
            voices={emotion: count for emotion, count in named if count},
            times=np.stack(ends, axis=1),
            timeline=calibration.tempered(look.softmax, calibrated.temperature),
            speech=spoken(clip.voiced),
            duration=round(len(clip.log_mel) / 100 + 0.015, 3),  # the last frame is 25 ms long
            speech_share=float(clip.voiced.mean()),
            face_share=float((clip.face_status != faces.NONE).mean()),
            warnings=tuple(said.split("; ")) if said else (),
            learnt=sum(name in fold.clips for fold in self.ensemble.folds),
            corpus=self.corpus,
            data=DEMO if self.demo else "",
        )

    def _name(self, path):
        """The clip's name in the corpus, or None if it is not of it."""
        root, whole = Path(self.params.root).resolve(), Path(path).resolve()
        if not whole.is_relative_to(root):
            return None
        return self._names.get(whole.relative_to(root).as_posix())

    @cached_property
    def _names(self):
        clips = pd.read_csv(paths.prepared(self.corpus) / "clips.csv", dtype=str)
        return dict(zip(clips["path"], clips["clip"], strict=True))


def load(
    corpus: str, svm: Svm | None = None, *, share: float = SHARE, fast: bool = False
) -> Recogniser:
    """The model of a corpus whose stage ``dbn_fusion`` has run.

    Parameters
    ----------
    corpus : str
        Of the repository whose root is the working folder, such as ``"rml"``.
    svm : Svm, optional
        Settings of the SVM, which is fitted anew; those of the training if not given.
    share : float in 0…1
        Of the answers that are called sure, so many are to be right.
    fast : bool
        Whether the networks multiply in bfloat16, which some processors do several times as
        fast (``benchmarks/predict.py``). Probabilities may differ in the second decimal.

    Raises
    ------
    ParameterError
        If there are no trained networks, or they are not those that were noted down.
    """
    model = saved_model.load(corpus, svm)
    if fast:
        compute = replace(model.params.compute, precision="mixed_bfloat16")
        model = model._replace(params=replace(model.params, compute=compute))
    return Recogniser(model, share)


def predict(path: str | Path, model: Recogniser) -> Prediction:
    """Recognise the emotion of a clip; see :meth:`Recogniser.predict`."""
    return model.predict(path)


def spoken(voiced: np.ndarray) -> np.ndarray:
    """Begin and end of each run of voiced frames (T,), one every 10 ms: (n, 2) seconds.

    Examples
    --------
    >>> spoken(np.array([False, True, True, False, True])).tolist()
    [[0.01, 0.03], [0.04, 0.05]]
    """
    edges = np.flatnonzero(np.diff(np.pad(np.asarray(voiced, bool), 1).astype(np.int8)))
    return edges.reshape(-1, 2) / 100
