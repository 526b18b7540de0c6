"""A tiny model of RML with random weights, in the files that the stages leave."""

import warnings
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from tiny import KEEP, NETS

from avef.config import params
from avef.core import paths, store
from avef.core.files import write_json
from avef.learning import fusion, grid, saved_model, source_weights
from avef.preparation import vad_net
from avef.preparation.prepared import PreparedClip
from avef.protocol import EMOTIONS
from avef.recognition import export, recogniser, source

ROOT = Path(__file__).resolve().parents[2]
SPEAKERS, SEED, SIDE = ("s1", "s2", "s3", "s4"), 3, 16


def sample_clip(seconds=1.4, seed=0, warnings=""):
    """Noise, of which the first and last 0.2 s are no speech."""
    rng, count = np.random.default_rng(seed), round(100 * seconds)
    voiced = np.ones(count, bool)
    voiced[:20] = voiced[-20:] = False
    faces = rng.integers(0, 256, (round(25 * seconds), SIDE, SIDE, 3)).astype(np.uint8)
    status = np.ones(len(faces), np.uint8)
    status[: len(faces) // 5] = 0
    log_mel = rng.standard_normal((count, 64)).astype(np.float32)
    times = np.arange(len(faces)) / 25
    return PreparedClip(log_mel, voiced, faces, status, times, 25.0, {"warnings": warnings})


@pytest.fixture(scope="session")
def make_clip():
    return sample_clip


@pytest.fixture(scope="session")
def model_files(tmp_path_factory):
    """Folders of a model; nobody writes here."""
    root = tmp_path_factory.mktemp("model")
    folders = SimpleNamespace(root=root, cells=root / "cells", transfer=root / "transfer")
    folders.prepared = root / "prepared"
    folders.prepared.mkdir()
    names = [(f"{s}_{e}", s, e) for s in SPEAKERS for e in EMOTIONS]
    folders.clips = pd.DataFrame(names, columns=["clip", "speaker", "emotion"])
    folders.clips = folders.clips.assign(path=folders.clips["clip"] + ".avi", corpus="rml")
    folders.clips.to_csv(folders.prepared / "clips.csv", index=False)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "__array__", DeprecationWarning)  # Keras' own
        _start(source_weights.start(folders.transfer, "emotion"), folders.transfer)
        for fold, heard in enumerate((SPEAKERS[:2], SPEAKERS[2:])):
            _fold(folders, fold, heard)
    with pytest.MonkeyPatch.context() as patch:
        patched(patch, folders)
        p = replace(params.read(), networks=NETS, keep=KEEP)
        saved_model.keep(replace(p, prepare=replace(p.prepare, face_size=SIDE)), "rml")
    return folders


def patched(patch, folders):
    patch.setattr(paths, "cells", lambda stage, corpus: folders.cells)
    patch.setattr(paths, "transferred", lambda corpus: folders.transfer)
    patch.setattr(paths, "prepared", lambda corpus: folders.prepared)
    patch.setattr(paths, "VAD", folders.prepared / "clips.csv")  # any file
    patch.chdir(ROOT)


@pytest.fixture(scope="session")
def loaded(model_files):
    """The model with its networks in memory."""
    with pytest.MonkeyPatch.context() as patch:
        patched(patch, model_files)
        model = recogniser.load("rml", share=0.5)
        assert model.calibration  # of the networks
        return model


@pytest.fixture(scope="session")
def exported(loaded, model_files, tmp_path_factory):
    """The same as a folder that travels, with a voice activity detector that hears."""
    folder = tmp_path_factory.mktemp("out") / "models" / "rml"
    with pytest.MonkeyPatch.context() as patch:
        patched(patch, model_files)
        patch.setattr(paths, "VAD", vad_net.shipped())
        place = source.Local(saved_model.Model("rml", loaded.params))
        model = recogniser.Recogniser(place, share=loaded.share)
        model.__dict__["ensemble"] = loaded.ensemble
        return export.write(model, folder)


@pytest.fixture
def model(loaded, model_files, monkeypatch):
    """The same, in its place."""
    patched(monkeypatch, model_files)
    return loaded


@pytest.fixture
def prediction(model):
    return model.recognise(sample_clip(), path="a/clip.mp4")


def _start(files, folder):
    from avef.learning import frozen

    files.audio.parent.mkdir(parents=True)
    for kind in fusion.KINDS:
        frozen.build(kind, NETS, 6).save_weights(getattr(files, kind))
    write_json(files.scaling, {"mean": [0.0, 0.0, 0.0], "std": [1.0, 1.0, 1.0]})
    cells = [source_weights.cell(folder, "emotion", kind) for kind in fusion.KINDS]
    for kind, cell in zip(fusion.KINDS, cells, strict=True):
        store.save(cell, "key", [getattr(files, kind), files.scaling])
    store.save(files.dbn, "key", cells, some=np.zeros(1))


def _fold(folders, fold, heard):
    """A fold: features of which the SVM makes something, a softmax that is right and too sure."""
    from avef.recognition import ensemble

    rng, clips = np.random.default_rng(fold), folders.clips
    _, deep = ensemble.build(NETS, KEEP, SIDE)
    truth = clips["emotion"].map(EMOTIONS.index).to_numpy()
    features = rng.standard_normal((len(clips), 4)) * 0.1 + np.eye(6, 4)[truth]
    softmax = np.full((len(clips), 6), 0.002) + 0.988 * np.eye(6)[rng.permutation(truth)]
    softmax[::2] = 0.002 + 0.988 * np.eye(6)[truth[::2]]
    learnt = clips["speaker"].isin(heard)
    whole = fusion.weights_file(folders.cells, fold)
    weights = {f"{number:03}": values for number, values in enumerate(deep.get_weights())}
    named = {"clips": clips["clip"][learnt].to_numpy(str), "classes": truth[learnt]}
    store.save(whole, f"key{fold}", **named, features=features[learnt], **weights)
    cell = grid.file(folders.cells, grid.Cell(*fusion.PREDICTS, SEED, fold))
    store.save(cell, f"key{fold}", [whole], features=features, softmax=softmax)
