"""Tables 1–10: what the paper prints beside ours; in Tables 4–10 with difference and interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from avef import paper
from avef.config.schema import Params, Schedule
from avef.core import outside, paths
from avef.core.files import write_csv, write_text
from avef.evaluation import captions, intervals, scores, texts
from avef.protocol import EMOTION_MODELS

#: The stage whose predictions a modality's accuracies are of.
STAGES = {"audio": "audio_net", "visual": "visual_net", "multimodal": "svm"}
#: Table number → corpus.
CONFUSIONS = dict(zip((8, 9, 10), paper.DATASETS, strict=True))
_CHANNELS = {1: "mono", 2: "stereo"}


def table_1(listed: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]) -> pd.DataFrame:
    """Table 1 beside what the files say: one row an entry, two columns a corpus.

    Parameters
    ----------
    listed : corpus → (clips, files)
        Of :class:`avef.corpora.listing.Listing`. Of a corpus that is not there the paper's
        column stands alone, of one that the paper does not have ours.
    """
    columns = {}
    printed = paper.table_1()
    for dataset in dict.fromkeys([*printed.index, *listed]):
        name = paper.title(dataset)
        if dataset in printed.index:
            columns[f"{name}, paper"] = _printed(printed.loc[dataset])
        if dataset in listed:
            columns[f"{name}, files"] = _of_files(*listed[dataset])
    return pd.DataFrame(columns).rename_axis("entry")


def _printed(row):
    return {
        "audio (Hz)": row["audio_rate"],
        "channels": row["channels"],
        "fps": row["fps"],
        "frame size": f"{row['width']}×{row['height']}",
        "speakers": row["speakers"],
        "clips": row["clips"],
    }


def _of_files(clips, files):
    """The most frequent value of each entry; a dash for pictures where there are none."""
    usual = files.mode(numeric_only=True).iloc[0]
    shown = files["width"].notna().any()
    return {
        "audio (Hz)": int(usual["sample_rate"]),
        "channels": _CHANNELS.get(usual["channels"], f"{usual['channels']:g}"),
        "fps": texts.whole(usual["fps"]) if shown else "–",
        "frame size": f"{usual['width']:.0f}×{usual['height']:.0f}" if shown else "–",
        "speakers": clips["speaker"].nunique(),
        "clips": len(clips),
    }


def table_3(params: Params) -> pd.DataFrame:
    """Table 3 beside the settings at hand: ``setting`` (index), ``paper``, ``ours``."""
    stages: dict[str, Mapping[str, Schedule]] = {
        "audio-net": params.audio_net,
        "visual-net": params.visual_net,
        "whole model": params.dbn_fusion,
    }
    rows = []
    for where, setting, value in paper.table_3().itertuples(index=False):
        ours: set[Any]
        if where == "hardware":
            ours = {"–"}
        elif setting == "dropout":
            ours = {params.networks.audio.dropout, params.networks.visual.dropout}
        else:
            name = {"batch size": "batch"}.get(setting, setting.replace(" ", "_"))
            concerned = [stages[where]] if where in stages else list(stages.values())
            ours = {getattr(stage[c], name) for stage in concerned for c in params.corpora}
        rows.append((f"{where}: {setting}", _plain(value), ", ".join(map(_plain, sorted(ours)))))
    return pd.DataFrame(rows, columns=["setting", "paper", "ours"]).set_index("setting")


def coverage(datasets: Sequence[str]) -> str:
    """How many of a corpus' clips were used, a sentence for captions; "" where nothing is known."""
    parts = []
    for dataset in datasets:
        path = paths.metrics("preprocessing", dataset)
        if path.is_file():
            counts = outside.value(path)
            used = counts["clips"]
            lost = counts["quarantined"]
            name = paper.title(dataset)
            parts.append(f"{name}: {used} of {used + lost} clips used, {lost} in quarantine")
    return "; ".join(parts) + "." if parts else ""


def trained_on(datasets: Sequence[str]) -> str:
    """Which machines' float sums the networks are made of, a sentence for captions."""
    machines: set[str] = set()
    for stage, dataset in product(STAGES.values(), datasets):
        path = paths.metrics(stage, dataset)
        if path.is_file():
            machines.update(map(str, outside.value(path).get("trained_on", ())))
    return f"Networks trained on {' and '.join(sorted(machines))}." if machines else ""


