"""The whole pipeline, through DVC, in a copy of the repository with the nano profile."""

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import av
import nbformat
import pandas as pd
import pytest

from avef.cli import main
from avef.config import profiles
from avef.demo import Form, make_clip
from avef.evaluation import claims, tables
from avef.protocol import EMOTIONS

REPOSITORY = Path(__file__).resolve().parents[1]
#: With AVEF_ALL all of the paper's corpora run, and in the end two alone: ten minutes more.
ALL = bool(os.environ.get("AVEF_ALL"))
DEMO = ("rml", "enterface05", "baum1s") if ALL else ("rml",)
DATASETS = (*DEMO, "mine")
#: A corpus of sound alone, beside those with pictures.
VOICES = "voices"
RUN = (*DATASETS, VOICES)
#: Real clips, which lie beside the repository or are not there. Of these is "mine", where it need
#: not stand for a whole corpus.
RECORDED = REPOSITORY.parent / "shared" / "data"
REAL = RECORDED.is_dir() and not ALL
#: Who is in five of them, and a label; GRID's people act none, which a nano run does not mind.
FIVE = {
    "cremad/VideoFlash/1001_DFA_ANG_XX.flv": ("1001", "anger"),
    "cremad/VideoFlash/1001_DFA_HAP_XX.flv": ("1001", "happiness"),
    "cremad/VideoFlash/1001_DFA_SAD_XX.flv": ("1001", "sadness"),
    "grid/bbaf2n.mpg": ("b", "happiness"),
    "grid/lbax4n.mpg": ("l", "sadness"),
}
#: The stages of one corpus, from its clips to its predictions.
RML_ALONE = ("01_preprocessing", "03_audio_net", "04_visual_net", "05_dbn_fusion", "06_svm")
#: RAVDESS' codes of the six emotions.
CODES = {"happiness": 3, "sadness": 4, "anger": 5, "fear": 6, "disgust": 7, "surprise": 8}


def sh(*command, cwd, fails=False, umask=-1, **settings):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "DVC_NO_ANALYTICS": "1"}
    done = subprocess.run(
        command, cwd=cwd, env=environment | settings, umask=umask, capture_output=True, text=True
    )
    assert (done.returncode != 0) == fails, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout + done.stderr


def configure(folder, old, new):
    """Change params.yaml once."""
    text = (folder / "params.yaml").read_text()
    assert text.count(old) == 1, old
    (folder / "params.yaml").write_text(text.replace(old, new))


@contextmanager
def other_params(folder, old, new):
    """As :func:`configure`, within a ``with`` block."""
    before = (folder / "params.yaml").read_text()
    try:
        configure(folder, old, new)
        yield
    finally:
        (folder / "params.yaml").write_text(before)


def leave_out(folder, *names):
    """Take corpora out of params.yaml, wherever they are named."""
    text = (folder / "params.yaml").read_text().partition("\nablations:")[0]
    gone = tuple(f"  {name}: {{{key}" for name in names for key in ("root:", "groups:"))
    lines = [line for line in text.splitlines() if not line.startswith(gone)]
    text = "\n".join([*lines, "ablations: {}", ""])
    made = re.search(r"\n  corpora: \[(.*)\]", text)
    left = [name for name in made[1].split(", ") if name not in names]
    text = text.replace(made[0], f"\n  corpora: [{', '.join(left)}]")
    (folder / "params.yaml").write_text(text)


def make_own(folder):
    """A tree like RAVDESS' of three actors, one clip of each emotion and one that is sung."""
    form = Form(fps=30, size=(320, 240))
    for actor, (emotion, code) in product((1, 2, 3), CODES.items()):
        path = folder / f"Actor_{actor:02}" / f"01-01-{code:02}-01-01-01-{actor:02}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        make_clip(path, emotion=emotion, identity=40 + actor, seed=10 * actor + code, form=form)
    (folder / "Actor_01" / "01-02-03-01-01-01-01.mp4").write_bytes(b"a song")


def make_voices(folder, films):
    """The sound of a tree's films alone, as RAVDESS names it, in the same container."""
    for film in sorted(films.rglob("01-01-*.mp4")):
        path = folder / film.relative_to(films).with_name(f"03{film.name[2:]}")
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(film)) as source, av.open(str(path), "w") as target:
            sound = source.streams.audio[0]
            stream = target.add_stream_from_template(sound)
            for packet in source.demux(sound):
                if packet.dts is not None:
                    packet.stream = stream
                    target.mux(packet)


