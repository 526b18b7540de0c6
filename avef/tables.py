"""Tables 4–10: the paper's number, ours and the difference, in every cell."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from avef import media, paper, paths, scores
from avef.errors import ClipError
from avef.files import write_csv, write_text

#: The stage whose predictions fill a modality's cells.
STAGES = {"audio": "audio_net", "visual": "visual_net", "multimodal": "svm"}
#: Table number → corpus.
CONFUSIONS = dict(zip((8, 9, 10), paper.DATASETS, strict=True))
DEMO = "Demo data: synthetic corpora and narrow networks. These are no results about the paper."


def media_facts(clips: pd.DataFrame, root: str | Path) -> pd.DataFrame:
    """What the headers of a corpus' files say: one row a clip (Table 1).

    Columns ``clip``, ``sample_rate`` (Hz), ``channels``, ``fps``, ``width``,
    ``height``, ``duration`` (s); NaN where a file cannot be opened or lacks a stream.
    """
    rows = []
    for clip, path in clips[["clip", "path"]].itertuples(index=False):
        try:
            rows.append({"clip": clip} | media.describe(Path(root) / path))
        except ClipError:
            rows.append({"clip": clip})
    columns = ["clip", "sample_rate", "channels", "fps", "width", "height", "duration"]
    return pd.DataFrame(rows, columns=columns)


def table_1(clips: dict[str, pd.DataFrame], facts: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Table 1 beside what the files say: one row an entry, two columns a corpus."""
    columns = {}
    for dataset, theirs in paper.table_1().iterrows():
        name = paper.DATASET_NAMES[dataset]
        columns[f"{name}, paper"] = {
            "audio (Hz)": theirs["audio_rate"],
            "channels": theirs["channels"],
            "fps": theirs["fps"],
            "frame size": f"{theirs['width']}×{theirs['height']}",
            "speakers": theirs["speakers"],
            "clips": theirs["clips"],
        }
        if dataset not in clips:
            continue
        usual = facts[dataset].mode(numeric_only=True).iloc[0]
        columns[f"{name}, files"] = {
            "audio (Hz)": int(usual["sample_rate"]),
            "channels": int(usual["channels"]),
            "fps": usual["fps"],
            "frame size": f"{usual['width']:.0f}×{usual['height']:.0f}",
            "speakers": clips[dataset]["speaker"].nunique(),
            "clips": len(clips[dataset]),
        }
    return pd.DataFrame(columns).rename_axis("entry")


def accuracy_table(datasets: list[str]) -> pd.DataFrame:
    """All cells of Tables 4–7, from the predictions under ``reports/``.

    Returns
    -------
    DataFrame
        ``table``, ``dataset``, ``modality``, ``emotion_model``, ``case``,
        ``paper``, ``ours``, ``difference`` (percent, percentage points),
        ``unweighted``, ``clips``. A corpus that was not run has NaN in ``ours``.
    """
    ours = []
    for dataset in datasets:
        for modality, stage in STAGES.items():
            table = scores.accuracies(read_predictions(stage, dataset))
            ours.append(table.assign(dataset=dataset, modality=modality))
    key = ["dataset", "modality", "emotion_model", "case"]
    theirs = paper.accuracies().rename(columns={"accuracy": "paper"})
    both = theirs.merge(
        pd.concat(ours).rename(columns={"accuracy": "ours"}), on=key, how="left", validate="1:1"
    )
    both["difference"] = (both["ours"] - both["paper"]).round(2)
    return both[["table", *key, "paper", "ours", "difference", "unweighted", "clips"]]


def confusion_table(dataset: str) -> pd.DataFrame:
    """Table 8, 9 or 10: ``true``, ``predicted``, ``paper``, ``ours``, ``difference`` (percent)."""
    ours = scores.confusion(read_predictions("svm", dataset))
    long = paper.confusion(dataset).stack().rename("paper").reset_index()
    long["ours"] = ours.stack(future_stack=True).to_numpy().round(2)
    long["difference"] = (long["ours"] - long["paper"]).round(2)
    return long


