"""Tables 1-10 from made-up predictions: every entry filled, every difference right."""

import shutil
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from avef import paper
from avef.config import params, profiles
from avef.core import paths
from avef.core.files import write_json
from avef.evaluation import captions, marks, tables
from avef.protocol import EMOTION_MODELS

MODALITIES = {"audio": "audio_net", "visual": "visual_net", "multimodal": "svm"}


def predictions(seed):
    """Every class four times in each case and seed of each emotion model, some of it wrong."""
    rng = np.random.default_rng(seed)
    parts = []
    for (model, classes), case, training in product(EMOTION_MODELS.items(), (1, 2), (7, 8)):
        true = np.array(list(classes) * 4)
        wrong = rng.random(len(true)) < 0.4
        part = pd.DataFrame({"emotion_model": model, "case": case, "fold": 0, "true": true})
        part["seed"] = training
        part["clip"] = [f"{i:03}" for i in range(len(true))]
        part["speaker"] = [f"{3 * i // len(true):03}" for i in range(len(true))]
        parts.append(part.assign(predicted=np.where(wrong, rng.choice(classes, len(true)), true)))
    return pd.concat(parts, ignore_index=True)


def write(datasets):
    made = {}
    for number, (dataset, (modality, stage)) in enumerate(product(datasets, MODALITIES.items())):
        made[dataset, modality] = predictions(number)
        path = paths.predictions(stage, dataset)
        path.parent.mkdir(parents=True, exist_ok=True)
        made[dataset, modality].to_csv(path, index=False)
    return made


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_entry_is_the_accuracy_of_its_predictions(here):
    made = write(paper.DATASETS)
    entries = tables.accuracy_table(list(paper.DATASETS))
    assert len(entries) == 54
    assert entries.notna().all(axis=None)
    for row in entries.itertuples():
        part = made[row.dataset, row.modality]
        part = part[(part["emotion_model"] == row.emotion_model) & (part["case"] == row.case)]
        right = 100 * (part["true"] == part["predicted"]).mean()
        assert row.ours == pytest.approx(right, abs=0.005)
        assert row.difference == pytest.approx(row.ours - row.paper, abs=0.0051)
        each = part.assign(right=part["true"] == part["predicted"]).groupby("seed")["right"].mean()
        assert row.deviation == pytest.approx(100 * each.std(), abs=0.006)
        assert (row.seeds, 2 * row.clips) == (2, len(part))
        assert row.low <= row.ours <= row.high
        assert row.speakers == 3
    pd.testing.assert_series_equal(
        entries["paper"], paper.accuracies()["accuracy"], check_names=False
    )


def test_a_corpus_that_was_not_run_is_empty_not_missing(here):
    write(["rml"])
    entries = tables.accuracy_table(["rml"])
    assert len(entries) == 54
    assert (entries["ours"].notna() == (entries["dataset"] == "rml")).all()
    assert entries["paper"].notna().all()
    text = tables.layout(entries, 4)
    assert text.loc["case 1", "BAUM-1s audio"] == "– (39.48)"
    assert not text["RML audio"].str.contains("–").any()


def test_a_corpus_that_the_paper_lacks_stands_beside_its_own(here):
    made = write(["rml", "mine"])
    entries = tables.write_all(["rml", "mine"], mark="paper")
    assert len(entries) == 54 + 18
    mine = entries[entries["dataset"] == "mine"]
    assert mine["ours"].notna().all()
    assert mine["paper"].isna().all()
    assert mine["table"].value_counts().to_dict() == {4: 4, 5: 8, 6: 2, 7: 4}
    for number in (4, 5, 6, 7):
        of = entries[entries["table"] == number]["dataset"].unique().tolist()
        assert of == [*paper.DATASETS, "mine"]
    text = tables.layout(entries, 6).loc["case 2", "mine"]
    part = made["mine", "multimodal"].query("emotion_model == 'emotion' and case == 2")
    assert text.startswith(f"{100 * part.eval('true == predicted').mean():.1f} ±")
    assert "(" not in text


def test_entries_stand_in_the_papers_order(here):
    write(paper.DATASETS)
    keys = ["table", "dataset", "modality", "emotion_model", "case"]
    entries = tables.accuracy_table(list(paper.DATASETS))[keys]
    pd.testing.assert_frame_equal(entries, paper.accuracies()[keys], check_dtype=False)


SIX_ROWS = ["case 1", "case 2"]
BINARY_ROWS = [f"case {c}, {m}" for c in (1, 2) for m in ("arousal", "valence")]
NAMES = list(paper.DATASET_NAMES.values())
UNIMODAL = [f"{name} {modality}" for name in NAMES for modality in ("audio", "visual")]


