"""Setting up: the locks, what uv is told, and pip in its place where it fails; no network."""

import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
install = runpy.run_path(str(ROOT / "tools" / "install.py"), run_name="loaded")
settings, environment = install["settings"], install["environment"]
#: What plays python: it makes an environment of itself, notes down what pip is asked for,
#: and leaves scripts to the real one, as the interpreter of that environment.
PYTHON = """#!/bin/sh
case "$1 $2" in
  "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && cp "{stub}" "$3/bin/uv" ;;
  "-m pip") shift 2; echo "pip $*" >> "{notes}" ;;
  *) exec "{real}" -c "{play}" "$PWD/.venv/bin/python" "$@" ;;
esac
"""
PLAY = """import runpy, sys
sys.executable, *sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')"""


def pins(path):
    """(name, hashes) of every package that a lock pins."""
    text = path.read_text(encoding="utf-8")
    for name, hashes in re.findall(
        r"^([\w.-]+)==\S+ \\\n((?: +--hash=\S+(?: \\)?\n)+)", text, re.M
    ):
        yield name, re.findall(r"sha256:[0-9a-f]{64}", hashes)


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_a_lock_has_pins_and_hashes_and_names_no_host(path):
    text = path.read_text(encoding="utf-8")
    assert len(list(pins(path))) == len(re.findall(r"^\S", text, re.M))
    assert all(hashes for _, hashes in pins(path))
    assert "://" not in text


def test_the_build_tools_are_setuptools_as_locked_and_uv():
    build, cpu = (dict(pins(ROOT / "requirements" / f"{name}.lock")) for name in ("build", "cpu"))
    assert set(build) == {"setuptools", "uv"}
    assert build["setuptools"] == cpu["setuptools"]


def test_settings_of_the_command_and_the_environment_come_first():
    listing = """:env:.timeout='9'
freeze.index-url='of another command'
global.index-url='https://a.test/simple'
global.timeout='5'
install.index-url='https://b.test/simple'
global.extra-index-url='\\nhttps://c.test/simple\\nfile:///d'"""
    assert settings(listing) == {
        "timeout": "9",
        "index-url": "https://b.test/simple",
        "extra-index-url": "\nhttps://c.test/simple\nfile:///d",
    }


def test_uv_is_told_what_pip_is_set_to():
    options = {
        "index-url": "https://u:secret@a.test/simple",
        "extra-index-url": "\nhttps://c.test/simple\nfile:///d",
        "find-links": "/wheels /more",
        "proxy": "http://p.test:80",
        "default-timeout": "9",
        "quiet": "1",
    }
    told = environment(options, {"HOME": "/h", "REQUESTS_CA_BUNDLE": "r", "CURL_CA_BUNDLE": "c"})
    assert told == {
        "HOME": "/h",
        "REQUESTS_CA_BUNDLE": "r",
        "CURL_CA_BUNDLE": "c",
        "SSL_CERT_FILE": "r",
        "UV_DEFAULT_INDEX": "file:///d",  # asked last; pip's own index is asked first
        "UV_INDEX": "https://u:secret@a.test/simple https://c.test/simple",
        "UV_FIND_LINKS": "/wheels,/more",
        "HTTP_PROXY": "http://p.test:80",
        "HTTPS_PROXY": "http://p.test:80",
        "UV_HTTP_TIMEOUT": "9",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_NO_CONFIG": "1",
        "UV_PYTHON_DOWNLOADS": "never",
    }
    one = environment({"index-url": "https://a.test/simple"}, {})
    assert one["UV_DEFAULT_INDEX"] == "https://a.test/simple" and "UV_INDEX" not in one
    public = environment({"extra-index-url": "file:///d"}, {})
    assert public["UV_INDEX"] == install["PUBLIC"] and public["UV_DEFAULT_INDEX"] == "file:///d"
    assert environment({"cert": "own"}, {"REQUESTS_CA_BUNDLE": "r"})["SSL_CERT_FILE"] == "own"


@pytest.fixture
def set_up(tmp_path):
    """Run the Makefile's set-up with a uv of that exit status: (result, what was asked for)."""

    def run(status, bytecode=""):
        folder, notes, uv = tmp_path / "avef", tmp_path / "notes", tmp_path / "uv"
        folder.mkdir()
        for name in ("Makefile", "pyproject.toml", "requirements", "tools"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, folder / name)
        python = tmp_path / "python"
        python.write_text(PYTHON.format(stub=uv, notes=notes, real=sys.executable, play=PLAY))
        uv.write_text(f'#!/bin/sh\necho "uv $*" >> "{notes}"\nexit {status}\n')
        python.chmod(0o755)
        uv.chmod(0o755)
        done = subprocess.run(
            ["make", "--silent", ".venv/.installed-cpu", f"PYTHON={python}"],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": bytecode},
            capture_output=True,
            text=True,
        )
        assert (folder / ".venv" / ".installed-cpu").is_file() == (done.returncode == 0)
        return done, notes.read_text(encoding="utf-8").splitlines()

    return run


def asked(notes, who):
    """The last word of each installation: the lock or the folder."""
    return [Path(line.split()[-1]).name for line in notes if line.startswith(f"{who} ")]


def test_pip_installs_uv_and_uv_the_rest(set_up):
    done, notes = set_up(0)
    assert (done.returncode, done.stderr) == (0, "")
    assert asked(notes, "pip") == ["build.lock", "list"]
    assert asked(notes, "uv pip install") == ["cpu.lock", "avef"]
    assert all("--require-hashes" in line for line in notes if line.endswith(".lock"))
    assert all("--no-deps" in line for line in notes if " install " in line)


def test_where_uv_fails_pip_installs_and_one_line_says_so(set_up):
    done, notes = set_up(2)
    assert done.returncode == 0
    assert done.stderr.splitlines() == ["uv failed: pip installs instead, which takes longer."]
    assert asked(notes, "pip") == ["build.lock", "list", "cpu.lock", "avef"]


@pytest.mark.parametrize("forbidden", [True, False])
def test_all_is_compiled_where_python_may_not_keep_what_it_compiles(set_up, forbidden):
    _, notes = set_up(0, bytecode="1" if forbidden else "")
    assert any("--compile-bytecode" in line for line in notes) == forbidden
