"""The runner of notebooks, and what holds for all source notebooks."""

import ast
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import closures
import nbformat
import pandas as pd
import pytest
from disturbed import full_disk, kills, read_only

from avef import figures, notebook
from avef.cli import main
from avef.core.errors import ParameterError, RunError

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
#: A library that takes long to load → the notebooks whose imports may bring it at once, as
#: they all use it; elsewhere what trains, fits or draws loads it when it does so.
NETWORKS = {"07a_speed", "08_claims"}
DRAWS = {path.stem for path in NOTEBOOKS if "figures" in closures.code(path)}
SLOW = {
    "tensorflow": NETWORKS,
    "sklearn": NETWORKS | {"01a_vad"},
    "scipy.stats": NETWORKS | {"01a_vad"},
    "matplotlib.pyplot": DRAWS | NETWORKS,  # Keras loads it, too
}
TALK = """
import sys, time
for word in ("one", "two"):
    print(word, flush=True)
    print("progress", file=sys.stderr, flush=True)
    time.sleep({pause})
"""


def write(path, *cells):
    """A notebook whose first cell is the parameters cell."""
    made = [nbformat.v4.new_code_cell(source, id=f"c{i}") for i, source in enumerate(cells)]
    made[0].metadata["tags"] = ["parameters"]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel}), path)
    return path


def outputs(path):
    cells = nbformat.read(path, as_version=4).cells
    return [output for cell in cells for output in cell.get("outputs", [])]


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """The same notebook run twice, once with a hurry and once without."""
    folder = tmp_path_factory.mktemp("twice")
    source = write(folder / "s.ipynb", "name = 'rml'", TALK.format(pause=0), "print(name); name")
    notebook.run(source, folder / "one.ipynb", {"name": "baum1s"})
    write(source, "name = 'rml'", TALK.format(pause=0.4), "print(name); name")
    notebook.run(source, folder / "two.ipynb", {"name": "baum1s"})
    return folder


DRAWING = """
import os, sys
from IPython import get_ipython
import matplotlib.pyplot as plt
plt.plot([1, 2])
print(plt.rcParams["lines.linewidth"], sys.prefix, get_ipython().config.get("InlineBackend"))
"""


def test_no_setting_of_the_users_reaches_a_notebook(tmp_path, monkeypatch):
    source = write(tmp_path / "s.ipynb", "", DRAWING)
    notebook.run(source, tmp_path / "plain.ipynb", {})
    home, kernels = tmp_path / "home", tmp_path / "jupyter/kernels/python3"
    (home / ".ipython/profile_default").mkdir(parents=True)
    settings = home / ".ipython/profile_default/ipython_config.py"
    settings.write_text("get_config().InlineBackend.figure_formats = set()\n")
    kernels.mkdir(parents=True)
    (kernels / "kernel.json").write_text('{"argv": ["/bin/false"], "display_name": "no"}')
    (tmp_path / "rc").write_text("lines.linewidth: 9\n")
    hostile = {
        "HOME": home,
        "IPYTHONDIR": home / ".ipython",
        "JUPYTER_PATH": tmp_path / "jupyter",
        "MPLBACKEND": "Agg",
        "MATPLOTLIBRC": tmp_path / "rc",
    }
    for name, value in hostile.items():
        monkeypatch.setenv(name, str(value))
    notebook.run(source, tmp_path / "hostile.ipynb", {})
    text = (tmp_path / "plain.ipynb").read_text()
    assert "image/png" in text
    assert (tmp_path / "hostile.ipynb").read_text() == text
    assert os.environ["MPLBACKEND"] == "Agg"


def test_keras_has_its_own_settings_alone(tmp_path):
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras/keras.json").write_text('{"floatx": "float16", "backend": "torch"}')
    code = "import avef, keras; print(keras.config.floatx(), keras.backend.backend())"
    odd = {"HOME": str(tmp_path), "KERAS_HOME": str(tmp_path / ".keras")}
    odd |= {"TF_USE_LEGACY_KERAS": "1"}
    clean = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, env=clean | odd, capture_output=True, text=True)
    assert done.stdout.split() == ["float32", "tensorflow"], done.stderr[-1000:]


