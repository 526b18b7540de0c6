"""Whose clips went into what was fitted: from the stored trainings back to speakers (§4.2).

Every training keeps the names of its clips (:func:`avef.learning.lessons.heard`). Here they are set
beside the speakers that its fold tests. That the names are true is for the tests to show, which
change a speaker's clips and look at what changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from avef.config.corpus import CorpusParams
from avef.core import store
from avef.core.paths import Folders
from avef.learning import fusion, grid, source_weights
from avef.preparation.prepared import modalities, prepared_clips
from avef.protocol import EMOTION_MODELS, folds

COLUMNS = ["emotion_model", "case", "seed", "fold", "fitted", "clips", "speakers", "tested"]
KINDS = ("audio", "visual")


def table(folders: Folders, chosen: CorpusParams) -> pd.DataFrame:
    """Who went into everything that a corpus' folds are judged by.

    Parameters
    ----------
    folders : Folders
        All stages that a corpus of its kind has must have run.
    chosen : CorpusParams

    Returns
    -------
    DataFrame
        A row a training and fold: ``emotion_model``, ``case``, ``seed``, ``fold``, ``fitted``,
        ``clips`` (how many went into it), ``speakers`` (of how many people; of other corpora
        each clip's corpus counts as one), and ``tested``, the names of those whom the fold
        tests, parted by commas: "" is as it must be.
    """
    clips = prepared_clips(folders.prepared)
    corpus = clips["corpus"].iloc[0]
    splits = folds(clips, corpus, **asdict(chosen.protocol), seed=chosen.seed)
    names = (clips["corpus"] + "/" + clips["clip"]).to_numpy(str)
    people = dict(zip(names, clips["speaker"], strict=True))
    rows = []
    for cell, fitted, learnt in _trainings(folders, names, splits):
        tested = set(clips["speaker"].iloc[splits[cell.fold][1]])
        heard = {people.get(clip, clip.partition("/")[0] + "/") for clip in learnt}
        rows.append((*cell, fitted, len(learnt), len(heard), ", ".join(sorted(heard & tested))))
    return pd.DataFrame(rows, columns=COLUMNS)


def summary(people: pd.DataFrame) -> pd.DataFrame:
    """One row for each kind of thing that is fitted.

    Parameters
    ----------
    people : DataFrame
        From :func:`table`.

    Returns
    -------
    DataFrame
        ``fitted``, ``trainings`` (each with the folds that it serves), ``clips`` (the mean),
        ``with a tested speaker``, how many of the trainings: 0 is as it must be.

    Examples
    --------
    >>> rows = [("audio-net", 12, ""), ("audio-net", 10, "s1"), ("SVM", 12, "")]
    >>> summary(pd.DataFrame(rows, columns=["fitted", "clips", "tested"]))
          fitted  trainings  clips  with a tested speaker
    0  audio-net          2     11                      1
    1        SVM          1     12                      0
    """
    told = people.assign(leak=people["tested"] != "").groupby("fitted", sort=False)
    columns = {
        "trainings": told.size(),
        "clips": told["clips"].mean().round().astype(int),
        "with a tested speaker": told["leak"].sum(),
    }
    return pd.DataFrame(columns).reset_index()


def _trainings(
    folders: Folders, names: np.ndarray, splits: list[tuple[np.ndarray, np.ndarray]]
) -> Iterator[tuple[grid.Cell, str, Sequence[str] | np.ndarray]]:
    """(cell, what was fitted, clips) of everything that a cell's fold is judged by."""
    shown = modalities(folders.prepared)
    start = {key: store.load(path) for key, path in _starts(folders.transfer, shown)}
    for kind in shown:
        for cell, arrays in grid.load_all(folders.net(kind)):
            source = start[cell.emotion_model, kind]
            yield cell, f"start of the {kind}-net", [*source["learnt"], *source["chose"]]
            yield cell, f"{kind}-net", arrays["learnt"]
            if len(arrays["chose"]):
                yield cell, f"epoch of the {kind}-net", arrays["chose"]
            yield cell, f"SVM on the {kind}-net", names[splits[cell.fold][0]]
    for cell, arrays in grid.load_all(folders.dbn_fusion):
        yield cell, "DBN and whole model", arrays["learnt"]
        if len(arrays["chose"]):
            yield cell, "epoch of the whole model", arrays["chose"]
        yield cell, "SVM", names[splits[cell.fold][0]]
        kept = fusion.weights_file(folders.dbn_fusion, cell.fold)
        if store.vouches(grid.file(folders.dbn_fusion, cell), kept):
            corpus = names[0].partition("/")[0]
            yield cell, "kept for predict", [f"{corpus}/{c}" for c in store.load(kept)["clips"]]


def _starts(folder: Path, shown: Iterable[str]) -> Iterator[tuple[tuple[str, str], Path]]:
    """(emotion model, kind) and the cell of each network that the corpus starts from."""
    for emotion_model in EMOTION_MODELS:
        for kind in shown:
            path = source_weights.cell(folder, emotion_model, kind)
            if path.is_file():
                yield (emotion_model, kind), path
