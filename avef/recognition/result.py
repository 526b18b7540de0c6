"""What comes out: a clip's emotion with all that belongs to it, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from avef.protocol import EMOTIONS
from avef.recognition.deciding import listed


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the model makes of one clip.

    Attributes
    ----------
    clip : str
        Its path as given; "" of a prepared clip.
    emotion : str
        The class with the most voices of the folds' SVMs (§2.2.4); among equals the likelier.
    equals : tuple of str
        All classes with as many voices.
    sure : bool
        One class leads, and ``confidence`` reaches ``threshold``.
    confidence, threshold : float
        Calibrated probability of ``emotion``, and the least one at which ``share`` of the clips
        of unheard speakers were right; infinite where none was.
    share : float in 0…1
    probabilities : (6,) float
        Calibrated, of the clip; columns as :data:`avef.protocol.EMOTIONS`.
    arousal, valence : dict
        Side → probability; sums of ``probabilities`` by Table 2.
    voices : dict
        Emotion → number of folds.
    times : (S, 2) float
        Begin and end of every segment of speech, seconds; where silence lies within it, it
        spans that silence.
    timeline : (S, 6) float
        Calibrated probabilities of every segment.
    speech : (n, 2) float
        Begin and end of what is spoken, seconds.
    duration : float
        Seconds of sound.
    speech_share, face_share : float in 0…1
        Of the sound that is speech, and of the frames that show a face.
    warnings : tuple of str
        What preparation says of the file.
    note : str
        Where voices and probabilities differ, what to think of it.
    learnt : int
        Folds that learnt from this very clip, if it is one of the corpus.
    corpus : str
        Whose networks.
    data : str
        What the mark says (:data:`avef.evaluation.marks.SAID`), or "".
    """

    clip: str
    emotion: str
    equals: tuple[str, ...]
    sure: bool
    confidence: float
    threshold: float
    share: float
    probabilities: np.ndarray
    arousal: dict[str, float]
    valence: dict[str, float]
    voices: dict[str, int]
    times: np.ndarray
    timeline: np.ndarray
    speech: np.ndarray
    duration: float
    speech_share: float
    face_share: float
    warnings: tuple[str, ...]
    note: str
    learnt: int
    corpus: str
    data: str

    @property
    def headline(self) -> str:
        """The answer in a few words: an emotion, or that it is not sure."""
        if self.sure:
            return self.emotion
        return f"not sure: {listed(self.equals, 'or')}{'?' if len(self.equals) == 1 else ''}"

    @property
    def folds(self) -> int:
        """How many folds have a voice."""
        return sum(self.voices.values())

    @property
    def agreement(self) -> float:
        """Share of the folds that say ``emotion``."""
        return self.voices[self.emotion] / self.folds

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, probabilities to four decimals, for JSON.

        ``emotion`` is the best guess even where ``sure`` is false.
        """
        rows = zip(self.times.tolist(), self.timeline, strict=True)
        return {
            "clip": self.clip,
            "headline": self.headline,
            "emotion": self.emotion,
            "sure": self.sure,
            "confidence": round(self.confidence, 4),
            "threshold": round(self.threshold, 4) if np.isfinite(self.threshold) else None,
            "share": self.share,
            "probabilities": _named(self.probabilities),
            "arousal": _rounded(self.arousal),
            "valence": _rounded(self.valence),
            "voices": dict(self.voices),
            "agreement": round(self.agreement, 4),
            "timeline": [{"begin": a, "end": b, **_named(row)} for (a, b), row in rows],
            "speech": self.speech.tolist(),
            "duration": self.duration,
            "speech_share": round(self.speech_share, 4),
            "face_share": round(self.face_share, 4),
            "warnings": list(self.warnings),
            "note": self.note,
            "learnt": self.learnt,
            "corpus": self.corpus,
            "data": self.data,
        }

    def to_frame(self) -> pd.DataFrame:
        """The timeline as a table: ``clip``, ``begin``, ``end``, and a column an emotion."""
        table = pd.DataFrame(self.timeline, columns=list(EMOTIONS))
        for place, name in enumerate(("begin", "end")):
            table.insert(place, name, self.times[:, place])
        table.insert(0, "clip", self.clip)
        return table


@dataclass(frozen=True)
class Failure:
    """A clip of which nothing can be said.

    Attributes
    ----------
    clip : str
        Its path as given.
    reason : str
        Why, in plain words.
    """

    clip: str
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """``clip`` and ``error``."""
        return {"clip": self.clip, "error": self.reason}


def _named(probabilities):
    return _rounded(dict(zip(EMOTIONS, probabilities, strict=True)))


def _rounded(values):
    return {name: round(float(value), 4) for name, value in values.items()}
