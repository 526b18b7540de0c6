"""How much of `avef/` the tests run.

    python benchmarks/covered.py [--least PERCENT] [--json PATH] [TESTS ...]

The whole suite by coverage.py, workers, notebooks' kernels and commands included (`make coverage`
calls it so). The lines that no test runs are listed by file; less than PERCENT, or a test that
fails, gives the exit status 1. With TESTS, such as `tests/core`, these alone.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from avef.core.files import write_json
from avef.core.machine import described

ROOT = Path(__file__).resolve().parents[1]
WORKERS = ["-n", "2", "--dist", "loadscope", "--no-loadscope-reorder"]


def coverage(*arguments):
    """Call coverage.py in the repository; its exit status."""
    return subprocess.run([sys.executable, "-m", "coverage", *arguments], cwd=ROOT).returncode


def main(options):
    """Run the tests, list what they leave out, and write the figures; the exit status."""
    coverage("erase")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        outcomes, lines = Path(folder, "tests.xml"), Path(folder, "lines.json")
        tests = ["-m", "pytest", *WORKERS, f"--junit-xml={outcomes}", *options.tests]
        failed = coverage("run", *tests)
        seconds = time.monotonic() - begun
        coverage("combine", "--quiet")
        coverage("report")
        coverage("json", "--quiet", "-o", str(lines))
        suite = ElementTree.parse(outcomes).getroot().find("testsuite")
        totals = json.loads(lines.read_text(encoding="utf-8"))["totals"]
    counts = {name: int(suite.get(name)) for name in ("tests", "skipped", "failures", "errors")}
    figures = {
        "machine": described(),
        **counts,
        "seconds": round(seconds),
        "statements": totals["num_statements"],
        "run, percent": round(totals["percent_covered"], 1),
    }
    print(figures)
    if options.json:
        write_json(options.json, figures)
    return int(bool(failed) or figures["run, percent"] < options.least)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tests", nargs="*", help="some of them; all if not given")
    parser.add_argument("--least", type=float, default=90, help="percent")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    sys.exit(main(parser.parse_args()))