@pytest.mark.parametrize(
    ("number", "rows", "columns"),
    [
        (4, SIX_ROWS, UNIMODAL),
        (5, BINARY_ROWS, UNIMODAL),
        (6, SIX_ROWS, NAMES),
        (7, BINARY_ROWS, NAMES),
    ],
)
def test_layout_is_the_papers(here, number, rows, columns):
    write(paper.DATASETS)
    entries = tables.accuracy_table(list(paper.DATASETS))
    text = tables.layout(entries, number)
    assert list(text.index) == rows
    assert sorted(text.columns) == sorted(columns)
    assert text.notna().all(axis=None)
    first = entries[entries["table"] == number].iloc[0]  # RML (audio), case 1, (arousal)
    entry = (
        f"{first['ours']:.1f} ± {first['deviation']:.1f} [{first['low']:.0f}, {first['high']:.0f}]"
    )
    printed = f"{first['paper']:.{1 if number in (5, 7) else 2}f}"  # as the paper does
    entry += f" ({printed}, {first['difference']:+.1f})".replace("-", "−")
    assert text.iloc[0][columns[0]] == entry


@pytest.mark.parametrize("mark", marks.SAID)
def test_files_carry_the_differences_and_the_mark(here, mark):
    write(paper.DATASETS)
    entries = tables.write_all(list(paper.DATASETS), mark)
    names = {p.name for p in paths.TABLES.iterdir()}
    assert names == {f"table_{n}.{kind}" for n in range(4, 11) for kind in ("csv", "md")}
    stored = pd.concat(pd.read_csv(paths.TABLES / f"table_{n}.csv") for n in (4, 5, 6, 7))
    assert len(stored) == len(entries) == 54
    for number in range(4, 11):
        table = pd.read_csv(paths.TABLES / f"table_{number}.csv")
        np.testing.assert_allclose(table["difference"], table["ours"] - table["paper"], atol=0.011)
        assert set(table["data"]) == {mark}
        text = (paths.TABLES / f"table_{number}.md").read_text(encoding="utf-8")
        shown = [other for other, said in marks.SAID.items() if said and said in text]
        assert shown == [mark] * (mark != "paper")
        assert text.startswith(f"# {captions.title(number)}\n")
        assert "once" not in text  # of several trainings
        lines = [line for line in text.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in lines}) == 1  # a rectangle


def test_confusions_of_a_corpus_that_did_not_run_are_the_papers_alone(here):
    made = write(["enterface05"])["enterface05", "multimodal"]
    tables.write_all(["enterface05"], mark="paper")
    alone = pd.read_csv(paths.TABLES / "table_8.csv").set_index(["true", "predicted"])
    assert alone["ours"].isna().all()
    assert alone.loc[("anger", "anger"), "paper"] == paper.confusion("rml").loc["anger", "anger"]
    text = (paths.TABLES / "table_8.md").read_text(encoding="utf-8")
    assert "| fear | – (1.32)" in text
    table = pd.read_csv(paths.TABLES / "table_9.csv").set_index(["true", "predicted"])
    assert len(table) == 36
    assert table.loc[("fear", "sadness"), "paper"] == 8.75
    part = made[(made["emotion_model"] == "emotion") & (made["case"] == 2)]
    fear = part[part["true"] == "fear"]
    share = 100 * (fear["predicted"] == "fear").mean()
    assert table.loc[("fear", "fear"), "ours"] == share


def test_confusion_of_an_absent_class_is_empty(here):
    made = write(["rml"])["rml", "multimodal"]
    made[made["true"] != "fear"].to_csv(paths.predictions("svm", "rml"), index=False)
    table = tables.confusion_table("rml").set_index(["true", "predicted"])
    assert table.loc["fear", "ours"].isna().all()
    assert table.drop("fear")["ours"].notna().all()
    tables.write_all(["rml"], mark="demo")
    assert "| fear | – (1.32)" in (paths.TABLES / "table_8.md").read_text(encoding="utf-8")


def test_clip_names_stay_text(here):
    write(["rml"])
    stored = tables.read_predictions("svm", "rml")
    assert stored["clip"].iloc[1] == "001"
    assert stored["speaker"].iloc[0] == "000"


def test_table_1_sets_the_files_beside_the_paper():
    clips = pd.DataFrame({"clip": list("abcd"), "speaker": ["s1", "s1", "s2", "s2"]})
    files = pd.DataFrame({"sample_rate": [22050, np.nan, 22050, 22050], "channels": 2})
    files = files.assign(fps=[29.97, np.nan, 29.97, 25], width=720, height=480)
    table = tables.table_1({"rml": (clips, files), "mine": (clips[:3], files)})
    assert table["mine, files"].tolist() == [22050, "stereo", 29.97, "720×480", 2, 3]
    assert table["RML, files"].tolist() == [22050, "stereo", 29.97, "720×480", 2, 4]
    assert table["RML, paper"].tolist() == [22050, "stereo", 30, "368×240", 8, 720]
    assert list(table.columns) == [
        "RML, paper",
        "RML, files",
        "eNTERFACE'05, paper",
        "BAUM-1s, paper",
        "mine, files",
    ]


