"""Pictures as shown: turned, of square pixels, whole, in their colours, within bounds."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import Colorspace
from recordings import hurt, record, remuxed

from avef.config import params
from avef.core.errors import ClipError
from avef.preparation import clips, container, pictures, shown

QUARTERS = np.array([[[250, 0, 0], [0, 250, 0]], [[0, 0, 250], [250, 250, 250]]], np.uint8)
COLOURS = np.array(
    [[200, 150, 120], [250, 10, 10], [10, 250, 10], [10, 10, 250], [240, 240, 240], [40, 40, 40]],
    np.uint8,
)


def quarters(count=6, size=(64, 96)):
    """Frames of four colours, by which all eight ways to lay a picture can be told."""
    frame = QUARTERS.repeat(size[0] // 2, axis=0).repeat(size[1] // 2, axis=1)
    return np.broadcast_to(frame, (count, *frame.shape))


def stripes(count=3):
    """Frames of upright stripes, 16 pixels each, one a colour."""
    return np.broadcast_to(COLOURS.repeat(16, axis=0), (count, 64, 96, 3))


def corners(picture):
    """The colours a sixteenth off the corners, (2, 2, 3)."""
    h, w = picture.shape[0] // 8, picture.shape[1] // 8
    return picture[np.ix_([h, -h], [w, -w])].astype(int)


def frames_of(images, *, form="rgb24", fps=25, convert=None):
    for i, image in enumerate(images):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format=form)
        if convert:
            frame = frame.reformat(**convert)
        frame.pts, frame.time_base = i, Fraction(1, fps)
        yield frame


def film(path, frames, codec="ffv1", pix_fmt="yuv444p", *, fps=25, options=(), **more):
    """Write frames; ``more``: ``aspect``, ``turn`` (degrees against the clock, two flips), or
    what the codec is to declare."""
    frames = list(frames)
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=fps, options=dict(options))
        stream.width, stream.height = frames[0].width, frames[0].height
        stream.pix_fmt = pix_fmt
        if aspect := more.pop("aspect", None):
            stream.codec_context.sample_aspect_ratio = Fraction(*aspect)
        if turn := more.pop("turn", None):
            stream.set_display_rotation(*turn)
        for name, value in more.items():
            setattr(stream.codec_context, name, value)
        for frame in (*frames, None):
            for packet in stream.encode(frame):
                file.mux(packet)
    return path


# --- turns ---------------------------------------------------------------------------------------

KINDS = [("mp4", "libx264", "yuv444p"), ("mov", "prores_ks", "yuv422p10le")]
KINDS += [("mkv", "ffv1", "yuv444p"), ("webm", "libvpx-vp9", "yuv420p")]


@pytest.mark.parametrize(("suffix", "codec", "pix_fmt"), KINDS)
@pytest.mark.parametrize("angle", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", [False, True])
def test_turned_and_flipped_pictures_are_upright(tmp_path, suffix, codec, pix_fmt, angle, flip):
    upright = quarters()
    stored = upright[:, :, ::-1] if flip else upright  # undone last: the turn, then the flip
    stored = np.rot90(stored, -angle // 90, (1, 2))  # stored clockwise, shown against the clock
    turn = (angle, flip, False) if angle or flip else None
    video = pictures.read_video(
        film(tmp_path / f"v.{suffix}", frames_of(stored), codec, pix_fmt, turn=turn)
    )
    assert video.frames.shape == upright.shape
    np.testing.assert_allclose(corners(video.frames[3]), QUARTERS, atol=25)
    assert video.seen["rotation"] == (-angle) % 360
    assert video.seen["flipped"] == ("left-right" if flip else "no")
    assert (video.seen["width"], video.seen["height"]) == (96, 64)
    assert video.seen["stored"] == f"{stored.shape[2]}x{stored.shape[1]}"


def test_every_way_to_lay_a_picture_follows_its_matrix():
    picture = np.arange(6, dtype=np.uint8).reshape(2, 3)
    for a, b, c, d in [(1, 0, 0, 1), (-1, 0, 0, 1), (1, 0, 0, -1), (-1, 0, 0, -1)] + [
        (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, -1, 0), (0, -1, -1, 0)
    ]:  # fmt: skip
        way, rest = shown.turn([a, b, 0, c, d])
        at = {(a * x + c * y, b * x + d * y): picture[y, x] for y in range(2) for x in range(3)}
        rows, columns = sorted({y for _, y in at}), sorted({x for x, _ in at})
        np.testing.assert_array_equal(way.of(picture), [[at[x, y] for x in columns] for y in rows])
        again = np.rot90(picture, -way.rotation // 90)
        np.testing.assert_array_equal(again[:, ::-1] if way.flipped else again, way.of(picture))
        assert rest == 0


def test_a_turn_off_the_right_angles_is_told(tmp_path):
    path = film(tmp_path / "v.mp4", frames_of(quarters()), "libx264", "yuv444p", turn=(100, 0, 0))
    video = pictures.read_video(path)
    assert video.seen["rotation"] == 270
    assert "10° off" in " ".join(video.warnings)


# --- pixels --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "codec", "aspect", "size", "width"),
    [
        ("avi", "mpeg4", (16, 15), (72, 90), 96),
        ("mpg", "mpeg2video", (16, 15), (576, 720), 768),  # MPEG-2 declares 4:3 of the whole
        ("mpg", "mpeg2video", (64, 45), (576, 720), 1024),
        ("mkv", "libx264", (64, 45), (72, 90), 128),
        ("mkv", "libx264", (8, 9), (48, 72), 64),
        ("mov", "prores_ks", (4, 3), (64, 96), 128),
    ],
)
def test_pixels_become_square(tmp_path, suffix, codec, aspect, size, width):
    pix_fmt = "yuv422p10le" if codec == "prores_ks" else "yuv420p"
    frames = frames_of(quarters(4, size))
    video = pictures.read_video(
        film(tmp_path / f"v.{suffix}", frames, codec, pix_fmt, aspect=aspect)
    )
    assert video.frames.shape[1:] == (size[0], width, 3)
    assert Fraction(video.seen["pixel_aspect"].replace(":", "/")) == Fraction(*aspect)
    np.testing.assert_allclose(corners(video.frames[1]), QUARTERS, atol=30)


def test_pixels_that_cannot_be_are_taken_for_square(tmp_path):
    path = film(tmp_path / "v.mkv", frames_of(quarters()), "libx264", "yuv420p", aspect=(9, 1))
    video = pictures.read_video(path)
    assert video.frames.shape[1:] == (64, 96, 3)
    assert video.warnings == ["pixels of 9:1 cannot be; they are shown as square"]


def test_a_turned_picture_of_oblong_pixels_is_stretched_before_it_is_turned(tmp_path):
    stored = np.rot90(quarters(), 1, (1, 2))  # 96 high, 64 wide
    path = film(
        tmp_path / "v.mp4", frames_of(stored), "libx264", "yuv444p", aspect=(3, 2), turn=(270,)
    )
    assert pictures.read_video(path).frames.shape[1:] == (96, 96, 3)


def test_the_shorter_side_is_bounded(tmp_path):
    path = film(tmp_path / "v.mp4", frames_of(quarters(3, (160, 96))), "libx264", "yuv420p")
    small = pictures.Reading(picture_side=48)
    assert pictures.read_video(path, small).frames.shape[1:] == (80, 48, 3)


# --- colours -------------------------------------------------------------------------------------

MATRICES = {"ITU709": 1, "ITU601": 6, "BT2020": 9}


@pytest.mark.parametrize("span", [1, 2], ids=["limited", "full"])
@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize(
    ("suffix", "codec", "pix_fmt"),
    [
        ("mkv", "ffv1", "yuv444p"),
        ("mkv", "ffv1", "yuv420p10le"),
        ("mp4", "libx264", "yuv444p10le"),
        ("webm", "libvpx-vp9", "yuv444p"),
    ],
)
def test_matrix_and_range_are_those_declared(tmp_path, suffix, codec, pix_fmt, matrix, span):
    convert = {"format": pix_fmt, "dst_colorspace": matrix, "dst_color_range": span}
    frames = frames_of(stripes(), convert=convert | {"src_color_range": 2})
    declared = {"colorspace": MATRICES[matrix], "color_range": span}
    video = pictures.read_video(
        film(tmp_path / f"v.{suffix}", frames, codec, pix_fmt, options={"crf": "4"}, **declared)
    )
    np.testing.assert_allclose(video.frames[1, 32, 8::16].astype(int), COLOURS, atol=6)
    assert ("full" if span == 2 else "limited") in video.seen["colour"]


@pytest.mark.parametrize(("size", "matrix"), [((64, 96), "ITU601"), ((720, 1280), "ITU709")])
def test_an_undeclared_matrix_is_that_of_the_size(tmp_path, size, matrix):
    image = np.empty((*size, 3), np.uint8)
    image[:] = COLOURS[1]
    frames = frames_of([image] * 2, convert={"format": "yuv420p", "dst_colorspace": matrix})
    video = pictures.read_video(film(tmp_path / "v.mkv", frames, "ffv1", "yuv420p"))
    np.testing.assert_allclose(video.frames[0, 5, 5].astype(int), COLOURS[1], atol=5)
    assert Colorspace[matrix] == Colorspace.ITU709 or "BT.601" in video.seen["colour"]


@pytest.mark.parametrize(
    ("suffix", "codec", "pix_fmt", "form"),
    [("mov", "qtrle", "argb", "argb"), ("mov", "png", "rgba", "rgba")]
    + [("mkv", "ffv1", "yuva444p", "rgba")],
)
def test_what_is_transparent_is_black(tmp_path, suffix, codec, pix_fmt, form):
    alpha = np.full((3, 64, 96, 1), 255, np.uint8)
    alpha[:, :32], alpha[:, 32:, :48] = 0, 128
    order = (3, 0, 1, 2) if form == "argb" else (0, 1, 2, 3)
    images = np.concatenate([stripes(), alpha], axis=3)[..., order]
    frames = list(frames_of(images, form=form, convert={"format": pix_fmt}))
    video = pictures.read_video(film(tmp_path / f"v.{suffix}", frames, codec, pix_fmt))
    assert video.frames[:, :31].max() <= 1
    expected = COLOURS * np.array([0.5, 0.5, 0.5, 1, 1, 1])[:, None]
    np.testing.assert_allclose(video.frames[1, 60, 8::16], expected, atol=4)


def perceptual_quantizer(nits):
    """SMPTE ST 2084: light in cd/m² to a signal in 0…1."""
    share = (np.asarray(nits, float) / 10_000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * share) / (1 + 2392 / 128 * share)) ** (2523 / 32)


def hybrid_log_gamma(light):
    """ARIB STD-B67: light of the scene in 0…1 to a signal in 0…1."""
    light = np.asarray(light, float)
    bright = 0.17883277 * np.log(np.maximum(12 * light - 0.28466892, 1e-9)) + 0.55991073
    return np.where(light <= 1 / 12, np.sqrt(3 * light), bright)


@pytest.mark.parametrize(
    ("transfer", "signal", "white"), [(16, perceptual_quantizer, 203), (18, hybrid_log_gamma, 0.27)]
)
def test_high_dynamic_range_looks_like_the_ordinary(tmp_path, transfer, signal, white):
    """The same colours in BT.2020 primaries, at the level that is white on a screen."""
    wider = [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
    light = (COLOURS / 255.0) ** 2.2 @ np.array(wider).T * white
    image = np.round(signal(light) * 65535).astype(np.uint16).repeat(16, axis=0)
    images = np.broadcast_to(image, (2, 64, 96, 3))
    convert = {"format": "yuv444p10le", "dst_colorspace": "BT2020", "src_color_range": 2}
    frames = list(frames_of(images, form="rgb48le", convert=convert | {"dst_color_range": 1}))
    for frame in frames:
        frame.color_trc, frame.color_primaries = transfer, 9
    declared = {"colorspace": 9, "color_range": 1, "color_trc": transfer, "color_primaries": 9}
    path = film(tmp_path / "v.mkv", frames, "ffv1", "yuv444p10le", **declared)
    video = pictures.read_video(path)
    got = video.frames[1, 32, 8::16].astype(int)
    greyish = [0, 4, 5]
    np.testing.assert_allclose(got[greyish], COLOURS[greyish], atol=20)
    assert (got.argmax(axis=1)[1:4] == [0, 1, 2]).all()
    assert video.seen["hdr"] in ("PQ", "HLG")


# --- interlacing ---------------------------------------------------------------------------------


def woven(count=12, step=6, first=0):
    """A bar that moves on from field to field; and where it is at each frame's first field."""
    moments = np.zeros((2 * count, 64, 96, 3), np.uint8)
    for i, moment in enumerate(moments):
        moment[:, 4 + step * i // 2 : 20 + step * i // 2] = 220
    frames = moments[::2].copy()
    frames[:, 1 - first :: 2] = moments[1::2, 1 - first :: 2]
    return frames


def combed(video):
    """How much neighbouring lines differ, away from the borders of the picture."""
    return np.abs(np.diff(video.frames[2:-2].astype(int), axis=1)).mean()


FIELDS = [
    ("mpg", "mpeg2video", {"flags": "+ildct+ilme", "qscale": "2"}, "bottom first"),
    ("mp4", "libx264", {"x264-params": "tff=1:qp=4"}, "top first"),
    ("mkv", "libx264", {"x264-params": "bff=1:qp=4"}, "bottom first"),
]


@pytest.mark.parametrize(("suffix", "codec", "options", "order"), FIELDS)
def test_declared_fields_are_made_whole(tmp_path, suffix, codec, options, order):
    images = woven(first=0 if order == "top first" else 1)
    path = film(tmp_path / f"v.{suffix}", frames_of(images), codec, "yuv420p", options=options)
    whole = pictures.read_video(path)
    never = pictures.read_video(path, pictures.Reading(deinterlace="never"))
    assert len(whole.frames) == len(never.frames) == len(images)
    np.testing.assert_allclose(whole.times, never.times, atol=1e-6)
    assert combed(whole) < 0.35 * combed(never)
    assert whole.seen["interlaced"] == never.seen["interlaced"] == order


def test_undeclared_fields_are_made_whole_if_asked(tmp_path):
    path = film(tmp_path / "v.avi", frames_of(woven()), "mpeg4", "yuv420p", options={"qscale": "1"})
    auto = pictures.read_video(path)
    always = pictures.read_video(path, pictures.Reading(deinterlace="always"))
    assert auto.seen["interlaced"] == "no" and len(always.frames) == len(auto.frames)
    np.testing.assert_allclose(always.times, auto.times, atol=1e-6)
    assert combed(always) < 0.35 * combed(auto)


# --- which stream, which frames ------------------------------------------------------------------


def beside(path, videos, default):
    """Mux streams (codec, pix_fmt, frames) side by side; the default one is marked."""
    with av.open(str(path), "w") as file:
        packets = []
        for i, (codec, pix_fmt, frames) in enumerate(videos):
            frames = list(frames)
            stream = file.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, pix_fmt
            flags = av.stream.Disposition
            stream.disposition = flags.default if i == default else flags(0)
            packets += [p for frame in (*frames, None) for p in stream.encode(frame)]
        for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
            file.mux(packet)
    return path


def still(flag, suffix, path):
    """A large cover first, then the film."""
    cover = (frames_of(quarters(1, (128, 128))), "mjpeg", "yuvj420p")
    with av.open(str(path / f"v.{suffix}"), "w") as file:
        one = file.add_stream("mjpeg", rate=25)
        one.width = one.height = 128
        one.pix_fmt, one.disposition = cover[2], flag
        two = file.add_stream("libx264", rate=25)
        two.width, two.height, two.pix_fmt = 96, 64, "yuv420p"
        for stream, frames in ((one, cover[0]), (two, frames_of(quarters(8)))):
            for frame in (*frames, None):
                for packet in stream.encode(frame):
                    file.mux(packet)
    return path / f"v.{suffix}"


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
def test_a_cover_is_no_film(tmp_path, suffix):
    flag = av.stream.Disposition.attached_pic if suffix == "mp4" else av.stream.Disposition(0)
    path = still(flag, suffix, tmp_path)
    video = pictures.read_video(path)
    assert video.frames.shape == (8, 64, 96, 3)
    assert video.seen["video_codec"] == "h264"
    assert video.seen["video_stream"].endswith("of 2")
    assert container.describe(path)["width"] == 96


def test_a_sound_file_with_a_cover_has_no_film(tmp_path):
    with av.open(str(tmp_path / "song.mp4"), "w") as file:
        cover, sound = file.add_stream("mjpeg", rate=25), file.add_stream("aac", rate=16_000)
        cover.width, cover.height, cover.pix_fmt = 96, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        note = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), "fltp", "mono")
        note.sample_rate = 16_000
        for stream, frames in ((cover, frames_of(quarters(1))), (sound, [note])):
            for frame in (*frames, None):
                for packet in stream.encode(frame):
                    file.mux(packet)
    with pytest.raises(ClipError, match="no video stream, only a still picture"):
        pictures.read_video(tmp_path / "song.mp4")
    assert "width" not in container.describe(tmp_path / "song.mp4")


