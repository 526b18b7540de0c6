"""What leaving out silence gains on recordings of sound alone (§2.1.1, §4.3.1).

The audio-net is trained from scratch, once on all frames (case 1) and once on those that the
VAD keeps (case 2), and tested on speakers left out. Nothing is transferred, and no picture is
needed: what the paper says of its corpora can so be asked of any that has voices.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pandas as pd

from avef.config.schema import EmoDb, Networks, Stop, Svm
from avef.core import parallel
from avef.evaluation import gains, intervals, scores, spread
from avef.learning import clip_svm, dataset, frozen, training
from avef.learning.grid import Cell
from avef.learning.lessons import Held
from avef.models import inputs, networks
from avef.preparation import media, speech, vad
from avef.preparation.segments import segment_speech
from avef.protocol import inner_split, require_disjoint

Split = tuple[np.ndarray, np.ndarray]


class Recordings(NamedTuple):
    """A corpus of voices, prepared.

    Attributes
    ----------
    clips : DataFrame
        ``clip``, ``speaker``, ``emotion`` …, ``duration`` (s), ``voiced``, the share of the
        frames that the VAD keeps, and ``frames``, of how many.
    log_mel : list of (T, 64) float32
    voiced : list of (T,) bool
    """

    clips: pd.DataFrame
    log_mel: list[np.ndarray]
    voiced: list[np.ndarray]

    def of(self, rows: np.ndarray) -> Recordings:
        """Some of the recordings, by their positions."""
        return Recordings(
            self.clips.iloc[rows].reset_index(drop=True),
            [self.log_mel[i] for i in rows],
            [self.voiced[i] for i in rows],
        )


class Settings(NamedTuple):
    """How the audio-net is trained, from which seeds, and how a clip's class is decided."""

    schedule: EmoDb
    networks: Networks
    stop: Stop
    svm: Svm
    decision: str
    seeds: Sequence[int]


def read(
    clips: pd.DataFrame,
    root: str | Path,
    *,
    method: str,
    threshold: float | None,
    weights: str | Path,
    power: float = 2.0,
) -> Recordings:
    """Read recordings and find their speech.

    Parameters
    ----------
    clips : DataFrame
        From :func:`avef.corpora.clip_table`.
    root : path
        The raw corpus.
    method, threshold, power
        ``vad``, ``vad_threshold`` and ``spectrum_power`` of the section ``prepare``.
    weights : path
        Of the VAD.
    """
    limit = vad.threshold(method, weights) if threshold is None else threshold
    log_mel, masks = [], []
    for path in clips["path"]:
        audio = media.read_audio(Path(root) / path)
        y = speech.mono_16k(audio.samples, audio.rate)
        probability = vad.speech_probability(y, method=method, weights=weights)
        masks.append(vad.speech_mask(probability, limit))
        log_mel.append(speech.log_mel(speech.pre_emphasis(y), power=power))
    # As in avef.preparation.clips: the middle of frame t lies in entry t + 1.
    voiced = [mask[1 : len(c) + 1] for mask, c in zip(masks, log_mel, strict=True)]
    told = clips.assign(
        voiced=[mask.mean() for mask in masks],
        frames=[len(mask) for mask in masks],
        duration=[len(c) / 100 for c in log_mel],
    )
    return Recordings(told, log_mel, voiced)


def recognise(
    recordings: Recordings,
    splits: Sequence[Split],
    settings: Settings,
    *,
    cases: Sequence[int] = (1, 2),
    jobs: int = 1,
    title: str = "audio-net",
) -> pd.DataFrame:
    """Recognise every recording by networks that its speaker was left out of.

    Parameters
    ----------
    splits : sequence of (train, test)
        Rows of ``recordings.clips``; from :func:`avef.protocol.folds`.
    cases : sequence of int
        1, 2, or both.
    jobs : int
        Worker processes; see :func:`avef.core.parallel.each`.

    Returns
    -------
    DataFrame
        As :func:`avef.learning.clip_svm.predictions`; the classes are the emotions that occur.
        ``epochs`` are those of the training.
    """
    work = [
        (recordings, Cell("emotion", case, seed, fold), split, settings)
        for case, seed, (fold, split) in product(cases, settings.seeds, enumerate(splits))
    ]
    return pd.concat(parallel.each(_one_cell, work, jobs=jobs, title=title), ignore_index=True)


