"""A raw clip becomes a prepared clip, or a row that says why not; and nothing is done twice."""

import errno
import hashlib
import os
import re
import shutil
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
from disturbed import full_disk, handles_left, kills, read_only
from recordings import hurt, laid, record, remuxed

from avef.config import params
from avef.core import files
from avef.core.errors import ClipError, ParameterError
from avef.preparation import child, clips, faces, pictures, sound, speech
from avef.preparation.prepared import prepared_clips
from avef.preparation.segments import segment_clip
from avef.preparation.summary import summary

ROOT = Path(__file__).resolve().parents[2]
SMALL = {"face_size": 16}


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """A demo clip of somebody who speaks: its file, frames (25 fps) and 16 kHz samples."""
    pytest.importorskip("espeakng_loader", reason="the demo speaks with espeak-ng")
    from avef.demo import Form, Script, make_clip

    path = tmp_path_factory.mktemp("raw") / "clip.avi"
    script = Script(seconds=(1.2, 1.5), ambiguity=0)
    form = Form(size=(160, 120), sample_rate=16_000)
    make_clip(path, emotion="happiness", identity=3, seed=5, script=script, form=form)
    return path, pictures.read_video(path).frames, sound.read_audio(path).samples


@pytest.fixture(scope="module")
def usual(raw):
    return clips.prepare_clip(raw[0], **SMALL)


def test_a_clip_becomes_arrays_on_one_clock(raw, usual):
    _, frames, samples = raw
    assert usual.log_mel.shape == (speech.frame_count(len(samples)), 64)
    assert usual.voiced.shape == (len(usual.log_mel),)
    assert usual.faces.shape == (len(frames), 16, 16, 3)
    assert usual.faces.dtype == np.uint8
    assert (usual.face_status != faces.NONE).mean() >= 0.95
    assert usual.fps == pytest.approx(25)
    np.testing.assert_allclose(usual.times, np.arange(len(frames)) / 25)
    expected = speech.log_mel(speech.pre_emphasis(samples[:, 0]))
    np.testing.assert_allclose(usual.log_mel, expected, atol=1e-4)


