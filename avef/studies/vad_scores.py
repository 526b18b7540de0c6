"""How well voice activity detectors do, on clean speech and under noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score, roc_curve

from avef.core import parallel
from avef.preparation import silero, vad
from avef.preparation.vad_net import SpeechNet
from avef.studies import noise
from avef.studies.vad_data import Utterance

Detector = Callable[[np.ndarray], np.ndarray]
Scores = Mapping[tuple[str, str], tuple[np.ndarray, np.ndarray]]

#: What is done to an utterance: (signal, labels, generator) → signal.
CONDITIONS: dict[str, Callable[..., np.ndarray]] = {
    "clean": lambda y, voiced, rng: y,
    "pink noise, 10 dB": lambda y, voiced, rng: noise.mix(
        y, noise.coloured(len(y), 1, rng), snr=10, voiced=voiced
    ),
    "pink noise, 0 dB": lambda y, voiced, rng: noise.mix(
        y, noise.coloured(len(y), 1, rng), snr=0, voiced=voiced
    ),
    "room and music, 5 dB": lambda y, voiced, rng: noise.mix(
        noise.in_room(y, seconds=0.4, distance=0.2, rng=rng),
        noise.music(len(y), rng),
        snr=5,
        voiced=voiced,
    ),
}


def detectors(weights: str | Path) -> dict[str, Detector]:
    """The methods of :mod:`avef.preparation.vad` to be had here, by the names that figures show."""
    names = {"MRCG + DNN": "mrcg_dnn", "Silero": "silero", "level": "energy"}
    if not silero.installed():
        names.pop("Silero")
    return {
        name: partial(vad.speech_probability, method=method, weights=weights)
        for name, method in names.items()
    }


def scores(
    utterances: Sequence[Utterance],
    detectors: Mapping[str, Detector],
    *,
    seed: int,
    jobs: int = 1,
) -> dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]:
    """Labels and probabilities of all frames, by (condition, detector).

    Parameters
    ----------
    utterances : sequence of Utterance
    detectors : name → function from a 16 kHz signal (n,) to (n // 160,)
    seed : int
        Of the noise; every detector hears the same.
    jobs : int
        Worker processes; see :func:`avef.core.parallel.each`.
    """
    labels = np.concatenate([u.voiced for u in utterances])
    work = [(condition, utterances, detectors, seed) for condition in CONDITIONS]
    heard = parallel.each(_probabilities, work, jobs=jobs, title="listening")
    return {
        (condition, name): (labels, probability)
        for condition, outputs in zip(CONDITIONS, heard, strict=True)
        for name, probability in outputs.items()
    }


def _probabilities(condition, utterances, detectors, seed):
    """Detector → probabilities of all frames, under one condition."""
    rng = np.random.default_rng(seed)
    heard = [CONDITIONS[condition](u.y.astype(np.float64), u.voiced, rng) for u in utterances]
    return {name: np.concatenate([f(y) for y in heard]) for name, f in detectors.items()}


def auc(of: Scores) -> pd.DataFrame:
    """Area under the ROC curve of :func:`scores`: a row a condition, a column a detector.

    >>> voiced, unsure = np.array([False, True, True]), np.array([0.2, 0.1, 0.9])
    >>> auc({("clean", "ours"): (voiced, unsure), ("clean", "perfect"): (voiced, 1.0 * voiced)})
      condition  ours  perfect
    0     clean   0.5      1.0
    """
    table = pd.Series({key: roc_auc_score(*pair) for key, pair in of.items()}).unstack()
    conditions, detectors = (list(dict.fromkeys(names)) for names in zip(*of, strict=True))
    return table.loc[conditions, detectors].rename_axis("condition").reset_index()


def metrics(by_corpus: Mapping[str, Scores], net: SpeechNet) -> dict[str, Any]:
    """What ``reports/metrics/vad.json`` holds: AUC by corpus, condition and detector."""
    table = {
        corpus: auc(of).set_index("condition").round(4).to_dict("index")
        for corpus, of in by_corpus.items()
    }
    return {"threshold": round(float(net.threshold), 4), "auc": table}


def roc(labels: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ROC curve: share of silence taken for speech, share of speech found."""
    false, true, _ = roc_curve(labels, probability)
    return false, true