def read_predictions(stage: str, dataset: str) -> pd.DataFrame:
    """A stage's predictions CSV."""
    return pd.read_csv(paths.predictions(stage, dataset), dtype={"clip": str, "speaker": str})


def layout(cells: pd.DataFrame, number: int) -> pd.DataFrame:
    """One of Tables 4–7 as the paper prints it, each entry "ours (paper, difference)".

    Rows are the cases, columns the corpora (and modalities); the binary tables
    show arousal and valence one after the other.
    """
    part = cells[cells["table"] == number].copy()
    part["text"] = [_entry(*row) for row in part[["ours", "paper", "difference"]].to_numpy()]
    part["column"] = [
        paper.DATASET_NAMES[d] + ("" if m == "multimodal" else f" {m}")
        for d, m in part[["dataset", "modality"]].to_numpy()
    ]
    part["row"] = "case " + part["case"].astype(str)
    if (part["emotion_model"] != "emotion").any():
        part["row"] += ", " + part["emotion_model"]
    columns, rows = part["column"].unique(), sorted(part["row"].unique())
    return part.pivot(index="row", columns="column", values="text").loc[rows, columns]


def write_all(datasets: list[str], demo: bool, folder: Path = paths.TABLES) -> pd.DataFrame:
    """Write Tables 4–10 as CSV and Markdown; return the cells of Tables 4–7."""
    cells = accuracy_table(datasets)
    data = "demo" if demo else "paper"
    for number in (4, 5, 6, 7):
        part = cells[cells["table"] == number].assign(data=data)
        write_csv(folder / f"table_{number}.csv", part)
        _markdown(folder / f"table_{number}.md", number, layout(cells, number), demo, NOTE)
    for number, dataset in CONFUSIONS.items():
        if dataset not in datasets:
            continue
        table = confusion_table(dataset)
        write_csv(folder / f"table_{number}.csv", table.assign(data=data))
        table["text"] = [_entry(*row) for row in table[["ours", "paper", "difference"]].to_numpy()]
        wide = table.pivot(index="true", columns="predicted", values="text")
        wide = wide.loc[list(paper.EMOTIONS), list(paper.EMOTIONS)]
        _markdown(folder / f"table_{number}.md", number, wide, demo, NOTE)
    return cells


def write_table(table: pd.DataFrame, number: int, demo: bool, folder: Path = paths.TABLES) -> None:
    """Write Table 1 or 2 as CSV and Markdown, its index as the first column."""
    write_csv(folder / f"table_{number}.csv", table, index=True)
    _markdown(folder / f"table_{number}.md", number, table.astype(str), demo)


NOTE = "Percent: ours (the paper's, difference)."
TITLES = {
    1: "The corpora: the paper and the files",
    2: "Six emotions, binary arousal and valence",
    4: "Unimodal classification for six discrete emotions",
    5: "Unimodal classification of the binary dimensional emotion model",
    6: "Multi-modal classification for six discrete emotions",
    7: "Multi-modal classification for the binary dimensional emotion model",
    8: "Confusion matrix of multi-modal classification on RML, case 2",
    9: "Confusion matrix of multi-modal classification on eNTERFACE'05, case 2",
    10: "Confusion matrix of multi-modal classification on BAUM-1s, case 2",
}


def _entry(ours, theirs, difference):
    if pd.isna(ours):
        return f"– ({theirs:.2f})"
    return f"{ours:.1f} ({theirs:.2f}, {difference:+.1f})"


def _markdown(path, number, table, demo, note=""):
    head = "| " + " | ".join([table.index.name or "", *table.columns]) + " |"
    rows = [f"| {name} | " + " | ".join(row) + " |" for name, row in table.iterrows()]
    body = "\n".join([head, "| --- " * (len(table.columns) + 1) + "|", *rows])
    mark = f"**{DEMO}**" if demo else ""
    blocks = [f"# Table {number}. {TITLES[number]}", mark, note, body]
    write_text(path, "\n\n".join(block for block in blocks if block) + "\n")
