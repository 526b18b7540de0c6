"""What the learning stages will cost, before they start.

Multiply-adds are counted from the layers, segments from the prepared clips (or, before
there are any, from published sizes); the speed of each part is measured in a few steps.
Left out are preparation and the SVMs, which take minutes, and the RBMs that only tell a gap: less
than a hundredth of the work.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import pandas as pd

from avef import corpora, paper, protocol
from avef.config.schema import Params, Protocol
from avef.core import paths
from avef.core.errors import ParameterError
from avef.learning import grid
from avef.preparation.prepared import TABLE, prepared_clips
from avef.preparation.segments import HOP, LENGTH
from avef.studies.costs import CLASSES, KINDS, STAGES, Part

GIB = 2**30
MODELS = len(protocol.EMOTION_MODELS)

# Memory, as measured: what a worker takes before it has data; copies of the tables of frames
# and of a cache (made, and handed to the device); numbers held for each one that a layer puts
# out (it, its gradient, scratch); segments at a time that frozen layers see.
_PROCESS, _TABLES, _CACHES, _STEP, _GATHER = 0.7 * GIB, 2, 2, 3, 64
_START = 5.0  # seconds to load, build and trace what a piece of work trains
# Mean length of a clip in seconds: RML's is published, the others are rough guesses.
_SECONDS = {"rml": 4.94, "enterface05": 2.8, "baum1s": 3.0}
_PARTS = {"enterface05": 5}  # sentences an emotion, where the corpus tells them


class Size(NamedTuple):
    """A corpus: clips, speakers, frames of all clips, segments in case 1 and 2, and whence.

    ``parts`` are those of its sentences (:func:`avef.protocol.sentence_parts`).
    """

    clips: int
    speakers: int
    audio: int
    video: int
    segments: tuple[int, int]
    source: str
    parts: int = 1


def sizes(params: Params, folder: str | Path = paths.DATA / "prepared") -> dict[str, Size]:
    """Each corpus' size: of its prepared clips where there are any, else as published.

    Clips of the demo, left over from its profile, do not count for the paper's.
    """
    sizes_of = {}
    for corpus in params.corpora:
        there = (Path(folder) / corpus / TABLE).is_file()
        clips = prepared_clips(Path(folder) / corpus) if there else None
        other = clips is not None and params.profile == "paper" and _is_demo(corpus, clips)
        sizes_of[corpus] = published(corpus) if clips is None or other else counted(clips)
    return sizes_of


def _is_demo(corpus, clips):
    """Whether all these clips lie in the demo's folder."""
    root = paths.DATA / "demo" / corpus
    return "path" in clips and root.is_dir() and all((root / p).is_file() for p in clips["path"])


