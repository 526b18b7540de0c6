"""The learning stages on tiny made-up corpora, for tests that run them.

The arrays are noise with a bump whose place tells the emotion, so there is something to learn.
"""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
from tiny import KEEP, NETS

from avef.config.corpus import CorpusParams
from avef.config.schema import (
    Compute,
    Fusion,
    Protocol,
    Rbm,
    Schedule,
    Stop,
    Svm,
    Transfer,
)
from avef.core import paths
from avef.learning import clip_svm, fusion, grid, transfer, unimodal
from avef.preparation.prepared import PreparedClip, save_clip
from avef.protocol import EMOTION_MODELS, EMOTIONS

CORPORA = ("rml", "enterface05", "baum1s")
STOP = Stop(early=False, fraction=0.4, patience=1)
COMPUTE = Compute(
    precision="float32", xla=False, deterministic=True, cache_gib=1.0, checkpoint_seconds=1e9
)
SCHEDULE = Schedule(epochs=1, batch=16, learning_rate=0.005, momentum=0.9, clip_norm=None)
RBM = Rbm(epochs=1, batch=16, learning_rate=0.01, momentum=0.9, weight_decay=0.0002, cd_steps=1)
SVM = Svm(c=1.0, degree=3, gamma="scale", coef0=1.0, standardise=True)
TRANSFER = Transfer(**vars(replace(SCHEDULE, epochs=4)), case=2)
FUSION = Fusion(**vars(SCHEDULE), supervised_epochs=1)
GROUPS, SEED = 2, 3
CHOSEN = CorpusParams(
    seed=SEED,
    seeds=[SEED],
    protocol=Protocol(groups=GROUPS, sentences="any"),
    networks=NETS,
    keep=KEEP,
    stop=STOP,
    compute=COMPUTE,
    transfer=TRANSFER,
    audio_net=SCHEDULE,
    visual_net=SCHEDULE,
    rbm=RBM,
    dbn_fusion=FUSION,
    svm=SVM,
    unimodal_decision="svm",
)
STAGES = ("audio", "visual", "fusion")


def clip_of(emotion, rng):
    """140 audio frames and 36 faces, the first and last 20 frames without speech."""
    number = EMOTIONS.index(emotion)
    log_mel = rng.standard_normal((140, 64), np.float32)
    log_mel[:, 10 * number : 10 * number + 12] += 6
    faces = rng.integers(0, 60, (36, 16, 16, 3)).astype(np.uint8)
    faces[:, 2 * number : 2 * number + 5] += 190
    voiced = np.zeros(140, bool)
    voiced[20:120] = True
    times = np.arange(36) / 25
    return PreparedClip(log_mel, voiced, faces, np.ones(36, np.uint8), times, 25.0)


def write_corpus(folder, corpus, rng):
    rows = []
    for speaker in ("s1", "s2", "s3", "s4"):
        for emotion in EMOTIONS:
            name = f"{speaker}_{emotion}"
            save_clip(folder / f"{name}.npz", clip_of(emotion, rng))
            rows.append({"clip": name, "corpus": corpus, "speaker": speaker, "emotion": emotion})
    pd.DataFrame(rows).to_csv(folder / "clips.csv", index=False)


class Chain:
    """The learning stages of one target corpus, RML, in one folder."""

    def __init__(self, prepared, root):
        self.prepared, self.root = prepared, root
        self.target = prepared / "rml"
        self.transferred = root / "transfer"
        cells = (root / stage for stage in STAGES)
        self.folders = paths.Folders(self.target, self.transferred, *cells)

    def transfer(self, jobs=1, **changed):
        sources = [self.prepared / c for c in CORPORA[1:]]
        transfer.run(sources, self.folders, CHOSEN._replace(**changed), jobs=jobs)

    def unimodal(self, kind, schedule=SCHEDULE, jobs=1, **changed):
        chosen = CHOSEN._replace(**{f"{kind}_net": schedule}, **changed)
        unimodal.run(kind, self.folders, chosen, jobs=jobs)

    def fusion(self, schedule=FUSION, jobs=1, **changed):
        fusion.run(self.folders, CHOSEN._replace(dbn_fusion=schedule, **changed), jobs=jobs)

    def learn(self, jobs=1, **changed):
        self.unimodal("audio", jobs=jobs, **changed)
        self.unimodal("visual", jobs=jobs, **changed)
        self.fusion(jobs=jobs, **changed)

    def predictions(self, stage="fusion", decision="svm", **changed):
        feature = "features" if stage == "fusion" else "fc7"
        folder, chosen = self.root / stage, CHOSEN._replace(**changed)
        return clip_svm.predictions(self.target, folder, chosen, feature=feature, decision=decision)

    def copied(self, root):
        """The same, to go on with, in another folder."""
        shutil.copytree(self.root, root, dirs_exist_ok=True)
        return Chain(self.prepared, root)

    def files(self, *stages):
        """Bytes of every file of some stages, by path."""
        files = [p for s in stages or ("transfer", *STAGES) for p in (self.root / s).rglob("*.*")]
        return {str(p.relative_to(self.root)): p.read_bytes() for p in files}


def restricted(patch, pairs):
    models = {model: EMOTION_MODELS[model] for model, _ in pairs}
    patch.setattr(grid, "pairs", lambda: list(pairs))
    patch.setattr(transfer, "EMOTION_MODELS", models)
