"""Kinds of recordings that differ as stored and agree as shown, several kinds in one file.

Somebody claps twice: the picture is white for a frame, and a tone begins. Where it happens,
what is up and whether a disc is round must be the same, however the file tells it.
"""

import re
import struct
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from recordings import FPS, KINDS, hurt, laid, onsets, record, remuxed

from avef.preparation import pictures, sound

CLAPS = np.array([0.4, 1.2])
QUARTERS = np.array([[[230, 30, 30], [30, 230, 30]], [[30, 30, 230], [220, 220, 30]]], np.uint8)
HALF_A_FRAME = 0.5 / FPS


def scene(count=50, size=(96, 128)):
    """A white disc on four colours, and all white when somebody claps: (F, H, W, 3)."""
    picture = QUARTERS.repeat(size[0] // 2, axis=0).repeat(size[1] // 2, axis=1)
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    picture[np.hypot(y - size[0] / 2, x - size[1] / 2) < 24] = 255
    frames = np.repeat(picture[None], count, axis=0)
    frames[np.round(CLAPS * FPS).astype(int)] = 255
    return frames


def claps(rate, seconds=2.0):
    """A tone of 30 ms at each clap, (n,) float32."""
    at = np.arange(round(seconds * rate)) / rate
    loud = ((at[:, None] >= CLAPS) & (at[:, None] < CLAPS + 0.03)).any(axis=1)
    return (0.5 * np.sin(2 * np.pi * 1500 * at) * loud).astype(np.float32)


def seen_and_heard(path):
    """Seconds at which claps are seen and heard on the file's clock, one picture, what is told."""
    audio, video = sound.read_audio(path), pictures.read_video(path)
    channel = np.abs(audio.samples).max(axis=0).argmax()
    heard = onsets(audio.samples[:, channel], audio.rate) + audio.start
    white = np.flatnonzero(video.frames.mean(axis=(1, 2, 3)) > 200)
    return video.times[white], heard, video.frames[5].astype(int), (audio, video)


def require_scene(picture):
    """The four colours where they belong, and a round disc of the right size."""
    h, w = picture.shape[:2]
    assert (h, w) == pytest.approx((96, 128), abs=2)
    corners = picture[np.ix_([h // 8, -h // 8], [w // 8, -w // 8])]
    np.testing.assert_allclose(corners, QUARTERS, atol=45)
    disc = picture.min(axis=2) > 140
    for axis in (0, 1):  # where two colours meet, a codec may make a pixel grey
        assert (disc.sum(axis=axis) > 2).sum() == pytest.approx(48, abs=4)


# What is stored, by container: angle against the clock, flip, pixel aspect; how the sound is.
WIDE, PAL, TALL = Fraction(2), Fraction(16, 15), Fraction(8, 9)
GAP = {"skip": [(0.6, 0.9)]}
TOGETHER = [
    ("mp4", (90, False, WIDE), {"late": 0.4}),
    ("mp4", (270, True, TALL), GAP | {"silent": 1}),
    ("mov", (180, True, PAL), GAP | {"late": 0.4}),
    ("mov", (270, False, WIDE), {"late": 0.2, "silent": 1}),
    ("mkv", (90, True, PAL), {"late": 0.4, "silent": 2}),
    ("mkv", (270, False, WIDE), GAP | {"late": 0.1}),
    ("webm", (0, False, WIDE), GAP | {"late": 0.3}),
    ("webm", (180, False, TALL), {"late": 0.4, "silent": 1}),
    ("ts", (0, False, TALL), GAP | {"late": 0.4}),
    ("mpg", (0, False, 1), GAP | {"late": 0.4}),
    ("wmv", (0, False, 1), GAP | {"late": 0.4}),
    ("ogv", (0, False, 1), {"late": 0.4}),
    ("avi", (0, False, WIDE), {}),
    ("flv", (0, False, WIDE), GAP | {"late": 0.4}),
]


def made(path, way, *, silent=0, look=None, **how):
    """A recording of the scene that lies that way, with so many silent tracks before its own."""
    kind, (angle, flip, aspect) = path.suffix[1:], way
    look = dict(look or {})
    if KINDS[kind][0] == "libx264" and "codec" not in look:
        look["options"] = {"crf": "10"} | look.get("options", {})
    if angle or flip:
        look["turn"] = angle, flip, False
    if aspect != 1:
        look["aspect"] = aspect
    voice = how.pop("voice", claps(KINDS[kind][2]))
    more = {"tracks": [0 * voice] * silent + [voice], "default": silent if silent else None}
    path = record(path, images=laid(scene(), *way), look=look, **more, **how)
    untold = look.get("codec", KINDS[kind][0]) in ("libvpx", "libvpx-vp9", "ffv1")
    return displayed(path, aspect) if untold and aspect != 1 else path


def displayed(path, aspect):
    """Say in Matroska's header what not every codec can say: the shape of a pixel."""
    content = path.read_bytes()
    spare = bytes.fromhex("9C8100 22B59C83756E64")  # no lacing, and a language: 10 bytes
    start = content.index(spare)
    head = re.compile(rb"\xe0([\x80-\xee])(?=\xb0)").search(content, start)
    end = head.end() + head[1][0] - 0x80
    width, height = content[head.end() + 2], content[head.end() + 5]
    told = struct.pack(
        ">HBHHBH", 0x54B0, 0x82, width * aspect.numerator, 0x54BA, 0x82, height * aspect.denominator
    )
    video = content[head.end() : end].replace(b"\x54\xb2\x81\x04", b"\x54\xb2\x81\0")  # in pixels
    video = bytes([0xE0, head[1][0] + len(told)]) + video + told
    path.write_bytes(
        content[:start] + content[start + len(spare) : head.start()] + video + content[end:]
    )
    return path


def require_together(path, late=0.0):
    """The scene as it is shown, and claps as late as they are; what was read."""
    seen, heard, picture, read = seen_and_heard(path)
    require_scene(picture)
    np.testing.assert_allclose(np.diff(seen), np.diff(CLAPS), atol=2e-3)
    np.testing.assert_allclose(heard - seen, late, atol=HALF_A_FRAME)
    return read


@pytest.mark.parametrize(("kind", "way", "how"), TOGETHER)
def test_kinds_together_change_nothing_that_is_seen_or_heard(tmp_path, kind, way, how):
    path = made(tmp_path / f"a.{kind}", way, **how)
    audio, video = require_together(path, how.get("late", 0.0))
    assert audio.seen["audio_gaps"] == len(how.get("skip", ()))
    assert audio.seen["audio_stream"].startswith(f"{how.get('silent', 0) + 1} of")
    assert video.seen["rotation"] == -way[0] % 360
    assert video.seen["flipped"] == ("left-right" if way[1] else "no")
    assert Fraction(video.seen["pixel_aspect"].replace(":", "/")) == way[2]


DEEP = [
    ("mov", "prores_ks", "yuv422p10le"),
    ("mp4", "libx264", "yuv420p10le"),
    ("webm", "libvpx-vp9", "yuv444p"),
    ("mov", "libx264", "yuv444p10le"),
    ("mkv", "ffv1", "yuv444p16le"),
    ("mkv", "ffv1", "yuva444p"),
    ("mov", "qtrle", "argb"),
]


@pytest.mark.parametrize(("kind", "codec", "pix_fmt"), DEEP)
def test_a_finer_picture_is_turned_and_stretched_like_any(tmp_path, kind, codec, pix_fmt):
    look = {"codec": codec, "pix_fmt": pix_fmt}
    path = made(tmp_path / f"a.{kind}", (90, True, WIDE), look=look, late=0.4)
    _, video = require_together(path, 0.4)
    assert video.seen["pixel_format"] == pix_fmt


@pytest.mark.parametrize(("kind", "order"), [("ts", "top"), ("mkv", "bottom"), ("mov", "top")])
def test_fields_of_oblong_pixels_are_made_whole(tmp_path, kind, order):
    options = {"x264-params": f"{order[0]}ff=1"}
    look = {"codec": "libx264", "options": options | {"crf": "10"}}
    path = made(tmp_path / f"a.{kind}", (0, False, PAL), look=look, late=0.4)
    _, video = require_together(path, 0.4)
    assert video.seen["interlaced"] == f"{order} first"


@pytest.mark.parametrize("kind", ["mp4", "mkv", "webm", "ts"])
@pytest.mark.parametrize(
    ("other", "said"), [(-1, "the channels cancel each other"), (0, "silent: channel 2 of 2")]
)
def test_poor_channels_are_told_and_keep_their_time(tmp_path, kind, other, said):
    voice = claps(KINDS[kind][2])[:, None] * [1, other]
    angle = 0 if kind == "ts" else 90
    path = made(tmp_path / f"a.{kind}", (angle, False, PAL), voice=voice, late=0.4)
    audio, _ = require_together(path, 0.4)
    assert [text for text in audio.warnings if text.startswith(said)]


@pytest.mark.parametrize("kind", ["mp4", "mov"])
def test_a_cut_in_a_turned_film_hides_sound_and_pictures_alike(tmp_path, kind):
    """From 0.8 s on, without coding anew; the second clap is left."""

    def earlier(packet):
        shift = round(0.8 / packet.time_base)
        packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
        return packet

    whole = made(tmp_path / f"whole.{kind}", (270, False, WIDE), late=0.2)
    cut = remuxed(whole, tmp_path / f"cut.{kind}", earlier, {"avoid_negative_ts": "disabled"})
    seen, heard, picture, (_, video) = seen_and_heard(cut)
    require_scene(picture)
    assert len(video.frames) == 30
    np.testing.assert_allclose(seen, [0.4], atol=2e-3)
    np.testing.assert_allclose(heard, [0.6], atol=HALF_A_FRAME)


@pytest.mark.parametrize("kind", ["mp4", "mkv"])
def test_a_cover_beside_a_turned_film_is_not_shown(tmp_path, kind):
    path = made(tmp_path / f"a.{kind}", (90, False, WIDE), late=0.4)
    _, video = require_together(covered(path), 0.4)
    assert video.seen["video_stream"].endswith("of 2")


def covered(path):
    """The same file with a larger picture attached to it."""
    target, (done, jpeg) = path.with_stem("covered"), cv2.imencode(".jpg", np.zeros((300, 300, 3)))
    with av.open(str(path)) as old, av.open(str(target), "w") as new:
        pairs = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        if path.suffix == ".mkv":
            new.add_attachment("cover.jpg", "image/jpeg", jpeg.tobytes())
        else:
            cover = new.add_stream("mjpeg", rate=1)
            cover.width, cover.height, cover.pix_fmt = 300, 300, "yuvj420p"
            cover.disposition = av.stream.Disposition.attached_pic
            packet = av.Packet(jpeg.tobytes())
            packet.stream, packet.pts, packet.dts, packet.is_keyframe = cover, 0, 0, True
            new.mux(packet)
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = pairs[packet.stream.index]
                new.mux(packet)
    assert done
    return target


@pytest.mark.parametrize("kind", ["ts", "flv"])
def test_a_turn_that_only_the_codec_tells_is_followed(tmp_path, kind):
    """H.264 has a message for it, for containers that have no matrix."""
    source = record(
        tmp_path / f"a.{kind}",
        tracks=[claps(KINDS[kind][2])],
        images=laid(scene(), 90, False, WIDE),
        look={"codec": "libx264", "aspect": WIDE, "options": {"crf": "10"}},
        late=0.4,
    )
    with av.open(str(source)) as file:
        said = "h264_metadata=display_orientation=insert:rotate=90"
        message = av.BitStreamFilterContext(said, file.streams.video[0])

    def turned(packet):
        return message.filter(packet)[0] if packet.stream.type == "video" else packet

    _, video = require_together(remuxed(source, tmp_path / f"b.{kind}", turned), 0.4)
    assert video.seen["rotation"] == 270


@pytest.mark.parametrize("kind", ["mp4", "mov", "mkv", "avi", "flv"])
def test_a_damaged_picture_moves_no_other(tmp_path, kind):
    """Nor does it make them lie or look otherwise, nor part them from the sound."""
    angle = 0 if kind in ("avi", "flv") else 270
    late = 0.0 if kind == "avi" else 0.4
    path = made(tmp_path / f"a.{kind}", (angle, False, WIDE), late=late)
    path = remuxed(path, tmp_path / f"b.{kind}", hurt([20]))
    _, video = require_together(path, late)
    assert video.seen["video_damaged"] == 1
