"""What the paper's model is held against: hand-crafted features and shallow fusion (S1, S2).

S1: the statistics of MFCCs over a clip's frames [1], and histograms of oriented
gradients of its faces [2], in place of what the networks learn. S2: simple ways to
join what audio-net and visual-net found, in place of the DBN; each network trained by
itself, or both as the whole model left them, so that the DBN has no head start. The
protocol, the clips, the segments' frames and the SVM are those of the paper's model.

[1] Schuller, Steidl, Batliner (2009). The INTERSPEECH 2009 emotion challenge.
[2] Dalal, Triggs (2005). Histograms of oriented gradients for human detection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from scipy.fft import dct

from avef import paper
from avef.config.corpus import CorpusParams
from avef.config.schema import Params
from avef.core import outside, paths
from avef.core.paths import Folders
from avef.evaluation import paired
from avef.learning import clip_svm, dataset, grid
from avef.preparation import speech
from avef.preparation.prepared import modalities, prepared_clips
from avef.protocol import EMOTION_MODELS, folds, labels

MFCCS = 13
HOG_SIZE, PATCH, DIRECTIONS = 48, 8, 9  # pixels, pixels, of gradients
MODALITIES = ("audio", "visual")
STAGES = {"audio": "audio_net", "visual": "visual_net", "both": "svm"}
HANDCRAFTED = {"audio": "statistics of MFCCs", "visual": "oriented gradients"}
FUSIONS = ("features", "features after joint training", "mean of scores", "product of scores")


def speech_statistics(log_mel: np.ndarray) -> np.ndarray:
    """Hand-crafted description of a clip's sound.

    Parameters
    ----------
    log_mel : ndarray (T, 64), float
        The frames of one clip that the case keeps.

    Returns
    -------
    ndarray (273,), float32
        Mean, deviation, skewness, and the 5th, 25th, 75th and 95th percentile of
        13 MFCCs, their Δ and ΔΔ.
    """
    from scipy.stats import skew  # here, and not above: it is half a second to load

    c = dct(log_mel, axis=1, norm="ortho")[:, :MFCCS]
    d = speech.delta(c)
    x = np.concatenate([c, d, speech.delta(d)], axis=1)  # (T, 39)
    spread = np.percentile(x, [5, 25, 75, 95], axis=0)
    constant = x.std(axis=0) < 1e-9
    lean = np.where(constant, 0, skew(np.where(constant, np.arange(len(x))[:, None], x), axis=0))
    return np.concatenate([x.mean(axis=0), x.std(axis=0), lean, *spread]).astype(np.float32)


def face_gradients(faces: np.ndarray) -> np.ndarray:
    """Hand-crafted description of a clip's faces.

    Parameters
    ----------
    faces : ndarray (F, s, s, 3), uint8

    Returns
    -------
    ndarray (1800,), float32
        Mean and deviation over the faces of their histograms of oriented gradients
        (48 × 48 pixels, patches of 8 × 8, blocks of 2 × 2 patches, 9 directions).
    """
    grey = (cv2.cvtColor(face, cv2.COLOR_RGB2GRAY) for face in faces)
    gradients = np.array([_gradients(cv2.resize(g, (HOG_SIZE, HOG_SIZE))) for g in grey])
    return np.concatenate([gradients.mean(axis=0), gradients.std(axis=0)]).astype(np.float32)


def handcrafted(prepared: str | Path, case: int) -> dict[str, np.ndarray]:
    """The descriptions of every clip, (clips, d) each, by modality."""
    data = dataset.load(prepared, case)
    ways = {
        "audio": lambda mine: speech_statistics(data.log_mel[np.unique(data.audio[mine])]),
        "visual": lambda mine: face_gradients(data.faces[np.unique(data.images[mine])]),
    }
    every = [data.clip == clip for clip in range(len(data.clips))]
    return {
        modality: np.array([ways[modality](mine) for mine in every])
        for modality in modalities(prepared)
    }


def of_features(prepared: str | Path, chosen: CorpusParams) -> dict[str, pd.DataFrame]:
    """S1: predictions of six emotions in case 2 from hand-crafted features, by modality."""
    clips, splits, truth = _protocol(prepared, chosen)
    descriptions = handcrafted(prepared, case=2)
    return {
        modality: _predicted(
            clips,
            splits,
            [clip_svm.decide(x, truth, split, svm=chosen.svm) for split in splits],
        )
        for modality, x in descriptions.items()
    }


def of_fusions(folders: Folders, chosen: CorpusParams) -> dict[str, pd.DataFrame]:
    """S2: predictions of six emotions in case 2 from both networks, joined in simple ways."""
    clips, splits, truth = _protocol(folders.prepared, chosen)
    tables: dict[str, list] = {name: [] for name in FUSIONS}
    for seed in chosen.seeds:
        guesses: dict[str, list] = {name: [] for name in FUSIONS}
        for fold, split in enumerate(splits):
            for name, guess in _joined(folders, seed, fold, truth, split, chosen.svm).items():
                guesses[name].append(guess)
        for name, guess in guesses.items():
            tables[name].append(_predicted(clips, splits, guess).assign(seed=seed))
    return {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()}


def against(
    model: Mapping[Any, pd.DataFrame], baseline: Mapping[Any, pd.DataFrame], seed: int
) -> dict[str, float]:
    """A model minus its baseline, paired by speaker over all corpora.

    Parameters
    ----------
    model, baseline : corpus, or (corpus, modality) → predictions of the same clips
        A corpus' speaker is one unit in all its tables and seeds: what one person gains by
        sound and by sight is not what two people gain.

    Returns
    -------
    dict
        ``accuracy``, ``baseline_accuracy`` (percent), ``difference``, ``low``, ``high``
        (points, 95 %), ``p``; ``seeds``, and of several the ``deviation`` of the difference
        over these trainings (points).
    """
    parts = []
    for case, tables in ((1, baseline), (2, model)):
        for key, table in tables.items():
            corpus, *rest = [key] if isinstance(key, str) else key
            speaker = corpus + "/" + table["speaker"].astype(str)
            clip = "/".join([corpus, *rest, ""]) + table["clip"].astype(str)
            both = table.assign(case=case, emotion_model="emotion", speaker=speaker, clip=clip)
            parts.append(both)
    both = pd.concat(parts, ignore_index=True)
    row = paired.case_comparison(both, seed=seed).iloc[0]
    names = {"case_2": "accuracy", "case_1": "baseline_accuracy"} | {
        c: c for c in ("difference", "low", "high", "p")
    }
    told = {new: round(float(row[old]), 4) for old, new in names.items()}
    each = _by_training(both)
    spread = {"deviation": round(float(each.std(ddof=1)), 4)} if len(each) > 1 else {}
    return told | spread | {"seeds": len(each)}


def study(p: Params) -> tuple[pd.DataFrame, dict]:
    """S1 and S2 on every corpus, six emotions, case 2; of sound alone what is heard.

    Returns
    -------
    table : DataFrame
        ``claim``, ``model`` and ``baseline`` (what is compared), and the entries of
        :func:`against`. What no corpus can tell has no row.
    verdicts : dict
        Of the paper's corpora with pictures, and empty without one. ``S1``: both modalities
        together; ``S2``: against the best of ``FUSIONS``.
    """
    seed = p.seed
    shown = [c for c in p.corpora if "visual" in modalities(paths.prepared(c))]
    corpora = {"audio": list(p.corpora), "visual": shown, "both": shown}
    crafted = {c: of_features(paths.prepared(c), p.of(c)) for c in p.corpora}
    joined = {c: of_fusions(paths.folders(c), p.of(c)) for c in shown}
    learnt = {m: {c: _learnt(STAGES[m], c) for c in corpora[m]} for m in STAGES}
    rows: list[tuple] = []
    features: dict[tuple[str, str], tuple] = {}
    for modality in filter(corpora.get, MODALITIES):
        baseline = {c: crafted[c][modality] for c in corpora[modality]}
        pair = against(learnt[modality], baseline, seed)
        rows.append(("S1", f"{modality}-net", HANDCRAFTED[modality], pair))
        features |= {(c, modality): (learnt[modality][c], baseline[c]) for c in baseline}
    claimed = [c for c in shown if c in paper.DATASETS]
    fusions = []
    for name in FUSIONS if shown else ():
        baseline = {c: joined[c][name] for c in shown}
        rows.append(("S2", "DBN", name, against(learnt["both"], baseline, seed)))
        if claimed:
            model = {c: learnt["both"][c] for c in claimed}
            fusions.append(against(model, {c: baseline[c] for c in claimed}, seed))
    table = pd.DataFrame([{"claim": c, "model": m, "baseline": b} | p for c, m, b, p in rows])
    if not claimed:
        return table, {}
    pairs = {key: pair for key, pair in features.items() if key[0] in claimed}
    mine, crafts = ({key: pair[i] for key, pair in pairs.items()} for i in (0, 1))
    best = max(fusions, key=lambda pair: pair["baseline_accuracy"])
    return table, {"S1": against(mine, crafts, seed), "S2": best}


def _by_training(both):
    """The difference in each training; what has no seed is the same beside all."""
    seed = both["seed"] if "seed" in both else pd.Series(0, both.index)
    right = 100.0 * (both["true"] == both["predicted"])
    mean = right.groupby([both["case"], seed], dropna=False).mean()
    model, baseline = mean.loc[2], mean.loc[1]
    return model - baseline.reindex(model.index).fillna(baseline.mean())


def _learnt(stage, corpus):
    kinds = {"clip": str, "speaker": str}
    table = outside.table(paths.predictions(stage, corpus), dtype=kinds)
    return table.query("emotion_model == 'emotion' and case == 2")


def _gradients(image):
    """Histograms of oriented gradients of (48, 48): (5 · 5 blocks · 4 patches · 9,)."""
    down, right = np.gradient(image.astype(np.float32))
    direction = (np.arctan2(down, right) % np.pi / np.pi * DIRECTIONS).astype(int) % DIRECTIONS
    side = HOG_SIZE // PATCH
    row = np.arange(HOG_SIZE) // PATCH
    bins = (row[:, None] * side + row) * DIRECTIONS + direction
    strength = np.hypot(down, right).ravel()
    parts = np.bincount(bins.ravel(), strength, side * side * DIRECTIONS)
    parts = parts.reshape(side, side, DIRECTIONS)
    blocks = np.concatenate([parts[:-1, :-1], parts[:-1, 1:], parts[1:, :-1], parts[1:, 1:]], -1)
    return (blocks / (np.linalg.norm(blocks, axis=-1, keepdims=True) + PATCH)).ravel()


def _joined(folders, seed, fold, truth, split, svm):
    """What each of ``FUSIONS`` takes the test clips of one cell for."""
    cell = grid.Cell("emotion", 2, seed, fold)
    audio, visual, whole = (
        grid.read(folder, cell)
        for folder in (folders.audio_net, folders.visual_net, folders.dbn_fusion)
    )
    alone = np.hstack([audio["fc7"], visual["fc7"]])
    scores = np.array([net["softmax"][split[1]] for net in (audio, visual)])  # (2, test, C)
    return {
        "features": clip_svm.decide(alone, truth, split, svm=svm),
        "features after joint training": clip_svm.decide(whole["fc7"], truth, split, svm=svm),
        "mean of scores": scores.mean(axis=0).argmax(axis=1),
        "product of scores": np.log(scores + 1e-9).sum(axis=0).argmax(axis=1),
    }


def _protocol(prepared, chosen):
    clips = prepared_clips(prepared)
    splits = folds(clips, clips["corpus"].iloc[0], **asdict(chosen.protocol), seed=chosen.seed)
    return clips, splits, labels(clips, "emotion")


def _predicted(clips, splits, guesses):
    names = np.array(EMOTION_MODELS["emotion"])
    truth = labels(clips, "emotion")
    tables = [
        clips.loc[test, ["clip", "speaker"]].assign(
            fold=fold, true=names[truth[test]], predicted=names[guess]
        )
        for fold, ((_, test), guess) in enumerate(zip(splits, guesses, strict=True))
    ]
    return pd.concat(tables, ignore_index=True)
