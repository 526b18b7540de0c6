"""Claims V1 and V2: what the VAD keeps of Emo-DB, and what it gains there (§2.1.1).

Emo-DB has sound alone, so the audio-net alone is trained on it, from scratch, once on
all frames (case 1) and once on those that the VAD keeps (case 2). V1 and V2 are the figures
of the speakers that the VAD was neither trained nor tuned on; those of all stand beside them.
A recording that V2 learns from may be of a speaker whom the VAD knew.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from avef import corpora
from avef.corpora import emodb
from avef.evaluation import paired, scores, texts
from avef.protocol import folds
from avef.studies import silence, vad_data
from avef.studies.silence import Recordings, Settings
from avef.studies.vad_data import syllables, there

#: With fewer speakers there is no interval. Of two there are but three resamples, and of five
#: not even a gain for each one would be significant at 5 % (sign flips: 2 / 2⁵).
FEWEST = 6


def coverage(root: str | Path) -> str:
    """How much of Emo-DB there is, or how to get it, in a sentence."""
    if not there(root):
        return f"Emo-DB is not under {root}, so V1 and V2 are left out. Get it {emodb.OBTAIN}."
    clips, left_out = corpora.clip_table("emodb", root)
    whole = sum(emodb.EXPECTED.values())
    speakers = texts.count(clips["speaker"].nunique(), "speaker")
    aside = texts.count(len(left_out), "file")
    return f"Emo-DB: {len(clips)} of {whole} utterances by {speakers}; {aside} left out."


def prepare(
    root: str | Path,
    *,
    method: str,
    threshold: float | None,
    weights: str | Path,
    power: float = 2.0,
) -> Recordings:
    """Read all of Emo-DB under ``root`` and find its speech; see :func:`avef.studies.silence.read`.

    The clips also have the share of frames that the hand labels take for speech, ``by_hand``
    (NaN where there are none), and whether the VAD did not know the speaker, ``unseen``.
    """
    clips, _ = corpora.clip_table("emodb", root)
    recordings = silence.read(
        clips, root, method=method, threshold=threshold, weights=weights, power=power
    )
    clips, by_hand = recordings.clips, []
    for path, frames in clips[["path", "frames"]].itertuples(index=False):
        hand = syllables(Path(root) / "silb" / f"{Path(path).stem}.silb", frames)
        by_hand.append(np.nan if hand is None else hand.mean())
    new = vad_data.unseen(clips["speaker"], method)
    return recordings._replace(clips=clips.assign(by_hand=by_hand, unseen=new))


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


def recognise(
    recordings: Recordings, settings: Settings, *, groups: int, seed: int, jobs: int = 1
) -> pd.DataFrame:
    """V2: recognise every utterance of the complete emotions by speakers left out.

    Parameters
    ----------
    groups : int
        Speaker groups.
    seed : int
        Of the groups.

    Returns
    -------
    DataFrame
        As :func:`avef.studies.silence.recognise`; ``emotion_model`` is ``Emo-DB``.
    """
    rows = np.flatnonzero(recordings.clips["emotion"].isin(complete(recordings.clips)))
    chosen = recordings.of(rows)
    splits = folds(chosen.clips, "emodb", groups=groups, seed=seed)
    title = "audio-net on Emo-DB"
    table = silence.recognise(chosen, splits, settings, jobs=jobs, title=title)
    return table.assign(emotion_model="Emo-DB")


def gains(predictions: pd.DataFrame, clips: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """V2: what discarding silence gains, for the speakers whom the VAD did not know and for all.

    Parameters
    ----------
    predictions : DataFrame
        From :func:`recognise`.
    clips : DataFrame
        Those of :func:`prepare`.
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
