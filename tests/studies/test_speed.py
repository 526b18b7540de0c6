"""Claims P1–P3: the measurements measure, on networks and clips that are small."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from avef.config import params, profiles
from avef.config.schema import Dbn, Net, Networks
from avef.studies import speed

ROOT = Path(__file__).resolve().parents[2]
SMALL = Net(1 / 32, 67, 0.3), Net(1 / 32, 16, 0.3), Dbn([16, 8], "gaussian", 0.0)
NETS = Networks(*SMALL, initial="he_normal", weight_decay=0.0)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    copy = shutil.copy(ROOT / "params.yaml", tmp_path_factory.mktemp("params"))
    profiles.apply("paper", copy, ROOT / "profiles")
    return replace(params.read(copy), networks=NETS)


def test_the_machine_is_named():
    assert "core" in speed.machine()


def test_training_takes_longer_with_more_epochs(settings, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # no prepared clips: the sizes are the published ones
    monkeypatch.setattr(speed.costs, "measure", lambda p, c: dict.fromkeys(parts_of(c), 1e12))
    hours = speed.training_hours(settings)
    assert hours["corpus"].tolist() == ["rml", "enterface05", "baum1s"]
    assert (hours["hours"] > 0).all()
    longer = {
        name: {c: replace(s, epochs=2 * s.epochs) for c, s in getattr(settings, name).items()}
        for name in ("audio_net", "visual_net", "dbn_fusion")
    }
    more = speed.training_hours(replace(settings, **longer))
    ratio = more["hours"] / hours["hours"]
    assert ((ratio > 1.1) & (ratio <= 2)).all()


def parts_of(costs):
    return [*costs, "rbm", "top", "whole"]


def test_a_clip_is_recognised_in_some_time(settings):
    assert 0 < speed.recognition_seconds(NETS, 16, settings.svm) < 60


def test_preparation_is_measured_on_real_clips(shared_data):
    clips = sorted((shared_data / "cremad/VideoFlash").glob("*.flv"))[:2]
    ratio = speed.preparation_ratio(clips, {"face_size": 48})
    assert 0 < ratio < 10