def test_the_default_stream_is_shown(tmp_path):
    films = [("libx264", "yuv420p", frames_of(quarters(5, s))) for s in ((48, 64), (64, 96))]
    video = pictures.read_video(beside(tmp_path / "v.mkv", films, default=1))
    assert video.frames.shape[1:] == (64, 96, 3)
    assert video.seen["video_stream"] == "2 of 2"


@pytest.mark.parametrize("suffix", ["mp4", "mov"])
def test_frames_before_a_cut_stay_hidden(tmp_path, suffix):
    """Cut after 30 of 60 frames without coding anew: the edit list hides what came before."""
    images = np.zeros((60, 64, 96, 3), np.uint8)
    images[:, :, :, 0] = 4 * np.arange(60)[:, None, None]
    source = film(
        tmp_path / "whole.mp4", frames_of(images), "libx264", "yuv444p", options={"g": "60"}
    )
    cut = tmp_path / f"cut.{suffix}"
    late = {"avoid_negative_ts": "disabled"}
    with av.open(str(source)) as old, av.open(str(cut), "w", options=late) as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.dts is not None:
                shift = int(Fraction(30, 25) / packet.time_base)
                packet.pts -= shift
                packet.dts -= shift
                packet.stream = stream
                new.mux(packet)
    video = pictures.read_video(cut)
    np.testing.assert_allclose(video.frames[:, 30, 30, 0], images[30:, 0, 0, 0], atol=6)
    np.testing.assert_allclose(np.diff(video.times), 1 / 25, atol=1e-3)


