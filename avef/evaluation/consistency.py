"""The paper against itself: what its figures must satisfy, whoever trains the networks.

Each identity is a row. Printed figures are rounded, so that two of them may
differ by what rounding allows (``tolerance``) and still agree. The paper's
figures come from ``avef.paper``; class counts, which the paper leaves to its
sources, from ``avef.corpora``. Nothing here depends on data or on our results.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from avef import paper
from avef.evaluation.attainable import (
    EXACT,
    attainable,
    class_counts,
    decimals,
    half,
    least_count,
    nearest,
    totals,
)
from avef.evaluation.intervals import CONFUSED, EASIEST
from avef.evaluation.tables import CONFUSIONS
from avef.preparation import segments

COLUMNS = ["id", "identity", "expected", "found", "difference", "holds", "tolerance", "remark"]

#: What the first part of an id stands for.
GROUPS = {
    "rows": "a row of Tables 8–10 sums to 100",
    "diagonal": "the diagonal of Tables 8–10, weighted by class, is Table 6",
    "accuracy": "an accuracy of Tables 4–7 is k of the corpus' clips",
    "count": "some number of clips gives a case's three accuracies",
    "recalls": "a row of Tables 8–10 is k of its class' clips",
    "cases": "case 2 beats case 1 (§4.3.1)",
    "easiest": "anger and happiness have the highest recalls (§4.3.1)",
    "confused": "a named pair is its row's most frequent confusion (§4.3.1)",
    "intensity": "a named pair has the same arousal in Table 2 (§4.3.1)",
    "frames": "frame sizes agree between Table 1 and §3",
    "segment": "the arithmetic of a segment (§2.1)",
    "split": "speakers left out as in §4.2 leave 7 : 3",
}

_IMAGES = 20  # §2.1.2: int(0.655 × 30) = 20
_SPLIT, _ABOUT = 70.0, 5.0  # §4.2: "about 7:3"; we take "about" as within five points


def check() -> pd.DataFrame:
    """Every identity.

    Returns
    -------
    DataFrame
        ``id`` (its part before the first / is a key of :data:`GROUPS`),
        ``identity``, ``expected``, ``found``, ``difference`` (found minus
        expected), ``holds`` (yes, no), ``tolerance``, ``remark``. Figures are
        in percent or in what ``identity`` counts.
    """
    groups = (
        _rows, _diagonals, _accuracies, _counts, _recalls, _cases,
        _emotions, _intensities, _frames, _segment, _splits,
    )  # fmt: skip
    return pd.DataFrame([row for group in groups for row in group()], columns=COLUMNS)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """One row a group: ``group``, ``identity``; how many were ``checked``, ``hold``, ``fail``."""
    holds = (table["holds"] == "yes").groupby(table["id"].str.partition("/")[0])
    rows = holds.agg(checked="size", hold="sum")
    rows = rows.reindex([name for name in GROUPS if name in rows.index])
    rows["fail"] = rows["checked"] - rows["hold"]
    rows.insert(0, "identity", [GROUPS[name] for name in rows.index])
    return rows.rename_axis("group").reset_index()


def failing(table: pd.DataFrame, *groups: str) -> pd.DataFrame:
    """The rows of :func:`check` that do not hold, of the groups named; without their ids."""
    chosen = table["id"].str.partition("/")[0].isin(groups) & (table["holds"] == "no")
    columns = ["identity", "expected", "found", "difference", "remark"]
    return table.loc[chosen, columns].reset_index(drop=True)


def _rows():
    for number, dataset in CONFUSIONS.items():
        matrix = paper.confusion(dataset)
        tolerance = matrix.shape[1] * half(decimals(matrix))
        for emotion, total in matrix.sum(axis=1).items():
            name = f"Table {number}, {emotion}: sum of the row"
            yield _close(f"rows/{dataset}/{emotion}", name, 100.0, total, tolerance)


def _diagonals():
    accuracy = paper.accuracies().query("table == 6 and case == 2").set_index("dataset")["accuracy"]
    for number, dataset in CONFUSIONS.items():
        matrix = paper.confusion(dataset)
        recall = pd.Series(np.diag(matrix), index=matrix.index)
        counts = class_counts(dataset)[0]
        weighted = float((counts * recall).sum() / counts.sum())
        weights = ", ".join(f"{n} {emotion}" for emotion, n in counts.items())
        yield _close(
            f"diagonal/{dataset}",
            f"Table 6, case 2 = diagonal of Table {number} weighted by class",
            weighted,
            accuracy[dataset],
            half(decimals(matrix)) + half(decimals(accuracy)),
            f"weights: {weights}; unweighted mean {recall.mean():.2f}",
        )


def _accuracies():
    cells = paper.accuracies()
    printed = cells.groupby("table")["accuracy"].agg(decimals)
    for cell in cells.itertuples():
        value, places = cell.accuracy, printed[cell.table]
        counts = totals(cell.dataset)
        n = min(counts, key=lambda n: abs(nearest(value, n)[1] - value))
        k, closest = nearest(value, n)
        remark = f"nearest: {k} of {n}"
        if half(places) < closest - value < 2 * half(places):
            remark += ", which cut off instead of rounded would give it"
        yield _close(
            f"accuracy/{cell.table}/{cell.dataset}/{cell.modality}/{cell.emotion_model}/{cell.case}",
            f"Table {cell.table}: {value:.{places}f} % of {' or '.join(map(str, counts))} clips",
            closest,
            value,
            half(places),
            remark,
        )


def _counts():
    cells = paper.accuracies().query("emotion_model == 'emotion'")
    for (dataset, case), group in cells.groupby(["dataset", "case"], sort=False):
        printed = group["accuracy"].to_numpy()
        most = max(totals(dataset))
        least = least_count(printed, decimals(printed))
        figures = ", ".join(f"{value:.2f}" for value in printed)
        yield _row(
            f"count/{dataset}/{case}",
            f"least n of which {figures} % are each some k: at most {most}",
            most,
            least if least is not None else np.nan,
            least is not None and least <= most,
            0.0,
        )


def _recalls():
    for number, dataset in CONFUSIONS.items():
        matrix = paper.confusion(dataset)
        places = decimals(matrix)
        for emotion, row in matrix.iterrows():
            tries = []
            for n in sorted({int(counts[emotion]) for counts in class_counts(dataset)}):
                near = np.array([nearest(value, n)[1] for value in row])
                worst = int(np.argmax(np.abs(near - row)))
                tries.append((abs(near[worst] - row.iloc[worst]), n, worst, near[worst]))
            _, n, worst, closest = min(tries)
            yield _close(
                f"recalls/{dataset}/{emotion}",
                f"Table {number}, {emotion}: each entry is a share of {n} clips",
                closest,
                row.iloc[worst],
                half(places),
                f"farthest: {row.index[worst]}; attainable: "
                f"{sum(attainable([value], n, places) for value in row)} of {len(row)}",
            )


def _cases():
    for pair in paper.case_comparisons().itertuples():
        where = f"{pair.dataset}/{pair.modality}/{pair.emotion_model}"
        yield _row(
            f"cases/{where}",
            f"Table {pair.table}, {where}: case 2 above case 1",
            pair.case_1,
            pair.case_2,
            pair.case_2_wins,
            0.0,
        )


def _emotions():
    for number, dataset in CONFUSIONS.items():
        matrix = paper.confusion(dataset)
        recall = pd.Series(np.diag(matrix), index=matrix.index)
        others = recall.drop(list(EASIEST)).max()
        yield _row(
            f"easiest/{dataset}",
            f"Table {number}: lower recall of {' and '.join(EASIEST)} above all others",
            others,
            recall[list(EASIEST)].min(),
            recall[list(EASIEST)].min() > others,
            0.0,
        )
        for pair in CONFUSED:
            for true, partner in (pair, pair[::-1]):
                wrong = matrix.loc[true].drop(true)
                yield _row(
                    f"confused/{dataset}/{true}",
                    f"Table {number}: {true} is taken for {partner} most often",
                    wrong.max(),
                    wrong[partner],
                    wrong.idxmax() == partner,
                    0.0,
                    f"most often for {wrong.idxmax()}",
                )


def _intensities():
    arousal = paper.table_2().set_index("emotion")["arousal"]
    for one, other in CONFUSED:
        yield _row(
            f"intensity/{one}-{other}",
            f"{one} and {other}: one side of arousal",
            1,
            arousal[[one, other]].nunique(),
            arousal[one] == arousal[other],
            0.0,
            f"{arousal[one]} and {arousal[other]}; if by intensity the paper means arousal",
        )


def _frames():
    for dataset, row in paper.table_1().iterrows():
        first, second = (row["width"], row["height"]), (row["text_width"], row["text_height"])
        yield _row(
            f"frames/{dataset}",
            f"{paper.DATASET_NAMES[dataset]}: pixels of a frame",
            first[0] * first[1],
            second[0] * second[1],
            first == second,
            0.0,
            f"{first[0]}×{first[1]} in Table 1, {second[0]}×{second[1]} in §3",
        )


def _segment():
    length = 25 + (segments.LENGTH - 1) * 10
    yield _close(
        "segment/length",
        f"{segments.LENGTH} frames of 25 ms every 10 ms (ms)",
        length,
        1000 * segments.SECONDS,
        0.0,
    )
    images = segments.SECONDS * paper.table_1()["fps"].max()
    yield _close(
        "segment/images",
        "int(0.655 × 30) images",
        int(images),
        _IMAGES,
        0.0,
        f"0.655 × 30 = {images:.2f}; rounded it is {round(images)}",
    )


def _splits():
    speakers = int(paper.table_1().loc["rml", "speakers"])
    yield _close(
        "split/rml",
        f"{paper.DATASET_NAMES['rml']}: share for training, one of {speakers} speakers left out",
        _SPLIT,
        100 * (speakers - 1) / speakers,
        _ABOUT,
        "three speaker groups would come nearest",
    )


def _close(name, identity, expected, found, tolerance, remark=""):
    holds = abs(found - expected) <= tolerance + EXACT
    return _row(name, identity, expected, found, holds, tolerance, remark)


def _row(name, identity, expected, found, holds, tolerance, remark=""):
    # Nine decimals: far below what is printed, and free of what binary fractions add.
    expected, found = round(float(expected), 9), round(float(found), 9)
    difference = round(found - expected, 9)
    return (
        name,
        identity,
        expected,
        found,
        difference,
        "yes" if holds else "no",
        tolerance,
        remark,
    )