def test_a_keras_that_avef_does_not_run_on_is_refused_in_a_line(monkeypatch, capsys):
    monkeypatch.setenv("KERAS_BACKEND", "theano")
    assert main(["run", "03_audio_net"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[-1].startswith("avef: KERAS_BACKEND is 'theano', and avef runs on tensorflow or")
    assert len(said) == 1


def test_a_picture_is_the_same_whatever_the_user_has_set(tmp_path):
    """As where ``avef predict --figure`` draws, outside of every notebook."""
    (tmp_path / "rc").write_text("font.size: 30\ntext.usetex: True\naxes.facecolor: red\n")
    code = "from avef import figures; figure = figures.plt.figure(); figure.suptitle('x_1'); "
    made = []
    for name, rc in (("usual", os.devnull), ("odd", str(tmp_path / "rc"))):
        words = [
            sys.executable,
            "-c",
            f"{code} figures.finish(figure, {name!r}, 'demo', folder='.')",
        ]
        settings = os.environ | {"MATPLOTLIBRC": rc, "MPLBACKEND": "Agg"}
        subprocess.run(words, env=settings, cwd=tmp_path, check=True)
        made.append((tmp_path / f"{name}.png").read_bytes())
    assert made[0] == made[1]


def test_the_same_run_gives_the_same_bytes_however_long_it_takes(twice):
    one, two = ((twice / f"{name}.ipynb").read_text() for name in ("one", "two"))
    assert one == two.replace("time.sleep(0.4)", "time.sleep(0)")


def test_parameters_arrive_and_prints_stay_but_progress_goes(twice):
    shown = outputs(twice / "one.ipynb")
    assert [o.get("text") for o in shown] == ["one\ntwo\n", "baum1s\n", None]
    assert shown[-1].data["text/plain"] == "'baum1s'"


def test_nothing_else_is_left(twice):
    assert sorted(p.name for p in twice.iterdir()) == ["one.ipynb", "s.ipynb", "two.ipynb"]


def test_prints_on_either_side_of_a_picture_stay_apart():
    def stream(name, text):
        return nbformat.v4.new_output("stream", name=name, text=text)

    picture = nbformat.v4.new_output("display_data", data={"text/plain": "x"})
    cell = nbformat.v4.new_code_cell("")
    cell.outputs = [
        stream("stdout", "a"),
        stream("stderr", "!"),
        stream("stdout", "b"),
        picture,
        picture,
        stream("stdout", "c"),
    ]
    (kept,) = notebook.scrubbed(nbformat.v4.new_notebook(cells=[cell])).cells
    assert [o.get("text") for o in kept.outputs] == ["ab", None, None, "c"]


def test_stamps_are_removed():
    cell = nbformat.v4.new_code_cell("", metadata={"papermill": {}, "execution": {}, "tags": ["x"]})
    source = nbformat.v4.new_notebook(cells=[cell], metadata={"papermill": {}, "widgets": {}})
    scrubbed = notebook.scrubbed(source)
    assert scrubbed.metadata == {}
    assert scrubbed.cells[0].metadata == {"tags": ["x"]}


def test_logs_hold_what_is_said_and_no_noise():
    def kept(text):
        record = logging.LogRecord("papermill", logging.WARNING, "", 0, text, (), None)
        return record.getMessage() if notebook._says_something(record) else None

    noise = "site-packages/tqdm/auto.py:21: TqdmWarning: IProgress not found.\n"
    noise += "  from .autonotebook import tqdm as notebook_tqdm\n"
    assert kept(noise) is None
    assert kept(f"E0000 00:00:1.0 no memory\n{noise}half done\n") == (
        "E0000 00:00:1.0 no memory\nhalf done\n"
    )
    assert kept("Executing cell 3") is None
    assert kept("2 of 3 <clips>\n") == "2 of 3 <clips>\n"


def test_a_kernel_warns_of_nothing_that_everybody_knows(tmp_path, capfd):
    notebook.run(write(tmp_path / "s.ipynb", "1"), tmp_path / "t.ipynb", {})
    assert "encryption" not in capfd.readouterr().err


def test_an_unknown_parameter_is_named_and_nothing_runs(tmp_path):
    source = write(tmp_path / "s.ipynb", "dataset = 'rml'")
    with pytest.raises(ParameterError, match=r"'datset'.*dataset"):
        notebook.run(source, tmp_path / "t.ipynb", {"datset": "rml"})
    with pytest.raises(ParameterError, match="no such notebook"):
        notebook.run(tmp_path / "none.ipynb", tmp_path / "t.ipynb", {})
    assert [p.name for p in tmp_path.iterdir()] == ["s.ipynb"]


def test_a_failing_cell_leaves_the_target_and_keeps_the_evidence(tmp_path):
    source = write(tmp_path / "s.ipynb", "x = 0", "print('here'); 1 / x")
    target = tmp_path / "out" / "t.ipynb"
    target.parent.mkdir()
    target.write_text("before")
    with pytest.raises(RuntimeError, match="ZeroDivisionError.*division by zero") as error:
        notebook.run(source, target, {})
    assert target.read_text() == "before"
    failed = target.with_name("t.failed.ipynb")
    assert str(failed) in str(error.value)
    assert "here\n" in [o.get("text") for o in outputs(failed)]
    assert sorted(p.name for p in target.parent.iterdir()) == [failed.name, target.name]

    write(source, "x = 1", "1 / x")
    notebook.run(source, target, {})
    assert [p.name for p in target.parent.iterdir()] == [target.name]


def test_a_kernel_that_is_killed_is_a_line(tmp_path, capfd):
    die = "import os, signal; print('here'); os.kill(os.getpid(), signal.SIGKILL)"
    source = write(tmp_path / "s.ipynb", "x = 0", die)
    with pytest.raises(RunError, match="its kernel crashed, or was killed.*`dvc repro` goes") as e:
        notebook.run(source, tmp_path / "t.ipynb", {})
    failed = tmp_path / "t.failed.ipynb"
    assert str(e.value).splitlines()[1:] == [f"The notebook so far: {failed}"]
    assert len(nbformat.read(failed, as_version=4).cells) == 2
    assert "Kernel died" not in capfd.readouterr().err


@pytest.mark.parametrize("name", ["{here}/notebooks/s", "../notebooks/s", "./s", "s -p x=../s"])
def test_avef_run_takes_a_bare_name_and_never_overwrites_a_source(
    tmp_path, monkeypatch, name, capsys
):
    (tmp_path / "notebooks").mkdir()
    source = write(tmp_path / "notebooks" / "s.ipynb", "x = 0")
    before = source.read_bytes()
    (tmp_path / "params.yaml").write_bytes((NOTEBOOKS[0].parents[1] / "params.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert main(["run", *name.format(here=tmp_path).split()]) == 1
    assert "no path" in capsys.readouterr().err
    assert source.read_bytes() == before
    with pytest.raises(ParameterError, match="would be overwritten"):
        notebook.run(source, source, {})


LONG = "import os, pathlib, time; pathlib.Path('pid').write_text(str(os.getpid())); time.sleep(99)"


def running(folder, **environment):
    """`avef run` of a notebook that takes long, once its kernel is at work, and the kernel."""
    (folder / "notebooks").mkdir()
    write(folder / "notebooks" / "s.ipynb", "x = 0", LONG)
    (folder / "params.yaml").write_bytes((NOTEBOOKS[0].parents[1] / "params.yaml").read_bytes())
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    code += "from avef.cli import main; raise SystemExit(main(['run', 's']))"
    told = {"cwd": folder, "env": os.environ | environment, "stderr": subprocess.PIPE}
    run = subprocess.Popen([sys.executable, "-c", code], **told, text=True)
    while not (folder / "pid").is_file() or not (folder / "pid").read_text():
        assert run.poll() is None
        time.sleep(0.1)
    return run, int((folder / "pid").read_text())


def gone(number, seconds=10):
    """Whether a process ends in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if "Z" in Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]:
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_in_one_line_and_leaves_nothing(tmp_path, number):
    run, kernel = running(tmp_path)
    run.send_signal(number)
    said = run.communicate(timeout=20)[1]
    assert run.returncode == 128 + number
    assert f"avef: stopped by {number.name}" in said and "Traceback" not in said
    assert gone(kernel)
    assert list((tmp_path / "reports/notebooks").iterdir()) == []


def test_a_run_that_is_killed_leaves_no_kernel_and_what_it_wrote_is_swept(tmp_path):
    run, kernel = running(tmp_path)
    run.kill()
    run.communicate()
    assert gone(kernel)
    assert [p.suffix for p in (tmp_path / "reports/notebooks").iterdir()] == [".ipynb"]
    assert len(notebook.files.sweep(tmp_path / "reports")) == 1


def test_a_run_of_dvcs_ends_with_dvc(tmp_path):
    """Whoever starts it otherwise may go away: `nohup avef run` goes on."""
    code = "import os, sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path;"
    code += "import test_notebook as t; run, _ = t.running(Path(sys.argv[2]), DVC_STAGE='s');"
    code += "print(run.pid, flush=True); os.kill(os.getpid(), 9)"
    command = [sys.executable, "-c", code, str(Path(__file__).parent), str(tmp_path)]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout
    assert gone(int(said)) and gone(int((tmp_path / "pid").read_text()))


MADE = ("table.csv", "table.md", "figure.png", "metrics.json")


def executed(source, target, *_, **__):
    """What papermill does, without a kernel: cells write, and the notebook is saved after each."""
    folder, made = Path(target).parent, nbformat.read(source, as_version=4)
    steps = (
        lambda: notebook.files.write_csv(folder / "table.csv", pd.DataFrame({"a": range(2000)})),
        lambda: notebook.files.write_text(folder / "table.md", "| a |\n" * 500),
        lambda: figures.finish(figures.plt.figure(), "figure", folder=folder),
        lambda: notebook.files.write_json(folder / "metrics.json", {"a": 1}),
    )
    for number, step in enumerate(steps):
        step()
        made.cells[0].source = f"step {number}"
        nbformat.write(made, target)


def test_a_kill_at_any_moment_of_a_run_leaves_no_notebook_without_its_tables(tmp_path, monkeypatch):
    monkeypatch.setattr(notebook.papermill, "execute_notebook", executed)
    source, folder = write(tmp_path / "s.ipynb", "1"), tmp_path / "out"
    target = folder / "t.ipynb"

    def run():
        notebook.run(source, target, {})
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    whole = run()
    assert whole.keys() == {"t.ipynb", *MADE}
    for how in kills(folder, run, lambda: [path.unlink() for path in folder.iterdir()]):
        left = {path.name for path in folder.iterdir() if not path.name.startswith(".tmp-")}
        assert all((folder / name).read_bytes() == whole[name] for name in left), how
        assert "t.ipynb" not in left or left == whole.keys(), how
        notebook.files.sweep(folder)
        assert run() == whole, how


@pytest.mark.parametrize("size", [600, 3000])
def test_a_run_on_a_full_disk_leaves_the_target_and_says_why(tmp_path, size):
    """No room for the notebook; or none for what a cell writes."""
    fill = f"import pathlib; pathlib.Path({str(tmp_path / 'x')!r}).write_text(4000 * 'x')"
    source = write(tmp_path / "s.ipynb", "x = 0", fill)
    target = tmp_path / "t.ipynb"
    target.write_text("before")
    with full_disk(size), pytest.raises((OSError, RunError), match="File too large"):
        notebook.run(source, target, {})
    assert target.read_text() == "before"
    assert not [*tmp_path.glob(".tmp-*")]
    notebook.run(source, target, {})
    assert (tmp_path / "x").read_text() == 4000 * "x"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.ipynb", "t.ipynb", "x"]


NOWHERE = {
    "avef: [Errno 30] Read-only file system": read_only,
    "avef: [Errno 27] File too large": lambda _: full_disk(60),  # not even for the log
}


@pytest.mark.parametrize("said", NOWHERE)
def test_a_run_that_has_nowhere_to_write_is_one_line(repository, capsys, said):
    Path("notebooks").mkdir()
    write(Path("notebooks/s.ipynb"), "x = 0")
    Path("reports/notebooks").mkdir(parents=True)
    Path("reports/notebooks/s.ipynb").write_text("before")
    with NOWHERE[said](repository):
        assert main(["run", "s"]) == 1
    printed = capsys.readouterr().err
    assert said in printed and "Traceback" not in printed
    assert Path("reports/notebooks/s.ipynb").read_text() == "before"
    assert main(["run", "s"]) == 0


@pytest.mark.parametrize("size", [0, 100, 3000])
def test_a_table_or_figure_on_a_full_disk_stays_as_it_was(tmp_path, size):
    notebook.files.write_csv(tmp_path / "table.csv", pd.DataFrame({"a": [1]}))
    figures.finish(figures.plt.figure(figsize=(1, 1)), "figure", folder=tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for step in (
        lambda: notebook.files.write_csv(tmp_path / "table.csv", pd.DataFrame({"a": range(2000)})),
        lambda: figures.finish(figures.plt.figure(), "figure", folder=tmp_path),
    ):
        with full_disk(size), pytest.raises(OSError, match="File too large"):
            step()
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_source_notebooks_tell_the_story_only(path):
    """No outputs, no functions or classes, short cells."""
    cells = nbformat.read(path, as_version=4).cells
    assert cells[0].cell_type == "markdown"
    for cell in cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)
            assert len(cell.source.splitlines()) <= 15
            nodes = ast.walk(ast.parse(cell.source))
            assert not [
                n for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef | ast.Lambda)
            ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_source_notebooks_open_with_a_question_and_end_with_what_was_computed(path):
    first, *_, last = nbformat.read(path, as_version=4).cells
    title, question = first.source.split("\n\n")[:2]
    assert title.startswith("# ")
    assert re.fullmatch(r"\*[^*]+\?[^*]*\*", question), question
    if path.stem == "10_try_a_clip":  # what it says is of the clip
        return
    said = ast.parse(last.source).body[-1]
    assert re.match(r"show\.note\((insights|conclusions|differences)\.", ast.unparse(said))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_source_notebooks_declare_the_parameters_that_they_use(path):
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    assigned, used = {True: set(), False: set()}, set()
    for cell in cells:
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                assigned["parameters" in cell.metadata.get("tags", [])].add(node.id)
            elif isinstance(node, ast.Name):
                used.add(node.id)
    needed = ({"dataset", "clip", "model"} & used) - assigned[False]
    assert assigned[True] == needed


OF_ONE = [
    path
    for path in NOTEBOOKS
    if '"parameters"' in path.read_text(encoding="utf-8") and path.stem != "10_try_a_clip"
]


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A folder with the parameters and nothing else."""
    shutil.copy(NOTEBOOKS[0].parents[1] / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("path", OF_ONE, ids=lambda path: path.stem)
def test_a_corpus_that_is_not_known_is_refused_before_anything_is_written(path, repository):
    for cell in nbformat.read(path, as_version=4).cells:
        names = {"dataset": "rlm"}
        if cell.cell_type == "code" and "params.read" in cell.source:
            with pytest.raises(ParameterError, match="must be one of rml, .*, got 'rlm'"):
                exec(cell.source, names)
            break
    else:
        pytest.fail("it reads no parameters")
    assert [path.name for path in repository.iterdir()] == ["params.yaml"]


def test_under_papermill_it_is_one_line(repository):
    (path,) = (path for path in OF_ONE if path.stem == "03_audio_net")
    words = [sys.executable, "-m", "papermill", path, "out.ipynb", "-p", "dataset", "rlm"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 1
    said = done.stderr.partition("Exception encountered at")[2].strip().splitlines()[1:]
    names = "rml, enterface05, baum1s"
    line = f"ParameterError: the dataset must be one of {names} (params.yaml), got 'rlm'"
    assert said == [line]
    assert sorted(path.name for path in repository.iterdir()) == ["out.ipynb", "params.yaml"]


@pytest.mark.parametrize("path", OF_ONE, ids=lambda path: path.stem)
def test_a_notebook_says_what_it_writes_beside_its_output(path):
    """Where `papermill --help-notebook` shows it, too; dvc.yaml knows."""
    text = (NOTEBOOKS[0].parents[1] / "dvc.yaml").read_text(encoding="utf-8")
    stage = text.partition(f"cmd: avef run {path.stem} ")[2].partition("\n\n")[0]
    made = re.findall(r"- ((?:data/\w+|reports)/)", stage.partition("outs:")[2])
    (comment,) = [
        cell.source.partition("#")[2]
        for cell in nbformat.read(path, as_version=4).cells
        if "parameters" in cell.metadata.get("tags", [])
    ]
    assert made and set(re.findall(r"[\w/]+/", comment)) == set(made)


def test_there_are_source_notebooks():
    assert len(NOTEBOOKS) >= 8


def loaded(code, library):
    """Whether a fresh process has loaded a library after some code."""
    code += f"\nimport sys; print({library!r} in sys.modules)"
    root = NOTEBOOKS[0].parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    return {"True": True, "False": False}[done.stdout.split()[-1]]


@pytest.mark.parametrize("library", SLOW)
def test_a_notebook_waits_for_no_library_that_it_does_not_use(library):
    others = [closures.code(path) for path in NOTEBOOKS if path.stem not in SLOW[library]]
    body = [node for code in others for node in ast.parse(code).body]
    imports = [ast.unparse(one) for one in body if isinstance(one, (ast.Import, ast.ImportFrom))]
    assert imports
    assert not loaded("\n".join(imports), library)


def test_running_a_notebook_builds_no_grammar_of_web_addresses():
    run = "from avef.cli import main; main(['run', 'absent'])"
    assert loaded(run, "nbformat")
    assert not loaded(run, "lark")