def test_gaps_in_time_stay(tmp_path):
    frames = [f for i, f in enumerate(frames_of(quarters(30))) if not 10 <= i < 18]
    video = pictures.read_video(film(tmp_path / "v.mkv", frames, "libx264", "yuv420p"))
    np.testing.assert_allclose(video.times, np.delete(np.arange(30), range(10, 18)) / 25, atol=1e-3)
    assert video.warnings == []


def test_time_stamps_that_do_not_rise_are_told():
    assert pictures._warnings([0.0, 0.04, 0.04], np.array([0.0, 0.04, 0.08])) == [
        "1 of 3 time stamps were missing or did not rise; they are filled in"
    ]


# --- damage --------------------------------------------------------------------------------------

LOUD = ["mp4", "mov", "mkv", "webm", "avi", "flv"]  # whose decoder says what it cannot read


def damaged(folder, kind, which, content=b"\xff", **how):
    path = record(folder / f"a.{kind}", **how)
    return remuxed(path, folder / f"b.{kind}", hurt(which, content))


@pytest.mark.parametrize("kind", LOUD)
def test_damaged_packets_are_left_out_up_to_a_share(tmp_path, kind):
    path = damaged(tmp_path, kind, (20, 31, 49))
    whole, video = pictures.read_video(tmp_path / f"a.{kind}"), pictures.read_video(path)
    assert (len(whole.frames), len(video.frames)) == (50, 47)
    assert np.abs(video.times[:, None] - whole.times).min(axis=1).max() < 1e-3  # none is moved
    assert video.seen["video_damaged"] == 3
    assert "damaged packets of pictures: 3, left out" in video.warnings
    assert whole.seen["video_damaged"] == 0 and list(whole.warnings) == []
    refused = pytest.raises(ClipError, match=r"damaged: 3 of 50 packets .*max_damage = 5\.0%")
    with refused:
        pictures.read_video(path, pictures.Reading(max_damage=0.05))


