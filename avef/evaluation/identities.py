"""The identities of :mod:`avef.evaluation.consistency`, one function a group of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from avef import paper
from avef.evaluation import texts
from avef.evaluation.attainable import (
    EXACT,
    attainable,
    class_counts,
    half,
    least_count,
    nearest,
    totals,
)
from avef.evaluation.paired import CONFUSED, EASIEST
from avef.evaluation.tables import CONFUSIONS
from avef.preparation import segments

_IMAGES = 20  # §2.1.2: int(0.655 × 30) = 20
_SPLIT = 70.0  # §4.2: "about 7:3"
_ABOUT = 5.0  # what we take "about" for: points on either side


class Identity(NamedTuple):
    """Two figures that must agree; :func:`avef.evaluation.consistency.check` says of each field."""

    id: str
    identity: str
    expected: float
    found: float
    difference: float
    holds: str
    tolerance: float
    remark: str


def rows() -> Iterator[Identity]:
    """Every row of Tables 8–10 against 100."""
    for number, dataset in CONFUSIONS.items():
        matrix = paper.confusion(dataset)
        tolerance = matrix.shape[1] * half(texts.decimals(matrix))
        for emotion, total in matrix.sum(axis=1).items():
            name = f"Table {number}, {emotion}: sum of the row"
            yield _close(f"rows/{dataset}/{emotion}", name, 100.0, total, tolerance)


def diagonals() -> Iterator[Identity]:
    """Table 6 against the diagonals of Tables 8–10, weighted by class."""
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
            half(texts.decimals(matrix)) + half(texts.decimals(accuracy)),
            f"weights: {weights}; unweighted mean {recall.mean():.2f}",
        )


def accuracies() -> Iterator[Identity]:
    """Every accuracy of Tables 4–7 against the nearest share of the clips."""
    table = paper.accuracies()
    printed = table.groupby("table")["accuracy"].agg(texts.decimals)
    for row in table.itertuples():
        value = row.accuracy
        places = printed[row.table]
        sizes = totals(row.dataset)
        n = min(sizes, key=lambda n: abs(nearest(value, n)[1] - value))
        k, closest = nearest(value, n)
        remark = f"nearest: {k} of {n}"
        if half(places) < closest - value < 2 * half(places):
            remark += ", which cut off instead of rounded would give it"
        yield _close(
            f"accuracy/{row.table}/{row.dataset}/{row.modality}/{row.emotion_model}/{row.case}",
            f"Table {row.table}: {value:.{places}f} % of {' or '.join(map(str, sizes))} clips",
            closest,
            value,
            half(places),
            remark,
        )


def clip_counts() -> Iterator[Identity]:
    """The least number of clips that gives a case's accuracies against the corpus' own."""
    six = paper.accuracies().query("emotion_model == 'emotion'")
    for (dataset, case), group in six.groupby(["dataset", "case"], sort=False):
        printed = group["accuracy"].to_numpy()
        most = max(totals(dataset))
        least = least_count(printed, texts.decimals(printed))
        figures = ", ".join(f"{value:.2f}" for value in printed)
        yield _row(
            f"count/{dataset}/{case}",
            f"{paper.title(dataset)}, case {case}: clips of which {figures} % can all be shares, "
            f"at most {most}",
            most,
            least if least is not None else np.nan,
            least is not None and least <= most,
            0.0,
        )


def recalls() -> Iterator[Identity]:
    """The entry of each row of Tables 8–10 that is farthest from a share of its clips."""
    for number, dataset in CONFUSIONS.items():
        matrix = paper.confusion(dataset)
        places = texts.decimals(matrix)
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


def cases() -> Iterator[Identity]:
    """Case 2 against case 1, by the paper's own tables."""
    for pair in paper.case_comparisons().itertuples():
        yield _row(
            f"cases/{pair.dataset}/{pair.modality}/{pair.emotion_model}",
            f"Table {pair.table}, {paper.title(pair.dataset)} {pair.modality}, "
            f"{texts.model(pair.emotion_model)}: case 2 above case 1",
            pair.case_1,
            pair.case_2,
            pair.case_2_wins,
            0.0,
        )


def emotions() -> Iterator[Identity]:
    """The easiest emotions and the confused pairs of §4.3.1 against Tables 8–10."""
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


def intensities() -> Iterator[Identity]:
    """The confused pairs against Table 2."""
    arousal = paper.table_2().set_index("emotion")["arousal"]
    for one, other in CONFUSED:
        yield _row(
            f"intensity/{one}-{other}",
            f"{one} and {other}: sides of arousal in Table 2",
            1,
            arousal[[one, other]].nunique(),
            arousal[one] == arousal[other],
            0.0,
            f"{arousal[one]} and {arousal[other]}; if by intensity the paper means arousal",
        )


def frames() -> Iterator[Identity]:
    """Frame sizes of §3 against Table 1."""
    for dataset, row in paper.table_1().iterrows():
        first = (row["width"], row["height"])
        second = (row["text_width"], row["text_height"])
        yield _row(
            f"frames/{dataset}",
            f"{paper.title(dataset)}: pixels of a frame",
            first[0] * first[1],
            second[0] * second[1],
            first == second,
            0.0,
            f"{first[0]}×{first[1]} in Table 1, {second[0]}×{second[1]} in §3",
        )


def segment() -> Iterator[Identity]:
    """The length of a segment and its images."""
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
        "images of a segment, by int(0.655 × 30)",
        int(images),
        _IMAGES,
        0.0,
        f"0.655 × 30 = {images:.2f}; rounded it is {round(images)}",
    )


def splits() -> Iterator[Identity]:
    """The share for training against §4.2."""
    speakers = int(paper.table_1().loc["rml", "speakers"])
    yield _close(
        "split/rml",
        f"{paper.title('rml')}: percent for training, one of {speakers} speakers left out",
        _SPLIT,
        100 * (speakers - 1) / speakers,
        _ABOUT,
        "three speaker groups would come nearest",
    )


def _close(name, identity, expected, printed, tolerance, remark=""):
    holds = abs(printed - expected) <= tolerance + EXACT
    return _row(name, identity, expected, printed, holds, tolerance, remark)


def _row(name, identity, expected, printed, holds, tolerance, remark=""):
    # Nine decimals: far below what is printed, and free of what binary fractions add.
    expected = round(float(expected), 9)
    printed = round(float(printed), 9)
    difference = round(printed - expected, 9)
    verdict = "yes" if holds else "no"
    return Identity(name, identity, expected, printed, difference, verdict, tolerance, remark)


#: In the order of the table of identities.
ALL = (
    rows,
    diagonals,
    accuracies,
    clip_counts,
    recalls,
    cases,
    emotions,
    intensities,
    frames,
    segment,
    splits,
)
