"""The command: a line for what is amiss, a traceback for what is ours, whatever the terminal."""

import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from avef import cli
from avef.cli import options
from avef.core.errors import ClipError, ParameterError, RunError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def raising(monkeypatch):
    """Let ``avef plan`` raise an error."""

    def let(error):
        def fail(_):
            raise error

        monkeypatch.setattr(cli, "_plan", fail)
        return ["plan"]

    return let


@pytest.mark.parametrize("kind", [ClipError, ParameterError, RunError, OSError])
def test_what_is_foreseen_is_a_line(raising, capsys, kind):
    assert cli.main(raising(kind("a.avi: \x1b[31m\u202eodd"))) == 1
    assert capsys.readouterr().err == "avef: a.avi: \\x1b[31m\\u202eodd\n"


def test_a_full_memory_is_a_line(raising, capsys):
    assert cli.main(raising(MemoryError())) == 1
    assert capsys.readouterr().err.startswith("avef: this machine's memory is full")


def test_whoever_reads_may_stop():
    words = f"{sys.executable} -m avef corpora --known | true; echo ${{PIPESTATUS[0]}}"
    run = subprocess.run(["bash", "-c", words], cwd=ROOT, capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("141\n", "")


#: Starts the command, which Ctrl-C meets as it begins to import the module that is named.
INTERRUPTED = """
import os, runpy, signal, sys
class Interrupting:
    def find_spec(self, name, *_):
        if name == module:
            os.kill(os.getpid(), signal.SIGINT)
signal.signal(signal.SIGINT, getattr(signal, sys.argv.pop(1), signal.default_int_handler))
module = sys.argv.pop(1)
sys.meta_path.insert(0, Interrupting())
runpy.run_module("avef", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("module", ["avef.cli", "pydantic", "avef.core.log", "avef.corpora.check"])
@pytest.mark.parametrize("handler", ["usual", "SIG_IGN"])
def test_an_interrupt_at_any_moment_leaves_no_traceback(module, handler):
    words = [sys.executable, "-c", INTERRUPTED, handler, module, "corpora", "--known"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    told = "avef: stopped by SIGINT; the same command goes on\n"
    if handler == "SIG_IGN":  # as under nohup
        assert done.returncode == 0 and "RAVDESS" in done.stdout
    elif module == "avef.corpora.check":
        assert (done.returncode, done.stderr) == (130, told)
    else:
        assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


def test_an_interrupt_that_python_can_not_raise_stops_all_the_same(monkeypatch, capsys):
    class Met:
        def __del__(self):
            signal.raise_signal(signal.SIGTERM)

    def plan(_):
        Met()
        time.sleep(20)

    monkeypatch.setattr(cli, "_plan", plan)
    before = time.monotonic(), sys.unraisablehook
    assert cli.main(["plan"]) == 128 + signal.SIGTERM
    assert time.monotonic() - before[0] < 5 and sys.unraisablehook is before[1]
    assert capsys.readouterr().err == "avef: stopped by SIGTERM; the same command goes on\n"


def test_both_ways_to_the_command_are_one():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["project"]["scripts"] == {"avef": "avef.__main__:main"}


@pytest.mark.parametrize("kind", [RuntimeError, RecursionError, KeyError, ValueError, TypeError])
def test_a_fault_of_ours_keeps_its_traceback(raising, kind):
    with pytest.raises(kind):
        cli.main(raising(kind("ours")))


@pytest.mark.parametrize("settings", [
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "latin-1:strict"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
])  # fmt: skip
def test_an_output_that_is_not_utf_8_shows_escapes(settings):
    words = [sys.executable, "-m", "avef", "run", "nüx-ş"]
    run = subprocess.run(
        words, cwd=ROOT, env=os.environ | settings | {"PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert run.returncode == 1 and b"Traceback" not in run.stderr
    assert run.stderr.startswith(b"avef: notebooks/n") and b"no such notebook" in run.stderr


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_stream_that_is_closed_is_as_one_that_nobody_reads(tmp_path, closed):
    """The next file that is opened does not get its number, nor what is said there."""
    code = (
        "import os, sys; from avef.cli import options; options.speakable(); "
        "file = open('opened', 'w'); os.write(2, b'C'); print('told', file=sys.stderr); "
        "print(file.fileno() > 2, sys.stdin.read()); file.close()"
    )
    words = f'{sys.executable} -c "{code}" < /dev/null 2> err > out {closed}>&-'
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(["bash", "-c", words], cwd=tmp_path, env=environment)
    said = {name: (tmp_path / name).read_text() for name in ("out", "err", "opened")}
    assert run.returncode == 0 and said["opened"] == ""
    assert said["out"] == ("" if closed == 1 else "True \n")
    assert said["err"] == ("" if closed == 2 else "Ctold\n")


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["corpora", "--known"]])
def test_python_without_docstrings_and_assertions_says_the_same(words):
    said = {
        flags: subprocess.run(
            [sys.executable, *flags, "-m", "avef", *words],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for flags in ((), ("-OO",))
    }
    assert said[()] == said[("-OO",)] != ""


def test_at_is_the_corpus_of_the_stage_that_dvc_runs(monkeypatch):
    monkeypatch.setenv("DVC_STAGE", "../a@b/dvc.yaml:svm@rml")
    assert options.meant("@") == "rml" and options.meant("baum1s") == "baum1s"
    monkeypatch.setenv("DVC_STAGE", "power")
    with pytest.raises(ParameterError, match="it runs none"):
        options.meant("@")
    monkeypatch.delenv("DVC_STAGE")
    with pytest.raises(ParameterError, match="it runs none"):
        options.meant("@")


@pytest.mark.parametrize("words", [["clips"], ["tree"], ["demo"], ["run", "06_svm", "-p"]])
def test_a_stage_s_name_is_never_more_than_a_name(monkeypatch, capsys, words):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("DVC_STAGE", "svm@rml;touch pwned")
    told = "dataset=@" if words[0] == "run" else "@"
    assert cli.main([*words, told]) == 1
    assert "must be one of" in capsys.readouterr().err and not Path("pwned").exists()