def accuracy_table(datasets: Sequence[str], seed: int = 0) -> pd.DataFrame:
    """All entries of Tables 4–7, from the predictions under ``reports/``, the paper's first.

    Returns
    -------
    DataFrame
        ``table``, ``dataset``, ``modality``, ``emotion_model``, ``case``,
        ``paper``, ``ours`` (percent, mean over the seeds), ``difference`` (points),
        ``deviation`` (over the seeds), ``seeds``, ``low``, ``high`` (95 % over speakers),
        ``unweighted``, ``clips``, ``speakers``. ``ours`` is NaN of a corpus that was not run, and
        in what takes pictures of one that is sound alone; ``paper`` of one that it does not have.
    """
    ours = []
    for (dataset, modality), predictions in read_all(datasets).items():
        spread = intervals.interval(predictions, seed=seed).round(2)
        spread = spread[["emotion_model", "case", "low", "high", "speakers"]]
        table = scores.accuracies(predictions).merge(spread, on=["emotion_model", "case"])
        ours.append(table.assign(dataset=dataset, modality=modality))
    key = ["dataset", "modality", "emotion_model", "case"]
    printed = paper.accuracies().rename(columns={"accuracy": "paper"})
    every = product(dict.fromkeys([*paper.DATASETS, *datasets]), STAGES, EMOTION_MODELS, (1, 2))
    entries = pd.DataFrame(every, columns=key)
    both = entries.merge(printed, on=key, how="left", validate="1:1")
    run = pd.concat(ours).rename(columns={"accuracy": "ours"})
    both = both.merge(run, on=key, how="left", validate="1:1")
    alone, binary = both["modality"] != "multimodal", both["emotion_model"] != "emotion"
    both["table"] = 6 - 2 * alone + binary
    place = {name: n for n, name in enumerate(dict.fromkeys([*paper.DATASETS, *datasets]))}
    order = both[["table"]].assign(place=both["dataset"].map(place), case=both["case"])
    order["modality"] = both["modality"].map({name: n for n, name in enumerate(STAGES)})
    order["model"] = both["emotion_model"].map({name: n for n, name in enumerate(EMOTION_MODELS)})
    rows = order.sort_values(["table", "place", "modality", "case", "model"]).index
    both = both.loc[rows].reset_index(drop=True)
    both["difference"] = (both["ours"] - both["paper"]).round(2)
    figures = ["paper", "ours", "difference", "deviation", "seeds", "low", "high"]
    figures += ["unweighted", "clips", "speakers"]
    return both[["table", *key, *figures]]


def confusion_table(dataset: str, seed: int = 0) -> pd.DataFrame:
    """Table 8, 9 or 10, in percent of the true class.

    Columns ``true``, ``predicted``, ``paper``, ``ours`` (mean over the seeds), ``difference``,
    ``deviation`` (over the seeds), ``low``, ``high`` (95 % over speakers), ``clips`` (of the
    true class).
    """
    predictions = read_predictions("svm", dataset)
    ours = scores.confusion(predictions)
    long = paper.confusion(dataset).stack().rename("paper").reset_index()
    long["ours"] = ours.stack(future_stack=True).to_numpy().round(2)
    long["difference"] = (long["ours"] - long["paper"]).round(2)
    each = [scores.confusion(one) for _, one in intervals.checked(predictions).groupby("seed")]
    deviation = np.std(each, axis=0, ddof=1) if len(each) > 1 else np.full(ours.shape, np.nan)
    long["deviation"] = deviation.ravel().round(2)
    spread = intervals.confusions(predictions, seed=seed).round(2)
    return long.merge(spread, on=["true", "predicted"], how="left", validate="1:1")


def folds_table(datasets: Sequence[str]) -> pd.DataFrame:
    """Accuracy of every fold.

    Columns ``dataset``, ``modality``, then as in :func:`avef.evaluation.intervals.per_fold`.
    """
    return intervals.across(read_all(datasets), intervals.per_fold).round({"accuracy": 2})


def read_all(datasets: Sequence[str]) -> dict[tuple[str, str], pd.DataFrame]:
    """All predictions of some corpora, by (dataset, modality); of sound alone only audio."""
    tables = {
        (dataset, modality): read_predictions(stage, dataset)
        for dataset in datasets
        for modality, stage in STAGES.items()
    }
    return {key: table for key, table in tables.items() if len(table)}


def read_predictions(stage: str, dataset: str) -> pd.DataFrame:
    """A stage's predictions CSV."""
    return outside.table(paths.predictions(stage, dataset), dtype={"clip": str, "speaker": str})