def make_real(folder):
    """Copies of the five clips, and a CSV of five lines that lists them."""
    folder.mkdir(parents=True)
    lines = ["path,speaker,emotion"]
    for path, labels in FIVE.items():
        name = Path(path).name
        shutil.copy(RECORDED / path, folder / name)
        lines.append(",".join([name, *labels]))
    (folder / "clips.csv").write_text("\n".join(lines) + "\n")


def copied(folder):
    """A copy of the tracked and new files, without results, with the nano profile."""
    listed = sh("git", "ls-files", "-co", "--exclude-standard", cwd=REPOSITORY)
    for name in listed.splitlines():
        source, made = REPOSITORY / name, name.startswith("reports/") or name == "dvc.lock"
        if source.is_file() and (not made or name.endswith("README.md")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / name)
    sh("git", "init", "-q", cwd=folder)
    profiles.apply("nano", folder / "params.yaml", REPOSITORY / "tests")
    return folder


def ran(said):
    """The stages that DVC has run, of what it said."""
    return {line.split("'")[1] for line in said.splitlines() if line.startswith("Running stage")}


def test_raw_folders_are_taken_as_they_are_on_disks(tmp_path):
    """No dead link or odd name stops DVC; what changes in a corpus runs its own stages again."""
    folder = copied(tmp_path)
    raw, odd = folder / "data/raw", os.fsdecode(b"T\xfcrk/an9.avi")
    for path in ("rml/s1/an1.avi", f"rml/{odd}", "savee/DC/a01.avi"):
        (raw / path).parent.mkdir(parents=True, exist_ok=True)
        (raw / path).write_bytes(b"1")
    (raw / "rml/s1/an2.avi").symlink_to("../not fetched")
    shutil.rmtree(raw / "emodb")
    values = (folder / "params.yaml").read_text()
    named = "corpora:\n  rml: {root: data/raw/rml}\n  savee: {root: data/raw/savee}\n"
    values = re.sub(r"(?m)^corpora:\n(  .*\n)+", named, values)
    values = re.sub(r"(?m)^  (corpora: \[).*\]", r"  \1]", values)  # no demo
    values = re.sub(r"(?m)^  (enterface05|baum1s): \{groups.*\n", "", values)
    (folder / "params.yaml").write_text(values.partition("\nablations:")[0] + "\nablations: {}\n")

    def repro():
        return ran(sh("dvc", "repro", "clips", "emodb_tree", cwd=folder))

    def listed():
        tables = (pd.read_csv(folder / f"data/clips/rml/{n}.csv") for n in ("clips", "left_out"))
        clips, left_out = tables
        return [*clips["path"]], {p: r.split(":")[0] for p, r in left_out.values.tolist()}

    trees = {"trees@rml", "trees@savee", "emodb_tree"}
    left_out = {"s1/an2.avi": "a dead link"}
    left_out[r"T\xfcrk/an9.avi"] = "the name, or that of a folder above, is not UTF-8"
    assert repro() == trees | {"clips@rml", "clips@savee"}
    assert listed() == (["s1/an1.avi"], left_out)
    assert pd.read_csv(folder / "data/vad/emodb.csv").empty
    assert repro() == trees
    (raw / "rml/not fetched").write_bytes(b"2")
    assert repro() == trees | {"clips@rml"}
    del left_out["s1/an2.avi"]
    assert listed() == (["s1/an1.avi", "s1/an2.avi"], left_out)
    (raw / "savee/DC/a01.avi").write_bytes(b"3")
    assert repro() == trees | {"clips@savee"}
    (raw / "rml").rename(raw / "away")
    assert "RML is not in data/raw/rml" in sh("dvc", "repro", "clips", cwd=folder, fails=True)
    assert listed() == (["s1/an1.avi", "s1/an2.avi"], left_out)
    (raw / "away").rename(raw / "rml")
    assert repro() == trees


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A copy of the repository, reproduced from nothing with the nano profile.

    Beside the demo's corpora there are two that the paper does not have, one of sound alone, the
    other a table of five real clips, or synthetic films where there are none.
    """
    folder = copied(tmp_path_factory.mktemp("clone with space"))
    films, own = folder / "data" / "films", folder / "data" / "own"
    make_own(films)
    make_voices(folder / "data" / "voices", films)
    make_real(own) if REAL else films.rename(own)
    two = f"mine: {{root: data/own, reader: {'table' if REAL else 'ravdess'}}}\n"
    two += f"  {VOICES}: {{root: data/voices, reader: ravdess}}"
    configure(folder, "\ncorpora:\n", f"\ncorpora:\n  {two}\n")
    two = f"mine: {{groups: 2}}\n  {VOICES}: {{groups: 2}}"  # RML leaves each speaker out
    configure(folder, "\nprotocol:\n", f"\nprotocol:\n  {two}\n")
    if not ALL:
        leave_out(folder, "enterface05", "baum1s")
    sh("dvc", "repro", cwd=folder)
    return folder


@pytest.fixture
def refused(clone, monkeypatch, capsys):
    """The one line that a command of ``avef`` ends with in the copy; in this process."""

    def line(*arguments):
        monkeypatch.chdir(clone)
        assert main([*arguments]) == 1
        return capsys.readouterr().err.splitlines()[-1]

    return line


def test_every_cell_of_tables_4_to_10_is_filled(clone):
    rows = {4: 12, 5: 24, 6: 6, 7: 12, 8: 36, 9: 36, 10: 36}
    for number, count in rows.items():
        table = pd.read_csv(clone / f"reports/tables/table_{number}.csv")
        if number < 8:
            for name in ("mine", VOICES):
                mine = table[table["dataset"] == name]
                heard = (name == "mine") | (mine["modality"] == "audio")
                assert 3 * len(mine) == count
                assert (mine["ours"].notna() == heard).all() and mine["paper"].isna().all()
            table = table[~table["dataset"].isin(["mine", VOICES])]
        elif tables.CONFUSIONS[number] not in DATASETS:
            assert table["ours"].isna().all() and table["paper"].notna().all()
            continue
        assert len(table) == count
        if number < 8:
            there = table["dataset"].isin(DATASETS)
            assert (table["ours"].notna() == there).all()
            table = table[there]
        assert table[["paper", "ours", "difference"]].notna().all().all()
        assert (table["ours"] - table["paper"] - table["difference"]).abs().max() < 0.011


def test_demo_results_are_marked_wherever_they_stand(clone):
    for number in range(4, 11):
        assert set(pd.read_csv(clone / f"reports/tables/table_{number}.csv")["data"]) == {"demo"}
        assert "Demo data" in (clone / f"reports/tables/table_{number}.md").read_text()
    for path in (clone / "reports/metrics").glob("*.json"):
        assert json.loads(path.read_text())["data"] == "demo"
    for path in (clone / "reports/notebooks").glob("*.ipynb"):
        about_the_paper_alone = path.stem in ("09_consistency", "08b_power")
        assert ("Demo data" in path.read_text()) != about_the_paper_alone, path
    assert "Demo data" in (clone / "reports/index.html").read_text()


def test_every_clip_is_predicted_once_by_a_fold_without_its_speaker(clone):
    for dataset in (*DATASETS, VOICES):
        clips = pd.read_csv(clone / f"data/prepared/{dataset}/clips.csv")
        for stage in ("audio_net", "visual_net", "svm") if dataset != VOICES else ("audio_net",):
            table = pd.read_csv(clone / f"reports/predictions/{stage}-{dataset}.csv")
            assert table["seed"].nunique() == 2
            for _, part in table.groupby(["emotion_model", "case", "seed"]):
                assert sorted(part["clip"]) == sorted(clips["clip"])
                assert (part.groupby("speaker")["fold"].nunique() == 1).all()


def test_sound_alone_runs_the_audio_side_and_says_what_it_lacks(clone, refused):
    for stage in ("visual_net", "svm"):
        table = pd.read_csv(clone / f"reports/predictions/{stage}-{VOICES}.csv")
        assert len(table) == 0 and "predicted" in table
        assert not list((clone / "data" / stage.replace("svm", "dbn_fusion") / VOICES).iterdir())
    text = (clone / "reports/tables/table_4.md").read_text()
    assert f"{VOICES} visual" in text
    assert "is sound alone" in refused("predict", "x.mp4", "--corpus", VOICES)


def test_a_table_of_five_real_clips_runs_beside_the_demo(clone, shared_data):
    """From `../shared/data`, through every stage, into every table that can have it."""
    if not REAL:
        pytest.skip("NOT RUN: with AVEF_ALL a synthetic corpus stands in the place of real clips")
    clips = pd.read_csv(clone / "data/prepared/mine/clips.csv")
    assert sorted(clips["path"]) == sorted(Path(path).name for path in FIVE)
    assert (clips["voiced"] > 0).all() and (clips["frames"] > 0).all()
    for stage in ("audio_net", "visual_net", "svm"):
        table = pd.read_csv(clone / f"reports/predictions/{stage}-mine.csv")
        assert set(table["clip"]) == set(clips["clip"])
        assert set(table["fold"]) == {0, 1}
    for number in (4, 5, 6, 7):
        table = pd.read_csv(clone / f"reports/tables/table_{number}.csv")
        ours = table.loc[table["dataset"] == "mine", "ours"]
        assert len(ours) and ours.notna().all()


def test_plots_are_shown_without_a_network(clone):
    sh("dvc", "plots", "show", "-o", "plots", cwd=clone)
    page = (clone / "plots/index.html").read_text()
    pictures = re.findall(r'<img src="([^"]+)"', page)
    assert len(pictures) >= 5 * len(DATASETS)
    assert all((clone / "plots" / picture).is_file() for picture in pictures)
    assert "http:" not in page and "https:" not in page and "<script" not in page


def test_broken_clips_stand_in_quarantine(clone):
    for dataset in DEMO:
        clips = pd.read_csv(clone / f"data/clips/{dataset}/clips.csv")
        used = pd.read_csv(clone / f"data/prepared/{dataset}/clips.csv")
        quarantine = pd.read_csv(clone / f"data/prepared/{dataset}/quarantine.csv")
        assert len(quarantine) == 1
        assert set(clips["clip"]) == set(used["clip"]) | set(quarantine["clip"])


def test_the_index_links_every_notebook(clone):
    page = (clone / "reports/index.html").read_text()
    notebooks = [p.stem for p in (clone / "reports/notebooks").glob("[0-9]*.ipynb")]
    assert len(notebooks) == 10 + 6 * len(RUN), sorted(notebooks)
    for stem in notebooks:
        assert f"html/{stem}.html" in page
        assert (clone / f"reports/html/{stem}.html").is_file()


def test_every_claim_has_its_row_and_demo_data_no_verdict(clone):
    table = pd.read_csv(clone / "reports/tables/claims.csv").set_index("id")
    assert list(table.index) == list(claims.RULES)
    assert set(table["data"]) == {"demo"}
    judged = table[~table["verdict"].isin([claims.NO_VERDICT, claims.NOT_RUN])]
    assert list(judged.index) == ["T2", "T3", "F1"]  # these need no data
    assert judged["verdict"].tolist() == [
        claims.IMPLEMENTED,
        claims.OTHERWISE,  # the nano profile's schedule and networks are not the paper's
        claims.OTHERWISE,
    ]
    measured = {"P1", "P2", "P3", "S1", "S2", "S3", "S4", "S5"}
    assert measured <= set(table.index[table["verdict"] == claims.NO_VERDICT])


def test_a_second_repro_does_nothing(clone):
    before = os.times()
    said = sh("dvc", "repro", cwd=clone)
    assert ran(said) == {"emodb_tree", *(f"trees@{dataset}" for dataset in RUN)}
    assert os.times().children_user - before.children_user < 20  # s, however busy the machine is


def test_one_corpus_learning_rate_reruns_nothing_before_its_stage(clone):
    text = (clone / "params.yaml").read_text()
    head = "\n".join(text.split("\naudio_net:")[1].splitlines()[:2])
    with other_params(clone, head, f"{head}\n  rml: {{learning_rate: 0.004}}"):
        stages = ran(sh("dvc", "repro", "--dry", cwd=clone))
    assert "audio_net@rml" in stages
    earlier = ("demo", "clips", "corpora", "vad", "preprocessing", "transfer@", "visual_net")
    assert not [stage for stage in stages if stage.startswith(earlier)]


def test_a_missing_corpus_costs_no_result(clone):
    paths = [
        *(clone / "data/clips").rglob("*.csv"),
        *(clone / "reports/tables").glob("table_[12].*"),
    ]
    before = {path: path.read_bytes() for path in paths}
    assert len(before) == 3 * len(RUN) + 4
    with other_params(clone, "root: data/demo/rml", "root: data/raw/rml"):
        said = sh("dvc", "repro", "corpora", cwd=clone, fails=True)
    assert "RML is not in data/raw/rml" in said and "(http" in said
    assert {path: path.read_bytes() for path in before if path.is_file()} == before


def results(folder):
    """Bytes of all that the stages of RML and the tables made."""
    parts = ["prepared/rml", "audio_net/rml", "visual_net/rml", "dbn_fusion/rml"]
    parts = [f"data/{part}" for part in parts] + ["reports"]
    files = [path for part in parts for path in (folder / part).rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_the_same_bytes_come_of_other_folders_workers_locales_and_masks(clone, tmp_path):
    """Of every kind of result some are made anew; ``benchmarks/same.py`` does it with all."""
    other = tmp_path / "elsewhere"
    shutil.copytree(clone, other, symlinks=True)
    configure(other, "prepare: 2, train: 1", "prepare: 1, train: 2")
    before = results(other)
    for path in sorted((other / "data/prepared/rml").glob("*.npz"))[:2]:
        path.unlink()
    for stage in ("audio_net", "visual_net", "dbn_fusion"):
        made = [*(other / "data" / stage / "rml").glob("emotion-case[12]-seed2020-fold0.*")]
        assert len(made) == (2 if stage == "dbn_fusion" else 4)
        for path in made:
            path.unlink()
    for path in other.glob("reports/*/*rml*"):
        path.unlink()
    settings = {"PYTHONHASHSEED": "4711", "LC_ALL": "C", "TZ": "Asia/Kathmandu"}
    for name in RML_ALONE:
        words = ("avef", "run", name, "-p", "dataset=rml")
        sh(*words, cwd=other, umask=0o077, OPENBLAS_NUM_THREADS="3", **settings)
    sh("avef", "run", "07_tables_4_10", cwd=other, umask=0o077, **settings)
    after = results(other)
    gone = {name for name in before.keys() - after.keys() if "transfer" not in name}
    assert not {name for name in gone if not name.endswith(".html")}
    assert [name for name in after if after[name] != before[name]] == []


def test_a_clip_of_ones_own_is_recognised(clone, refused):
    clip = pd.read_csv(clone / "data/prepared/mine/clips.csv")["path"][0]
    path = f"data/own/{clip}"
    said = sh("avef", "predict", path, "--corpus", "rml", "--figure", "mine.png", cwd=clone)
    assert "Demo data" in said
    assert any(f"folds say {emotion}, " in said for emotion in EMOTIONS)
    assert (clone / "mine.png").stat().st_size > 10_000
    broken = pd.read_csv(clone / "data/prepared/rml/quarantine.csv")["path"][0]
    said = refused("predict", f"data/demo/rml/{broken}")
    assert said.splitlines()[-1] == "avef: 1 of 1 clips cannot be used"


def test_papermill_runs_a_notebook_by_itself(clone):
    sh("papermill", "notebooks/06_svm.ipynb", "out.ipynb", "-p", "dataset", "rml", cwd=clone)
    assert "RML" in str(nbformat.read(clone / "out.ipynb", 4).cells)


def test_a_missing_corpus_is_named_with_the_way_to_get_it(clone):
    shutil.copy(clone / "params.yaml", clone / "nano.params")
    try:
        said = sh("avef", "profile", "paper", cwd=clone)
    finally:
        shutil.copy(clone / "nano.params", clone / "params.yaml")
    titles = {"rml": "RML", "enterface05": "eNTERFACE'05", "baum1s": "BAUM-1s"}
    for root, title in ((root, titles[root]) for root in DEMO):
        line = next(line for line in said.splitlines() if f"{title} is not in" in line)
        assert f"data/raw/{root}" in line
        assert "obtain it" in line


@pytest.mark.skipif(not ALL, reason="takes five minutes; set AVEF_ALL")
def test_two_corpora_run_end_to_end(clone):
    """Of the paper's three only one, and beside it one that the paper does not have."""
    leave_out(clone, "rml", "enterface05")
    configure(clone, "seeds: [2020, 2021]", "seeds: [2020]")
    sh("dvc", "repro", cwd=clone)
    table = pd.read_csv(clone / "reports/tables/table_6.csv").set_index(["dataset", "case"])
    assert table.loc[["baum1s", "mine"], "ours"].notna().all()
    assert table.loc[["rml", "enterface05"], "ours"].isna().all()
    assert pd.read_csv(clone / "reports/tables/table_8.csv")["ours"].isna().all()
    verdicts = pd.read_csv(clone / "reports/tables/claims.csv").set_index("id")["verdict"]
    assert verdicts["T8"] == claims.NOT_RUN
    assert verdicts["T10"] == claims.NO_VERDICT
