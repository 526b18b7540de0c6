"""The paper against itself: what its figures must satisfy, whoever trains the networks.

Each identity is a row. Printed figures are rounded, so that two of them may
differ by what rounding allows (``tolerance``) and still agree. The paper's
figures come from ``avef.paper``; class counts, which the paper leaves to its
sources, from ``avef.corpora``. Nothing here depends on data or on our results.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from avef.evaluation import identities, texts

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


def check() -> pd.DataFrame:
    """Every identity.

    Returns
    -------
    DataFrame
        ``id`` (its part before the first / is a key of :data:`GROUPS`),
        ``identity``, ``expected``, ``found``, ``difference`` (found minus
        expected), ``holds`` (yes, no), ``tolerance``, ``remark``. Figures are
        in percent or in what ``identity`` counts.

    Examples
    --------
    Of the images of 0.655 s at 30 a second, of which the paper counts 20 (§2.1.2):

    >>> table = check()
    >>> row = table[table["id"] == "segment/images"]
    >>> row[["expected", "found", "holds"]].to_dict("records")
    [{'expected': 19.0, 'found': 20.0, 'holds': 'no'}]
    """
    rows = [row for group in identities.ALL for row in group()]
    return pd.DataFrame(rows, columns=identities.Identity._fields)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """One row a group: ``group``, ``identity``; how many were ``checked``, ``hold``, ``fail``.

    Parameters
    ----------
    table : DataFrame
        From :func:`check`, or what a page has read of it.

    Examples
    --------
    >>> table = pd.DataFrame({"id": ["cases/rml", "cases/baum1s", "frames/rml"],
    ...                       "holds": ["yes", "no", "no"]})
    >>> summary(table).drop(columns="identity")
        group  checked  hold  fail
    0   cases        2     1     1
    1  frames        1     0     1
    """
    holds = (table["holds"] == "yes").groupby(table["id"].str.partition("/")[0])
    rows = holds.agg(checked="size", hold="sum")
    rows = rows.reindex([name for name in GROUPS if name in rows.index])
    rows["fail"] = rows["checked"] - rows["hold"]
    rows.insert(0, "identity", [GROUPS[name] for name in rows.index])
    return rows.rename_axis("group").reset_index()


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """Figures as text: counts without decimals, percentages with two, as Tables 4, 6, 8–10 have.

    Parameters
    ----------
    table : DataFrame
        Rows of :func:`check` or :func:`failing`, or what a page has read of them.

    Examples
    --------
    >>> readable(pd.DataFrame({"expected": [720.0, 81.98333], "difference": [196.0, -0.0089]}))
      expected difference
    0      720        196
    1    81.98    −0.0089
    """
    figures = ["expected", "found", "difference", "tolerance"]
    there = [name for name in figures if name in table]
    numbers = table[there].map(lambda value: np.nan if value == "" else float(value))
    whole = (numbers.isna() | (numbers % 1 == 0)).all(axis=1)
    written = numbers.map(lambda value: texts.minus(texts.rounded(f"{value:.9f}")))
    counts = numbers[whole].map(lambda value: texts.minus(f"{value:.0f}"))
    return table.assign(**written.mask(whole, counts).mask(numbers.isna(), texts.NOTHING))


def failing(table: pd.DataFrame, *groups: str) -> pd.DataFrame:
    """The rows of :func:`check` that do not hold, of the groups named; without their ids.

    Examples
    --------
    The one sentence on cases that a table contradicts:

    >>> failing(check(), "cases")[["expected", "found"]].to_dict("records")
    [{'expected': 85.4, 'found': 84.1}]
    """
    rows = table["id"].str.partition("/")[0].isin(groups) & (table["holds"] == "no")
    columns = ["identity", "expected", "found", "difference", "remark"]
    return table.loc[rows, columns].reset_index(drop=True)
