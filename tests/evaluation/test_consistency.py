"""The paper against itself: known results, and a made-up paper that is consistent."""

import numpy as np
import pandas as pd
import pytest

from avef import corpora, figures, paper
from avef.evaluation import attainable, consistency, identities
from avef.figures import verdicts as drawn


@pytest.fixture(scope="module")
def table():
    return consistency.check()


def group(table, name):
    return table[table["id"].str.partition("/")[0] == name].set_index("id")


def test_every_identity_is_there_once(table):
    assert list(table.columns) == list(identities.Identity._fields)
    assert table["id"].is_unique
    assert table["id"].str.partition("/")[0].value_counts().to_dict() == {
        "rows": 18,
        "diagonal": 3,
        "accuracy": 54,
        "count": 6,
        "recalls": 18,
        "cases": 27,
        "easiest": 3,
        "confused": 12,
        "intensity": 2,
        "frames": 3,
        "segment": 2,
        "split": 1,
    }
    assert set(table["holds"]) == {"yes", "no"}
    np.testing.assert_allclose(table["difference"], table["found"] - table["expected"])


def test_numbers_hold_where_they_differ_by_no_more_than_the_tolerance(table):
    close = table[table["id"].str.match("rows|diagonal|accuracy|recalls|segment|split")]
    inside = close["difference"].abs() <= close["tolerance"] + 1e-9
    assert (inside == (close["holds"] == "yes")).all()
    assert inside.any() and not inside.all()


def test_diagonals_weighted_by_class_are_not_table_6(table):
    diagonals = group(table, "diagonal")
    assert diagonals["difference"].round(2).tolist() == [0.40, 1.13, 1.04]
    baum = [65.32 * 56, 56.11 * 80, 58.62 * 37, 60.25 * 173, 53.18 * 134, 59.00 * 41]
    assert diagonals.loc["diagonal/baum1s", "expected"] == pytest.approx(sum(baum) / 521)
    assert diagonals.loc["diagonal/rml", "expected"] == pytest.approx(
        paper.identities().set_index("dataset").loc["rml", "mean_diagonal"], abs=0.005
    )
    assert (diagonals["holds"] == "no").all()


def test_no_accuracy_with_two_decimals_is_a_share_of_the_clips(table):
    accuracies = group(table, "accuracy")
    number = accuracies.index.str.split("/").str[1].astype(int)
    shares = (accuracies["holds"] == "yes").groupby(number).sum()
    assert shares.to_dict() == {4: 0, 5: 19, 6: 0, 7: 8}
    row = accuracies.loc["accuracy/4/rml/visual/emotion/2"]
    assert row["expected"] == pytest.approx(100 * 532 / 720)
    assert "532 of 720, which cut off" in row["remark"]  # 73.888… is printed as 73.88
    assert "cut off" not in accuracies.loc["accuracy/4/rml/audio/emotion/1", "remark"]


def test_sentences_that_the_tables_contradict(table):
    lost = {name: list(group(table, name).query("holds == 'no'").index) for name in
            ("cases", "easiest", "confused", "intensity", "frames", "segment")}  # fmt: skip
    assert lost == {
        "cases": ["cases/rml/visual/valence"],
        "easiest": [],
        "confused": [
            "confused/rml/fear",
            "confused/rml/disgust",
            "confused/enterface05/fear",
            "confused/baum1s/disgust",
        ],
        "intensity": ["intensity/fear-disgust"],
        "frames": ["frames/rml", "frames/enterface05"],
        "segment": ["segment/images"],
    }
    images = group(table, "segment").loc["segment/images"]
    assert (images["expected"], images["found"]) == (19, 20)
    assert group(table, "confused").loc["confused/rml/fear", "remark"] == "most often for sadness"


def test_failing_picks_groups(table):
    failing = consistency.failing(table, "cases", "frames")
    assert failing["difference"].tolist() == [-1.3, 326400, -326400]
    assert list(failing.index) == [0, 1, 2]


def test_summary_counts(table):
    summary = consistency.summary(table)
    assert summary["group"].tolist() == list(consistency.GROUPS)
    assert summary["checked"].sum() == len(table)
    assert summary["hold"].sum() == (table["holds"] == "yes").sum()
    assert (summary["hold"] + summary["fail"] == summary["checked"]).all()


