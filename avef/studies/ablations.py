"""Ablations: the pipeline with one choice changed at a time, and whether that still holds.

``params.yaml`` names them; :mod:`avef.studies.experiments` has DVC run them. What one gave
lies under ``reports/ablations/``: in a table the predictions of two runs that belong
together, its own and, for the same clips, those of the base run that it was queued beside;
in a note, digests of what both were made from. A difference is therefore never one of two
runs of different code or data, however old it is. Where what is at hand is not what the
note says, it is stale, and said to be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from avef.config import params, profiles
from avef.config.schema import Params
from avef.core import outside, paths, store
from avef.core.errors import ParameterError
from avef.core.files import write_csv, write_json
from avef.evaluation import tables
from avef.learning import clip_svm, fusion, transfer, unimodal
from avef.preparation import clips
from avef.preparation.prepared import TABLE
from avef.studies import baselines

FOLDER = paths.REPORTS / "ablations"
#: What makes clips, networks and predictions; the code of all that they import counts, too.
MAKERS = (clips, transfer, unimodal, fusion, clip_svm)
#: Sections of the parameters that change no result here.
_ASIDE = ("ablations", "jobs", "emodb", "power")
_CLIP = ("dataset", "modality", "seed", "clip")


class Ablation(NamedTuple):
    """What is there of an ablation.

    Attributes
    ----------
    table : DataFrame or None
        From :func:`paired`; None if it has not been run.
    stale : list of str
        What is not as it was when it was run, of the keys of :func:`origins`.

    Examples
    --------
    >>> Ablation(None, []).state
    'not run'
    >>> Ablation(pd.DataFrame(), ["code", "base run"]).state
    'stale: other code, base run'
    """

    table: pd.DataFrame | None
    stale: list[str]

    @property
    def state(self) -> str:
        """``not run``, ``current``, or ``stale`` with what has changed since."""
        if self.table is None:
            return "not run"
        return f"stale: other {', '.join(self.stale)}" if self.stale else "current"


def fingerprint(p: Params) -> str:
    """Of the parameters that decide results; where the corpora lie does not."""
    plain = {name: value for name, value in asdict(p).items() if name not in _ASIDE}
    plain["compute"] = p.compute.precision
    plain["corpora"] = {name: p.sources(name) for name in p.corpora}
    return _short(plain)


def origins(path: str | Path = "params.yaml") -> dict[str, dict[str, str]]:
    """Name → what each ablation's predictions, and those beside them, would now be made from.

    Returns
    -------
    dict of dict
        Digests of its ``parameters``; of the ``code`` and the libraries that decide
        predictions; of the base run's prepared ``data``, each of whose clips is known by
        its raw file and by what prepared it; and of the ``base run``'s predictions.

    Raises
    ------
    ParameterError
        If there is no base run, or an override does not fit the parameters.
    """
    p = params.read(path)
    prepared = [paths.prepared(corpus) / TABLE for corpus in p.corpora]
    try:
        common = {
            "code": _short([store.digest(code=module.__name__) for module in MAKERS]),
            "data": _short([store.digest(files=[file]) for file in prepared]),
            "base run": _short(base(p).to_csv(index=False)),
        }
    except FileNotFoundError as error:
        raise ParameterError(f"{error.filename} is missing; `dvc repro` makes it") from error
    changed = {n: profiles.overridden(path, texts) for n, texts in p.ablations.items()}
    return {name: {"parameters": fingerprint(one)} | common for name, one in changed.items()}


def joined(predictions: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """Predictions of six emotions in case 2, as one table.

    Parameters
    ----------
    predictions : mapping (dataset, modality) → DataFrame
        As :func:`avef.learning.clip_svm.predictions` gives them.
    """
    parts = [
        table.query("emotion_model == 'emotion' and case == 2").assign(dataset=d, modality=m)
        for (d, m), table in predictions.items()
    ]
    return pd.concat(parts, ignore_index=True).drop(columns="data", errors="ignore")


def base(p: Params) -> pd.DataFrame:
    """The predictions at hand, from :func:`joined`."""
    return joined(tables.read_all(list(p.corpora)))


def paired(table: pd.DataFrame, plain: pd.DataFrame) -> pd.DataFrame:
    """An experiment's predictions, and beside them the base run's of the same clips.

    Parameters
    ----------
    table, plain : DataFrame
        From :func:`joined`: the experiment, and the base run.

    Returns
    -------
    DataFrame
        ``table`` with the column ``base``; without what the other run lacks, such as clips
        that it sent to quarantine.

    Raises
    ------
    ParameterError
        If they have nothing in common.
    """
    keys = [key for key in _CLIP if key in plain]
    own = plain.rename(columns={"predicted": "base"})[[*keys, "base"]]
    both = table.merge(own, on=keys, validate="1:1")
    if both.empty:
        raise ParameterError("the experiment and the base run have no clip and seed in common")
    return both


def save(name: str, table: pd.DataFrame, origin: Mapping[str, str], *, mark: str) -> None:
    """Write what :func:`paired` gave, and a note of the one of :func:`origins` that it has."""
    file = FOLDER / f"{name}.csv"
    write_csv(file, table.assign(data=mark))
    note = {"data": mark, "made_from": dict(origin), "table": store.digest(files=[file])}
    write_json(file.with_suffix(".json"), note)


def read(path: str | Path = "params.yaml") -> dict[str, Ablation]:
    """Every ablation that ``params.yaml`` names, and whether it still holds."""
    known = {}
    for name, origin in origins(path).items():
        made_from, table = _saved(FOLDER / f"{name}.csv")
        stale = [
            part for part in origin if table is not None and made_from.get(part) != origin[part]
        ]
        known[name] = Ablation(table, stale)
    return known


def states(p: Params, known: Mapping[str, Ablation]) -> pd.DataFrame:
    """What each ablation changes and how it stands: ``ablation``, ``changes``, ``state``."""
    rows = [(name, ", ".join(p.ablations[name]), one.state) for name, one in known.items()]
    return pd.DataFrame(rows, columns=["ablation", "changes", "state"])


def effects(known: Mapping[str, Ablation], seed: int) -> pd.DataFrame:
    """What each change does to the accuracy, paired by speaker over all corpora.

    Returns
    -------
    DataFrame
        ``ablation``, ``state``, ``modality``, ``clips``, ``moved`` (percent of the
        predictions that are others than the base run's), ``changed`` and ``plain``
        (accuracies, percent), ``difference``, ``low``, ``high`` (points, 95 %), ``p``,
        ``seeds``, ``deviation`` (over these trainings, points; NaN of a single one).
        Where no prediction moved, the change does not touch the modality: the difference
        is 0, and ``low``, ``high`` and ``p`` are NaN.
    """
    rows = [
        {"ablation": name, "state": one.state, "modality": modality} | _effect(part, seed)
        for name, one in known.items()
        if one.table is not None
        for modality, part in one.table.groupby("modality", sort=False)
    ]
    figures = ["moved", "changed", "plain", "difference", "low", "high", "p"]
    figures += ["seeds", "deviation"]
    return pd.DataFrame(rows, columns=["ablation", "state", "modality", "clips", *figures])


def between(known: Mapping[str, Ablation], changed: str, plain: str, *, seed: int) -> pd.DataFrame:
    """What sets one ablation apart from another, as :func:`effects` sets it apart from the base.

    Columns as there, ``ablation`` naming both, ``state`` those of both. Corpora in which no
    prediction differs are left out, as neither changes anything there. No rows where one of the
    two was not run.
    """
    pair = [known.get(name, Ablation(None, [])) for name in (changed, plain)]
    runs = [one.table.drop(columns="base") for one in pair if one.table is not None]
    if len(runs) < len(pair):
        return effects({}, seed)
    both = paired(*runs)
    touched = (both["predicted"] != both["base"]).groupby(both["dataset"]).transform("any")
    rows = effects({f"{changed} against {plain}": Ablation(both[touched], [])}, seed)
    return rows.assign(state="; ".join(dict.fromkeys(one.state for one in pair)))


def _effect(part, seed):
    """One ablation and modality."""
    corpora = dict(list(part.groupby("dataset", sort=False)))
    plain = {corpus: t.assign(predicted=t["base"]) for corpus, t in corpora.items()}
    moved = 100.0 * (part["predicted"] != part["base"]).mean()
    result = {
        "clips": len(part.drop_duplicates(["dataset", "clip"])),
        "moved": round(moved, 2),
    }
    result |= baselines.against(corpora, plain, seed)
    result["changed"] = result.pop("accuracy")
    result["plain"] = result.pop("baseline_accuracy")
    return result if moved else result | dict.fromkeys(("low", "high", "p"), np.nan)


def _saved(file):
    """What a file was made from, and its table; None and None if it is not there or not whole."""
    try:
        note = outside.value(file.with_suffix(".json"))
        if note["table"] != store.digest(files=[file]):
            return None, None
        made_from = note["made_from"]
    except store.BROKEN:  # ParameterError is a ValueError
        return None, None
    return made_from, outside.table(file, dtype={"clip": str, "speaker": str})


def _short(value):
    return store.digest(value)[:12]
