"""Transfer among emotion corpora (§2.2): what a target's networks start from.

For each target corpus and emotion model, audio-net, visual-net and the DBN are
trained on the other two corpora. The target then keeps the shallow layers,
frozen, and trains the deep ones from scratch. A corpus of sound alone takes and
gives what an audio-net learns.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from avef.config.corpus import CorpusParams
from avef.core import parallel, store
from avef.core.errors import ParameterError
from avef.core.files import write_json
from avef.core.paths import Folders
from avef.learning import dataset, grid, lessons, source_weights
from avef.preparation.prepared import TABLE, modalities, prepared_clips
from avef.preparation.segments import NO_FACE
from avef.protocol import EMOTION_MODELS, labels

KINDS = ("visual", "audio")  # the longer one first


def run(
    sources: Sequence[str | Path], folders: Folders, chosen: CorpusParams, *, jobs: int = 1
) -> None:
    """Train on the source corpora for all emotion models; resume what was begun.

    Parameters
    ----------
    sources : paths of the prepared source corpora
    folders : Folders
        The target's: whether it has pictures is told by ``prepared``, and ``transfer`` is
        written.
    chosen : CorpusParams
        Of the target.
    jobs : int
        Worker processes; see :func:`avef.core.parallel.each`.

    Raises
    ------
    ParameterError
        If the target has pictures and no source has, or a source holds a recording of the
        target's.
    """
    out = folders.transfer
    _require_others(sources, folders.prepared)
    title = f"transfer to {out.name}"
    kinds = [kind for kind in KINDS if kind in modalities(folders.prepared)]
    for emotion_model, kind in product(EMOTION_MODELS, set(KINDS) - set(kinds)):
        source_weights.cell(out, emotion_model, kind).unlink(missing_ok=True)
    teachers = {k: [source for source in sources if k in modalities(source)] for k in kinds}
    for kind in kinds:
        if not teachers[kind]:
            names = ", ".join(Path(source).name for source in sources)
            raise ParameterError(
                f"corpora.{out.name}: its {kind}-net has nothing to start from, as sound alone "
                f"is all that there is of {names}; name another corpus with pictures"
            )
    wanted = [(emotion_model, chosen.transfer.case) for emotion_model in EMOTION_MODELS]
    chunks = grid.chunks(wanted, max(1, parallel.workers(jobs) // len(kinds)))
    work = [
        (kind, [emotion_model for emotion_model, _ in chunk], teachers[kind], out, chosen)
        for kind in kinds
        for chunk in chunks
    ]
    list(parallel.each(_train_nets, work, jobs=jobs, title=f"{title}, networks"))
    if len(kinds) > 1:
        pieces = [(emotion_model, out, chosen) for emotion_model in EMOTION_MODELS]
        list(parallel.each(_train_dbn, pieces, jobs=jobs, title=f"{title}, DBN"))


def curves(folder: str | Path) -> pd.DataFrame:
    """``emotion_model``, ``network``, ``epoch``, ``loss``, ``accuracy`` of a target's sources."""
    rows = []
    for emotion_model in EMOTION_MODELS:
        for kind in reversed(KINDS):
            cell = source_weights.cell(folder, emotion_model, kind)
            if not cell.is_file():  # the visual-net's, of sound alone
                continue
            curve = store.load(cell)["curve"]
            rows += [
                (emotion_model, f"{kind}-net", epoch, loss, accuracy)
                for epoch, (loss, accuracy, *_) in enumerate(curve.T, start=1)
            ]
    return pd.DataFrame(rows, columns=["emotion_model", "network", "epoch", "loss", "accuracy"])


def _require_others(sources, target):
    """Refuse a source with a recording of the target's: its speaker would be tested, too."""
    own = _recordings(target)
    for source in sources:
        if shared := own.keys() & _recordings(source).keys():
            name = Path(target).name
            raise ParameterError(
                f"corpora.{name}: {Path(source).name} holds {len(shared)} of its recordings, "
                f"such as {min(own[key] for key in shared)}, and must not be among the corpora "
                "that it starts from, as its speakers are tested; see transfer_from"
            )


def _recordings(prepared):
    """Clip by the key that its raw bytes decide."""
    clips = prepared_clips(prepared)
    return dict(zip(clips.get("key", ()), clips["clip"], strict=False))


