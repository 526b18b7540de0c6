"""The data in avef.paper against the printed paper, and the paper against itself."""

import os
import re
from pathlib import Path

import pandas as pd
import pytest

from avef import paper
from avef.core.errors import ParameterError

# The paper is not ours to ship: name a text of it here to compare every printed number.
TEXT = Path(os.environ.get("AVEF_PAPER_TEXT", "no paper"))
with_paper = pytest.mark.skipif(
    not TEXT.is_file(), reason="set AVEF_PAPER_TEXT to the paper's text"
)


def test_tables_4_to_7_have_every_cell_once():
    table = paper.accuracies()
    assert table.groupby("table").size().to_dict() == {4: 12, 5: 24, 6: 6, 7: 12}
    assert not table.duplicated(["table", "dataset", "modality", "emotion_model", "case"]).any()
    assert table["accuracy"].between(0, 100).all()
    assert set(table["dataset"]) == set(paper.DATASETS)


@pytest.mark.parametrize(
    ("number", "dataset", "modality", "model", "case", "accuracy"),
    [
        (4, "rml", "audio", "emotion", 1, 68.23),
        (4, "enterface05", "visual", "emotion", 2, 58.19),
        (5, "rml", "visual", "valence", 1, 85.4),
        (5, "baum1s", "audio", "arousal", 2, 73.1),
        (6, "baum1s", "multimodal", "emotion", 2, 59.17),
        (7, "enterface05", "multimodal", "valence", 2, 91.8),
    ],
)
def test_single_cells(number, dataset, modality, model, case, accuracy):
    table = paper.accuracies()
    cell = table.query(
        "table == @number and dataset == @dataset and modality == @modality "
        "and emotion_model == @model and case == @case"
    )
    assert cell["accuracy"].tolist() == [accuracy]


def test_a_claim_tells_its_number_of_a_data_set():
    assert paper.CLAIMS["K1"].of("baum1s") == 76.0
    assert paper.CLAIMS["P3"].of("baum1s") == 10.0
    for claim, dataset in (("K1", "savee"), ("T4", "rml")):
        with pytest.raises(ParameterError, match=f"claim {claim} has no number of '{dataset}'"):
            paper.CLAIMS[claim].of(dataset)


def test_case_2_wins_26_of_27_comparisons():
    """The paper says that it wins throughout (S3); its own Table 5 has one exception."""
    table = paper.case_comparisons()
    assert len(table) == 27
    lost = table[~table["case_2_wins"]]
    assert lost[["table", "dataset", "modality", "emotion_model"]].to_numpy().tolist() == [
        [5, "rml", "visual", "valence"]
    ]
    assert lost["gain"].tolist() == [-1.3]


@pytest.mark.parametrize("dataset", paper.DATASETS)
def test_confusion_rows_sum_to_100(dataset):
    matrix = paper.confusion(dataset)
    assert matrix.shape == (6, 6)
    assert list(matrix.index) == list(matrix.columns) == list(paper.EMOTIONS)
    assert (matrix.sum(axis=1) - 100).abs().max() < 0.005
    # Every emotion is recognised more often than it is taken for any one other.
    assert (matrix.idxmax(axis=1) == matrix.index).all()


def test_diagonals_do_not_give_table_6():
    """RML is balanced, so the two figures ought to be one; the gap is the paper's, not ours."""
    table = paper.identities().set_index("dataset")
    assert table["mean_diagonal"].to_dict() == {
        "rml": 81.98,
        "enterface05": 84.57,
        "baum1s": 58.75,
    }
    assert table["gap"].to_dict() == {"rml": -0.40, "enterface05": -1.12, "baum1s": -0.42}


def test_s5_anger_and_happiness_lead_in_every_matrix():
    for dataset in paper.DATASETS:
        matrix = paper.confusion(dataset)
        diagonal = pd.Series({e: matrix.loc[e, e] for e in paper.EMOTIONS})
        assert set(diagonal.nlargest(2).index) == {"anger", "happiness"}


def test_confusion_of_an_unknown_data_set():
    with pytest.raises(ParameterError, match=r"savee.*rml"):
        paper.confusion("savee")


def test_claims_cover_the_ledger():
    scalars = ["V1", "V2", "K1", "P1", "P2", "P3"]
    ids = [f"T{n}" for n in range(1, 11)] + [f"F{n}" for n in range(1, 4)]
    ids += scalars + [f"S{n}" for n in range(1, 6)]
    assert sorted(paper.CLAIMS) == sorted(ids)
    assert all(
        key == claim.id and "\n" not in claim.statement for key, claim in paper.CLAIMS.items()
    )
    assert paper.CLAIMS["V1"].figure == 70.3
    assert paper.CLAIMS["V2"].figure == 19.7
    assert paper.CLAIMS["K1"].figure == {"rml": 72, "enterface05": 67, "baum1s": 76}
    table = paper.claims()
    assert len(table) == len(ids) + 2
    assert table.set_index("id").loc["P3", "figure"] == 10


def test_table_1_keeps_the_contradiction_with_section_3():
    table = paper.table_1()
    swapped = table.query("width != text_width or height != text_height")
    assert list(swapped.index) == ["rml", "enterface05"]
    assert table["clips_used"].to_dict() == {"rml": 720, "enterface05": 1290, "baum1s": 521}
    assert table["speakers"].to_dict() == {"rml": 8, "enterface05": 43, "baum1s": 31}


def test_table_2_is_whole():
    table = paper.table_2()
    assert list(table["emotion"]) == list(paper.EMOTIONS)
    for dimension, sides in paper.TABLE_2.items():
        members = [emotion for side in sides.values() for emotion in side]
        assert sorted(members) == sorted(paper.EMOTIONS), dimension
    assert table["arousal"].value_counts().to_dict() == {"high": 4, "low": 2}
    assert table["valence"].value_counts().to_dict() == {"negative": 4, "positive": 2}


def test_table_3():
    table = paper.table_3().set_index(["part", "setting"])["value"]
    assert [table[part, "batch size"] for part in ("audio-net", "visual-net", "whole model")] == [
        30,
        30,
        10,
    ]
    assert table["all", "learning rate"] == 0.001


def _printed(number):
    """Numbers of table ``number`` as printed in the text, after its caption, in reading order."""
    text = TEXT.read_text(encoding="utf-8")
    captions = {int(m[1]): m.end() for m in re.finditer(r"^\s*Table (\d+)$", text, re.MULTILINE)}
    body = text[captions[number] : captions.get(number + 1)]
    return [float(n) for n in re.findall(r"(?<![\w.-])\d+\.\d+", body)]


@with_paper
@pytest.mark.parametrize("number", [4, 5, 6, 7])
def test_accuracies_against_the_text(number):
    table = paper.accuracies().query("table == @number").sort_values("case", kind="stable")
    assert table["accuracy"].tolist() == _printed(number)


@with_paper
@pytest.mark.parametrize(("number", "dataset"), [(8, "rml"), (9, "enterface05"), (10, "baum1s")])
def test_confusions_against_the_text(number, dataset):
    assert paper.confusion(dataset).to_numpy().ravel().tolist() == _printed(number)
