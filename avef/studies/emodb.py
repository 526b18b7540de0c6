"""Claims V1 and V2: what the VAD keeps of Emo-DB, and what it gains there (§2.1.1).

Emo-DB has sound alone, so the audio-net alone is trained on it, from scratch, once on
all frames (case 1) and once on those that the VAD keeps (case 2). V1 and V2 are the figures
of the speakers that the VAD was neither trained nor tuned on; those of all stand beside them.
A recording that V2 learns from may be of a speaker whom the VAD knew.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import pandas as pd

from avef import corpora
from avef.config.schema import EmoDb, Networks, Stop, Svm
from avef.core import parallel
from avef.corpora import emodb
from avef.evaluation import paired, scores
from avef.learning import clip_svm, dataset, frozen, training
from avef.learning.grid import Held
from avef.models import inputs, networks
from avef.preparation import sound, speech, vad
from avef.preparation.segments import segment_speech
from avef.protocol import folds, inner_split
from avef.studies import vad_data
from avef.studies.vad_data import syllables, there

#: With fewer speakers there is no interval. Of two there are but three resamples, and of five
#: not even a gain for each one would be significant at 5 % (sign flips: 2 / 2⁵).
FEWEST = 6


class Recordings(NamedTuple):
    """Emo-DB, prepared.

    Attributes
    ----------
    clips : DataFrame
        ``clip``, ``speaker``, ``emotion`` …, and the share of frames that are voiced by the
        VAD, ``voiced``, and by the hand labels, ``by_hand`` (NaN where there are none); whether
        the VAD did not know the speaker, ``unseen``.
    log_mel : list of (T, 64) float32
    voiced : list of (T,) bool
    """

    clips: pd.DataFrame
    log_mel: list[np.ndarray]
    voiced: list[np.ndarray]


def coverage(root: str | Path) -> str:
    """How much of Emo-DB there is, or how to get it, in a sentence."""
    if not there(root):
        return f"Emo-DB is not under {root}, so V1 and V2 are left out. Get it {emodb.OBTAIN}."
    clips, left_out = corpora.clip_table("emodb", root)
    whole = sum(emodb.EXPECTED.values())
    return (
        f"Emo-DB: {len(clips)} of {whole} utterances by {clips['speaker'].nunique()} speakers; "
        f"{len(left_out)} files left out."
    )


def prepare(
    root: str | Path,
    *,
    method: str,
    threshold: float | None,
    weights: str | Path,
    power: float = 2.0,
) -> Recordings:
    """Read all of Emo-DB under ``root`` and find its speech.

    ``method``, ``threshold`` and ``power`` are ``vad``, ``vad_threshold`` and
    ``spectrum_power`` of the section ``prepare``.
    """
    root = Path(root)
    clips, _ = corpora.clip_table("emodb", root)
    limit = vad.threshold(method, weights) if threshold is None else threshold
    log_mel, voiced, by_vad, by_hand = [], [], [], []
    for path in clips["path"]:
        audio = sound.read_audio(root / path)
        y = speech.mono_16k(audio.samples, audio.rate)
        mask = vad.speech_mask(vad.speech_probability(y, method=method, weights=weights), limit)
        hand = syllables(root / "silb" / f"{Path(path).stem}.silb", len(mask))
        log_mel.append(speech.log_mel(speech.pre_emphasis(y), power=power))
        voiced.append(mask[1 : len(log_mel[-1]) + 1])  # as in avef.preparation.clips
        by_vad.append(mask.mean())
        by_hand.append(np.nan if hand is None else hand.mean())
    seconds = [len(c) / 100 for c in log_mel]
    new = vad_data.unseen(clips["speaker"], method)
    clips = clips.assign(voiced=by_vad, by_hand=by_hand, duration=seconds, unseen=new)
    return Recordings(clips, log_mel, voiced)


def shares(clips: pd.DataFrame) -> pd.DataFrame:
    """V1: the percentage of frames kept, by the VAD and by hand, weighted by duration.

    Returns
    -------
    DataFrame
        ``speakers of`` (unseen, all), ``voiced by``, ``utterances``, ``percent``; the first row is
        the claim's.
    """
    rows = []
    for who, part in _speakers(clips, clips["unseen"]):
        known = part.dropna(subset="by_hand")
        for by, table, column in (
            ("VAD", part, "voiced"),
            ("VAD, where marked by hand", known, "voiced"),
            ("marked by hand", known, "by_hand"),
        ):
            seconds = table["duration"]
            percent = (
                100 * (table[column] * seconds).sum() / seconds.sum() if len(table) else np.nan
            )
            rows.append((who, by, len(table), percent))
    return pd.DataFrame(rows, columns=["speakers of", "voiced by", "utterances", "percent"])


def _speakers(table, unseen):
    """The rows of the speakers whom the VAD did not know, and those of all."""
    return ("unseen", table[unseen]), ("all", table)


def complete(clips: pd.DataFrame, share: float = 0.9) -> list[str]:
    """The emotions of which at least a share of the corpus' utterances is there."""
    counts = clips["emotion"].value_counts()
    return sorted(e for e, n in emodb.EXPECTED.items() if counts.get(e, 0) >= share * n)


