"""What Tables 1–10 are called and what their entries mean, and the tables as Markdown."""

from __future__ import annotations

import pandas as pd

from avef.evaluation.marks import SAID

TITLES = {
    1: "The corpora: the paper and the files",
    2: "Six emotions, binary arousal and valence",
    3: "Training set-up: the paper and the settings at hand",
    4: "Unimodal classification for six discrete emotions",
    5: "Unimodal classification of the binary dimensional emotion model",
    6: "Multi-modal classification for six discrete emotions",
    7: "Multi-modal classification for the binary dimensional emotion model",
    8: "Confusion matrix of multi-modal classification on RML, case 2",
    9: "Confusion matrix of multi-modal classification on eNTERFACE'05, case 2",
    10: "Confusion matrix of multi-modal classification on BAUM-1s, case 2",
}
NOTE = (
    "Percent: ours, the mean over the trainings ± their standard deviation (the paper's, "
    "difference); in Tables 4–7 in square brackets the 95 % interval over speakers."
)
HARDWARE = "Hardware is no setting of a run: what trained its networks stands below Tables 4–10."


def title(number: int) -> str:
    """What one of the paper's tables is called.

    >>> title(6)
    'Table 6. Multi-modal classification for six discrete emotions'
    """
    return f"Table {number}. {TITLES[number]}"


def markdown(table: pd.DataFrame, number: int, mark: str, *, note: str = "") -> str:
    """A table of texts as a page of Markdown: title, mark, the table, what is to be known of it.

    Parameters
    ----------
    table : DataFrame of str
        Its index is the first column.
    number : int
        1 … 10.
    mark : str
        Of :mod:`avef.evaluation.marks`.
    note : str

    Examples
    --------
    >>> table = pd.DataFrame({"RML": ["64.8"]}, index=["case 2"])
    >>> print(markdown(table, 6, "paper", note="Percent."), end="")
    # Table 6. Multi-modal classification for six discrete emotions
    <BLANKLINE>
    |  | RML |
    | --- | --- |
    | case 2 | 64.8 |
    <BLANKLINE>
    Percent.
    """
    head = "| " + " | ".join([table.index.name or "", *table.columns]) + " |"
    rows = [f"| {name} | " + " | ".join(row) + " |" for name, row in table.iterrows()]
    body = "\n".join([head, "| --- " * (len(table.columns) + 1) + "|", *rows])
    said = f"**{SAID[mark]}**" if SAID[mark] else ""
    blocks = [f"# {title(number)}", said, body, note]
    return "\n\n".join(block for block in blocks if block) + "\n"
