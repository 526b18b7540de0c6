"""Films and sounds, as cameras and strangers leave them."""

import av
import numpy as np

from avef.core.errors import ClipError
from avef.preparation import media
from doors.door import Door, spoilt


class Media(Door):
    """Films and sounds."""

    share, suffix = 12, ".media"
    FORMS = (
        (".mp4", "mpeg4", "aac"), (".mkv", "mpeg4", "pcm_s16le"), (".avi", "mjpeg", "pcm_s16le"),
        (".flv", "flv1", "pcm_s16le"), (".mpg", "mpeg1video", "mp2"), (".wav", None, "pcm_s16le"),
        (".ts", "mpeg2video", "mp2"), (".ogg", None, "flac"), (".mp3", None, "libmp3lame"),
    )  # fmt: skip

    def __init__(self, folder):
        super().__init__(folder)
        self.whole = []
        for suffix, video, audio in self.FORMS:
            path = self.folder / f"whole{suffix}"
            _film(path, video, audio)
            self.whole.append((suffix, path.read_bytes()))

    def case(self, rng):
        """The suffix in the first line, then the file."""
        suffix, data = rng.choice(self.whole)
        if rng.random() < 0.4:  # headers decide most, and are short
            data = spoilt(data[:600], rng) + data[600:]
        else:
            data = spoilt(data, rng)
        return f"{suffix}\n".encode() + data

    def open(self, path):
        """As preparation does."""
        suffix, _, data = path.read_bytes().partition(b"\n")
        file = self.folder / f"case{suffix.decode()}"
        file.write_bytes(data)
        refused = None
        for reader in (media.describe, media.read_audio, media.read_video):
            try:
                reader(file)
            except ClipError as error:
                refused = refused or error
        if refused:
            raise refused


def _film(path, video, audio):
    """Ten small frames, and as much of a tone."""
    with av.open(str(path), "w") as file:
        packets = []
        if video:
            stream = file.add_stream(video, rate=25)
            stream.width, stream.height = 64, 48
            stream.pix_fmt = "yuvj420p" if video == "mjpeg" else "yuv420p"
            for n in range(10):
                frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 20 * n, np.uint8), "rgb24")
                packets += stream.encode(frame)
            packets += stream.encode(None)
        sound = file.add_stream(audio, rate=44_100, layout="mono")
        tone = np.sin(np.arange(17_640) / 10)
        kind = sound.codec_context.format.name if sound.codec_context.format else "s16"
        for at in range(0, len(tone), 1152):
            part = (tone[None, at : at + 1152] * 9000).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(part, "s16", "mono")
            frame.sample_rate, frame.pts = 44_100, at
            packets += sound.encode(frame if kind == "s16" else frame)
        packets += sound.encode(None)
        for packet in sorted(
            (p for p in packets if p.dts is not None), key=lambda p: p.dts * p.time_base
        ):
            file.mux(packet)
