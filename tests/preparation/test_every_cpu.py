"""A clip is prepared to the same bytes with every instruction set that a CPU may have.

Libraries choose their instructions when they are loaded, so each set is a process of its
own, which runs this file; what the demo's clips should give is kept beside it.

    python tests/preparation/test_every_cpu.py CLIP ...   # digests of their arrays, as JSON
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from avef.demo import CORPORA, make_corpus
from avef.preparation.clips import prepare_clip

KEPT = Path(__file__).with_name("prepared.json")
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
TINY = {"seed": 3, "speakers": 2, "repeats": 2, "size": (192, 144), "clip_seconds": (0.9, 1.3)}
#: The CPU as it is; then those without some of its instructions. Names that a library does not
#: know, or instructions that a CPU has not, change nothing.
SETS = {
    "all": {},
    "AVX2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
        "OPENCV_CPU_DISABLE": "AVX512-SKX",
    },
    "SSE4.1": {
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "OPENBLAS_CORETYPE": "Nehalem",
        "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
        "OPENCV_CPU_DISABLE": "AVX512-SKX,AVX2,AVX,SSE4.2",
    },
}


def main(paths):
    """Print digests of the arrays of clips."""
    print(json.dumps({path: digests(path) for path in paths}))


def made(folder):
    """A clip of each demo corpus."""
    clips = {}
    for corpus in CORPORA:
        make_corpus(corpus, folder / corpus, n_jobs=2, **TINY)
        files = sorted(p for p in (folder / corpus).rglob("*") if p.suffix in (".avi", ".mp4"))
        clips |= {corpus: str(files[1])}
    return clips


def digests(path):
    """Of a prepared clip's arrays, by name."""
    arrays = prepare_clip(Path(path))._asdict()
    arrays.pop("seen")
    return {
        name: hashlib.sha256(getattr(a, "tobytes", repr(a).encode)()).hexdigest()[:16]
        for name, a in arrays.items()
    }


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return made(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def prepared(demo):
    """Digests by set, path and array; of real clips, too, where there are some."""
    real = sorted(str(p) for p in SHARED.rglob("*") if p.suffix in (".flv", ".mpg"))[::5]
    begun = {
        name: subprocess.Popen(
            [sys.executable, __file__, *demo.values(), *real],
            env=os.environ | switches,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, switches in SETS.items()
    }
    printed = {name: process.communicate(timeout=600)[0] for name, process in begun.items()}
    assert not any(process.returncode for process in begun.values())
    return {name: json.loads(text) for name, text in printed.items()}


@pytest.mark.parametrize("name", list(SETS)[1:])
def test_every_instruction_set_gives_the_same_bytes(prepared, name):
    assert prepared[name] == prepared["all"]


def test_real_clips_are_among_them(prepared, demo, shared_data):
    assert len(prepared["all"]) > len(demo)


def test_every_machine_gives_the_same_bytes(prepared, demo):
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    assert {name: prepared["all"][path] for name, path in demo.items()} == kept


if __name__ == "__main__":
    main(sys.argv[1:])