@pytest.mark.parametrize("kind", LOUD)
def test_much_damage_is_refused(tmp_path, kind):
    with pytest.raises(ClipError, match="the video stream is damaged: 7 of 50 packets"):
        pictures.read_video(damaged(tmp_path, kind, range(10, 17)))


def test_pictures_that_need_a_damaged_one_are_lost_with_it(tmp_path):
    """The first group of pictures begins with the damaged one; its others decode to nothing."""
    path = damaged(tmp_path, "mp4", [0])  # a group is 12 pictures long
    with pytest.raises(ClipError, match="no frames that decode"):
        pictures.read_video(path)
    groups = {"options": {"g": "12", "bf": "0", "x264-params": "scenecut=0"}}
    path = damaged(tmp_path, "mp4", [0], look=groups)
    with pytest.raises(ClipError, match="damaged: 12 of 50 packets"):
        pictures.read_video(path)
    video = pictures.read_video(path, pictures.Reading(max_damage=0.24))
    assert (len(video.frames), video.seen["video_damaged"]) == (38, 12)
    np.testing.assert_allclose(video.times, np.arange(12, 50) / 25, atol=1e-3)


def test_pictures_that_decode_in_part_are_shown_and_told(tmp_path):
    def halved(packet):
        if packet.stream.type != "video" or packet.pts not in (20, 30):
            return packet
        other = av.Packet(bytes(packet)[: packet.size // 2])
        other.pts, other.dts, other.time_base = packet.pts, packet.dts, packet.time_base
        return other

    path = remuxed(record(tmp_path / "a.avi"), tmp_path / "b.avi", halved)
    video = pictures.read_video(path)
    assert (len(video.frames), video.seen["video_damaged"]) == (50, 0)
    assert video.warnings == ["pictures that decode in part: 2, shown as they are"]
    with pytest.raises(ClipError, match="damaged: 2 of 50 packets"):
        pictures.read_video(path, pictures.Reading(max_damage=0.03))


def test_gaps_beside_damage_are_the_cameras():
    """Where no packet is missing a picture, a gap in time is none of the damage's."""
    times = np.delete(np.arange(60) / 25, range(20, 40))
    counts = {"packets": 40, "frames": 39, "damaged": 1}
    assert pictures._lost(0.0, times, counts) == 1
    assert pictures._lost(0.0, times, counts | {"damaged": 0}) == 0
    assert pictures._lost(0.0, times, counts | {"packets": 45}) == 6


def test_what_is_lost_depends_on_no_number_of_cores(tmp_path):
    """Decoders with many threads end at damage near a stream's end, and say nothing."""
    path = damaged(tmp_path, "mp4", [44, 45])
    with container.opened(path) as file:
        stream = file.streams.video[0]
        stream.codec_context.thread_count = 16
        counts = Counter()
        assert sum(1 for _ in container.decoded(file, stream, counts)) == 48
    assert counts["damaged"] == 2


# --- bounds --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ({"max_pixels": 6000}, "96x64 have more pixels than prepare.max_pixels = 6000"),
        ({"max_frames": 20}, "prepare.max_frames = 20"),
        ({"max_gib": 1e-4}, "GiB, and prepare.max_gib = 0.0001"),
    ],
)
@pytest.mark.parametrize("told", [True, False], ids=["by the header", "as they come"])
def test_a_clip_beyond_a_limit_has_a_plain_reason(tmp_path, monkeypatch, limit, reason, told):
    path = film(tmp_path / "v.mp4", frames_of(quarters(40)), "libx264", "yuv420p")
    if not told:
        monkeypatch.setattr(pictures, "_expected", lambda *_: 0)
    with pytest.raises(ClipError, match=reason):
        pictures.read_video(path, pictures.Reading(**limit))
    assert len(pictures.read_video(path, pictures.Reading(max_frames=40)).frames) == 40


