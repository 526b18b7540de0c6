"""What is kept of a raw corpus before any clip is decoded."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from avef.cli import main
from avef.core import paths
from avef.core.errors import ClipError, ParameterError
from avef.corpora import listing
from avef.preparation.child import Limits
from avef.preparation.prepared import AUDIO, AUDIO_VISUAL

ROOT = Path(__file__).resolve().parents[2]


def describe(path, limits):
    if path.name == "broken.avi":
        raise ClipError("not a video")
    facts = {"sample_rate": 22050, "channels": 2, "width": 720, "height": 480, "duration": 4.9}
    return facts | {"fps": 25.0 if path.name == "odd.avi" else 29.97}


def test_headers_that_cannot_be_read_are_rows_without_facts(monkeypatch):
    monkeypatch.setattr(listing.media, "describe", describe)
    clips = pd.DataFrame({"clip": list("abc"), "path": ["a.avi", "broken.avi", "odd.avi"]})
    facts = listing.media_facts(clips, "raw")
    assert facts["fps"].tolist()[::2] == [29.97, 25.0]
    assert facts.drop(columns="clip").iloc[1].isna().all()


def test_files_that_would_never_end_are_rows_without_facts(tmp_path):
    os.mkfifo(tmp_path / "a.avi")
    (tmp_path / "b.avi").symlink_to("/dev/zero")
    clips = pd.DataFrame({"clip": list("ab"), "path": ["a.avi", "b.avi"]})
    facts = listing.media_facts(clips, tmp_path)
    assert facts["clip"].tolist() == ["a", "b"]
    assert facts.drop(columns="clip").isna().all(axis=None)


def test_files_beyond_the_limits_are_rows_without_facts(tmp_path, write_media):
    write_media(tmp_path / "a.wav", samples=np.zeros((8000, 1)))
    clips = pd.DataFrame({"clip": ["a"], "path": ["a.wav"]})
    limits = (Limits(), Limits(max_file_gib=1e-9))
    facts = [listing.media_facts(clips, tmp_path, each) for each in limits]
    assert [each["sample_rate"].count() for each in facts] == [1, 0]


@pytest.mark.parametrize(("limit", "rate"), [("16.0", "16000"), ("0.000001", "")])
def test_the_command_keeps_to_the_limits_of_the_parameters(
    tmp_path, monkeypatch, write_media, limit, rate
):
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    text = text.replace("{root: data/demo/rml}", "{root: raw, reader: emodb}")
    text = text.replace("max_file_gib: 16.0", f"max_file_gib: {limit}")
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "raw").mkdir()
    write_media(tmp_path / "raw/03a01Fa.wav", samples=np.zeros((16_000, 1)))
    monkeypatch.chdir(tmp_path)
    assert main(["clips", "rml"]) == 0
    assert paths.clips("rml").with_name("files.csv").read_text().split(",")[-6] == rate


def test_what_is_written_is_read_again_under_the_corpus_own_name(monkeypatch, tmp_path):
    monkeypatch.setattr(listing.media, "describe", describe)
    monkeypatch.chdir(tmp_path)
    for name in ("DC/a01", "DC/f02", "JE/n03"):
        (tmp_path / "raw" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "raw" / f"{name}.avi").touch()
    made = listing.write("mine", "raw", reader="savee")
    assert made.clips["corpus"].unique().tolist() == ["mine"]
    again = listing.read("mine", "nowhere")
    for one, two in zip(made, again, strict=True):
        pd.testing.assert_frame_equal(one, two, check_dtype=False)
    paths.clips("mine").with_name("files.csv").unlink()  # cut off while it was written
    anew = listing.read("mine", "raw", reader="savee")
    pd.testing.assert_frame_equal(anew.clips, made.clips)
    assert paths.clips("mine").is_file()


def test_a_corpus_that_is_not_there_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError, match="SAVEE is not in nowhere: .*obtain it"):
        listing.write("mine", "nowhere", reader="savee")
    assert not (tmp_path / "data").exists()


def table(**columns):
    return pd.DataFrame({"emotion": "fear", "kind": AUDIO_VISUAL} | columns)


def heard(clips, width):
    facts = pd.DataFrame({"clip": clips["clip"], "sample_rate": 48_000.0, "width": width})
    return listing.Listing(clips, pd.DataFrame(columns=["path", "reason"]), facts)


def test_a_film_without_pictures_is_sound_alone():
    """By its header, whatever its name says; a file that cannot be opened keeps its kind."""
    clips = table(clip=list("ab"), path=["a.mp4", "b.mp4"])
    made = listing.of_one_kind(heard(clips, [None, None]))
    assert made.clips["kind"].tolist() == [AUDIO] * 2
    assert made.left_out.empty
    closed = heard(clips, [None, 640])
    closed.files.loc[0, "sample_rate"] = None
    assert listing.of_one_kind(closed).clips["kind"].tolist() == [AUDIO_VISUAL] * 2


def test_a_damaged_film_does_not_cost_a_corpus_of_sound_its_clips():
    """Its suffix alone says that it has pictures; it is quarantined when it is prepared."""
    listed = heard(table(clip=list("abc"), path=["a.mp4", "b.mp4", "c.wav"]), None)
    listed.files.loc[0, "sample_rate"] = None
    listed.clips.loc[2, "kind"] = AUDIO
    made = listing.of_one_kind(listed)
    assert made.clips["kind"].tolist() == [AUDIO] * 3
    assert made.left_out.empty


def test_where_some_have_pictures_the_others_are_left_out():
    clips = table(clip=list("abc"), path=["a.mp4", "b.wav", "c.mp4"])
    clips.loc[1, "kind"] = AUDIO
    made = listing.of_one_kind(heard(clips, [640, None, 640]))
    assert made.clips["clip"].tolist() == made.files["clip"].tolist() == ["a", "c"]
    assert made.left_out["path"].tolist() == ["b.wav"]
    assert "sound alone" in made.left_out["reason"][0]


def test_emotions_that_the_paper_lacks_are_left_out_with_the_reason():
    clips = table(clip=list("ab"), path=["a.wav", "b.wav"], emotion=["boredom", "anger"])
    made = listing.of_the_six(heard(clips, None))
    assert made.clips["clip"].tolist() == made.files["clip"].tolist() == ["b"]
    assert made.left_out.values.tolist() == [["a.wav", "emotion boredom is not one of the six"]]
