"""Inputs that once failed, kept beside the repository, each against its right answer."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from avef import corpora
from avef.config import params
from avef.core import store
from avef.core.errors import ClipError, ParameterError
from avef.preparation import clips, media

ROOT = Path(__file__).resolve().parents[1]
#: One clip, told differently: how much later than the picture its sound is, seconds; the log-mel
#: frames that are right. A codec's first packet may add 23 ms of silence.
MEDIA = {
    "rot_90.mp4": (0.0, 226),
    "rot_180.mp4": (0.0, 226),
    "par_2_1.mp4": (0.0, 226),
    "portrait_half.mp4": (0.0, 226),
    "two_audio.mp4": (0.0, 226),
    "gap_aac.mp4": (0.0, 226),
    "late_audio.mkv": (0.4, 226),
    "short_audio.mkv": (0.0, 188),
}
DAMAGED = (
    "no_rate.wav",
    "no_stream_index.flv",
    "no_width.mp4",
    "unknown_video_codec.avi",
    "wide.mp4",
)
TABLES = ("labels_csv_error.csv", "labels_parse_error.xlsx", "wide.xlsx")
SCRIPTS = (
    "audio_gap.py",
    "default_audio.py",
    "edit_list.py",
    "empty_copy.py",
    "labels_csv.py",
    "labels_xlsx_dimension.py",
    "memory.py",
    "mpeg_start.sh",
    "pixel_aspect.py",
    "rotation.py",
    "unequal_lengths.py",
)


@pytest.fixture(scope="module")
def reference(shared_cases):
    return clips.prepare_clip(shared_cases / "media" / "ref.mp4")


def test_every_case_is_tested(shared_cases):
    assert {p.name for p in shared_cases.glob("media/*")} == {"ref.mp4", *MEDIA}
    tested = {*DAMAGED, *TABLES, "token_error.npz", "not_utf8.yaml"}
    assert {p.name for p in shared_cases.glob("fuzz/*")} == tested


def test_the_reference_is_what_it_is_said_to_be(reference):
    assert (len(reference.faces), len(reference.log_mel)) == (68, 226)
    assert reference.fps == pytest.approx(30)


@pytest.mark.parametrize("name", MEDIA)
def test_a_clip_told_differently_is_the_same_clip(shared_cases, reference, name):
    late, count = MEDIA[name]
    path = shared_cases / "media" / name
    clip = clips.prepare_clip(path)
    assert len(clip.log_mel) == pytest.approx(count, abs=3)
    assert [round(alike(*pair), 2) >= 0.9 for pair in faces(clip, reference)] == [True] * 68
    lag, likeness = heard_later(clip.log_mel, reference.log_mel, silent(path))
    assert likeness >= 0.95
    # Where the same sound is in the reference, the picture is the same one, but for ``late``.
    np.testing.assert_allclose(reference.times - clip.times + lag / 100, late, atol=0.0125)


def alike(one, other):
    return np.corrcoef(one.ravel().astype(float), other.ravel().astype(float))[0, 1]


def faces(clip, reference):
    return zip(clip.faces, reference.faces, strict=True)


def heard_later(log_mel, reference, gap):
    """By how many frames the same is heard later than in the reference, and how much the same."""
    likeness = {}
    for lag in range(-30, 31):
        t = np.arange(max(0, lag), min(len(log_mel), len(reference) + lag))
        t = t[~np.isin(t, gap)]
        likeness[lag] = alike(log_mel[t], reference[t - lag])
    return max(likeness.items(), key=lambda pair: pair[1])


def silent(path):
    """The log-mel frames of a gap in the sound, and those that touch it."""
    audio = media.read_audio(path)
    rate = audio.rate
    runs = re.finditer(rb"\0+", (np.abs(audio.samples[:, 0]) > 0).tobytes())
    spans = [run.span() for run in runs if run.end() - run.start() > 0.2 * rate]
    return [t for a, b in spans for t in range(int(100 * a / rate) - 6, int(100 * b / rate) + 6)]


def test_only_one_of_the_clips_has_a_gap(shared_cases):
    lengths = {name: len(silent(shared_cases / "media" / name)) for name in MEDIA}
    assert {name for name, length in lengths.items() if length} == {"gap_aac.mp4"}
    assert lengths["gap_aac.mp4"] == pytest.approx(30 + 12, abs=5)  # 0.3 s


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_media_end_as_the_clips_own_error(shared_cases, name):
    for reader in (media.describe, media.read_audio, media.read_video, clips.prepare_clip):
        try:
            reader(shared_cases / "fuzz" / name)
        except ClipError as error:
            assert str(error).startswith("the ")


def test_damaged_media_are_rows_with_a_reason(shared_cases, tmp_path):
    table = pd.DataFrame({"clip": [Path(name).stem for name in DAMAGED], "path": DAMAGED})
    fuzz = shared_cases / "fuzz"
    prepared, quarantine = clips.prepare_corpus(table, fuzz, tmp_path / "out", max_failures=1.0)
    assert len(prepared) == 0 and quarantine["path"].tolist() == list(DAMAGED)
    assert quarantine["reason"].str.startswith("the ").all()


@pytest.mark.parametrize(("corpus", "stem"), [("baum1s", "Annotations_BAUM1s"), ("table", "clips")])
@pytest.mark.parametrize("name", TABLES)
def test_damaged_tables_end_as_the_librarys_own_error(shared_cases, tmp_path, name, corpus, stem):
    source = shared_cases / "fuzz" / name
    shutil.copyfile(source, tmp_path / (stem + source.suffix))
    clip_names = set(re.findall(r"S\d{3}_\d{3}", source.read_bytes().decode("utf-16", "replace")))
    for clip in clip_names | {"S001_001"}:
        (tmp_path / f"{clip}.mp4").write_bytes(b"x")
    try:
        listed, left_out = corpora.clip_table(corpus, tmp_path)
    except ParameterError as error:
        assert str(tmp_path) in str(error)
    else:
        assert len(listed) > 60 and left_out["reason"].str.len().min() > 0


def test_a_damaged_array_and_damaged_parameters_are_named(shared_cases):
    with pytest.raises(ParameterError, match=r"token_error\.npz is missing or damaged"):
        store.load(shared_cases / "fuzz" / "token_error.npz")
    with pytest.raises(ParameterError, match=r"not_utf8\.yaml: not UTF-8"):
        params.read(shared_cases / "fuzz" / "not_utf8.yaml")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_passes(shared_cases, tmp_path, name):
    script = shared_cases / "scripts" / name
    if "ffmpeg" in script.read_text(encoding="utf-8") and not shutil.which("ffmpeg"):
        pytest.skip(f"NOT RUN: {name} makes its input with the program ffmpeg, which is not here")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    settings = {"PATH": path, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    run = subprocess.run(
        ["bash" if script.suffix == ".sh" else sys.executable, str(script)],
        cwd=ROOT,
        env=os.environ | settings | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    verdicts = re.findall("^(?:PASS|FAIL).*", run.stdout, re.MULTILINE)
    assert verdicts and not [line for line in verdicts if line.startswith("FAIL")], run.stderr