def test_the_parameters_are_those_of_an_ordinary_clip():
    prepare = params.read(Path(__file__).resolve().parents[2] / "params.yaml").prepare
    assert clips.settings(prepare, "x.npz")["seeing"] == pictures.USUAL
    changed = clips.settings(replace(prepare, deinterlace="never", max_frames=7), "x.npz")
    assert changed["seeing"] == pictures.Reading(deinterlace="never", max_frames=7)


def test_frames_are_kept_once():
    """The array grows in place and ends as long as the clip."""
    stack = pictures._Stack((8, 8, 3), pictures.USUAL)
    for i in range(100):
        stack.add(np.full((8, 8, 3), i, np.uint8), i / 25)
        assert len(stack._frames) <= 1.125 * i + 17
    np.testing.assert_array_equal(stack.done()[:, 0, 0, 0], np.arange(100))


PEAK = """
import re, sys
from avef.preparation import pictures

def most():
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024

before = most()
frames = pictures.read_video(sys.argv[1]).frames
print((most() - before) / (frames.nbytes / 2**20))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to ask of memory")
def test_decoding_takes_little_more_memory_than_its_frames(tmp_path):
    """Four seconds of 1080 lines, in a process of its own."""
    images = np.broadcast_to(np.uint8(127), (100, 1080, 1920, 3))
    path = film(tmp_path / "v.avi", frames_of(images), "mpeg4", "yuv420p")
    said = subprocess.run(
        [sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True
    )
    assert 0.9 < float(said.stdout) < 1.3