def test_weights_lie_in_the_middle_of_their_frames(raw, monkeypatch):
    """Speech in 0.5…1.0 s: the frames whose middle, 10 t + 12.5 ms, lies in it."""

    def spoken(y, method, weights):
        hops = np.arange(len(y) // 160)
        return ((hops >= 50) & (hops < 100)).astype(np.float32)

    monkeypatch.setattr(clips.vad, "speech_probability", spoken)
    voiced = clips.prepare_clip(raw[0], **SMALL).voiced
    assert np.flatnonzero(voiced).tolist() == list(range(49, 99))


@pytest.mark.parametrize(
    ("rate", "channels", "fps"),
    [
        (8000, 1, 12),
        (96_000, 2, 15),
        (22_050, 3, 24),
        (44_100, 4, 29.97),
        (48_000, 5, 50),
        (11_025, 6, 60),
    ],
)
def test_any_rate_channels_and_fps_give_the_same_clip(
    raw, usual, tmp_path, write_media, rate, channels, fps
):
    _, frames, samples = raw
    seconds = len(samples) / 16_000
    shown = np.minimum(np.arange(round(seconds * fps)) / fps * 25, len(frames) - 1).astype(int)
    at = np.arange(round(seconds * rate)) / rate * 16_000
    heard = np.interp(at, np.arange(len(samples)), samples[:, 0])[:, None].repeat(channels, 1)
    path = write_media(
        tmp_path / "höre & siehe.avi", frames=frames[shown], fps=fps, samples=heard, rate=rate
    )
    clip = clips.prepare_clip(path, **SMALL)
    count = min(len(clip.voiced), len(usual.voiced))
    assert abs(len(clip.voiced) - len(usual.voiced)) <= 1
    assert (clip.voiced[:count] == usual.voiced[:count]).mean() > 0.9
    assert (
        np.corrcoef(clip.log_mel[:count, :20].ravel(), usual.log_mel[:count, :20].ravel())[0, 1]
        > 0.95
    )
    assert len(clip.faces) == len(shown)
    assert clip.fps == pytest.approx(fps, rel=2e-3)
    one, two = (segment_clip(clip.voiced, clip.times, clip.fps, case=case) for case in (1, 2))
    assert len(one.audio) >= len(two.audio) >= 1
    same = clip.faces[one.faces[0]].astype(int) - usual.faces[_first_faces(usual)]
    assert np.abs(same).mean() < 20  # the same person, at about the same time


def _first_faces(clip):
    return segment_clip(clip.voiced, clip.times, clip.fps, case=1).faces[0]


def test_a_clip_of_300_ms_makes_one_segment(raw, tmp_path, write_media):
    _, frames, samples = raw
    loud = int(np.convolve(samples[:, 0] ** 2, np.ones(4800), "valid").argmax())
    path = write_media(tmp_path / "s.avi", frames=frames[:8], samples=samples[loud:][:4800])
    clip = clips.prepare_clip(path, **SMALL)
    for case in (1, 2):
        cut = segment_clip(clip.voiced, clip.times, clip.fps, case=case)
        assert (cut.audio.shape, cut.faces.shape) == ((1, 64), (1, 16))


def test_audio_that_starts_late_is_aligned(raw, tmp_path, write_media):
    _, frames, samples = raw
    path = write_media(tmp_path / "l.mkv", frames=frames, samples=samples, delay=0.12)
    times = clips.prepare_clip(path, **SMALL).times
    np.testing.assert_allclose(times, np.arange(len(frames)) / 25 - 0.12, atol=2e-3)


def test_a_turned_and_squeezed_face_beside_late_sound_is_the_same_clip(raw, usual, tmp_path):
    """Damaged in one picture, too: of the others, each has its face, and its time in the sound."""
    _, frames, samples = raw
    look = {"codec": "libx264", "pix_fmt": "yuv444p", "options": {"crf": "1", "bf": "0"}}
    path = record(
        tmp_path / "whole.mkv",
        tracks=[0 * samples[:, 0], samples[:, 0]],
        default=1,
        images=laid(frames, 270, True, 4 / 3),
        look=look | {"turn": (270, True, False), "aspect": "4/3"},
        late=0.12,
    )
    path = remuxed(path, tmp_path / "clip.mkv", hurt([20]))
    clip = clips.prepare_clip(path, **SMALL)
    kept = np.delete(np.arange(len(frames)), 20)
    np.testing.assert_allclose(clip.times, kept / 25 - 0.12, atol=2e-3)
    pairs = zip(clip.faces, usual.faces[kept], strict=True)
    assert min(np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairs) > 0.9
    np.testing.assert_allclose(clip.log_mel, usual.log_mel, atol=0.01)
    assert clip.seen["audio_stream"] == "2 of 2"
    assert clip.seen["warnings"] == "damaged packets of pictures: 1, left out"


def test_frames_without_a_face_are_cropped_where_the_nearest_one_is(raw, monkeypatch):
    path, frames, _ = raw
    seen = np.ones(len(frames), bool)
    seen[[0, 1, 10, 11, 12]] = False
    corners = np.stack([np.arange(len(frames)) + 20, np.full(len(frames), 30)], -1)[:, None]
    points = corners + [[0, 0], [40, 0], [20, 20], [0, 40], [40, 40]]
    track = faces.FaceTrack(
        np.where(seen[:, None, None], points, np.nan), None, None, seen.astype(np.uint8)
    )
    monkeypatch.setattr(clips.faces, "track", lambda frames, every: track)
    clip = clips.prepare_clip(path, **SMALL)
    boxes = faces.face_box(track.points, margin=0.6)
    for here, there in ((0, 2), (1, 2), (10, 9), (11, 9), (12, 13), (20, 20)):
        expected = faces.crop(frames[here], boxes[there], 16)
        np.testing.assert_array_equal(clip.faces[here], expected)


def test_what_cannot_be_used_has_a_plain_reason(raw, tmp_path, write_media):
    path, frames, samples = raw
    faceless = np.random.default_rng(0).integers(0, 256, frames.shape, np.uint8)
    write_media(tmp_path / "silent.avi", frames=frames, samples=0 * samples)
    write_media(tmp_path / "short.avi", frames=frames[:1], samples=samples[:300])
    write_media(tmp_path / "mute.avi", frames=frames)
    write_media(tmp_path / "blind.avi", samples=samples)
    write_media(tmp_path / "faceless.avi", frames=faceless, samples=samples)
    write_media(tmp_path / "whole.avi", frames=frames, samples=samples)
    half = (tmp_path / "whole.avi").read_bytes()[: path.stat().st_size // 2]
    (tmp_path / "cut.avi").write_bytes(half)
    (tmp_path / "empty.avi").touch()
    (tmp_path / "text.avi").write_text("not a film")
    reasons = {
        "silent": "no speech was found",
        "short": "lasts 19 ms, less than a frame",
        "mute": "no audio stream",
        "blind": "no video stream",
        "faceless": f"a face in 0 of {len(frames)} frames; 50% are needed",
        "cut": "truncated",
        "empty": "empty",
        "text": "cannot be opened",
        "none": "missing",
    }
    for name, reason in reasons.items():
        with pytest.raises(ClipError, match=reason):
            clips.prepare_clip(tmp_path / f"{name}.avi", **SMALL)
    with pytest.raises(ClipError, match="a face in 0"):
        clips.prepare_clip(tmp_path / "faceless.avi", min_face_share=0.0, **SMALL)


@pytest.mark.parametrize(
    ("delay", "count", "said"),
    [
        (0.0, 12, "sound from 0.00 to {end:.2f} s and pictures from 0.00 to 0.48 s share 0.48 s"),
        (
            1.0,
            None,
            "sound from 0.00 to {end:.2f} s and pictures from -1.00 to {shown:.2f} s share",
        ),
    ],
)
def test_sound_and_pictures_of_different_times_are_refused(
    raw, tmp_path, write_media, delay, count, said
):
    _, frames, samples = raw
    frames = frames[:count]
    path = write_media(tmp_path / "a.mkv", frames=frames, samples=samples, delay=delay)
    told = said.format(end=len(samples) / 16_000, shown=len(frames) / 25 - delay)
    with pytest.raises(ClipError, match=f"{re.escape(told)}.*less than 80% of the longer"):
        clips.prepare_clip(path, **SMALL)


def test_options_of_reading_reach_the_decoder(raw):
    for options, reason in (
        ({"audio_stream": 2}, "no audio stream 2"),
        ({"max_seconds": 0.5}, "prepare.max_seconds = 0.5"),
    ):
        with pytest.raises(ClipError, match=reason):
            clips.prepare_clip(raw[0], hearing=sound.Reading(**options))


def test_settings_hand_on_every_option(tmp_path):
    section = params.read(ROOT / "params.yaml").prepare
    assert clips.settings(section, "")["hearing"] == sound.USUAL
    section = replace(section, vad="none", face_margin=0.25, audio_stream=2)
    settings = clips.settings(section, tmp_path / "vad.npz")
    options = set(clips.inspect.signature(clips.prepare_clip).parameters) - {"path"}
    assert set(settings) == options
    assert settings["vad_method"] == "none"
    assert settings["face_margin"] == 0.25
    assert settings["hearing"] == sound.USUAL._replace(audio_stream=2)


def test_save_and_load(usual, tmp_path):
    clips.save_clip(tmp_path / "c.npz", usual, "key")
    loaded = clips.load_clip(tmp_path / "c.npz")
    for one, two in zip(loaded[:-1], usual[:-1], strict=True):
        np.testing.assert_array_equal(one, two)
    assert loaded.seen == usual.seen
    assert loaded.seen["audio_rate"] == 16_000
    assert [p.name for p in tmp_path.iterdir()] == ["c.npz"]


def test_a_failed_write_leaves_the_file_as_it_was(usual, tmp_path):
    class Unwritable:
        def __array__(self, *_, **__):
            raise OSError("the disk is full")

    clips.save_clip(tmp_path / "c.npz", usual)
    before = hashes(tmp_path)
    with pytest.raises(OSError, match="disk is full"):
        clips.save_clip(tmp_path / "c.npz", usual._replace(times=Unwritable()))
    assert hashes(tmp_path) == before


# A corpus: real clips once, then files of text with a stand-in for prepare_clip.


def hashes(folder):
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p: (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime_ns) for p in files}


def table(*names):
    return pd.DataFrame({"clip": names, "corpus": "rml", "path": [f"{n}.avi" for n in names]})


def test_broken_clips_are_quarantined_and_the_others_go_on(raw, tmp_path):
    root, out = tmp_path / "roh daten", tmp_path / "prepared"
    root.mkdir()
    whole = raw[0].read_bytes()
    contents = {"a": b"", "b": whole, "c": whole[: len(whole) // 2], "d": whole}
    for name, content in contents.items():
        (root / f"{name}.avi").write_bytes(content)
    before = hashes(root)
    names = table("a", "b", "c", "d", "e")
    good, bad = clips.prepare_corpus(names, root, out, max_failures=0.6, **SMALL)
    assert hashes(root) == before
    assert good["clip"].tolist() == ["b", "d"]
    assert bad["clip"].tolist() == ["a", "c", "e"]
    assert bad["path"].tolist() == ["a.avi", "c.avi", "e.avi"]
    assert set(bad["stage"]) == {"prepare"}
    reasons = ("empty", "truncated", "No such file")
    assert all(r in text for r, text in zip(reasons, bad["reason"], strict=True))
    assert good["frames"].tolist() == [len(raw[1])] * 2
    assert pd.api.types.is_integer_dtype(good["frames"])
    pd.testing.assert_frame_equal(pd.read_csv(out / "clips.csv", keep_default_na=False), good)
    pd.testing.assert_frame_equal(pd.read_csv(out / "quarantine.csv"), bad)
    names = sorted(p.name for p in out.iterdir())
    assert names == ["SHA256SUMS", "b.npz", "clips.csv", "d.npz", "quarantine.csv"]

    told = summary(out, good, bad)
    clip = clips.load_clip(out / "b.npz")
    assert (told["clips"], told["quarantined"]) == (2, 3)
    for case in (1, 2):
        cut = segment_clip(clip.voiced, clip.times, clip.fps, case=case)
        assert told[f"segments_case{case}"] == 2 * len(cut.audio)
    assert told["voiced_percent"] == pytest.approx(100 * clip.voiced.mean(), abs=0.01)
    assert told["minutes"] == pytest.approx(2 * len(clip.log_mel) / 6000, abs=0.01)


def test_what_was_seen_stands_in_the_row_and_is_the_same_when_resumed(
    raw, tmp_path, write_media, monkeypatch
):
    _, frames, samples = raw
    both = np.concatenate([samples, 0 * samples], axis=1)
    write_media(tmp_path / "a.avi", frames=frames, samples=both)
    (tmp_path / "b.avi").write_bytes(raw[0].read_bytes())
    work = table("a", "b"), tmp_path, tmp_path / "out"
    first, _ = clips.prepare_corpus(*work, **SMALL)
    told = clips.load_clip(tmp_path / "out" / "a.npz").seen
    assert first.loc[0, list(told)].to_dict() == told
    assert told["warnings"] == "silent: channel 2 of 2; the mean has less level"
    assert (told["audio_channels"], told["audio_stream"], told["picture_offset"]) == (
        2,
        "1 of 1",
        0,
    )
    assert first["warnings"].tolist() == [told["warnings"], ""]
    monkeypatch.setattr(clips, "prepare_clip", None)
    again, _ = clips.prepare_corpus(*work, **SMALL)
    pd.testing.assert_frame_equal(first, again)


def test_damaged_pictures_stand_in_the_row_or_are_its_reason(raw, tmp_path):
    for name, which in (("few", [7, 8]), ("many", range(5, 20))):
        remuxed(raw[0], tmp_path / f"{name}.avi", hurt(which))
    seeing = pictures.USUAL._replace(max_damage=0.08)
    work = table("few", "many"), tmp_path, tmp_path / "out"
    kept, left = clips.prepare_corpus(*work, max_failures=0.5, seeing=seeing, **SMALL)
    count = len(raw[1])
    assert kept["clip"].tolist() == ["few"] and kept.loc[0, "frames"] == count - 2
    assert kept.loc[0, "video_damaged"] == 2
    assert kept.loc[0, "warnings"] == "damaged packets of pictures: 2, left out"
    assert left["reason"].tolist() == [
        f"the video stream is damaged: 15 of {count} packets do not decode, "
        "more than prepare.max_damage = 8.0% allows"
    ]


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    """Five files of text and a quick prepare_clip: (run, calls, out)."""
    root, out, calls = tmp_path / "raw", tmp_path / "out", []
    root.mkdir()
    for name in "abcde":
        (root / f"{name}.avi").write_text(name)

    def quick(path, *, face_size=8):
        calls.append(path.stem)
        text = path.read_text()
        if text == "killed":
            raise KeyboardInterrupt
        if text == "broken":
            raise ClipError("it is broken")
        pixels = np.full((4, face_size, face_size, 3), ord(text), np.uint8)
        mel = np.zeros((50, 64), np.float32)
        return clips.PreparedClip(
            mel, np.ones(50, bool), pixels, np.ones(4, np.uint8), np.arange(4) / 25, 25.0
        )

    def run(names="abcde", **options):
        calls.clear()
        result = clips.prepare_corpus(table(*names), root, out, **options)
        return *result, list(calls)

    monkeypatch.setattr(clips, "prepare_clip", quick)
    return run, root, out


def inodes(out):
    return {p.name: (p.stat().st_ino, p.stat().st_mtime_ns) for p in out.glob("*.npz")}


def test_a_second_run_does_nothing_again(corpus):
    run, _, out = corpus
    first, _, calls = run()
    assert calls == list("abcde")
    before = inodes(out)
    second, _, calls = run()
    assert calls == []
    assert inodes(out) == before
    pd.testing.assert_frame_equal(first, second)


def test_a_changed_setting_redoes_all(corpus):
    run, _, out = corpus
    run()
    before = inodes(out)
    assert run(face_size=12)[2] == list("abcde")
    assert clips.load_clip(out / "a.npz").faces.shape[1] == 12
    assert not set(inodes(out).values()) & set(before.values())


def test_a_changed_clip_is_redone_alone(corpus):
    run, root, out = corpus
    run()
    (root / "c.avi").write_text("C")
    assert run()[2] == ["c"]
    assert clips.load_clip(out / "c.npz").faces[0, 0, 0, 0] == ord("C")


def test_a_killed_run_goes_on_where_it_stopped(corpus):
    run, root, out = corpus
    (root / "d.avi").write_text("killed")
    with pytest.raises(KeyboardInterrupt):
        run()
    assert not (out / "clips.csv").exists()
    (root / "d.avi").write_text("d")
    good, bad, calls = run()
    assert calls == ["d", "e"]
    assert (len(good), len(bad)) == (5, 0)


def flipped(content, at):
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"text",
        lambda content: content[: len(content) // 2],
        lambda content: flipped(content, content.index(b"faces.npy") + 300),  # a pixel
        lambda content: flipped(content, content.rindex(b"log_mel.npy") - 35),  # zip's method
        lambda content: content.replace(b"voiced.npy", b"voidec.npy"),
    ],
)
def test_a_corrupted_file_is_redone(corpus, damage):
    run, _, out = corpus
    run()
    whole = (out / "b.npz").read_bytes()
    (out / "b.npz").write_bytes(damage(whole))
    assert (out / "b.npz").read_bytes() != whole
    assert run()[2] == ["b"]
    assert (out / "b.npz").read_bytes() == whole


def test_the_table_is_vouched_for_and_written_anew(corpus):
    run, _, out = corpus
    first, _, _ = run()
    assert prepared_clips(out)["clip"].tolist() == first["clip"].tolist()
    whole = (out / "clips.csv").read_bytes()
    (out / "clips.csv").write_bytes(flipped(whole, len(whole) // 2))
    with pytest.raises(ParameterError, match="not what SHA256SUMS lists"):
        prepared_clips(out)
    run()
    assert (out / "clips.csv").read_bytes() == whole
    prepared_clips(out)


def test_what_is_no_clip_any_more_is_removed(corpus):
    run, root, out = corpus
    run()
    (out / ".123.x.npz").write_bytes(b"left by a killed run")
    (root / "b.avi").write_text("broken")
    run("abcd", max_failures=0.25)
    assert set(inodes(out)) == {"a.npz", "c.npz", "d.npz"}


def test_too_many_failures_stop_the_run(corpus):
    run, root, out = corpus
    for name in "bd":
        (root / f"{name}.avi").write_text("broken")
    with pytest.raises(ParameterError) as error:
        run(max_failures=0.39)
    for part in ("2 of 5", "prepare.max_failures = 39%", "quarantine.csv", "it is broken"):
        assert part in str(error.value)
    assert pd.read_csv(out / "quarantine.csv")["clip"].tolist() == ["b", "d"]
    assert not (out / "clips.csv").exists()
    good, _, calls = run(max_failures=0.4)
    assert good["clip"].tolist() == ["a", "c", "e"]
    assert calls == ["b", "d"]  # what is done stays done


REAL = [
    f"cremad/VideoFlash/1001_DFA_{e}_XX.flv" for e in ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")
]
REAL += [f"grid/{name}.mpg" for name in ("bbaf2n", "brbk7n", "lbax4n", "lbbc2a", "lrwp9a")]


@pytest.mark.parametrize("name", REAL)
def test_real_recordings_can_be_prepared(shared_data, name):
    path = shared_data / name
    clip = clips.prepare_clip(path, **SMALL)
    with av.open(str(path)) as container:
        count = sum(1 for _ in container.decode(video=0))
    assert len(clip.faces) == len(clip.times) == len(clip.face_status) == count
    assert (clip.face_status != faces.NONE).mean() >= 0.95
    assert 0.2 < clip.voiced.mean() < 1
    one, two = (segment_clip(clip.voiced, clip.times, clip.fps, case=case) for case in (1, 2))
    assert len(one.audio) > len(two.audio) >= 1
    for cut in (one, two):
        assert clip.faces[cut.faces].shape == (len(cut.audio), 16, 16, 16, 3)


# A killed run loses nothing, and what is the machine's fault is no clip's.


def contents(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_a_kill_at_any_moment_loses_nothing(corpus):
    run, root, out = corpus
    (root / "e.avi").write_text("broken")
    run("abe", max_failures=0.5)
    before = contents(out)
    run(max_failures=0.5)  # c and d are new
    whole = contents(out)
    finished = set()
    again = partial(run, max_failures=0.5)
    for how in kills(out, again, lambda: reset(out, before)):
        left = contents(out)
        files.sweep(out)
        assert all(whole[name] == left[name] for name in ("a.npz", "b.npz")), how
        there = {name[0] for name in left if name.endswith("z") and not name.startswith(".")}
        finished.add(len(there))
        _, _, calls = again()
        assert set(calls) == set("abcde") - there, how  # what was finished is not made again
        assert contents(out) == whole, how
    assert finished == {2, 3, 4}


def reset(folder, before):
    """Let a folder hold this again."""
    shutil.rmtree(folder)
    folder.mkdir()
    for name, content in before.items():
        (folder / name).write_bytes(content)


def test_a_disk_that_is_full_after_any_byte_loses_nothing_and_blames_no_clip(corpus):
    run, _, out = corpus
    run()
    whole = contents(out)
    for size in (0, 1, 50, 1000, 10_000, len(whole["a.npz"]) - 1):
        shutil.rmtree(out)
        run("ab")
        before = contents(out)
        with full_disk(size), pytest.raises(OSError, match="File too large"):
            run()
        assert contents(out) == before
        run()
        assert contents(out) == whole


def test_a_read_only_folder_stops_the_run_and_blames_no_clip(corpus):
    run, root, out = corpus
    run("ab")
    before = contents(out)
    with read_only(out), pytest.raises(OSError, match="Read-only"):
        run()
    assert contents(out) == before
    with read_only(root):  # where nobody writes
        good, bad, calls = run()
    assert (len(good), len(bad), calls) == (5, 0, ["c", "d", "e"])


def real_corpus(raw, folder):
    """A corpus of one real clip, and what becomes of it; the reading process is a new one."""
    child._of(os.getpid()).end()
    work = table("clip"), raw[0].parent, folder
    good, bad = clips.prepare_corpus(*work, **SMALL)
    assert len(good) == 1 and bad.empty
    return contents(folder)


def test_without_space_for_its_pictures_no_clip_is_blamed(raw, tmp_path):
    """What the reading process hands over lies in a file, too."""
    for size in (0, 100, 1000, 300_000):
        with full_disk(size), pytest.raises(OSError, match="File too large"):
            real_corpus(raw, tmp_path / "out")
        assert contents(tmp_path / "out") == {}, size
    whole = real_corpus(raw, tmp_path / "whole")
    assert real_corpus(raw, tmp_path / "out") == whole


def test_without_handles_no_clip_is_blamed(raw, tmp_path):
    whole = real_corpus(raw, tmp_path / "whole")
    for number in range(40):
        child._of(os.getpid()).end()
        try:
            with handles_left(number):
                assert real_corpus(raw, tmp_path / "out") == whole
        except OSError as error:
            assert error.errno == errno.EMFILE, number
            shutil.rmtree(tmp_path / "out", ignore_errors=True)
        else:
            break
    assert 4 < number < 39
    assert contents(tmp_path / "out") == whole


def test_a_clock_that_goes_backwards_changes_nothing(corpus, monkeypatch):
    run, root, out = corpus
    run()
    whole, now = contents(out), iter(range(2**31, 0, -(10**6)))
    monkeypatch.setattr(time, "time", lambda: float(next(now)))
    for file in [*root.iterdir(), *out.iterdir()]:
        os.utime(file, (2**32, 2**32))  # in the year 2106
    assert run()[2] == []
    (root / "c.avi").write_text("C")
    os.utime(root / "c.avi", (1, 1))  # older than what was made of it before
    assert run()[2] == ["c"]
    (root / "c.avi").write_text("c")
    assert run()[2] == ["c"] and contents(out) == whole


def test_a_full_disk_stops_the_run_and_blames_no_clip(corpus, monkeypatch):
    run, _, out = corpus
    run("ab")
    save = clips.save_clip

    def full(path, *rest):
        if path.stem == "c":
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        save(path, *rest)

    monkeypatch.setattr(clips, "save_clip", full)
    with pytest.raises(OSError, match="No space left"):
        run("acd")
    assert set(inodes(out)) == {"a.npz", "b.npz"}  # b is no clip any more, but the run stopped
    assert pd.read_csv(out / "quarantine.csv").empty
    monkeypatch.setattr(clips, "save_clip", save)
    good, bad, calls = run("acd")
    assert (good["clip"].tolist(), len(bad), calls) == (["a", "c", "d"], 0, ["c", "d"])


@pytest.mark.parametrize("weights", ["none.npz", "damaged.npz"])
def test_missing_weights_of_the_vad_stop_the_run_and_delete_nothing(corpus, tmp_path, weights):
    run, _, out = corpus
    run()
    before = hashes(out)
    (tmp_path / "damaged.npz").write_bytes(b"PK")
    with pytest.raises(ParameterError, match=f"{weights}.*no weights of the VAD"):
        run(vad_weights=tmp_path / weights)
    assert hashes(out) == before


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOSPC, errno.ESTALE])
def test_a_clip_that_this_machine_cannot_read_now_is_not_quarantined(corpus, monkeypatch, number):
    run, _, out = corpus
    run()
    before = hashes(out)
    digest = clips.store.digest

    def failing(*settings, files=(), code=()):
        if any(str(file).endswith("c.avi") for file in files):
            raise OSError(number, "not now")
        return digest(*settings, files=files, code=code)

    monkeypatch.setattr(clips.store, "digest", failing)
    with pytest.raises(OSError, match="not now"):
        run()
    assert hashes(out) == before


def test_too_many_failures_delete_nothing(corpus):
    run, root, out = corpus
    run()
    before = inodes(out)
    for name in "bde":
        (root / f"{name}.avi").write_text("broken")
    with pytest.raises(ParameterError, match="3 of 5"):
        run(max_failures=0.1)
    assert inodes(out) == before


@pytest.mark.parametrize("name", ["voice.flac", "voice.m4a", "voice.mp4"])
def test_sound_alone_becomes_a_clip_without_pictures(raw, usual, tmp_path, name):
    """In any container; and what is heard is what is heard beside pictures."""
    source, target = raw[0], tmp_path / name
    copied_sound(source, target, "flac" if target.suffix == ".flac" else "alac")
    with pytest.raises(ClipError, match="no video stream"):
        clips.prepare_clip(target, **SMALL)
    table = pd.DataFrame({"clip": ["v"], "path": [name], "kind": "audio", "emotion": "happiness"})
    made, left = clips.prepare_corpus(table, tmp_path, tmp_path / "out", **SMALL)
    assert left.empty
    clip = clips.load_clip(tmp_path / "out/v.npz")
    assert len(clip.faces) == len(clip.times) == len(clip.face_status) == 0
    count = min(len(clip.voiced), len(usual.voiced))
    assert abs(len(clip.voiced) - len(usual.voiced)) <= 5
    assert (clip.voiced[:count] == usual.voiced[:count]).mean() > 0.9
    assert made[["frames", "fps"]].to_numpy().tolist() == [[0, 0]]
    assert made["face_share"].isna().all()
    counted = summary(tmp_path / "out", made, left)
    assert counted["segments_case1"] >= counted["segments_case2"] >= 1
    assert "frames_with_face_percent" not in counted


def copied_sound(source, target, codec):
    """The sound of a film alone, in another container."""
    with av.open(str(source)) as film, av.open(str(target), "w") as file:
        stream = file.add_stream(codec, rate=16_000, layout="mono")
        resampler = av.AudioResampler(stream.format, "mono", 16_000, stream.frame_size or None)
        for frame in film.decode(audio=0):
            for part in resampler.resample(frame):
                file.mux(stream.encode(part))
        for part in resampler.resample(None):
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
