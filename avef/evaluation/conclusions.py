"""What a notebook of all corpora has shown, in a sentence that is computed from what it shows.

Those that tell of a difference are in :mod:`avef.evaluation.differences`, those of notebooks
that run once a corpus in :mod:`avef.evaluation.insights`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import special

from avef import paper
from avef.evaluation import consistency, texts
from avef.evaluation.verdicts import VERDICTS


def listed(known: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]) -> str:
    """Of the clips of each corpus, and the files left out: how many, and what guessing earns.

    Parameters
    ----------
    known : corpus → (clips, left out)
        Of the clips their ``speaker`` and ``emotion``.

    Examples
    --------
    >>> clips = pd.DataFrame({"speaker": ["a", "a", "b"], "emotion": ["fear", "fear", "anger"]})
    >>> listed({"rml": (clips, clips[:1])})  # doctest: +NORMALIZE_WHITESPACE
    'RML: 3 clips of 2 speakers (1 file left out); always saying fear would get 67 % right.'
    """
    told = []
    for corpus, (clips, left_out) in known.items():
        aside = f"({texts.count(len(left_out), 'file')} left out)"
        if clips.empty:
            told.append(f"{paper.title(corpus)}: no clip {aside}")
            continue
        counts = clips["emotion"].value_counts()
        speakers = texts.count(clips["speaker"].nunique(), "speaker")
        told.append(
            f"{paper.title(corpus)}: {texts.count(len(clips), 'clip')} of {speakers} {aside}; "
            f"always saying {counts.index[0]} would get "
            f"{100 * counts.iloc[0] / len(clips):.0f} % right"
        )
    return ". ".join(told) + "." if told else "There is nothing to say of: no corpus is configured."


def detected(areas: Mapping[str, pd.DataFrame], ours: str = "MRCG + DNN") -> str:
    """Of the areas under the ROC curves: how often speech is ranked above silence (§2.1.1).

    Parameters
    ----------
    areas : whose speech → table
        From :func:`avef.studies.vad_scores.auc`: ``condition``, and a column a detector.

    Examples
    --------
    >>> table = pd.DataFrame({"condition": ["clean", "noise"], "MRCG + DNN": [0.99, 0.95],
    ...                       "level": [0.98, 0.75]})
    >>> detected({"synthetic": table})  # doctest: +NORMALIZE_WHITESPACE
    'Of a frame of speech and one of silence, MRCG + DNN finds which is which in 97.0 % of all
     pairs on average over 2 conditions, and in 95.0 % at its worst (noise); level in 86.5 %
     (synthetic).'
    """
    told = []
    for whose, table in areas.items():
        percent = 100 * table.set_index("condition")
        if ours not in percent or percent[ours].isna().all():
            continue
        own, others = percent[ours], percent.drop(columns=ours).mean()
        beside = "".join(f"; {name} in {value:.1f} %" for name, value in others.items())
        told.append(
            f"{ours} finds which is which in {own.mean():.1f} % of all pairs on average over "
            f"{len(own)} conditions, and in {own.min():.1f} % at its worst ({own.idxmin()})"
            f"{beside} ({whose})"
        )
    if not told:
        return "There is nothing to say of: nobody's speech was heard."
    return f"Of a frame of speech and one of silence, {'; '.join(told)}."


def timed(measured: Mapping[str, float], width: Mapping[str, float]) -> str:
    """Of claims P1–P3: what was measured beside the paper's figures (§4.3.2).

    Parameters
    ----------
    measured : claim → hours, seconds, or times a clip's length; NaN or none where not measured
    width : network → its width, 1 the published one

    Examples
    --------
    >>> timed({"P1": 0.0009, "P2": 0.048, "P3": 0.067}, {"audio-net": 0.125})
    ... # doctest: +NORMALIZE_WHITESPACE
    'Training a model takes 3.2 s (the paper: 24 h), recognising a 5 s clip 0.048 s (1 s),
     preparing a clip 0.067 times its length (10 times), with audio-net at width 0.125 of the
     published.'
    """
    names = {
        "P1": ("training a model takes", "h"),
        "P2": ("recognising a 5 s clip", "s"),
        "P3": ("preparing a clip", "times its length"),
    }
    told: list[str] = []
    for claim, (what, unit) in names.items():
        value, printed = measured.get(claim, np.nan), paper.CLAIMS[claim].of("")
        if np.isfinite(value):
            shown = texts.figure(f"{value:.9f} h") if unit == "h" else f"{value:.2g} {unit}"
            beside = f"{'the paper: ' if not told else ''}{printed:g} {unit.split()[0]}"
            told.append(f"{what} {shown} ({beside})")
    if not told:
        return "There is nothing to say of: nothing could be measured."
    text = ", ".join(told)
    by_size: dict[float, list[str]] = {}
    for name, size in width.items():
        by_size.setdefault(size, []).append(name)
    sizes = " and ".join(f"{_and(names)} at width {size:g}" for size, names in by_size.items())
    return f"{text[0].upper()}{text[1:]}, with {sizes} of the published."


def judged(claims: pd.DataFrame) -> str:
    """Of the claims (§5): how many have which verdict.

    Examples
    --------
    >>> judged(pd.DataFrame({"verdict": ["reproduced", "not run", "not run"]}))
    'Of 3 claims, 1 is reproduced and 2 are not run.'
    """
    if claims.empty:
        return "There is nothing to say of: no claim was judged."
    counts = claims["verdict"].value_counts()
    told = [
        f"{counts[name]} {_of_claims(name, counts[name])}" for name in VERDICTS if name in counts
    ]
    return f"Of {texts.count(len(claims), 'claim')}, {_and(told)}."


def trusted(needed: pd.DataFrame, studies: int) -> str:
    """Of what was asked of the rules: how much is met, and where it is closest.

    Parameters
    ----------
    needed : DataFrame
        From :func:`avef.studies.power.met`.
    studies : int
        How many were simulated of each truth.

    Examples
    --------
    >>> rows = [("T4", "as printed", "reproduced", "≥ 90", 100.0, True),
    ...         ("S3", "no gain", "reproduced", "≤ 5", 6.0, False)]
    >>> columns = ["id", "truth", "verdict", "asked", "percent", "met"]
    >>> trusted(pd.DataFrame(rows, columns=columns), 50)  # doctest: +NORMALIZE_WHITESPACE
    '1 of 2 demands is met in 50 simulated studies of each truth; closest is S3 where the truth is
     “no gain”: 6 % reproduced (1 … 17, by the number of studies) where ≤ 5 is asked.'
    """
    if needed.empty:
        return "There is nothing to say of: nothing was simulated."
    limit = needed["asked"].str.extract(r"([\d.]+)")[0].astype(float)
    beyond = needed["percent"] - limit
    spare = beyond.where(needed["asked"].str.startswith("≥"), -beyond)
    spare /= (limit * (100 - limit)) ** 0.5  # in standard errors of a share that is the limit
    row, met = needed.loc[spare.idxmin()], int(needed["met"].sum())
    low, high = _uncertain(round(row["percent"] * studies / 100), studies)
    return (
        f"{met} of {texts.count(len(needed), 'demand')} {texts.are(met)} met in {studies} "
        f"simulated studies of each truth; closest is {row['id']} where the truth is "
        f"“{row['truth']}”: {row['percent']:.0f} % {row['verdict']} ({low:.0f} … {high:.0f}, by "
        f"the number of studies) where {row['asked']} is asked."
    )


def contradicted(identities: pd.DataFrame) -> str:
    """Of the paper against itself: what holds, and how large the gaps of Table 6 are.

    Parameters
    ----------
    identities : DataFrame
        From :func:`avef.evaluation.consistency.check`.

    Examples
    --------
    >>> contradicted(consistency.check()).partition("; ")[2]  # doctest: +NORMALIZE_WHITESPACE
    'Table 6 lies 0.4 … 1.1 points above what Tables 8–10 give, so that no reproduction can meet
     both. All that case 2 gains in Table 6 is 1.6 … 1.9 points.'
    """
    whole = consistency.summary(identities)
    hold, checked = int(whole["hold"].sum()), int(whole["checked"].sum())
    text = f"{hold} of {texts.count(checked, 'identity', 'identities')} hold"
    gaps = consistency.failing(identities, "diagonal")["difference"]
    if gaps.empty:
        return f"{text}; Table 6 is what Tables 8–10 give."
    pairs = paper.case_comparisons().query("table == 6")["gain"]
    side = "above" if (gaps > 0).all() else "from" if (gaps > 0).any() else "below"
    return (
        f"{text}; Table 6 lies {texts.span(gaps.abs())} points {side} what Tables 8–10 give, so "
        "that no reproduction can meet both. All that case 2 gains in Table 6 is "
        f"{texts.span(pairs)} points."
    )


def _uncertain(hits: int, trials: int) -> tuple[float, float]:
    """The exact 95 % interval of a share, percent (Clopper and Pearson 1934)."""
    low = special.betaincinv(hits, trials - hits + 1, 0.025) if hits else 0.0
    high = special.betaincinv(hits + 1, trials - hits, 0.975) if hits < trials else 1.0
    return 100 * low, 100 * high


def _of_claims(verdict, count):
    if verdict.startswith(("other", "demo")):
        return f"{'has' if count == 1 else 'have'} {verdict.replace(', ', ' and ')}"
    return f"{texts.are(count)} {verdict}"


def _and(parts):
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
