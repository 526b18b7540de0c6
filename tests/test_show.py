"""Tables in notebooks: numbers as people read them, names that they know."""

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from avef import show


@pytest.fixture
def shown(monkeypatch):
    """What is displayed: plain text, and the rows of the table."""
    given = []
    monkeypatch.setattr(show, "display", lambda data, **_: given.append(data))

    def rows():
        page = BeautifulSoup(given[-1]["text/html"], "html.parser")
        return [[e.get_text() for e in row.find_all(["th", "td"])] for row in page.find_all("tr")]

    return rows


def test_a_column_has_the_decimals_that_its_numbers_ask_for(shown):
    table = {"clips": [71.0, 3.0], "accuracy": [-55.123, np.nan], "p": [0.1054, 0.00012]}
    show.table(pd.DataFrame(table | {"seed": [2020, 2021], "said": ["-3.2 points", "<b>"]}))
    assert shown()[1:] == [
        ["71", "−55.1", "0.105", "2020", "−3.2 points"],
        ["3", "–", "0.00012", "2021", "<b>"],
    ]


def test_counts_and_shares_in_one_column_keep_their_kinds(shown):
    counts = pd.Series({"clips": 71, "minutes": 3.257}, name="RML", dtype=object)
    show.table(counts.to_frame())
    assert shown() == [["\xa0", "RML"], ["clips", "71"], ["minutes", "3.3"]]


def test_corpora_and_columns_go_by_the_names_that_people_know(shown):
    show.table(pd.DataFrame({"dataset": ["enterface05", "mine"], "test_share": 0.5, "seeds": 3}))
    assert shown()[0] == ["corpus", "test share", "trainings"]
    assert [row[0] for row in shown()[1:]] == ["eNTERFACE'05", "mine"]


def test_shapes_stand_in_their_order(shown):
    show.shapes({"sound": np.zeros(16000), "frames": np.zeros((98, 64))})
    assert shown()[1:] == [["sound", "16000"], ["frames", "98 × 64"]]
