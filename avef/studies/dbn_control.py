"""Decision C19: what the transferred layer of the DBN brings to a target (§2.2).

The DBN's lowest RBM is pre-trained on fc7 of the source corpora, and a target's goes on
from it. But fc7 of a target is initialised anew: which unit is which has been drawn by
lot. So the same start is given with its units in another order, and a start that has never
seen two units move together. What these keep of the head start is not knowledge of the
source corpora.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from avef.config.corpus import CorpusParams
from avef.config.schema import Params
from avef.core import parallel, paths, store
from avef.core.paths import Folders
from avef.learning import dataset, source_weights, unimodal
from avef.learning.grid import Cell
from avef.preparation.prepared import modalities
from avef.protocol import EMOTION_MODELS, folds

if TYPE_CHECKING:
    from avef.models.rbm import RBM

PAIR = ("emotion", 2)
KINDS = ("audio", "visual")
#: Epochs of contrastive divergence that a head start is told by.
EPOCHS = 3
COLUMNS = ["dataset", "fold", "start", "epoch", "error"]


def run(p: Params) -> pd.DataFrame:
    """How fast the lowest RBM of each target with pictures learns, from each start.

    What it learns is fc7 of the training speakers' segments, six emotions, case 2, from the
    networks of the first seed; no label is read. The cells of both networks and the transfer
    folders must be there.

    Returns
    -------
    DataFrame
        ``dataset``, ``fold``, ``start``, ``epoch`` (1…EPOCHS), ``error`` (see
        :class:`avef.models.rbm.RBM`).
    """
    shown = [c for c in p.corpora if "visual" in modalities(paths.prepared(c))]
    work = [(corpus, p.of(corpus)) for corpus in shown]
    title = "the DBN from other starts"
    tables = list(parallel.each(_errors, work, jobs=p.jobs.train, title=title))
    return pd.concat(tables) if tables else pd.DataFrame(columns=COLUMNS)


def exchanged(rbm: RBM, sizes: Sequence[int], rng: np.random.Generator) -> RBM:
    """The same RBM, its visible units in another order within each network's.

    Pre-training on units in that order would give the same, but for the random start.

    Parameters
    ----------
    sizes : sequence of int
        How many of the units, one after the other, are of each network.
    """
    blocks = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
    order = np.concatenate([rng.permutation(block) for block in blocks])
    other = copy(rbm)
    other.components_ = rbm.components_[:, order]
    other.visible_bias_ = rbm.visible_bias_[order]
    return other


def unrelated(features: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each column's values in an order of its own: (n, d) → (n, d).

    Every unit keeps its values; nothing is left of what units have to do with each other.
    """
    return rng.permuted(features, axis=0)


def head_starts(errors: pd.DataFrame) -> pd.DataFrame:
    """How much sooner each start reconstructs a target's fc7 than random weights do.

    Parameters
    ----------
    errors : DataFrame
        From :func:`run`.

    Returns
    -------
    DataFrame
        ``dataset``, ``start``, ``error`` (the mean over folds and epochs), ``head_start``
        (percent by which it is below that of the random start) and ``kept`` (that in
        percent of the transferred start's; none where that one has no head start).

    Examples
    --------
    >>> rows = [("rml", "random", 0.8), ("rml", "transferred", 0.6), ("rml", "other", 0.7)]
    >>> head_starts(pd.DataFrame(rows, columns=["dataset", "start", "error"]))
      dataset        start  error  head_start   kept
    0     rml       random    0.8         0.0    0.0
    1     rml  transferred    0.6        25.0  100.0
    2     rml        other    0.7        12.5   50.0
    """
    if errors.empty:
        return pd.DataFrame(columns=["dataset", "start", "error", "head_start", "kept"])
    table = errors.groupby(["dataset", "start"], sort=False)["error"].mean().unstack(sort=False)
    gained = 100 * (1 - table.div(table["random"], axis=0))
    kept = 100 * gained.div(gained["transferred"].where(gained["transferred"] > 0), axis=0)
    parts = {"error": table.round(4), "head_start": gained.round(2), "kept": kept.round(1)}
    columns = {name: part.stack(future_stack=True) for name, part in parts.items()}
    return pd.DataFrame(columns).reset_index()


def _errors(corpus, chosen):
    """The rows of :func:`run` of one target."""
    from avef.models.dbn import DBN, pretrained  # here, and not above: it brings TensorFlow

    folders = paths.folders(corpus)
    shape = chosen.networks.dbn
    lowest = replace(shape, hidden=shape.hidden[:1])
    stored = store.load(source_weights.verified(folders.transfer, PAIR[0]).dbn)
    transferred = DBN(shape.hidden, shape.visible).restore(stored).rbms_[0]
    cells = [source_weights.cell(folders.transfer, PAIR[0], kind) for kind in KINDS]
    sources = [store.load(cell)["fc7"] for cell in cells]
    sizes = [fc7.shape[1] for fc7 in sources]
    noise = unrelated(np.hstack(sources), np.random.default_rng(chosen.seed))
    blind = pretrained(noise, lowest, chosen.rbm, seed=chosen.seed).rbms_[0]
    short, rows = replace(chosen.rbm, epochs=EPOCHS), []
    for cell, fc7 in _fc7(folders, chosen):
        starts = {
            "random": [],
            "transferred": [transferred],
            "units shuffled": [exchanged(transferred, sizes, np.random.default_rng(cell.lot))],
            "values shuffled": [blind],
        }
        for name, start in starts.items():
            machine = pretrained(fc7, lowest, short, seed=cell.lot, initial=start).rbms_[0]
            told = enumerate(machine.errors_, start=1)
            rows += [(corpus, cell.fold, name, epoch, error) for epoch, error in told]
    return pd.DataFrame(rows, columns=COLUMNS)


def _fc7(folders: Folders, chosen: CorpusParams) -> Iterator[tuple[Cell, np.ndarray]]:
    """Each fold's [fc7 audio, fc7 visual] (n, d) of the training speakers' segments.

    Made anew by the trained networks: their cells hold the means over a clip alone, and
    with these an epoch would be one or two steps.
    """
    import keras  # here, and not above: only what trains loads TensorFlow

    from avef.learning import frozen, training
    from avef.models import networks

    data = dataset.load(folders.prepared, PAIR[1])
    corpus = data.clips["corpus"].iloc[0]
    start = source_weights.verified(folders.transfer, PAIR[0])
    compute = chosen.compute
    training.precise(compute.precision, deterministic=compute.deterministic)
    parts = {
        kind: frozen.kept(
            kind,
            data,
            start,
            nets=chosen.networks,
            keep=chosen.keep,
            classes=len(EMOTION_MODELS[PAIR[0]]),
            cache_gib=chosen.compute.cache_gib,
        )
        for kind in KINDS
    }
    numbers = keras.Input((), dtype="int32")
    both = [networks.features(part.own)(part.entry(numbers)) for part in parts.values()]
    model = keras.Model(numbers, keras.layers.Concatenate()(both))
    splits = folds(data.clips, corpus, **asdict(chosen.protocol), seed=chosen.seed)
    for fold, (train, _) in enumerate(splits):
        cell = Cell(*PAIR, chosen.seeds[0], fold)
        for kind, part in parts.items():
            part.own.load_weights(unimodal.trained_weights(kind, folders, cell))
        yield cell, training.outputs(model, [data.segments_of(train).astype(np.int32)])
