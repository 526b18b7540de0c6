"""The benchmarks: each loads, and says what it measures."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).resolve().parents[1] / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_benchmark_loads(path):
    # Its folder comes first, as when it is started as a program.
    code = f"import runpy, sys; sys.path.insert(0, {str(path.parent)!r})"
    code += f"; runpy.run_path({str(path)!r}, run_name='loaded')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert path.read_text(encoding="utf-8").startswith('"""')
