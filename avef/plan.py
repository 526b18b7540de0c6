"""What a run of the learning stages will cost, before it starts.

Multiply-adds are counted from the networks' layers, segments from the prepared clips
(or, before there are any, from the corpora's published sizes), and the speed of each
part is measured in a few steps. Preparation and the SVMs take minutes and are left out.
"""

from __future__ import annotations

import math
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import pandas as pd
from joblib import cpu_count
from keras import layers

from avef import corpora, fusion, inputs, networks, paper, paths, protocol, training, transfer
from avef.dbn import RBM
from avef.errors import ParameterError
from avef.params import Params
from avef.segments import HOP, LENGTH

GIB = 2**30
CLASSES = 6  # of the larger emotion model; with two, only the last layer is smaller
MODELS = len(protocol.EMOTION_MODELS)
KINDS = ("audio", "visual")

# Memory, as measured: what a worker takes before it has data; copies of the tables of frames
# (as loaded, and twice on their way to the device) and of a cache (gathered, joined, cast,
# handed over); numbers held for each one that a layer puts out (it, its gradient, scratch).
_PROCESS, _TABLES, _CACHES, _STEP = 0.7 * GIB, 3, 4, 3
# Mean length of a clip: RML's is published, the others are rough guesses.
_SECONDS = {"rml": 4.94, "enterface05": 2.8, "baum1s": 3.0}


class Size(NamedTuple):
    """What counts of a corpus.

    Attributes
    ----------
    clips, speakers : int
    audio, video : int
        Frames of all clips.
    segments : (int, int)
        In case 1 and in case 2.
    source : str
        Where the numbers come from.
    """

    clips: int
    speakers: int
    audio: int
    video: int
    segments: tuple[int, int]
    source: str


class Part(NamedTuple):
    """Costs of a part of the networks, all but ``weights`` for one sample.

    Attributes
    ----------
    train, forward : int
        Multiply-adds of a training step and of a forward pass.
    weights : int
    units, out : int
        Numbers that all its layers, and that its last layer, put out.
    """

    train: int
    forward: int
    weights: int
    units: int
    out: int


class _Load(NamedTuple):
    """A stage of one corpus: pieces of work as (part, multiply-adds) pairs, bytes, counts."""

    work: list[list[tuple[str, float]]]
    trainings: int
    segments: int
    tables: float
    caches: float
    weights: int
    step: float
    disk: float


def multiply_adds(net: keras.Model) -> dict[str, int]:
    """Multiply-adds of a forward pass for one sample, by layer; two FLOPs each.

    Convolutions (channels last) and dense layers of a built model and of the models in
    it; biases, poolings and normalisations are left out, as is usual.

    Raises
    ------
    ParameterError
        For a layer that has a kernel and is neither.
    """
    found = {}
    for layer in net.layers:
        if isinstance(layer, keras.Model):
            found |= multiply_adds(layer)
        elif isinstance(layer, layers.Dense | layers.Conv1D | layers.Conv2D | layers.Conv3D):
            # The kernel is used once for every output position; its shape knows of groups.
            places = math.prod(layer.output.shape[1:-1])
            found[layer.name] = math.prod(layer.kernel.shape) * places
        elif hasattr(layer, "kernel"):
            kind = type(layer).__name__
            raise ParameterError(f"layer {layer.name}: a {kind}'s multiply-adds are not known")
    return found


def training_multiply_adds(net: keras.Model) -> int:
    """Multiply-adds of a training step for one sample, all layers trained.

    Forward, and as many again for each layer's weights and for its input; only the
    first layer's input needs no gradient.
    """
    counts = list(multiply_adds(net).values())
    return 3 * sum(counts) - counts[0]


def rbm_multiply_adds(visible: int, hidden: int, cd_steps: int = 1) -> int:
    """Multiply-adds of CD-k for one sample: up, k times down and up, two outer products."""
    return visible * hidden * (3 + 2 * cd_steps)


def parts(params: Params) -> dict[str, Part]:
    """The costs of all parts at the sizes of ``params``.

    Keys: ``audio`` and ``visual``, alone (the whole network) or followed by `` shallow``
    or `` deep``; ``rbm`` (all of the DBN's), ``top`` (the DBN with labels), ``whole``
    (the deep layers and the DBN).
    """
    found, joined = {}, []
    for kind in KINDS:
        full = transfer.build(kind, getattr(params.networks, kind), CLASSES)
        shallow, deep = networks.split(full, getattr(params.keep, kind))
        found |= {kind: _part(full), f"{kind} shallow": _part(shallow), f"{kind} deep": _part(deep)}
        joined.append(_part(networks.features(deep)))
    units = [sum(part.out for part in joined), *params.networks.dbn.hidden]
    pairs = list(zip(units[:-1], units[1:], strict=True))
    inner = sum(v * h for v, h in pairs)
    steps = sum(rbm_multiply_adds(v, h, params.rbm.cd_steps) for v, h in pairs)
    found["rbm"] = Part(steps, inner, inner, 2 * sum(units), units[-1])
    all_ = inner + units[-1] * CLASSES
    found["top"] = Part(3 * all_, all_, all_, sum(units), units[-1])
    whole = (sum(values) for values in zip(*joined, found["top"], strict=True))
    return found | {"whole": Part(*whole)}