class Piece(NamedTuple):
    """A network that is to be trained for an emotion model: its cell, key, and files beside."""

    emotion_model: str
    cell: Path
    files: source_weights.Start
    beside: list[Path]
    key: str


def _train_nets(kind, emotion_models, sources, out, chosen):
    """Train a network for emotion models of as many classes, which share its graph."""
    net, nets = chosen.net(kind), chosen.networks
    pieces = []
    for emotion_model in emotion_models:
        key = store.digest(
            (kind, emotion_model, net, nets.initial, nets.weight_decay),
            (chosen.transfer, chosen.stop),
            (chosen.compute.sums, chosen.seed),
            files=[Path(source) / TABLE for source in sources],
            code=__name__,
        )
        cell = source_weights.cell(out, emotion_model, kind)
        files = source_weights.start(out, emotion_model)
        beside = [getattr(files, kind)] + ([files.scaling] if kind == "audio" else [])
        if not grid.finished(cell, *beside, key=key):
            pieces.append(Piece(emotion_model, cell, files, beside, key))
    if pieces:
        _train(kind, pieces, dataset.load_all(sources, chosen.transfer.case), chosen)


def _train(kind, pieces, data, chosen):
    import keras  # here, and not above: only what trains loads TensorFlow

    from avef.learning import frozen, training
    from avef.models import inputs, networks

    schedule, nets = chosen.transfer, chosen.networks
    for piece in pieces:
        grid.begin(piece.cell)
        if kind == "audio":
            write_json(piece.files.scaling, inputs.mel_scaling(data.log_mel, data.audio))
    compute = chosen.compute
    training.precise(compute.precision, deterministic=compute.deterministic)
    full = frozen.build(kind, nets, len(EMOTION_MODELS[pieces[0].emotion_model]))
    rows, frames = frozen.seen(kind, data)
    source = frozen.source(kind, frames, chosen.net(kind).input_size, start=pieces[0].files)
    segments = keras.Input((), dtype="int32")
    given = source(inputs.Table(rows)(segments))
    model = keras.Model(segments, full(given))
    training.scheduled(model, schedule, weight_decay=nets.weight_decay, xla=chosen.compute.xla)
    fc7 = keras.Model(segments, networks.features(full)(given))
    # What the DBN joins is of segments that both networks have.
    seen = np.flatnonzero(data.images[:, 0] != NO_FACE).astype(np.int32)
    split = np.arange(len(data.clips)), np.array([], int)  # nobody is tested here
    for emotion_model, cell, files, beside, key in pieces:
        target = labels(data.clips, emotion_model)[data.clip]
        lesson = lessons.lesson(data, target, split, stop=chosen.stop, seed=chosen.seed)
        training.restart(model, full.layers, chosen.seed)
        curve = training.fit(
            model,
            lesson.rows,
            lesson.labels,
            epochs=schedule.epochs,
            batch=schedule.batch,
            seed=chosen.seed,
            held=lesson.held,
            checkpoint=grid.checkpoint(cell, key, chosen.compute.checkpoint_seconds),
        )
        source_weights.keep(full, getattr(files, kind))
        shape = (0, fc7.output_shape[1])
        features = training.outputs(fc7, [seen]) if len(seen) else np.zeros(shape, np.float32)
        arrays = {"fc7": features, "curve": curve.to_numpy()[:, 1:].T}
        grid.save(cell, key, beside, **arrays, **lessons.heard(data, lesson))


def _train_dbn(emotion_model, out, chosen):
    path = source_weights.start(out, emotion_model).dbn
    cells = [source_weights.cell(out, emotion_model, kind) for kind in ("audio", "visual")]
    shape, seed = chosen.networks.dbn, chosen.seed
    made_from = [store.key_of(cell) for cell in cells]
    key = store.digest(made_from, shape.hidden, shape.visible, chosen.rbm, seed, code=__name__)
    if store.has(path, key, cells):
        return

    from avef.models import dbn

    fc7 = np.hstack([store.load(cell)["fc7"] for cell in cells])
    made = dbn.pretrained(fc7, shape, chosen.rbm, seed=seed).arrays()
    store.save(path, key, cells, **made)
