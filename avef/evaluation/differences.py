"""What a comparison has shown, in a computed sentence that says what of it may be chance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from avef.evaluation import bootstrap, texts


def against(table: pd.DataFrame) -> str:
    """Of the baselines (claims S1 and S2): which are worse, better, or not to be told apart.

    Parameters
    ----------
    table : DataFrame
        ``model``, ``baseline``, ``difference``, ``low``, ``high`` (points).

    Examples
    --------
    >>> rows = [("DBN", "sum", 7.4, 1.2, 13.6), ("DBN", "product", 2.0, -1.0, 5.0)]
    >>> table = pd.DataFrame(rows, columns=["model", "baseline", "difference", "low", "high"])
    >>> against(table)  # doctest: +NORMALIZE_WHITESPACE
    'Of 2 comparisons, each at 95 %, the model of the paper is better in 1 (DBN against sum: +7.4
     points, 1.2 … 13.6) and worse in none; the other 1 may be chance.'
    """
    if table.empty:
        return "There is nothing to say of: no baseline could be trained."
    better, worse = table[table["low"] > 0], table[table["high"] < 0]
    left = len(table) - len(better) - len(worse)
    rest = f"; {f'the other {left}' if left < len(table) else 'each'} may be chance" if left else ""
    return texts.minus(
        f"Of {texts.count(len(table), 'comparison')}, each at 95 %, the model of the paper is "
        f"better in {_rivals(better)} and worse in {_rivals(worse)}{rest}."
    )


def transferred(gain: pd.DataFrame, saved: Mapping[str, float], starts: pd.DataFrame) -> str:
    """Of what transfer is worth (claim S4), and of what the DBN's start brings (decision C19).

    Parameters
    ----------
    gain : DataFrame
        From :func:`avef.studies.transfer_gain.gain`.
    saved : mapping
        ``difference``, ``low``, ``high``: epochs saved, percent.
    starts : DataFrame
        From :func:`avef.studies.dbn_control.head_starts`.

    Examples
    --------
    >>> gain = pd.DataFrame([("both", 8.4, 3.4, 12.9)],
    ...                     columns=["networks", "difference", "low", "high"])
    >>> starts = pd.DataFrame({"start": ["units shuffled"] * 2, "kept": [98.0, 106.0]})
    >>> transferred(gain, {"difference": 36.0, "low": 25.0, "high": 46.0}, starts)
    ... # doctest: +NORMALIZE_WHITESPACE
    'Both networks together gain 8.4 points by transfer (3.4 … 12.9), and save 36 % of the epochs
     (25 … 46); with its units shuffled, the transferred RBM keeps 98 … 106 % of its head start.'
    """
    both = gain[gain["networks"] == "both"] if "networks" in gain else gain
    if both.empty or not np.isfinite(both["difference"].iloc[0]):
        return "There is nothing to say of: no network was trained without transfer."
    row = both.iloc[0]
    text = f"Both networks together {_gained(row['difference'], row['low'], row['high'])}"
    text += _epochs(saved)
    kept = starts.loc[starts["start"] == "units shuffled", "kept"].dropna()
    if len(kept):
        text += "; with its units shuffled, the transferred RBM keeps "
        text += f"{texts.span(kept, 0)} % of its head start"
    return texts.minus(text + ".")


def repeated(accuracies: pd.DataFrame, gains: pd.DataFrame) -> str:
    """Of Tables 4–7: what another training changes, beside what leaving out silence does.

    Parameters
    ----------
    accuracies : DataFrame
        ``deviation`` over the trainings, points, and their number ``seeds``.
    gains : DataFrame
        From :func:`avef.evaluation.gains.by_seed`: ``gain`` of case 2, ``paper``'s.

    Examples
    --------
    >>> accuracies = pd.DataFrame({"deviation": [3.0, 5.0], "seeds": 3})
    >>> gains = pd.DataFrame({"dataset": "rml", "modality": "audio", "emotion_model": "emotion",
    ...                       "gain": [4.0, -2.0], "paper": 3.0})
    >>> repeated(accuracies, gains)  # doctest: +NORMALIZE_WHITESPACE
    'Case 2 gains 1.0 points in the mean of 1 pair (the paper: 3.0), and one training of an entry
     differs from the next by 4.0 points (median): a single training of each cannot show a
     difference like this.'
    """
    known = gains.dropna(subset="gain")
    if known.empty:
        return "There is nothing to say of: no pair of cases was trained."
    pairs = known.groupby(["dataset", "modality", "emotion_model"])[["gain", "paper"]].mean()
    ours, printed = pairs["gain"].mean(), pairs["paper"].mean()
    of = texts.count(len(pairs), "pair")
    text = f"Case 2 {_verb(ours)} {abs(ours):.1f} points in the mean of {of}"
    if np.isfinite(printed):
        does = ":" if _verb(printed) == _verb(ours) else f" {_verb(printed)}"
        text += f" (the paper{does} {abs(printed):.1f})"
    usual = accuracies["deviation"].median()
    if np.isnan(usual):
        return texts.minus(
            f"{text}; with one training of each, nobody can tell how much of it is luck."
        )
    text += f", and one training of an entry differs from the next by {usual:.1f} points (median)"
    if abs(ours) < usual:
        text += ": a single training of each cannot show a difference like this"
    return texts.minus(text + ".")


def changed(effects: pd.DataFrame, ablations: int) -> str:
    """Of the ablations: how many were run, and which differences are beyond chance.

    Parameters
    ----------
    effects : DataFrame
        From :func:`avef.studies.ablations.effects`.
    ablations : int
        How many are named.

    Examples
    --------
    >>> rows = [("half", "current", "audio", -9.0, 0.001), ("other", "stale", "audio", 1.0, 0.5)]
    >>> effects = pd.DataFrame(rows, columns=["ablation", "state", "modality", "difference", "p"])
    >>> changed(effects, 5)  # doctest: +NORMALIZE_WHITESPACE
    '2 of 5 ablations have been run (1 is stale); of 2 differences 1 is beyond chance, all of them
     considered (Holm, 5 %), and the greatest is −9.0 points (half, audio).'
    """
    run = effects.drop_duplicates("ablation")
    if run.empty:
        return f"None of the {ablations} ablations has been run: which choice matters is open."
    stale = int((run["state"] != "current").sum())
    text = f"{len(run)} of {ablations} ablations {'has' if len(run) == 1 else 'have'} been run"
    text += f" ({stale} {texts.are(stale)} stale)" if stale else ""
    moved = effects.dropna(subset=["difference", "p"])
    if moved.empty:
        return f"{text}; no difference has an interval yet."
    sure = int((bootstrap.holm(moved["p"]) < 0.05).sum())
    top = moved.loc[moved["difference"].abs().idxmax()]
    of = texts.count(len(moved), "difference")
    return texts.minus(
        f"{text}; of {of} {sure} {texts.are(sure)} beyond chance, all of "
        f"them considered (Holm, 5 %), and the greatest is {top['difference']:+.1f} points "
        f"({top['ablation'].replace('_', ' ')}, {top['modality']})."
    )


def _rivals(rows):
    """How many, and against what, with the differences."""
    told = [
        f"{row.model} against {row.baseline}: {row.difference:+.1f} points, "
        f"{row.low:.1f} … {row.high:.1f}"
        for row in rows.itertuples()
    ]
    return f"{len(told)} ({'; '.join(told)})" if told else "none"


def _gained(value, low, high):
    """What a difference says, with its interval; "may be chance" where that holds 0."""
    value, low, high, verb = _as_said(value, low, high, verbs=("gain", "lose"))
    said = f"{verb} {value:.1f} points by transfer"
    if np.isnan([low, high]).any():
        return f"{said}, without an interval"
    return f"{said} ({low:.1f} … {high:.1f}" + (")" if low > 0 else "; that may be chance)")


def _epochs(saved):
    bounds = (saved[name] for name in ("difference", "low", "high"))
    value, low, high, did = _as_said(*bounds, verbs=("save {} % of the", "need {} % more"))
    if not np.isfinite(value):
        return ""
    did = did.format(f"{value:.0f}")
    return f", and {did} epochs" + (f" ({low:.0f} … {high:.0f})" if np.isfinite(low) else "")


def _as_said(value, low, high, *, verbs):
    """A difference and its interval in the direction of the verb, which is the last entry."""
    return (value, low, high, verbs[0]) if not value < 0 else (-value, -high, -low, verbs[1])


def _verb(value):
    return "gains" if value >= 0 else "loses"
