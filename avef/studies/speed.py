"""Claims P1–P3 (§4.3.2): how long training, recognising and preparing take on this machine."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from avef.config.schema import Networks, Params, Svm
from avef.core.machine import described
from avef.learning import clip_svm, frozen, grid
from avef.models import inputs, networks, unrolled
from avef.preparation import segments
from avef.preparation.clips import prepare_clip
from avef.studies import costs, plan

SECONDS, FPS, REPEATS = 5, 30, 3  # of the clip in P2; recognitions of which the median counts


def machine() -> str:
    """The processor, the cores, and the accelerators that the networks run on."""
    facts = described()
    devices = [d for d in keras.distribution.list_devices() if not d.startswith("cpu")]
    named = f"{facts['cpu']} with {facts['instructions']}, {facts['cores']} cores, "
    return named + (", ".join(devices) or "no accelerator")


def training_hours(params: Params) -> pd.DataFrame:
    """P1: one multi-modal model, audio-net, visual-net, DBN and all as a whole, of one cell.

    Multiply-adds are counted and the speed is measured in short steps, by one worker
    (:mod:`avef.studies.plan`). Transfer, which serves all cells, is not included.

    Returns
    -------
    DataFrame
        ``corpus``, ``hours``.
    """
    one = replace(params, jobs=replace(params.jobs, train=1))
    sizes, counted = plan.sizes(one), costs.parts(one)
    table = plan.plan(one, sizes, costs=counted, rates=costs.measure(one, counted))
    shown = table.loc[table["stage"] == "dbn_fusion", "corpus"]  # no whole model of sound alone
    table = table[(table["stage"] != "transfer") & table["corpus"].isin(shown)]
    table = table.groupby("corpus", sort=False)["hours"].sum()
    folds = {c: plan.folds(one.protocol[c], c, sizes[c])[0] for c in table.index}
    grids = {corpus: len(grid.pairs()) * len(one.seeds) * count for corpus, count in folds.items()}
    hours = [hours / grids[corpus] for corpus, hours in table.items()]
    return pd.DataFrame({"corpus": table.index, "hours": hours})


def recognition_seconds(nets: Networks, face_size: int, svm: Svm) -> float:
    """P2: from a prepared clip of 5 s to its class.

    Segments, both networks, the DBN, averaging, and an SVM fitted on as many clips as RML
    has. Weights are random, which does not change the time; the first, tracing call is
    not counted.
    """
    rng = np.random.default_rng(0)
    log_mel = rng.standard_normal((100 * SECONDS, 64)).astype(np.float32)
    faces = rng.integers(0, 256, (FPS * SECONDS, face_size, face_size, 3)).astype(np.uint8)
    voiced, times = np.ones(len(log_mel), bool), np.arange(len(faces)) / FPS
    model = _model(nets, log_mel, faces)
    units = model.output_shape[-1]
    decide = clip_svm.machine(svm).fit(rng.standard_normal((720, units)), np.arange(720) % 6)

    def recognise():
        start = time.perf_counter()
        cut = segments.segment_clip(voiced, times, float(FPS), case=2)
        rows = [cut.audio.astype(np.int32), cut.faces.astype(np.int32)]
        features = keras.ops.convert_to_numpy(model(rows, training=False))
        decide.predict(features.mean(axis=0, keepdims=True))
        return time.perf_counter() - start

    recognise()
    return float(np.median([recognise() for _ in range(REPEATS)]))


def preparation_ratio(paths: Sequence[str | Path], options: dict) -> float:
    """P3: seconds of preparation a second of clip, one process, warm.

    Parameters
    ----------
    paths : clips that can be used; NaN is returned where there is none
    options : keyword arguments of :func:`avef.preparation.clips.prepare_clip`
    """
    if not paths:
        return float("nan")
    prepare_clip(paths[0], **options)
    start = time.perf_counter()
    clips = [prepare_clip(path, **options) for path in paths]
    spent = time.perf_counter() - start
    return spent / sum(len(clip.log_mel) / 100 for clip in clips)


def _model(nets, log_mel, faces):
    """Rows of frames and of faces → last hidden layer of the DBN, as one model (Fig. 1)."""
    scaling = {"mean": [0.0] * 3, "std": [1.0] * 3}
    sources = (
        inputs.audio_source(log_mel, scaling, nets.audio.input_size),
        inputs.visual_source(faces, nets.visual.input_size),
    )
    rows = keras.Input((64,), dtype="int32"), keras.Input((16,), dtype="int32")
    fc7 = [
        networks.features(frozen.build(kind, nets, 6))(source(row))
        for kind, source, row in zip(("audio", "visual"), sources, rows, strict=True)
    ]
    hidden = keras.layers.Concatenate()(fc7)
    for layer in unrolled.fusion_layers(nets.dbn.hidden, 6)[:-1]:
        hidden = layer(hidden)
    return keras.Model(rows, hidden)
