"""Small recordings in many containers: ticks at known times beside pictures at 25 a second."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

FPS = 25
#: Suffix of a file → its video codec, its audio codec, and the audio's rate.
KINDS = {
    "mp4": ("libx264", "aac", 44_100),
    "mov": ("libx264", "aac", 48_000),
    "mkv": ("mpeg4", "pcm_s16le", 16_000),
    "webm": ("libvpx", "libopus", 48_000),
    "avi": ("mpeg4", "pcm_s16le", 22_050),
    "ts": ("libx264", "aac", 48_000),
    "flv": ("libx264", "libmp3lame", 44_100),
    "wmv": ("wmv2", "libmp3lame", 44_100),
    "ogv": ("libvpx", "libopus", 48_000),
    "mpg": ("mpeg1video", "mp2", 44_100),
}


def ticks(seconds, rate, every=0.25, long=0.02):
    """A loud tone of 20 ms four times a second, the first one at 0.1 s; (n,) float32."""
    at = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * 1500 * at) * ((at - 0.1) % every < long)).astype(np.float32)


def onsets(samples, rate):
    """Seconds at which ticks begin, from the first sample on."""
    loud = np.abs(np.asarray(samples)) > 0.2
    at = np.flatnonzero(loud) / rate
    return at[np.diff(at, prepend=-1) > 0.1]


def record(
    path,
    *,
    seconds=2.0,
    tracks=None,
    default=None,
    skip=(),
    late=0.0,
    shown=None,
    images=None,
    look=None,
    options=None,
):
    """Write a recording; its path.

    ``tracks`` are samples (n,) or (n, channels), the first one's the usual ticks, of which the
    ``default`` one, from 0 on, is marked; ``skip`` are stretches (from, to) of them that are
    lost; ``late`` s after the first picture they begin; ``shown`` s of pictures, or ``images``
    (F, H, W, 3); ``look``: what is said of these, see :func:`_pictures`.
    """
    video_codec, audio_codec, rate = KINDS[Path(path).suffix[1:]]
    tracks = [ticks(seconds, rate)] if tracks is None else tracks
    if images is None:
        images = _noise(round((seconds if shown is None else shown) * FPS))
    with av.open(str(path), "w", options=options or {}) as file:
        packets = _pictures(file, video_codec, images, **(look or {}))
        for samples in tracks:
            packets += _sound(file, audio_codec, rate, samples, skip=skip, late=late)
        for number, stream in enumerate(file.streams.audio if default is not None else []):
            stream.disposition = av.stream.Disposition.default if number == default else 0
        packets = [packet for packet in packets if packet.dts is not None]
        for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
            file.mux(packet)
    return Path(path)


def remuxed(source, target, change, options=None):
    """Copy packets; ``change(packet)`` gives what is written of each, or None."""
    with av.open(str(source)) as old, av.open(str(target), "w", options=options or {}) as new:
        pairs = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        for stream in old.streams:
            pairs[stream.index].disposition = stream.disposition
        for packet in old.demux():
            index = packet.stream.index
            if packet.dts is not None and (kept := change(packet)) is not None:
                kept.stream = pairs[index]
                new.mux(kept)
    return Path(target)


def hurt(which, content=b"\xff"):
    """For :func:`remuxed`: spoil the packets of pictures of these numbers."""
    numbers = iter(range(10**6))

    def change(packet):
        if packet.stream.type != "video" or next(numbers) not in which:
            return packet
        other = av.Packet((content * packet.size)[: packet.size])
        other.pts, other.dts, other.time_base = packet.pts, packet.dts, packet.time_base
        other.is_keyframe = packet.is_keyframe
        return other

    return change


def laid(images, angle=0, flip=False, aspect=1):
    """Pictures as they are stored that are shown turned, flipped and stretched."""
    stored = images[:, :, ::-1] if flip else images  # undone last
    stored = np.rot90(stored, -angle // 90, (1, 2))  # stored clockwise, shown against the clock
    size = round(stored.shape[2] / aspect), stored.shape[1]
    return np.stack([cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in stored])


def _noise(count):
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    return np.stack([np.roll(noise, number, axis=1) for number in range(count)])


def _pictures(
    file, usual, images, *, codec=None, turn=None, aspect=None, pix_fmt="yuv420p", options=()
):
    """``turn``: degrees against the clock, two flips; ``aspect``: of a pixel."""
    video = file.add_stream(codec or usual, rate=FPS, options=dict(options))
    video.height, video.width = images.shape[1:3]
    video.pix_fmt = pix_fmt
    if aspect:
        video.codec_context.sample_aspect_ratio = Fraction(aspect)
    if turn:
        video.set_display_rotation(*turn)
    packets = []
    for number, image in enumerate(images):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        packets += video.encode(frame)
    return packets + video.encode(None)


def _sound(file, codec, rate, samples, *, skip, late):
    samples = samples if samples.ndim == 2 else samples[:, None]
    layout = {1: "mono", 2: "stereo"}[samples.shape[1]]
    audio = file.add_stream(codec, rate=rate, layout=layout)
    if codec == "libmp3lame":
        audio.codec_context.format = "fltp"
    kind = audio.codec_context.format.name
    size = 1152 if codec in ("mp2", "libmp3lame") else 960 if codec == "libopus" else 1024
    packets = []
    for start in range(0, len(samples), size):
        if any(begin <= start / rate < end for begin, end in skip):
            continue
        packets += audio.encode(_frame(samples[start : start + size], kind, layout, rate, start))
    packets += audio.encode(None)
    for packet in packets:
        for name in ("pts", "dts"):
            if getattr(packet, name) is not None:
                setattr(packet, name, getattr(packet, name) + round(late / packet.time_base))
    return packets


def _frame(part, kind, layout, rate, start):
    values = part if kind.startswith("flt") else np.round(part * 32767)
    values = values.astype(np.float32 if kind.startswith("flt") else np.int16)
    values = values.T if kind.endswith("p") else values.reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(values), kind, layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
    return frame
