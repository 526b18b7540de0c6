"""Claims V1 and V2: what the VAD keeps of Emo-DB, and what it gains there (§2.1.1).

Emo-DB has sound alone, so the audio-net alone is trained on it, from scratch, once on
all frames (case 1) and once on those that the VAD keeps (case 2).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import pandas as pd

from avef import corpora
from avef.config.schema import EmoDb, Networks, Svm
from avef.core import parallel
from avef.corpora import emodb
from avef.learning import clip_svm, dataset, frozen, training
from avef.models import inputs, networks
from avef.preparation import sound, speech, vad
from avef.preparation.segments import segment_speech
from avef.protocol import folds
from avef.studies.vad_data import syllables, there


class Recordings(NamedTuple):
    """Emo-DB, prepared.

    Attributes
    ----------
    clips : DataFrame
        ``clip``, ``speaker``, ``emotion`` …, and the share of frames that are voiced by the
        VAD, ``voiced``, and by the hand labels, ``by_hand`` (NaN where there are none).
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
    root: str | Path, *, method: str, threshold: float | None, weights: str | Path
) -> Recordings:
    """Read all of Emo-DB under ``root`` and find its speech."""
    root = Path(root)
    clips, _ = corpora.clip_table("emodb", root)
    limit = vad.threshold(method, weights) if threshold is None else threshold
    log_mel, voiced, by_vad, by_hand = [], [], [], []
    for path in clips["path"]:
        audio = sound.read_audio(root / path)
        y = speech.mono_16k(audio.samples, audio.rate)
        mask = vad.speech_mask(vad.speech_probability(y, method=method, weights=weights), limit)
        hand = syllables(root / "silb" / f"{Path(path).stem}.silb", len(mask))
        log_mel.append(speech.log_mel(speech.pre_emphasis(y)))
        voiced.append(mask[1 : len(log_mel[-1]) + 1])  # as in avef.preparation.clips
        by_vad.append(mask.mean())
        by_hand.append(np.nan if hand is None else hand.mean())
    seconds = [len(c) / 100 for c in log_mel]
    clips = clips.assign(voiced=by_vad, by_hand=by_hand, duration=seconds)
    return Recordings(clips, log_mel, voiced)


def shares(clips: pd.DataFrame) -> pd.DataFrame:
    """V1: the percentage of frames kept, by the VAD and by hand, weighted by duration."""
    known = clips.dropna(subset="by_hand")
    rows = [
        ("VAD", len(clips), 100 * np.average(clips["voiced"], weights=clips["duration"])),
        (
            "VAD, where marked by hand",
            len(known),
            100 * np.average(known["voiced"], weights=known["duration"]),
        ),
        (
            "marked by hand",
            len(known),
            100 * np.average(known["by_hand"], weights=known["duration"]),
        ),
    ]
    return pd.DataFrame(rows, columns=["voiced by", "utterances", "percent"])


def complete(clips: pd.DataFrame, share: float = 0.9) -> list[str]:
    """The emotions of which at least a share of the corpus' utterances is there."""
    counts = clips["emotion"].value_counts()
    return sorted(e for e, n in emodb.EXPECTED.items() if counts.get(e, 0) >= share * n)


class Settings(NamedTuple):
    """How the audio-net is trained on Emo-DB, and how a clip's class is decided."""

    schedule: EmoDb
    networks: Networks
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
    audio, rows = audio.astype(np.int32), np.flatnonzero(np.isin(clip, train))
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


def metrics(
    voiced: pd.DataFrame | None, accuracies: pd.DataFrame | None, gain: pd.DataFrame | None
) -> dict:
    """What ``reports/metrics/emodb.json`` keeps; of Emo-DB's absence, that it was absent."""
    if voiced is None or accuracies is None or gain is None:
        return {"emodb": "absent"}
    before, after = accuracies.set_index("case").loc[[1, 2], "accuracy"]
    return {
        "emodb": "present",
        "V1": {"data": "paper", "percent": round(float(voiced["percent"].iloc[0]), 2)},
        "V2": {
            "data": "paper",
            "relative_gain": round(100 * (after / before - 1), 2),
            "low": round(float(gain["relative_low"].iloc[0]), 2),
            "high": round(float(gain["relative_high"].iloc[0]), 2),
            "accuracy": {"case1": before, "case2": after},
            "unweighted": dict(
                zip(["case1", "case2"], accuracies.sort_values("case")["unweighted"], strict=True)
            ),
            "utterances": int(accuracies["clips"].iloc[0]),
        },
    }
