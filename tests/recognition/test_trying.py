"""``10_try_a_clip``: by a path it needs no browser, and a bad clip is no traceback."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import papermill
import pytest

from avef.cli import main
from avef.core import paths
from avef.core.errors import ClipError, ParameterError
from avef.demo import make_clip as make_film
from avef.recognition import recogniser, trying
from avef.recognition.result import Failure

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras' own
ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "notebooks" / "10_try_a_clip.ipynb"


def outputs(notebook):
    return [out for cell in notebook.cells for out in cell.get("outputs", []) if "data" in out]


def test_the_notebook_runs_on_a_path_with_an_exported_model(exported, tmp_path, monkeypatch):
    make_film(tmp_path / "my film.avi", emotion="anger", identity=1, seed=2)
    monkeypatch.chdir(tmp_path)  # no repository is needed
    told = {"clip": "my film.avi", "model": str(exported)}
    done = papermill.execute_notebook(str(NOTEBOOK), "out.ipynb", told, progress_bar=False)
    shown = [out.data for out in outputs(nbformat.from_dict(done))]
    (text,) = (one["text/plain"] for one in shown if "of the frames" in one["text/plain"])
    assert text.startswith("my film.avi: ") and "a face in 100 %" in text
    assert sum("image/png" in one for one in shown) == 1
    assert not any("widget" in kind for one in shown for kind in one)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my film.avi", "out.ipynb"]


def test_a_refused_clip_is_a_reason_and_no_picture(model, tmp_path, capsys):
    (tmp_path / "notes.mp4").write_text("no film")
    trying.begin(model, str(tmp_path / "notes.mp4"))
    said = capsys.readouterr().out
    assert "notes.mp4: cannot be used: the file cannot be opened" in said
    assert "Figure" not in said and str(tmp_path) not in said


def test_reasons_name_the_clip_as_it_is_called(model, monkeypatch):
    def prepare(path, **_):
        raise ClipError(f"{path}: nothing")

    monkeypatch.setattr(recogniser, "prepare_clip", prepare)
    assert trying.tried("/tmp/x/clip", model, "a.mp4") == Failure("a.mp4", "a.mp4: nothing")
    assert trying.tried("b.mp4", model).clip == "b.mp4"


def test_a_path_holds_from_where_it_was_named_else_from_the_root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.mp4").touch()
    assert trying.located("a.mp4") == str(tmp_path / "a.mp4")
    assert (trying.located("data/a.mp4"), trying.located("")) == ("data/a.mp4", "")


def test_without_a_model_the_repository_is_needed(tmp_path, monkeypatch, exported):
    monkeypatch.chdir(tmp_path)
    for given in (("rml",), ("rml", "absent")):
        with pytest.raises(ParameterError, match="not in the repository"):
            trying.opened(*given)
    monkeypatch.chdir(exported.parent)
    assert trying.opened("rml", "rml").corpus == "rml"


def test_clips_of_the_corpus_that_are_there_are_listed(model, tmp_path, monkeypatch, exported):
    table = pd.read_csv(paths.prepared("rml") / "clips.csv")
    monkeypatch.setattr(Path, "is_file", lambda path: path.name == "s1_anger.avi")
    ((title, file),) = trying.listed(model.source).items()
    assert title == "anger by s1: s1_anger" and len(table) > 1
    assert file == Path(model.params.root) / "s1_anger.avi"
    monkeypatch.undo()
    assert trying.listed(recogniser.load(exported).source) == {}


@pytest.mark.parametrize(
    "module", ["avef.cli", "avef.recognition.batch", "avef.recognition.trying"]
)
def test_whoever_asks_for_no_page_loads_no_widgets(module):
    code = f"import sys, {module}; print('ipywidgets' in sys.modules, 'anywidget' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.split() == ["False", "False"], done.stderr


def test_avef_run_asks_for_the_clip_and_leaves_the_report_alone(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    ran = []
    monkeypatch.setattr("avef.notebook.run", lambda *given, **_: ran.append(given))
    assert main(["run", "10_try_a_clip", "-p", "dataset=rml"]) == 1
    assert "takes -p clip=FILE" in capsys.readouterr().err and ran == []
    assert main(["run", "10_try_a_clip", "-p", "clip=../a b.mp4"]) == 0
    ((source, target, given),) = ran
    assert source.name == "10_try_a_clip.ipynb" and given == {"clip": "../a b.mp4"}
    assert target == Path("data/tried/10_try_a_clip-a b.ipynb")
    assert capsys.readouterr().out.strip() == str(target)
