"""The paper against itself: what its figures must satisfy, whoever trains the networks.

Each identity is a row. Printed figures are rounded, so that two of them may
differ by what rounding allows (``tolerance``) and still agree. The paper's
figures come from ``avef.paper``; class counts, which the paper leaves to its
sources, from ``avef.corpora``. Nothing here depends on data or on our results.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from avef import corpora, paper, segments
from avef.statistics import CONFUSED, EASIEST
from avef.tables import CONFUSIONS

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
_MOST = 20_000  # clips or segments beyond which no count is searched
_EXACT = 1e-9  # binary fractions of decimal figures differ by less


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


def by_chance() -> pd.DataFrame:
    """How many accuracies of Tables 4–7 are a share of the clips, and how many any figures were.

    Columns: ``table``, ``accuracies``, ``shares`` (that are k of n), ``by chance``
    (expected of figures drawn evenly from 0 to 100 with the table's decimals).
    """
    rows = []
    for number, cells in paper.accuracies().groupby("table"):
        places = _decimals(cells["accuracy"])
        found, expected = 0, 0.0
        for dataset, value in cells[["dataset", "accuracy"]].itertuples(index=False):
            found += any(attainable([value], n, places) for n in _totals(dataset))
            shares = [np.round(100 * np.arange(n + 1) / n, places) for n in _totals(dataset)]
            expected += len(np.unique(np.concatenate(shares))) / (100 * 10**places + 1)
        rows.append((number, len(cells), found, round(expected, 1)))
    return pd.DataFrame(rows, columns=["table", "accuracies", "shares", "by chance"])


def nearest(value: float, count: int) -> tuple[int, float]:
    """The k, and 100·k/count, nearest to ``value`` percent."""
    k = round(value * count / 100)
    return k, 100 * k / count


def attainable(values: np.ndarray, count: int, decimals: int) -> bool:
    """Whether each percentage is 100·k/count for an integer k, rounded to ``decimals``."""
    return bool(_are_shares(values, np.array([count]), decimals)[0])


def least_count(values: np.ndarray, decimals: int, most: int = _MOST) -> int | None:
    """The least count up to ``most`` of which all percentages are attainable, else None."""
    found = np.flatnonzero(_are_shares(values, np.arange(1, most + 1), decimals))
    return int(found[0]) + 1 if len(found) else None


def _are_shares(values, counts, decimals):
    values, n = np.asarray(values, float), counts[:, None]
    distance = np.abs(100 * np.round(values * n / 100) / n - values)
    return (distance <= _half(decimals) + _EXACT).all(axis=1)


def class_counts(dataset: str) -> list[pd.Series]:
    """Clips of each emotion in a corpus: as it is, and as the paper's total implies if another.

    Complete copies of eNTERFACE'05 have 1287 clips of 43 speakers, three fewer
    than the paper's 1290, which leaves 215 an emotion.
    """
    own = corpora.expected_counts(dataset).reindex(list(paper.EMOTIONS))
    stated = int(paper.table_1().loc[dataset, "clips_used"])
    if stated == own.sum():
        return [own]
    return [own, pd.Series(stated // len(own), index=own.index)]


def _totals(dataset):
    return sorted({int(counts.sum()) for counts in class_counts(dataset)})


def _rows():
    for number, dataset in CONFUSIONS.items():
        matrix = paper.confusion(dataset)
        tolerance = matrix.shape[1] * _half(_decimals(matrix))
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
            _half(_decimals(matrix)) + _half(_decimals(accuracy)),
            f"weights: {weights}; unweighted mean {recall.mean():.2f}",
        )


def _accuracies():
    cells = paper.accuracies()
    decimals = cells.groupby("table")["accuracy"].agg(_decimals)
    for cell in cells.itertuples():
        value, places = cell.accuracy, decimals[cell.table]
        totals = _totals(cell.dataset)
        n = min(totals, key=lambda n: abs(nearest(value, n)[1] - value))
        k, closest = nearest(value, n)
        remark = f"nearest: {k} of {n}"
        if _half(places) < closest - value < 2 * _half(places):
            remark += ", which cut off instead of rounded would give it"
        yield _close(
            f"accuracy/{cell.table}/{cell.dataset}/{cell.modality}/{cell.emotion_model}/{cell.case}",
            f"Table {cell.table}: {value:.{places}f} % of {' or '.join(map(str, totals))} clips",
            closest,
            value,
            _half(places),
            remark,
        )


def _counts():
    cells = paper.accuracies().query("emotion_model == 'emotion'")
    for (dataset, case), group in cells.groupby(["dataset", "case"], sort=False):
        printed = group["accuracy"].to_numpy()
        most = max(_totals(dataset))
        least = least_count(printed, _decimals(printed))
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
        places = _decimals(matrix)
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
                _half(places),
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
    holds = abs(found - expected) <= tolerance + _EXACT
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


def _decimals(figures):
    """Decimals that a table prints: the most that one of its figures needs."""
    values = np.ravel(np.asarray(figures, float))
    return max(len(repr(float(value)).partition(".")[2]) for value in values)


def _half(decimals):
    return 0.5 * 10.0**-decimals