def test_table_1_and_2_are_written(here):
    tables.write_table(paper.table_2().set_index("emotion"), 2, mark="demo")
    stored = pd.read_csv(paths.TABLES / "table_2.csv", index_col="emotion")
    assert stored.loc["surprise"].to_dict() == {"arousal": "high", "valence": "positive"}
    text = (paths.TABLES / "table_2.md").read_text(encoding="utf-8")
    assert "| emotion | arousal | valence |" in text
    assert "| fear | high | negative |" in text


def test_confusions_have_intervals_and_the_clips_of_their_class(here):
    write(["rml"])
    table = tables.confusion_table("rml")
    assert len(table) == 36
    assert (table["clips"] == 4).all()
    assert ((table["low"] <= table["ours"]) & (table["ours"] <= table["high"])).all()


def test_table_3_of_the_paper_profile_is_the_papers(tmp_path):
    root = Path(__file__).resolve().parents[2]
    copy = shutil.copy(root / "params.yaml", tmp_path)
    profiles.apply("paper", copy, root / "profiles")
    table = tables.table_3(params.read(copy))
    software = table[~table.index.str.startswith("hardware")]
    assert len(software) == 9
    assert (software["paper"] == software["ours"]).all()
    profiles.apply("demo", copy, root / "profiles")
    assert tables.table_3(params.read(copy)).loc["audio-net: epochs", "ours"] != "500"


def test_captions_count_the_clips(here):
    assert tables.coverage(["rml"]) == ""
    write_json(paths.metrics("preprocessing", "rml"), {"clips": 71, "quarantined": 1})
    assert tables.coverage(["rml"]) == "RML: 71 of 72 clips used, 1 in quarantine."


def test_what_dvc_compares_is_six_emotions_in_case_2():
    entry = {"emotion_model": "emotion", "case": 2, "modality": "audio", "dataset": "rml"}
    rows = [
        entry | {"ours": 51.26},
        entry | {"modality": "multimodal", "ours": 60.0},
        entry | {"case": 1, "ours": 1.0},
        entry | {"emotion_model": "arousal", "ours": 2.0},
        entry | {"dataset": "voices", "ours": 70.0},
        entry | {"dataset": "voices", "modality": "visual", "ours": np.nan},
        entry | {"dataset": "baum1s", "ours": np.nan},
    ]
    expected = {"rml": {"audio": 51.3, "multimodal": 60.0}, "voices": {"audio": 70.0}}
    assert tables.summary(pd.DataFrame(rows)) == expected


def test_captions_name_the_machines_that_trained(here):
    assert tables.trained_on(["rml", "mine"]) == ""
    write_json(paths.metrics("audio_net", "rml"), {"trained_on": ["B, AVX2"]})
    write_json(paths.metrics("svm", "mine"), {"trained_on": ["A, AVX-512", "B, AVX2"]})
    assert tables.trained_on(["rml"]) == "Networks trained on B, AVX2."
    assert tables.trained_on(["rml", "mine"]) == "Networks trained on A, AVX-512 and B, AVX2."


def test_a_corpus_of_sound_alone_has_empty_cells_where_it_takes_pictures(here):
    write(["rml", "voices"])
    for stage in ("visual_net", "svm"):
        path = paths.predictions(stage, "voices")
        pd.read_csv(path)[:0].to_csv(path, index=False)
    entries = tables.write_all(["rml", "voices"], mark="paper").query("dataset == 'voices'")
    assert len(entries) == 18
    heard = entries["modality"] == "audio"
    assert (entries["ours"].notna() == heard).all()
    text = tables.layout(tables.accuracy_table(["rml", "voices"]), 4).loc["case 1"]
    assert text["voices visual"] == "–" and "±" in text["voices audio"]
    assert set(tables.read_all(["voices"])) == {("voices", "audio")}


def test_one_training_says_why_there_is_no_deviation(here):
    for key, table in write(["rml"]).items():
        alone = table[table["seed"] == table["seed"].min()]
        alone.to_csv(paths.predictions(tables.STAGES[key[1]], key[0]), index=False)
    tables.write_all(["rml"], mark="demo")
    said = "Each was trained once, so there is no deviation."
    for number, told in ((6, True), (8, True), (9, False)):  # eNTERFACE'05 was not run
        text = (paths.TABLES / f"table_{number}.md").read_text(encoding="utf-8")
        assert (said in text) == told
        assert text.index("| case 1 |" if number == 6 else "| fear |") < text.index("Percent:")


def test_table_3_says_where_the_machine_stands(here):
    tables.write_table(pd.DataFrame({"ours": ["–"]}, index=["hardware: CPU"]), 3, "demo")
    assert captions.HARDWARE in (paths.TABLES / "table_3.md").read_text(encoding="utf-8")
