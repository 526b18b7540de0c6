"""The model of a corpus, loaded once, and what it makes of any number of clips."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from avef.config.schema import Svm, Trained
from avef.core import store
from avef.evaluation import marks
from avef.learning import saved_model
from avef.preparation import faces
from avef.preparation.clips import prepare_clip, settings
from avef.preparation.prepared import PreparedClip
from avef.protocol import EMOTIONS
from avef.recognition import calibration, deciding
from avef.recognition.result import Prediction
from avef.recognition.source import Exported, Local, Source

if TYPE_CHECKING:  # loads TensorFlow, which a mistaken path need not wait for
    from avef.recognition.ensemble import Ensemble

#: Of the answers that are called sure, so many are to be right.
SHARE = 0.8


class Recogniser:
    """What recognises emotions. Its networks are loaded when the first clip comes.

    Parameters
    ----------
    source : Source
        Where its files lie.
    params : Trained, optional
        Other settings than those of the training.
    share : float in 0…1
        See :class:`avef.recognition.calibration.Calibration`.

    Attributes
    ----------
    source : Source
    params : Trained
        What its networks were trained with, and how they compute.
    corpus : str
        Whose networks.
    """

    def __init__(self, source: Source, params: Trained | None = None, *, share: float = SHARE):
        self.source, self.params, self.share = source, params or source.params, share
        self.corpus = source.corpus

    @property
    def mark(self) -> str:
        """What its answers must not be taken for (:mod:`avef.evaluation.marks`)."""
        return marks.of(self.params)

    @cached_property
    def key(self) -> str:
        """Fingerprint of all that decides a clip's result but the clip itself."""
        chosen, key = asdict(self.params), self.source.key
        return store.digest(chosen, self.share, key, files=[self.source.vad], code=__name__)

    @cached_property
    def ensemble(self) -> Ensemble:
        """The networks of every fold."""
        from avef.recognition import ensemble

        return ensemble.load(self.source, self.params)

    @cached_property
    def unheard(self) -> calibration.Unheard:
        """What the folds say of speakers that they never heard."""
        return self.source.unheard(self.ensemble.folds)

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
        clip = prepare_clip(path, **settings(self.params.prepare, self.source.vad))
        return self.recognise(clip, name=self.source.name(path), path=str(path))

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
            data=marks.SAID[self.mark],
        )


def load(
    corpus: str | Path, svm: Svm | None = None, *, share: float = SHARE, fast: bool = False
) -> Recogniser:
    """The model of a corpus whose stage ``dbn_fusion`` has run, or one that was exported.

    Parameters
    ----------
    corpus : str or Path
        A corpus of the repository whose root is the working folder, such as ``"rml"``; or, as a
        Path, the folder that ``avef export`` made, for which no repository is needed.
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
        If there are no trained networks, or they are not those that were noted down; of an
        exported folder, if it is incomplete, changed, or of another format.
    """
    source = Exported(corpus) if isinstance(corpus, Path) else Local(saved_model.load(corpus))
    chosen = replace(source.params, svm=svm or source.params.svm)
    if fast:
        compute = replace(chosen.compute, precision="mixed_bfloat16")
        chosen = replace(chosen, compute=compute)
    return Recogniser(source, chosen, share=share)


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
