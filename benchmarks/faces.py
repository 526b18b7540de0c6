"""How many times faster than the mtcnn package, called per frame, `faces.track` is.

    python benchmarks/faces.py [clip ...]

Both run in one process on the same frames, brought to 640 x 480, and both are warm.
The package sees every 10th frame only, at its defaults as its README shows, and its
time is scaled up. Without arguments the open clips in ../shared/data are measured.
"""

import sys
import time
from pathlib import Path

import av
import cv2
import numpy as np
from mtcnn import MTCNN

from avef.preparation import faces

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
STEP, REPEATS = 10, 3


def seconds(call):
    """Wall time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measure(path, package):
    """(frames, clip seconds, track seconds, package seconds, distances of key points)."""
    with av.open(str(path)) as container:
        rate = float(container.streams.video[0].average_rate)
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    frames = np.stack([cv2.resize(frame, (640, 480)) for frame in decoded])
    track = faces.track(frames)
    ours = np.median([seconds(lambda: faces.track(frames)) for _ in range(REPEATS)])
    probes, detected = range(STEP // 2, len(frames), STEP), {}
    theirs = seconds(
        lambda: detected.update(
            {f: package.detect_faces(frames[f], output_type="numpy") for f in probes}
        )
    )
    distances = []
    for f, rows in detected.items():
        if len(rows):
            points = rows[0, 6:16].reshape(2, 5).T
            between_eyes = np.linalg.norm(points[0] - points[1])
            distances.extend(np.linalg.norm(track.points[f] - points, axis=1) / between_eyes)
    covered = (track.status != faces.NONE).mean()
    theirs *= len(frames) / len(detected)
    return len(frames), len(frames) / rate, ours, theirs, np.median(distances), covered


def main(paths):
    """Print one line a clip, and the median ratio."""
    if not paths:
        sys.exit(f"no clips given, and none under {DATA}")
    package, ratios = MTCNN(), []
    package.detect_faces(np.zeros((480, 640, 3), np.uint8))
    print("clip               frames  track (x real time)  mtcnn per frame  ratio  apart  found")
    for path in paths:
        count, length, ours, theirs, apart, covered = measure(path, package)
        ratios.append(theirs / ours)
        print(
            f"{path.stem:18} {count:6}  {ours / length:19.4f}  {theirs / length:15.2f}"
            f"  {ratios[-1]:5.0f}  {apart:5.1%}  {covered:5.1%}"
        )
    print(f"median ratio {np.median(ratios):.0f}")


if __name__ == "__main__":
    clips = sorted(DATA.glob("cremad/VideoFlash/*.flv")) + sorted(DATA.glob("grid/*.mpg"))
    main([Path(name) for name in sys.argv[1:]] or clips)
