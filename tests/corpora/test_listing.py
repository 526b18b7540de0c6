"""What is kept of a raw corpus before any clip is decoded."""

import pandas as pd
import pytest

from avef.core import paths
from avef.core.errors import ClipError, ParameterError
from avef.corpora import listing


def describe(path):
    if path.name == "broken.avi":
        raise ClipError("not a video")
    facts = {"sample_rate": 22050, "channels": 2, "width": 720, "height": 480, "duration": 4.9}
    return facts | {"fps": 25.0 if path.name == "odd.avi" else 29.97}


def test_headers_that_cannot_be_read_are_rows_without_facts(monkeypatch):
    monkeypatch.setattr(listing.container, "describe", describe)
    clips = pd.DataFrame({"clip": list("abc"), "path": ["a.avi", "broken.avi", "odd.avi"]})
    facts = listing.media_facts(clips, "raw")
    assert facts["fps"].tolist()[::2] == [29.97, 25.0]
    assert facts.drop(columns="clip").iloc[1].isna().all()


def test_what_is_written_is_read_again_under_the_corpus_own_name(monkeypatch, tmp_path):
    monkeypatch.setattr(listing.container, "describe", describe)
    monkeypatch.chdir(tmp_path)
    for name in ("DC/a01", "DC/f02", "JE/n03"):
        (tmp_path / "raw" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "raw" / f"{name}.avi").touch()
    made = listing.write("mine", "raw", reader="savee")
    assert made.clips["corpus"].unique().tolist() == ["mine"]
    again = listing.read("mine")
    for one, two in zip(made, again, strict=True):
        pd.testing.assert_frame_equal(one, two, check_dtype=False)
    assert paths.clips("mine").is_file()


def test_a_corpus_that_is_not_there_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError, match="SAVEE is not in nowhere: .*obtain it"):
        listing.write("mine", "nowhere", reader="savee")
    assert not (tmp_path / "data").exists()