class Settings(NamedTuple):
    """How the audio-net is trained on Emo-DB, and how a clip's class is decided."""

    schedule: EmoDb
    networks: Networks
    stop: Stop
    svm: Svm
    decision: str
    seed: int


def recognise(recordings: Recordings, settings: Settings, *, jobs: int = 1) -> pd.DataFrame:
    """V2: recognise every utterance of the complete emotions by speakers left out.

    Returns
    -------
    DataFrame
        As :func:`avef.learning.clip_svm.predictions`; ``emotion_model`` is ``Emo-DB``.
    """
    rows = np.flatnonzero(recordings.clips["emotion"].isin(complete(recordings.clips)))
    chosen = Recordings(
        recordings.clips.iloc[rows].reset_index(drop=True),
        [recordings.log_mel[i] for i in rows],
        [recordings.voiced[i] for i in rows],
    )
    groups, seed = settings.schedule.groups, settings.seed
    splits = folds(chosen.clips, "emodb", groups=groups, seed=seed)
    work = [
        (chosen, case, fold, split, settings)
        for case in (1, 2)
        for fold, split in enumerate(splits)
    ]
    tables = parallel.each(_one_fold, work, jobs=jobs, title="audio-net on Emo-DB")
    return pd.concat(tables, ignore_index=True)


def _one_fold(recordings, case, fold, split, settings):
    clips, (train, test) = recordings.clips, split
    schedule, nets, seed = settings.schedule, settings.networks, settings.seed + fold
    assert not set(clips["speaker"][train]) & set(clips["speaker"][test])
    names = np.array(sorted(clips["emotion"].unique()))
    truth = np.searchsorted(names, clips["emotion"])
    starts = np.cumsum([0, *map(len, recordings.log_mel)])
    cuts = [segment_speech(voiced, case) for voiced in recordings.voiced]
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
    training.fit(
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
    return clips.loc[test, ["clip", "speaker"]].assign(
        emotion_model="Emo-DB",
        case=case,
        fold=fold,
        true=names[truth[test]],
        predicted=names[guess],
    )


def gains(predictions: pd.DataFrame, clips: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """V2: what discarding silence gains, for the speakers whom the VAD did not know and for all.

    Parameters
    ----------
    predictions : DataFrame
        From :func:`recognise`.
    clips : DataFrame
        Those of :class:`Recordings`.
    seed : int
        Of the intervals.

    Returns
    -------
    DataFrame
        ``speakers of`` (unseen, all; the first row is the claim's), then
        :func:`avef.evaluation.paired.case_comparison`'s, and the mean recalls,
        ``unweighted_1`` and ``unweighted_2``. No row for unseen speakers who have no clip;
        no interval (NaN) for fewer than :data:`FEWEST` speakers.
    """
    new = predictions["clip"].isin(clips.loc[clips["unseen"], "clip"])
    rows = []
    for who, part in _speakers(predictions, new):
        if len(part):
            recall = scores.accuracies(part).set_index("case")["unweighted"]
            gain = paired.case_comparison(part, seed=seed)
            gain.insert(0, "speakers of", who)
            rows.append(gain.assign(unweighted_1=recall[1], unweighted_2=recall[2]))
    table = pd.concat(rows, ignore_index=True)
    bounds = ["low", "high", "relative_low", "relative_high"]
    table.loc[table["speakers"] < FEWEST, bounds] = np.nan
    return table


def metrics(voiced: pd.DataFrame | None, gain: pd.DataFrame | None) -> dict:
    """What ``reports/metrics/emodb.json`` keeps; of Emo-DB's absence, that it was absent.

    Under ``V1`` and ``V2`` stand the figures of unseen speakers, which the claims are judged
    by; under ``V1 all speakers`` and ``V2 all speakers`` those of all.
    """
    if voiced is None or gain is None:
        return {"emodb": "absent"}
    values: dict = {"emodb": "present"}
    for who, suffix in (("unseen", ""), ("all", " all speakers")):
        kept = voiced[(voiced["speakers of"] == who) & (voiced["voiced by"] == "VAD")]
        for row in kept.dropna().round(2).to_dict("records"):
            values[f"V1{suffix}"] = {name: row[name] for name in ("percent", "utterances")}
        for row in gain[gain["speakers of"] == who].round(2).to_dict("records"):
            values[f"V2{suffix}"] = _gained(row)
    return values


def _gained(row):
    interval = {bound: row[f"relative_{bound}"] for bound in ("low", "high")}
    return {
        "relative_gain": row["relative"],
        **{bound: value for bound, value in interval.items() if not np.isnan(value)},
        "accuracy": {"case1": row["case_1"], "case2": row["case_2"]},
        "unweighted": {"case1": row["unweighted_1"], "case2": row["unweighted_2"]},
        "speakers": row["speakers"],
        "utterances": row["clips"],
    }
