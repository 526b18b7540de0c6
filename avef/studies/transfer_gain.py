"""Claim S4: what the start from the other two corpora is worth (§2.2, §5).

Audio-net and visual-net are trained once more from random weights, every layer, on the
same clips, in the same folds and for as many epochs; six emotions, case 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import pandas as pd

from avef import paper
from avef.config.schema import Keep, Params
from avef.core import parallel, paths
from avef.evaluation import bootstrap
from avef.learning import clip_svm, grid, unimodal
from avef.preparation.prepared import modalities
from avef.studies import baselines

PAIRS = (("emotion", 2),)
FOLDER = paths.REPORTS / "without_transfer"
STAGES = {"audio": "audio_net", "visual": "visual_net"}
ANEW = Keep(audio=None, visual=None, dbn=0, tune=False)


def run(p: Params) -> None:
    """Train both networks of every corpus from random weights; resume what was begun.

    The cells go to a folder a corpus and network. Of the start from other corpora only the
    scaling of the mel image is taken.
    """
    work = []
    for kind, corpus in product(reversed(STAGES), p.corpora):  # the longer ones first
        if kind not in modalities(paths.prepared(corpus)):
            continue
        chosen = p.of(corpus)._replace(keep=ANEW)
        work.append((kind, PAIRS, _folders(corpus, kind), chosen))
    title = "training without transfer"
    list(parallel.each(unimodal.run_folds, work, jobs=p.jobs.train, title=title))


def predictions(p: Params, corpus: str) -> pd.DataFrame:
    """As :func:`avef.learning.clip_svm.predictions`, of both networks; of sound alone of one.

    The column ``modality`` tells which.
    """
    tables = []
    for kind in modalities(paths.prepared(corpus)):
        folders = _folders(corpus, kind)
        table = clip_svm.predictions(
            folders.prepared,
            folders.net(kind),
            p.of(corpus),
            feature="fc7",
            decision=p.unimodal_decision,
            pairs=PAIRS,
        )
        tables.append(table.assign(modality=kind))
    return pd.concat(tables, ignore_index=True)


def gain(
    with_it: dict[tuple[str, str], pd.DataFrame],
    without: dict[tuple[str, str], pd.DataFrame],
    seed: int,
) -> pd.DataFrame:
    """Accuracy with transfer minus without, paired by speaker.

    Parameters
    ----------
    with_it, without : (corpus, modality) → predictions of six emotions, case 2

    Returns
    -------
    DataFrame
        ``networks`` (each modality over all corpora that have it, then all together) and the
        entries of :func:`avef.studies.baselines.against`.
    """
    rows = []
    for name, kinds in (("audio-net", ["audio"]), ("visual-net", ["visual"]), ("both", STAGES)):
        chosen = [key for key in with_it if key[1] in kinds]
        if not chosen:
            continue
        mine, other = ({key: table[key] for key in chosen} for table in (with_it, without))
        rows.append({"networks": name} | baselines.against(mine, other, seed))
    return pd.DataFrame(rows)


def claim(
    with_it: dict[tuple[str, str], pd.DataFrame],
    without: dict[tuple[str, str], pd.DataFrame],
    seed: int,
) -> dict[str, dict]:
    """``S4``: the last row of :func:`gain` for the paper's corpora; empty without one."""
    known = [key for key in with_it if key[0] in paper.DATASETS]
    if not known:
        return {}
    table = gain({k: with_it[k] for k in known}, {k: without[k] for k in known}, seed)
    return {"S4": table.set_index("networks").loc["both"].to_dict()}


def epochs_saved(with_it: pd.DataFrame, without: pd.DataFrame, seed: int) -> dict:
    """How much sooner transfer reaches the training loss at which training without it ends.

    Parameters
    ----------
    with_it, without : DataFrame
        ``training`` (what the two have in common), ``unit`` (trainings that share data: the
        folds of a network on a corpus), ``epoch``, ``loss``. A training that never gets
        there counts with all its epochs.

    Returns
    -------
    dict
        ``difference``, ``low``, ``high``: epochs saved, percent of those without, with
        the 95 % bootstrap interval over units.
    """
    rows = []
    for (unit, name), plain in without.groupby(["unit", "training"]):
        goal = plain.sort_values("epoch")["loss"].iloc[-1]
        first, last = (
            _reached(table, goal) for table in (with_it[with_it["training"] == name], plain)
        )
        rows.append((unit, last - first, last))
    units = pd.DataFrame(rows, columns=["unit", "saved", "needed"]).groupby("unit").sum()
    value, low, high = bootstrap.ratio(
        units["saved"].to_numpy(), units["needed"].to_numpy(), seed=seed
    )
    return {"difference": round(value, 2), "low": round(low, 2), "high": round(high, 2)}


def all_curves(corpora: Iterable[str]) -> pd.DataFrame:
    """Learning curves of all corpora and both networks, six emotions, case 2.

    Returns
    -------
    DataFrame
        ``start`` (transfer or random), ``network``, ``corpus``, ``unit`` (these two as one),
        ``seed``, ``fold``, ``training`` (these and the unit), ``epoch``, ``loss``, ``accuracy``.
    """
    parts = []
    for corpus, (kind, stage) in product(corpora, STAGES.items()):
        if kind not in modalities(paths.prepared(corpus)):
            continue
        starts = {
            "transfer": paths.cells(stage, corpus),
            "random": paths.cells("without_transfer", corpus) / kind,
        }
        for start, folder in starts.items():
            table = grid.curves(folder).query("emotion_model == 'emotion' and case == 2")
            unit = f"{corpus} {kind}"
            named = table.assign(start=start, network=f"{kind}-net", corpus=corpus, unit=unit)
            which = table["seed"].astype(str) + " " + table["fold"].astype(str)
            parts.append(named.assign(training=f"{unit} " + which))
    return pd.concat(parts, ignore_index=True)


def sides(curves: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The curves with transfer, and those without."""
    return tuple(curves[curves["start"] == start] for start in ("transfer", "random"))


def _reached(table, goal):
    there = table.loc[table["loss"] <= goal, "epoch"]
    return int(there.min() if len(there) else table["epoch"].max())


def _folders(corpus, kind):
    """The corpus' folders, but with a network's cells apart."""
    out = paths.cells("without_transfer", corpus) / kind
    return paths.folders(corpus)._replace(**{STAGES[kind]: out})
