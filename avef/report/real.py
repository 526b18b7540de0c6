"""What is known on real recordings, whatever the run at hand was made from (V1, V2, §4.3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from avef import corpora, paper
from avef.report.view import Grid

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


def _answer(name, about):
    gain = about["runs"][0]["gain"]
    title = corpora.title(name)
    said = f"{title}, of which {about['voiced_percent']:.0f} % is speech: leaving out the rest "
    if gain["low"] > 0:
        said += f"gains {gain['difference']:.1f} points"
    elif gain["high"] < 0:
        said += f"costs {-gain['difference']:.1f} points"
    else:
        said += f"changes {_signed(gain['difference'])} points, which may be chance"
    people = f"{about['clips']} clips of {about['speakers']} speakers"
    said += f" ({_bounds(gain)}; {people}, {len(about['emotions'])} emotions)."
    for run in about["runs"]:
        if run["alike"] == "steps":
            more = run["gain"]
            said += f" With as many steps as case 1: {_signed(more['difference'])} points "
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
        yield [*row, f"{_signed(gain['difference'])} [{_bounds(gain)}]"]


def _claims(measured: Mapping[str, Any]) -> Grid:
    columns = ["claim", "the paper", "speakers unknown to the detector", "all speakers"]
    rows = []
    for claim, key in (("V1", "percent"), ("V2", "relative_gain")):
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
    return f"{measured[key]:.1f} %{interval}, {measured['utterances']} utterances"


def _bounds(values):
    return f"{values['low']:.1f} … {values['high']:.1f}".replace("-", "−")


def _signed(number):
    return f"{number:+.1f}".replace("-", "−")
