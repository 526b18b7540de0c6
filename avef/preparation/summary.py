"""What a prepared corpus holds, in numbers: clips, segments, and how much is speech (K1)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from avef.preparation import segments
from avef.preparation.prepared import load_clip


def summary(
    folder: str | Path, prepared: pd.DataFrame, quarantine: pd.DataFrame
) -> dict[str, int | float]:
    """Count what came out.

    Clips, minutes, segments of both cases and their ratio (claim K1 speaks of "samples"), the
    voiced share of the frames, and that of the clips of happiness alone, one of which the
    paper shows (Fig. 2). The share of frames with a face where there are pictures.
    """
    counts = dict.fromkeys(("segments_case1", "segments_case2"), 0)
    for name in prepared["clip"]:
        clip = load_clip(Path(folder) / f"{name}.npz")
        for case in (1, 2):
            counts[f"segments_case{case}"] += len(segments.of_clip(clip, case).audio)
    voiced = np.average(prepared["voiced"], weights=prepared["duration"])
    samples = counts["segments_case2"] / counts["segments_case1"]
    happy = prepared[prepared["emotion"] == "happiness"] if "emotion" in prepared else prepared[:0]
    counted = {
        "clips": len(prepared),
        "quarantined": len(quarantine),
        "minutes": round(float(prepared["duration"].sum()) / 60, 2),
        **counts,
        "segments_percent": round(100 * samples, 2),
        "voiced_percent": round(100 * float(voiced), 2),
        "happiness_voiced_percent": round(100 * float(happy["voiced"].mean()), 2),
    }
    if prepared["frames"].any():
        counted["frames_with_face_percent"] = round(100 * float(prepared["face_share"].mean()), 2)
    return counted
