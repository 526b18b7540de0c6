"""The benchmarks: each loads, and says what it measures."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).resolve().parents[1] / "benchmarks").glob("*.py"))
#: All in one process, which imports once; their folder comes first, as for a program in it.
LOAD = """
import json, runpy, sys, traceback
sys.path.insert(0, sys.argv[1])
faults = {}
for path in sys.argv[2:]:
    try:
        runpy.run_path(path, run_name="loaded")
    except BaseException:
        faults[path] = traceback.format_exc()
print(json.dumps(faults))
"""


@pytest.fixture(scope="module")
def faults():
    words = [sys.executable, "-c", LOAD, SCRIPTS[0].parent, *SCRIPTS]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_benchmark_loads(faults, path):
    assert str(path) not in faults, faults[str(path)][-2000:]
    assert path.read_text(encoding="utf-8").startswith('"""')