def counted(clips: pd.DataFrame) -> Size:
    """Size of prepared clips: ``duration`` (s), ``frames``, ``voiced`` (share), and who says what.

    That is ``speaker``, ``emotion``, and ``sentence`` where the corpus tells it.
    """
    audio = (100 * clips["duration"]).round().astype(int)
    voiced = np.clip((clips["voiced"] * audio).round(), np.minimum(audio, LENGTH), audio)
    one, two = (int((np.maximum(n - LENGTH, 0) // HOP + 1).sum()) for n in (audio, voiced))
    return Size(
        clips=len(clips),
        speakers=clips["speaker"].nunique(),
        audio=int(audio.sum()),
        video=int(clips["frames"].sum()),
        segments=(one, two),
        source="prepared clips",
        parts=max(1, int(protocol.sentence_parts(clips).max()) + 1),
    )


def published(corpus: str) -> Size:
    """Size of a complete copy, from counts, mean lengths and the paper's shares of speech (K1)."""
    if corpus not in _SECONDS:
        again = f"`dvc repro preprocessing@{corpus}` prepares its clips, which tell"
        raise ParameterError(f"{corpus}: no published size is known; {again}")
    clips, facts = int(corpora.expected_counts(corpus).sum()), paper.table_1().loc[corpus]
    audio = 100 * _SECONDS[corpus]
    share = cast(dict, paper.CLAIMS["K1"].figure)[corpus] / 100
    # On average half a hop at a clip's end is too short for another segment.
    one, two = (round(clips * ((n - LENGTH) / HOP + 0.5)) for n in (audio, audio * share))
    return Size(
        clips=clips,
        speakers=int(facts["speakers"]),
        audio=round(clips * audio),
        video=round(clips * _SECONDS[corpus] * int(facts["fps"])),
        segments=(one, two),
        source="published figures",
        parts=_PARTS.get(corpus, 1),
    )


def plan(
    params: Params,
    size_of: dict[str, Size],
    *,
    costs: dict[str, Part],
    rates: dict[str, float],
    cores: int = 1,
) -> pd.DataFrame:
    """What each learning stage of each corpus costs.

    Parameters
    ----------
    params : Params
    size_of, costs, rates : dict
        From :func:`sizes`, ``costs.parts`` and ``costs.measure`` (multiply-adds a second).
    cores : int
        Worker processes where ``jobs.train`` is −1.

    Returns
    -------
    DataFrame
        ``stage``, ``corpus``, ``trainings`` (of networks and RBMs), ``segments`` (of the
        larger case), ``pflop``; ``caches_gib`` (frames, or what frozen layers make of
        them) and ``weights_gib`` (with gradients and momentum): what one worker, or its
        accelerator, holds; ``memory_gib`` (all workers together, at the peak),
        ``disk_gib`` (what stays), ``hours`` (with early stopping, at most).
    """
    rows = []
    for stage, kinds in STAGES.items():
        for corpus in params.corpora:
            if "visual" in kinds and stage != "transfer" and not size_of[corpus].video:
                continue  # sound alone
            make = _transfer if stage == "transfer" else _cells
            load = make(params, stage, corpus, size_of, costs)
            workers = min(cores if params.jobs.train == -1 else params.jobs.train, len(load.pieces))
            seconds = [_START + sum(n / rates[part] for part, n in piece) for piece in load.pieces]
            held = _TABLES * load.tables + _CACHES * load.caches
            peak = _PROCESS + held + 12 * load.weights + 4 * load.step
            row = {
                "stage": stage,
                "corpus": corpus,
                "trainings": load.trainings,
                "segments": load.segments,
                "pflop": 2e-15 * sum(n for piece in load.pieces for _, n in piece),
                "caches_gib": (load.caches or load.tables) / GIB,
                "weights_gib": 12 * load.weights / GIB,
                "memory_gib": workers * peak / GIB,
                "disk_gib": load.disk / GIB,
                # No more workers help than the longest piece allows.
                "hours": max(max(seconds), sum(seconds) / workers) / 3600,
            }
            rows.append(row)
    return pd.DataFrame(rows)


def room() -> tuple[float, float]:
    """GiB of memory of this machine, and those free on the disk that holds this folder."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return memory / GIB, shutil.disk_usage(".").free / GIB


def too_much(table: pd.DataFrame, memory: float, disk: float) -> list[str]:
    """What will not fit, a sentence each: stages in ``memory``, all together on ``disk`` (GiB)."""
    lines = [
        f"{row.stage} of {row.corpus} does not fit: about {row.memory_gib:.0f} GiB of memory, "
        f"and there are {memory:.0f}; lower jobs.train, its batch or compute.cache_gib"
        for row in table[table["memory_gib"] > memory].itertuples()
    ]
    total = table["disk_gib"].sum()
    if total > disk:
        lines.append(f"the results do not fit: about {total:.0f} GiB, and {disk:.0f} are free")
    return lines


class Load(NamedTuple):
    """A stage of one corpus.

    Attributes
    ----------
    pieces : list of list of (part, multiply-adds)
        What the workers share out among them.
    trainings, segments : int
    tables, caches, disk : bytes
    weights, step : int
        Of the largest model; numbers held while it makes a step.
    """

    pieces: list
    trainings: int
    segments: int
    tables: float
    caches: float
    disk: float
    weights: int
    step: int


def _transfer(params, stage, corpus, size_of, costs):
    """Both networks and the DBN, for each emotion model, on the sources; of sound alone one."""
    schedule = params.transfer[corpus]
    sources = [size_of[name] for name in params.sources(corpus)]
    heard, shown = (
        sum(size.segments[schedule.case - 1] for size in sources if size.video >= least)
        for least in (0, 1)
    )
    kinds = KINDS if size_of[corpus].video else KINDS[:1]
    counts = {"audio": heard, "visual": shown, "rbm": shown}
    passes = {kind: schedule.epochs * costs[kind].train + costs[kind].forward for kind in kinds}
    if len(kinds) > 1:
        passes["rbm"] = params.rbm.epochs * costs["rbm"].train + costs["rbm"].forward
    weights = [costs[part].weights for part in passes]
    rbms = len(params.networks.dbn.hidden) if len(kinds) > 1 else 0
    return Load(
        pieces=[
            [(part, counts[part] * each)] for part, each in passes.items() for _ in range(MODELS)
        ],
        trainings=MODELS * (len(kinds) + rbms),
        segments=heard,
        tables=_tables(params, *sources),
        caches=0,
        disk=4 * MODELS * (sum(weights) + shown * sum(costs[f"{kind}_fc7"].out for kind in kinds)),
        weights=max(weights),
        step=_STEP * schedule.batch * max(costs[kind].units for kind in kinds),
    )


def _cells(params, stage, corpus, size_of, costs):
    """One network, or both and the DBN, in every cell of the grid."""
    size, schedule, kinds = size_of[corpus], getattr(params, stage)[corpus], STAGES[stage]
    joint, tune, dbn = len(kinds) == 2, params.keep.tune, params.networks.dbn.hidden
    own = [kind if tune else f"{kind}_deep" for kind in kinds]
    frozen = [] if tune else [f"{kind}_shallow" for kind in kinds if getattr(params.keep, kind)]
    trained = own if not joint else [*own, "top"] if tune else ["whole"]
    pieces, caches = [], 0
    units, kept = (sum(costs[part].units for part in names) for names in (trained, frozen))
    n_folds, share = folds(params.protocol[corpus], corpus, size)
    fits = len(params.seeds) * n_folds
    for _, case in grid.pairs():
        n = size.segments[case - 1]
        learnt = len(params.seeds) * n * share  # the folds' training parts together
        steps = learnt * schedule.epochs
        piece = [(p, steps * costs[p].train + n * fits * costs[p].forward) for p in trained]
        if joint:
            piece.append(("rbm", learnt * params.rbm.epochs * costs["rbm"].train))
            piece.append(("top", learnt * schedule.supervised_epochs * costs["top"].train))
        made = {part: 4 * n * costs[part].out for part in frozen}
        cached = [part for part, taken in made.items() if taken <= params.compute.cache_gib * GIB]
        for part in made:
            passes = n if part in cached else steps + n * fits
            piece.append((part, passes * costs[part].forward))
        caches = max(caches, sum(made[part] for part in cached))
        pieces.append(piece)
    fits *= len(pieces)
    features = sum(costs[f"{kind}_fc7"].out for kind in kinds) + (dbn[-1] if joint else 0)
    weights = sum(costs[part].weights for part in trained)
    # Of the whole model one pair and seed keeps its weights (avef.learning.fusion.PREDICTS).
    stored = size.clips * (features + CLASSES) + weights / (fits / n_folds if joint else 1)
    return Load(
        pieces=pieces,
        trainings=fits * (2 + len(dbn) if joint else 1),
        segments=max(size.segments),
        tables=_tables(params, size),
        caches=caches,
        disk=4 * fits * stored,
        weights=weights,
        step=max(_STEP * schedule.batch * units, _GATHER * kept),
    )


def folds(settings: Protocol, corpus: str, size: Size) -> tuple[int, int]:
    """How many folds :func:`avef.protocol.folds` makes, and how many learn from each clip.

    >>> folds(Protocol(groups=3, sentences="disjoint"), "enterface05", published("enterface05"))
    (15, 8)
    """
    alone = corpus in protocol.LEAVE_ONE_SPEAKER_OUT
    groups = settings.groups or (size.speakers if alone else protocol.DEFAULT_GROUPS)
    if settings.sentences == "any":
        return groups, groups - 1
    return groups * size.parts, (groups - 1) * (size.parts - 1)


def _tables(params, *datasets):
    """Bytes of the frames of some corpora: log-mel and faces."""
    face = 3 * params.prepare.face_size**2
    return sum(4 * 64 * size.audio + face * size.video for size in datasets)