def layout(accuracies: pd.DataFrame, number: int) -> pd.DataFrame:
    """One of Tables 4–7 as the paper prints it, each entry "ours ± … [interval] (paper, diff.)".

    Rows are the cases, columns the corpora (and modalities); the binary tables
    show arousal and valence one after the other.

    Parameters
    ----------
    accuracies : DataFrame
        From :func:`accuracy_table`.
    number : int
        4, 5, 6 or 7.

    Examples
    --------
    >>> rml = {"table": 6, "dataset": "rml", "modality": "multimodal", "emotion_model": "emotion"}
    >>> figures = {"ours": 80.0, "paper": 82.38, "difference": -2.38, "deviation": 1.32}
    >>> interval = {"low": 71.2, "high": 88.5}
    >>> layout(pd.DataFrame([rml | figures | interval | {"case": 2}]), 6).to_dict()
    {'RML': {'case 2': '80.0 ± 1.3 [71, 88] (82.38, −2.4)'}}
    """
    part = accuracies[accuracies["table"] == number].copy()
    figures = part[["ours", "paper", "difference", "deviation", "low", "high"]]
    places = _printed_places(part)
    part["text"] = [_entry(*row, places=places) for row in figures.to_numpy()]
    part["column"] = [
        paper.title(d) + ("" if m == "multimodal" else f" {m}")
        for d, m in part[["dataset", "modality"]].to_numpy()
    ]
    part["row"] = "case " + part["case"].astype(str)
    if (part["emotion_model"] != "emotion").any():
        part["row"] += ", " + part["emotion_model"]
    wide = part.pivot(index="row", columns="column", values="text")
    wide = wide.loc[sorted(part["row"].unique()), part["column"].unique()]
    return wide.rename_axis(index=None, columns=None)


def write_all(
    datasets: Sequence[str], mark: str, *, folder: Path = paths.TABLES, seed: int = 0
) -> pd.DataFrame:
    """Write Tables 4–10 as CSV and Markdown; return :func:`accuracy_table`.

    Of a corpus that is not in ``datasets`` the paper's figures stand alone. Every file bears the
    ``mark`` (:mod:`avef.evaluation.marks`).
    """
    accuracies = accuracy_table(datasets, seed)
    note = _note(datasets, accuracies)
    for number in (4, 5, 6, 7):
        part = accuracies[accuracies["table"] == number].assign(data=mark)
        write_csv(folder / f"table_{number}.csv", part)
        text = captions.markdown(layout(accuracies, number), number, mark, note=note)
        write_text(folder / f"table_{number}.md", text)
    for number, dataset in CONFUSIONS.items():
        there = dataset in datasets and len(read_predictions("svm", dataset))
        table = confusion_table(dataset, seed) if there else _not_run(dataset)
        write_csv(folder / f"table_{number}.csv", table.assign(data=mark))
        figures = table[["ours", "paper", "difference", "deviation"]].to_numpy()
        table["text"] = [_entry(*row, places=_printed_places(table)) for row in figures]
        wide = table.pivot(index="true", columns="predicted", values="text")
        wide = wide.loc[list(paper.EMOTIONS), list(paper.EMOTIONS)]
        text = captions.markdown(wide, number, mark, note=_note([dataset], table))
        write_text(folder / f"table_{number}.md", text)
    return accuracies


def summary(accuracies: pd.DataFrame) -> dict[str, dict[str, float]]:
    """The accuracies that ``dvc metrics show`` compares: corpus → modality → percent.

    Six emotions in case 2, of an :func:`accuracy_table`.
    """
    six = accuracies.query("emotion_model == 'emotion' and case == 2").dropna(subset="ours")
    wide = six.pivot(index="dataset", columns="modality", values="ours").round(1)
    return {corpus: row.dropna().to_dict() for corpus, row in wide.iterrows()}


def write_table(
    table: pd.DataFrame, number: int, mark: str, *, folder: Path = paths.TABLES
) -> None:
    """Write Table 1, 2 or 3 as CSV and Markdown, its index as the first column."""
    write_csv(folder / f"table_{number}.csv", table, index=True)
    note = captions.HARDWARE if number == 3 else ""
    text = captions.markdown(table.astype(str), number, mark, note=note)
    write_text(folder / f"table_{number}.md", text)


def _note(datasets, figures):
    """What the entries of a table are, of how many clips, and of which machine."""
    run = figures.dropna(subset=["ours"])
    alone = len(run) > 0 and run["deviation"].isna().all()
    said = "Each was trained once, so there is no deviation." if alone else ""
    return " ".join(filter(None, (captions.NOTE, said, coverage(datasets), trained_on(datasets))))


def _not_run(dataset):
    """:func:`confusion_table` of a corpus that was not run."""
    long = paper.confusion(dataset).stack().rename("paper").reset_index()
    missing = ["ours", "difference", "deviation", "low", "high", "clips"]
    return long.assign(**dict.fromkeys(missing, np.nan))


def _printed_places(table):
    """Decimals that the paper prints a table with."""
    return texts.decimals([0.0, *table["paper"].dropna()])


def _entry(ours, printed, difference, deviation, low=np.nan, high=np.nan, *, places):
    if pd.isna(ours):
        return "–" if pd.isna(printed) else f"– ({printed:.{places}f})"
    spread = "" if pd.isna(deviation) else f" ± {deviation:.1f}"
    spread += "" if pd.isna(low) else f" [{low:.0f}, {high:.0f}]"
    if pd.isna(printed):
        return f"{ours:.1f}{spread}"
    return f"{ours:.1f}{spread} ({printed:.{places}f}, {texts.signed(difference)})"


def _plain(value):
    return value if isinstance(value, str) else f"{value:g}"