def sizes(params: Params, folder: str | Path = paths.DATA / "prepared") -> dict[str, Size]:
    """The size of each corpus: of its prepared clips where there are any, else as published."""
    files = {corpus: Path(folder) / corpus / "clips.csv" for corpus in params.corpora}
    return {
        corpus: counted(pd.read_csv(file)) if file.is_file() else published(corpus)
        for corpus, file in files.items()
    }


def counted(clips: pd.DataFrame) -> Size:
    """Size of prepared clips: ``duration`` (s), ``frames``, ``voiced`` (share), ``speaker``."""
    audio = (100 * clips["duration"]).round().astype(int)
    voiced = np.clip((clips["voiced"] * audio).round(), np.minimum(audio, LENGTH), audio)
    segments = (int((np.maximum(n - LENGTH, 0) // HOP + 1).sum()) for n in (audio, voiced))
    frames = int(audio.sum()), int(clips["frames"].sum())
    return Size(len(clips), clips["speaker"].nunique(), *frames, tuple(segments), "prepared clips")


def published(corpus: str) -> Size:
    """Size of a complete copy, from counts, mean lengths and the paper's kept shares (K1)."""
    if corpus not in _SECONDS:
        raise ParameterError(f"{corpus}: no published size is known; prepare its clips first")
    clips, facts = int(corpora.expected_counts(corpus).sum()), paper.table_1().loc[corpus]
    audio = 100 * _SECONDS[corpus]
    voiced = audio * paper.CLAIMS["K1"].figure[corpus] / 100
    # On average half a hop at a clip's end is too short for another segment.
    segments = tuple(round(clips * ((n - LENGTH) / HOP + 0.5)) for n in (audio, voiced))
    frames = round(clips * audio), round(clips * _SECONDS[corpus] * int(facts["fps"]))
    return Size(clips, int(facts["speakers"]), *frames, segments, "published figures")


def plan(
    params: Params,
    found: dict[str, Size],
    costs: dict[str, Part],
    rates: dict[str, float],
    cores: int = 1,
) -> pd.DataFrame:
    """What each learning stage of each corpus costs.

    Parameters
    ----------
    params : Params
    found, costs, rates : dict
        From :func:`sizes`, :func:`parts` and :func:`measure` (multiply-adds a second).
    cores : int
        Worker processes where ``jobs.train`` is −1.

    Returns
    -------
    DataFrame
        ``stage``, ``corpus``, ``trainings`` (of networks and RBMs), ``segments`` (of the
        larger case), ``pflop``; ``caches_gib`` (frames, and what frozen layers make of
        them) and ``weights_gib`` (with gradients and momentum): what one worker, and its
        accelerator, holds; ``memory_gib`` (all workers together, at the peak),
        ``disk_gib`` (what stays), ``hours`` (with early stopping, at most).
    """
    stages = {
        "transfer": lambda corpus: _transfer(params, corpus, found, costs),
        "audio_net": lambda corpus: _unimodal(params, corpus, found[corpus], costs, ["audio"]),
        "visual_net": lambda corpus: _unimodal(params, corpus, found[corpus], costs, ["visual"]),
        "dbn_fusion": lambda corpus: _unimodal(params, corpus, found[corpus], costs, [*KINDS]),
    }
    rows = []
    for stage, load_of in stages.items():
        for corpus in params.corpora:
            load = load_of(corpus)
            workers = min(cores if params.jobs.train == -1 else params.jobs.train, len(load.work))
            seconds = [sum(n / rates[part] for part, n in piece) for piece in load.work]
            held = _TABLES * load.tables + _CACHES * load.caches
            peak = _PROCESS + held + 12 * load.weights + 4 * _STEP * load.step
            rows.append(
                {
                    "stage": stage,
                    "corpus": corpus,
                    "trainings": load.trainings,
                    "segments": load.segments,
                    "pflop": 2e-15 * sum(n for piece in load.work for _, n in piece),
                    "caches_gib": (load.tables + load.caches) / GIB,
                    "weights_gib": 12 * load.weights / GIB,
                    "memory_gib": workers * peak / GIB,
                    "disk_gib": load.disk / GIB,
                    # No more workers help than the longest piece of work allows.
                    "hours": max(max(seconds), sum(seconds) / workers) / 3600,
                }
            )
    return pd.DataFrame(rows)