# --- shares ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "decimals"), [(7, 1), (37, 2), (720, 2), (1290, 1)])
def test_attainable_is_what_some_share_rounds_to(count, decimals):
    printed = {f"{100 * k / count:.{decimals}f}" for k in range(count + 1)}
    grid = [f"{n / 10**decimals:.{decimals}f}" for n in range(0, 100 * 10**decimals + 1, 7)]
    for text in grid:
        assert attainable.attainable([float(text)], count, decimals) == (text in printed)
    some = [float(text) for text in sorted(printed)[:5]]
    assert attainable.attainable(some, count, decimals)


def test_least_count():
    assert attainable.least_count([33.33, 66.67], 2) == 3
    assert attainable.least_count([14.3], 1) == 7
    assert attainable.least_count([50.0, 33.33], 2) == 6
    assert attainable.least_count([33.34], 2, most=100) is None


def test_by_chance_is_what_random_figures_give():
    shares = attainable.by_chance().set_index("table")
    assert shares["accuracies"].to_dict() == {4: 12, 5: 24, 6: 6, 7: 12}
    assert shares["shares"].to_dict() == {4: 0, 5: 19, 6: 0, 7: 8}
    rng = np.random.default_rng(0)
    drawn_share = {
        n: np.mean([attainable.attainable([v], n, 1) for v in rng.integers(0, 1001, 1000) / 10])
        for n in (720, 1290, 521)
    }
    assert shares.loc[7, "by chance"] == pytest.approx(4 * sum(drawn_share.values()), abs=0.5)


def test_class_counts():
    (rml,) = attainable.class_counts("rml")
    assert set(rml) == {120}
    own, stated = attainable.class_counts("enterface05")
    assert (own.sum(), stated.sum()) == (1287, 1290)
    (baum,) = attainable.class_counts("baum1s")
    assert baum.sum() == paper.table_1().loc["baum1s", "clips_used"]
    assert list(baum.index) == list(paper.EMOTIONS)


# --- a consistent paper ------------------------------------------------------------------------


def test_a_paper_made_from_counts_passes(monkeypatch):
    """Matrices of whole clips, and the accuracies that follow from them."""
    rng = np.random.default_rng(1)
    matrices, six = {}, {}
    for dataset in paper.DATASETS:
        counts = corpora.expected_counts(dataset).reindex(list(paper.EMOTIONS)).to_numpy()
        whole = np.array(
            [rng.multinomial(n, np.eye(6)[i] * 0.7 + 0.05) for i, n in enumerate(counts)]
        )
        matrices[dataset] = pd.DataFrame(
            (100 * whole / counts[:, None]).round(2), list(paper.EMOTIONS), list(paper.EMOTIONS)
        )
        six[dataset] = round(100 * np.trace(whole) / counts.sum(), 2)
    printed = paper.accuracies()
    here = (printed["table"] == 6) & (printed["case"] == 2)
    printed.loc[here, "accuracy"] = printed.loc[here, "dataset"].map(six)
    monkeypatch.setattr(paper, "confusion", matrices.get)
    monkeypatch.setattr(paper, "accuracies", printed.copy)
    made = consistency.check()
    for name in ("rows", "diagonal", "recalls"):
        assert (group(made, name)["holds"] == "yes").all(), name
    case_2 = group(made, "accuracy").filter(like="accuracy/6", axis=0).filter(like="/2", axis=0)
    assert case_2["holds"].tolist() == ["yes"] * 3


def test_a_row_that_does_not_sum_is_found(monkeypatch):
    matrix = paper.confusion("rml")
    matrix.loc["fear", "anger"] += 0.04
    real = paper.confusion
    monkeypatch.setattr(paper, "confusion", lambda d: matrix if d == "rml" else real(d))
    rows = group(consistency.check(), "rows")
    assert rows.index[rows["holds"] == "no"].tolist() == ["rows/rml/fear"]
    assert rows.loc["rows/rml/fear", "difference"] == pytest.approx(0.04)


# --- the picture -------------------------------------------------------------------------------


def test_the_picture_shows_the_counts(table):
    figure = drawn.identities(table)
    hold, checked = (table["holds"] == "yes").sum(), len(table)
    assert figure.get_suptitle() == f"{hold} of {checked} identities hold within the paper"
    left, right = figure.axes
    hold_bars, fail_bars = left.containers
    assert [bar.get_width() for bar in hold_bars][::-1] == consistency.summary(table)[
        "hold"
    ].tolist()
    assert sum(bar.get_width() for bar in fail_bars) == checked - hold
    assert right.get_title(loc="left") == "Table 6 above its matrix: 3 of 3"
    assert [round(bar.get_width(), 2) for bar in right.containers[0]] == [0.40, 1.13, 1.04]
    figures.plt.close(figure)