def as_many_steps(recordings: Recordings, epochs: int) -> int:
    """Epochs in which case 2, of fewer segments, takes as many steps as case 1 in ``epochs``.

    Examples
    --------
    >>> spoken = np.arange(200) < 110  # 2 segments of speech, and 5 of everything
    >>> as_many_steps(Recordings(pd.DataFrame(), [], [spoken]), 12)
    30
    """
    one, two = (
        sum(len(segment_speech(voiced, case)) for voiced in recordings.voiced) for case in (1, 2)
    )
    return round(epochs * one / two)


def figures(predictions: pd.DataFrame, seed: int = 0) -> dict[str, Any]:
    """What is known of both cases, and of their difference.

    Parameters
    ----------
    predictions : DataFrame
        From :func:`recognise`.
    seed : int
        Of the intervals.

    Returns
    -------
    dict
        ``case 1`` and ``case 2``: ``accuracy``, ``deviation`` (over the seeds), ``unweighted``
        (percent, see :func:`avef.evaluation.scores.accuracies`), ``low`` and ``high`` (95 %
        over speakers); ``gain``: ``difference`` (points), ``training`` and ``people`` (its
        two standard errors), ``low`` and ``high`` (95 %, by both).
    """
    bounds = intervals.interval(predictions, seed=seed).set_index("case")
    told: dict[str, Any] = {}
    for row in scores.accuracies(predictions).itertuples():
        told[f"case {row.case}"] = {
            "accuracy": row.accuracy,
            "deviation": row.deviation,
            "unweighted": row.unweighted,
            "low": round(float(bounds["low"][row.case]), 2),
            "high": round(float(bounds["high"][row.case]), 2),
        }
    mean = gains.of_cases(spread.pooled({("real", "audio"): predictions}), pairs=1).mean
    named = {"difference": mean.value} | mean._asdict()
    del named["value"]
    return told | {"gain": {name: round(float(value), 2) for name, value in named.items()}}


def _one_cell(recordings, cell, split, settings):
    clips, (train, test) = recordings.clips, split
    schedule, nets, seed = settings.schedule, settings.networks, cell.lot
    require_disjoint(clips, [(train, test)])
    names = np.array(sorted(clips["emotion"].unique()))
    truth = np.searchsorted(names, clips["emotion"])
    starts = np.cumsum([0, *map(len, recordings.log_mel)])
    cuts = [segment_speech(voiced, cell.case) for voiced in recordings.voiced]
    audio = np.concatenate([cut + first for cut, first in zip(cuts, starts, strict=False)])
    clip = np.repeat(np.arange(len(cuts)), [len(cut) for cut in cuts])
    audio = audio.astype(np.int32)
    learn, held = train, None
    if settings.stop.early:
        learn, watch = inner_split(clips, train, fraction=settings.stop.fraction, seed=seed)
        watched = np.flatnonzero(np.isin(clip, watch))
        held = Held(audio[watched], truth[clip[watched]], settings.stop.patience)
    rows = np.flatnonzero(np.isin(clip, learn))
    table = np.concatenate(recordings.log_mel)

    scaling = inputs.mel_scaling(table, audio[rows])
    full = frozen.build("audio", nets, len(names))
    source = inputs.audio_source(table, scaling, nets.audio.input_size)
    model = keras.Sequential([source, full])
    training.scheduled(model, schedule, weight_decay=nets.weight_decay)
    training.restart(model, full.layers, seed)
    curve = training.fit(
        model,
        audio[rows],
        truth[clip[rows]],
        epochs=schedule.epochs,
        batch=schedule.batch,
        seed=seed,
        held=held,
    )
    parts = (("fc7", keras.Sequential([source, networks.features(full)])), ("softmax", model))
    averaged = {
        name: dataset.pool(training.outputs(part, [audio]), clip, len(clips))
        for name, part in parts
    }
    decision = settings.decision
    guess = clip_svm.classes(
        averaged, truth, split, svm=settings.svm, feature="fc7", decision=decision
    )
    tested = clips.loc[test, ["clip", "speaker"]]
    return tested.assign(
        **cell._asdict(), true=names[truth[test]], predicted=names[guess], epochs=len(curve)
    )
