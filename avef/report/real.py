"""What is known on real recordings, whatever the run at hand was made from (V1, V2, §4.3.1)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from avef import corpora, paper
from avef.evaluation import claims
from avef.evaluation.texts import minus, signed
from avef.report.fit import KEYS
from avef.report.view import LOOKS, Grid

CORPORA = ("ravdess", "emodb")


def known(real: Mapping[str, Any]) -> dict[str, Any]:
    """The page's opening, from the figures of ``benchmarks/real.py``.

    Parameters
    ----------
    real : mapping
        The content of ``benchmarks/results/real.json``.

    Returns
    -------
    dict
        ``answers``: a sentence a corpus, on what leaving out silence did at the first width;
        ``runs``: a :class:`~avef.report.view.Grid` of all widths; ``claims``: one of V1 and V2;
        ``trainings``, ``epochs``, ``machine``.
    """
    machine = real["machine"]
    columns = ["corpus", "width", "trained for"]
    columns += ["case 1: all frames", "case 2: speech alone", "case 2 − case 1"]
    rows = [row for name in CORPORA for row in _runs(name, real[name])]
    return {
        "answers": [_answer(name, real[name]) for name in CORPORA],
        "runs": Grid(columns, rows, [False] * len(columns)),
        "claims": _claims(real["claims"]),
        "trainings": len(real["seeds"]),
        "epochs": real["epochs"],
        "machine": f"{machine['cpu']} with {machine['instructions']}",
    }


def measured(real: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """V1 and V2 as their rules judge them, of speakers whom the detector does not know.

    Returns
    -------
    dict
        Claim → ``ours``, ``interval``, ``verdict``, ``sign``, ``look`` and ``remark``, as in
        :func:`~avef.report.view.claim_rows`; none of a claim that was not measured.
    """
    told = {claim: real["claims"].get(claim) for claim in KEYS}
    return {claim: _judged(claim, one) for claim, one in told.items() if one}


def _judged(claim, told):
    about, ours = paper.CLAIMS[claim], told[KEYS[claim]]
    low, high = (told.get(name, math.nan) for name in ("low", "high"))
    part = claims.Part(claim, "Emo-DB", about.figure, ours, low, high, data="paper")
    verdict = claims.verdict(part)
    sign, look = LOOKS[verdict]
    return {
        "ours": minus(f"{ours:.1f} {about.unit}"),
        "interval": _bounds(told) if "low" in told else "",
        "verdict": verdict,
        "sign": sign,
        "look": look,
        "remark": f"Measured apart from this run, on {told['utterances']} utterances of "
        "Emo-DB by speakers whom the detector does not know.",
    }


def gains(real: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What leaving out silence did to each corpus, at every width, for as many epochs."""
    for name in CORPORA:
        runs = (run for run in real[name]["runs"] if run["alike"] == "epochs")
        told = (
            f"{signed(run['gain']['difference'])} points ({_bounds(run['gain'])}) at "
            f"{Fraction(run['width']).limit_denominator(64)} of the width"
            for run in runs
        )
        yield f"Leaving out silence, {corpora.title(name)}", "; ".join(told)


def _answer(name, about):
    gain = bounds = about["runs"][0]["gain"]
    title = corpora.title(name)
    said = f"{title}, of which {about['voiced_percent']:.0f} % is speech: leaving out the rest "
    if gain["low"] > 0:
        said += f"gains {gain['difference']:.1f} points"
    elif gain["high"] < 0:
        said += f"costs {-gain['difference']:.1f} points"
        bounds = {"low": -gain["high"], "high": -gain["low"]}  # of the costs
    else:
        said += f"changes {signed(gain['difference'])} points, which may be chance"
    people = f"{about['clips']} clips of {about['speakers']} speakers"
    said += f" ({_bounds(bounds)}; {people}, {len(about['emotions'])} emotions)."
    for run in about["runs"]:
        if run["alike"] == "steps":
            more = run["gain"]
            said += f" With as many steps as case 1: {signed(more['difference'])} points "
            said += f"({_bounds(more)})."
    return said


def _runs(name: str, about: Mapping[str, Any]) -> Iterator[list[str]]:
    for run in about["runs"]:
        cases = (
            f"{run[case]['accuracy']:.1f} ± {run[case]['deviation']:.1f} % [{_bounds(run[case])}]"
            for case in ("case 1", "case 2")
        )
        gain = run["gain"]
        row = [corpora.title(name), f"{run['width']:g}", f"as many {run['alike']}", *cases]
        yield [*row, f"{signed(gain['difference'])} [{_bounds(gain)}]"]


def _claims(measured: Mapping[str, Any]) -> Grid:
    columns = ["claim", "the paper", "speakers unknown to the detector", "all speakers"]
    rows = []
    for claim, key in KEYS.items():
        about = paper.CLAIMS[claim]
        pair = (measured.get(name) for name in (claim, f"{claim} all speakers"))
        told = [_one(one, key) for one in pair]
        rows.append([f"{claim}: {about.statement}", f"{about.figure} {about.unit}", *told])
    return Grid(columns, rows, [False] * len(columns))


def _one(measured: Mapping[str, Any] | None, key: str) -> str:
    """A claim's figure, its interval where there is one, and how many utterances it is of."""
    if not measured:
        return "–"
    interval = f" [{_bounds(measured)}]" if "low" in measured else ""
    return minus(f"{measured[key]:.1f} %{interval}, {measured['utterances']} utterances")


def _bounds(values):
    return minus(f"{values['low']:.1f} … {values['high']:.1f}")
