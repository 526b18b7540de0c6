"""How fast a clip is prepared (§2.1, claim P3), by step, beside the mtcnn package.

    python benchmarks/prepare.py [--json PATH] [clip ...]

First the steps, one process, warm; then whole corpora as the pipeline prepares them,
in all cores' processes, each clip several times over; then the mtcnn package called
per frame at its defaults, as its README shows, on every 20th frame, scaled up.
Without arguments the open clips in ../shared/data are prepared.
"""

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import pandas as pd
from joblib import cpu_count

from avef.core.files import write_json
from avef.core.machine import described
from avef.preparation import faces, mrcg, pictures, segments, sound, speech, vad, vad_net
from avef.preparation.clips import prepare_corpus
from avef.preparation.prepared import PreparedClip, save_clip

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
COPIES, PAPER, STEP = 6, 10.0, 20


def steps(path, spent):
    """Prepare one clip step by step; add each step's seconds to ``spent``; its duration."""

    def timed(name, call):
        start = time.perf_counter()
        result = call()
        spent[name] += time.perf_counter() - start
        return result

    audio = timed("decode sound", lambda: sound.read_audio(path))
    y = timed("to 16 kHz mono", lambda: speech.mono_16k(audio.samples, audio.rate))
    log_mel = timed("log-mel", lambda: speech.log_mel(speech.pre_emphasis(y)))
    net = vad_net.load()
    rows = timed("MRCG", lambda: list(mrcg.mrcg_blocks(y)))
    probability = timed("VAD's network", lambda: net.decide(rows))
    voiced = vad.speech_mask(probability, net.threshold)
    video = timed("decode pictures", lambda: pictures.read_video(path))
    track = timed("faces", lambda: faces.track(video.frames))
    boxes = faces.face_box(track.points)
    crops = timed("crop", lambda: faces.crop(video.frames, boxes, 112))
    clip = PreparedClip(
        log_mel, voiced[1 : len(log_mel) + 1], crops, track.status, video.times, video.fps
    )
    timed("segments", lambda: segments.segment_clip(clip.voiced, clip.times, clip.fps, case=2))
    with tempfile.TemporaryDirectory() as folder:
        timed("write", lambda: save_clip(Path(folder) / "clip.npz", clip))
    return len(y) / speech.RATE, video.frames


def whole(paths, jobs):
    """Seconds to prepare the clips, each ``COPIES`` times, with workers already running."""
    with tempfile.TemporaryDirectory() as folder:
        clips = pd.DataFrame(
            {"clip": f"{path.stem}-{copy}", "path": str(path)}
            for copy in range(COPIES + 1)
            for path in paths
        )
        first, rest = clips[: len(paths)], clips[len(paths) :].reset_index(drop=True)
        prepare_corpus(first, "/", folder, jobs=jobs, max_failures=1)
        start = time.perf_counter()
        _, quarantine = prepare_corpus(rest, "/", folder, jobs=jobs, max_failures=1)
        assert quarantine.empty, quarantine
        return time.perf_counter() - start


def main(paths, json):
    """Print seconds and shares of real time."""
    if not paths:
        sys.exit(f"no clips given, and none under {DATA}")
    steps(paths[0], defaultdict(float))  # warm up
    spent, duration, frames = defaultdict(float), 0.0, []
    for path in paths:
        seconds, pictures = steps(path, spent)
        duration += seconds
        frames.append(pictures)
    print(f"{len(paths)} clips, {duration:.1f} s; one process:")
    for name, seconds in spent.items():
        print(f"  {name:16} {seconds / duration:7.4f} x real time")
    print(f"  {'all':16} {sum(spent.values()) / duration:7.4f} x real time")

    jobs = cpu_count()
    rate = whole(paths, jobs) / (COPIES * duration)
    print(f"whole preparation, {jobs} processes: {rate:.4f} x real time")
    print(f"  {PAPER / rate:.0f} times the paper's rate of {PAPER:.0f} x real time (P3)")

    from mtcnn import MTCNN

    package, theirs = MTCNN(), 0.0
    package.detect_faces(frames[0][0])
    for pictures in frames:
        probes = pictures[::STEP]
        start = time.perf_counter()
        for picture in probes:
            package.detect_faces(picture)
        theirs += (time.perf_counter() - start) * len(pictures) / len(probes)
    print(f"mtcnn package per frame: {theirs / duration:.3f} x real time for faces alone;")
    print(f"  our faces are {theirs / spent['faces']:.0f} times as fast, one process against")
    print(f"  all its threads; the whole preparation {theirs / duration / rate:.0f} times")
    if json:
        shares = {name: seconds / duration for name, seconds in spent.items()}
        results = {
            "clips": len(paths),
            "seconds": duration,
            "steps, share of real time": shares,
            "whole, share of real time": rate,
            "faces, times as fast as the package": theirs / spent["faces"],
        }
        write_json(json, {"machine": described()} | results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("clips", nargs="*", type=lambda path: Path(path).resolve())
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    options = parser.parse_args()
    open_clips = [*sorted(DATA.glob("cremad/VideoFlash/*.flv")), *sorted(DATA.glob("grid/*.mpg"))]
    main(options.clips or open_clips, options.json)
