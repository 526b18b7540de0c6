"""Whether memory stays flat while many clips are prepared.

    python benchmarks/memory.py [clips]

Prepares the demo clips over and over (1000 by default) in all cores' processes, and
prints the memory of all processes together at every tenth of the way. Needs the
demo corpora: `make repro`, or `avef demo rml`.
"""

import sys
import tempfile
import threading
import time
from pathlib import Path

import pandas as pd
import psutil
from joblib import cpu_count

from avef.preparation.clips import prepare_corpus

DEMO = Path(__file__).resolve().parents[1] / "data" / "demo" / "rml"


def resident():
    """Memory of this process and its children in MiB (shared pages counted each time)."""
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(p.memory_info().rss for p in family if p.is_running()) / 2**20


def watch(folder, count, seen):
    """Note the memory whenever another hundredth of the clips is there."""
    while len(seen) < 100:
        done = sum(1 for _ in Path(folder).glob("*.npz"))
        if done >= (len(seen) + 1) * count / 100:
            seen.append(resident())
        time.sleep(0.05)


def main(count):
    """Print the memory over the run, and the ratio of its end to its first tenth."""
    raw = sorted(path for path in DEMO.rglob("*.avi") if path.stat().st_size > 10_000)
    if not raw:
        sys.exit(f"no demo clips under {DEMO}")
    paths = (raw * (count // len(raw) + 1))[:count]
    clips = pd.DataFrame({"clip": [f"{i:05d}" for i in range(count)], "path": map(str, paths)})
    seen, start = [], time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        threading.Thread(target=watch, args=(folder, count, seen), daemon=True).start()
        prepare_corpus(clips, "/", folder, jobs=cpu_count(), max_failures=1, face_size=48)
    print(f"{count} clips in {time.perf_counter() - start:.0f} s")
    for tenth in range(0, len(seen), 10):
        print(f"  {tenth:3d} %  {seen[tenth]:7.0f} MiB")
    early, late = seen[len(seen) // 10], max(seen[-len(seen) // 5 :])
    print(f"highest of the last fifth to that at a tenth: {late / early:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
