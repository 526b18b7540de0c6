"""TensorFlow is loaded without its greetings, and with all else that is said."""

import os
import subprocess
import sys

import pytest

NOISE = """WARNING: All log messages before absl::InitializeLog() is called
I0000 00:00:1795739347.775703   27392 port.cc:153] oneDNN custom operations are on.
"""
TOLD = """E0000 00:00:1.0  27392 cuda.cc:1] no driver
a line of somebody else: I0000 00:00:1.0 1
"""
#: Stands in for TensorFlow: says both, and goes on or crashes.
FAKE = f"import os\nos.write(2, {NOISE + TOLD + NOISE!r}.encode())\n"


def said(code, **changed):
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"} | changed
    words = [sys.executable, "-c", code]
    return subprocess.run(words, env=environment, capture_output=True, text=True)


@pytest.fixture
def fake(tmp_path):
    """Write a TensorFlow; what lets a process find it before the true one."""

    def write(text):
        (tmp_path / "tensorflow").mkdir()
        (tmp_path / "tensorflow/__init__.py").write_text(FAKE + text)
        return {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}

    return write


def test_the_true_one_says_nothing_of_its_build():
    assert said("import avef, tensorflow; tensorflow.constant(1.0)").stderr == ""


def test_it_says_all_to_whoever_wants_to_know():
    assert "oneDNN custom op" in said("import avef, tensorflow", TF_CPP_MIN_LOG_LEVEL="0").stderr


@pytest.mark.parametrize("level", ["1", "2", "3"])
def test_all_else_is_shown(fake, level):
    code = "import avef, os, tensorflow; os.write(2, b'I0000 00:00:1.0 1 later')"
    told = said(code, **fake(""), TF_CPP_MIN_LOG_LEVEL=level).stderr
    assert told == f"{TOLD}I0000 00:00:1.0 1 later"


def test_a_crash_loses_nothing(fake):
    done = said("import avef, tensorflow", **fake("os.abort()"))
    assert done.returncode < 0 and done.stderr == TOLD


def test_an_error_is_raised_as_ever(fake):
    told = said("import avef, tensorflow", **fake("1 / 0")).stderr
    assert told.startswith(TOLD + "Traceback") and told.endswith("division by zero\n")


def test_without_sed_it_is_loaded_all_the_same(fake):
    assert said("import avef, tensorflow", **fake(""), PATH="").stderr == NOISE + TOLD + NOISE


def test_whoever_is_started_meanwhile_is_not_waited_for(fake, tmp_path):
    start = "import subprocess; subprocess.Popen(['sleep', '9'])"
    environment = os.environ | fake(start) | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    with (tmp_path / "said").open("w") as file:
        words = [sys.executable, "-c", "import avef, tensorflow"]
        subprocess.run(words, env=environment, stdout=file, stderr=file, check=True, timeout=6)


@pytest.mark.parametrize("name", ["torch", "theano"])
def test_a_backend_that_avef_does_not_run_on_is_named(name):
    told = said("import avef; from avef.preparation import nets", KERAS_BACKEND=name).stderr
    last = told.splitlines()[-1]
    assert last.startswith(f"avef.core.errors.ParameterError: KERAS_BACKEND is {name!r}, and")


def test_who_loads_no_network_needs_no_backend():
    code = "from avef.preparation import speech; print(speech.RATE)"
    assert said(code, KERAS_BACKEND="torch").stdout == "16000\n"
