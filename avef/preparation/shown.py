"""Pictures as they are shown, which need not be how they are stored.

A file may hold its pictures lying on their side, with pixels that are not square, in the
lines of two moments, with more light than a screen has, or beside a cover that is no
video at all. What to do about it stands in the file; players do it, decoders do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import av
import cv2
import numpy as np
from av.video.reformatter import ColorPrimaries, Colorspace, ColorTrc, VideoReformatter

from avef.core.errors import ClipError

_STILL = {"attached_pic", "timed_thumbnails", "still_image"}
_IMAGES = {"bmp", "gif", "mjpeg", "png", "tiff", "webp"}  # covers and previews beside a film
_ASPECTS = Fraction(1, 4), Fraction(4)  # no camera's pixels are narrower or wider
_HDR = {int(ColorTrc.SMPTE2084): "PQ", int(ColorTrc.ARIB_STD_B67): "HLG"}
_MATRICES = {
    0: "RGB", 1: "BT.709", 4: "FCC", 5: "BT.601", 6: "BT.601", 7: "SMPTE 240M", 9: "BT.2020"
}  # fmt: skip
_UNDECLARED, _RGB = 2, 0
_RANGES = {0: "undeclared range", 1: "limited range", 2: "full range"}
_FIRST = {2: "top first", 3: "bottom first", 4: "bottom first", 5: "top first"}


def film(streams: Sequence[Any]) -> Any | None:
    """The video stream that a player would show: no cover, the default one, the first.

    Parameters
    ----------
    streams : sequence of av.video.stream.VideoStream

    Returns
    -------
    VideoStream or None
        None if all of them are covers, previews or the like.
    """
    films = [s for s in streams if not _STILL & {flag.name for flag in s.disposition}]
    return min(films, key=_rank, default=None)


def _rank(stream):
    default = any(flag.name == "default" for flag in stream.disposition)
    known = stream.codec_context is not None
    image = known and stream.codec_context.codec.canonical_name in _IMAGES
    return not known, stream.frames == 1, not default, image, stream.index


class Turn(NamedTuple):
    """One of the eight ways to lay a picture on a screen.

    Attributes
    ----------
    swapped : bool
        Rows become columns, before anything else.
    mirrored, upended : bool
        Then left and right are exchanged; above and below.
    """

    swapped: bool = False
    mirrored: bool = False
    upended: bool = False

    @property
    def rotation(self) -> int:
        """Degrees clockwise, before any flip."""
        return 90 * self.swapped + 180 * self.upended

    @property
    def flipped(self) -> bool:
        """Whether left and right are exchanged after the rotation."""
        return sum(self) % 2 == 1

    def of(self, picture: np.ndarray) -> np.ndarray:
        """Lay a picture (H, W, 3) on the screen: (H, W, 3) or (W, H, 3).

        Examples
        --------
        A quarter turn clockwise brings what is on the left to the top.

        >>> picture = np.array([[1, 2], [3, 4]], np.uint8)
        >>> Turn(swapped=True, mirrored=True).of(picture).tolist()
        [[3, 1], [4, 2]]
        """
        if self.swapped:
            picture = cv2.transpose(picture)
        if self.mirrored or self.upended:
            both = self.mirrored and self.upended
            picture = cv2.flip(picture, -1 if both else int(self.mirrored))
        return picture


def turn(matrix: Sequence[float]) -> tuple[Turn, float]:
    """The way nearest to a display matrix.

    Parameters
    ----------
    matrix : sequence of 9 or of its first 5 numbers
        a, b, u, c, d, …: the pixel x to the right and y down is shown at ax + cy, bx + dy.

    Returns
    -------
    (Turn, degrees that are left over)

    Examples
    --------
    A phone held upright; and one that was held awry.

    >>> way, rest = turn([0, 1, 0, -1, 0, 0, 0, 0, 1])
    >>> way.rotation, way.flipped, rest
    (90, False, 0.0)
    >>> turn([0.8, 0.6, 0, -0.6, 0.8])[0].rotation
    0
    """
    a, b, _, c, d = (float(value) for value in matrix[:5])
    swapped = abs(b) + abs(c) > abs(a) + abs(d)
    along, across = (b, a) if swapped else (a, b)
    rest = float(np.degrees(np.arctan2(abs(across), abs(along))))
    return (Turn(True, c < 0, b < 0) if swapped else Turn(False, a < 0, d < 0)), rest


def kept_size(stored: tuple[int, int], aspect: Fraction, side: int) -> tuple[int, int]:
    """Width and height that pixels become square by, the shorter one at most ``side``.

    The width is stretched, not the height: no line of the picture is lost or made up.

    Parameters
    ----------
    stored : (width, height), pixels
    aspect : Fraction
        Width of a pixel, by its height.
    side : int, pixels

    Examples
    --------
    PAL, of pixels for a 4:3 screen; a tall film of a phone.

    >>> kept_size((720, 576), Fraction(16, 15), 576), kept_size((1080, 1920), Fraction(1), 576)
    ((768, 576), (576, 1024))
    """
    width, height = stored[0] * aspect, Fraction(stored[1])
    shrink = min(Fraction(1), side / min(width, height))
    return max(1, round(width * shrink)), max(1, round(height * shrink))


class Screen:
    """Shows the frames of one stream: upright, of square pixels, in RGB of 8 bits.

    Colours are converted by the matrix and the range that the frame declares. Where it
    declares no matrix it is BT.709 from 1280 pixels of width or 577 of height on and
    BT.601 below, as players take it. More light than a screen has (PQ, HLG) is brought into
    its range; what is transparent is shown on black.

    Parameters
    ----------
    stream : av.video.stream.VideoStream
    first : av.VideoFrame
        The stream's first frame, which decides for all.
    side : int, pixels
        The shorter side of what is shown is at most that.
    """

    def __init__(self, stream: Any, first: av.VideoFrame, side: int) -> None:
        self.warnings: list[str] = []
        self._side, self._scaler = side, VideoReformatter()
        self._aspect, self._turn = self._pixel_aspect(stream), self._display_turn(first)
        self._size = self._kept(first)
        self._alpha = any(part.is_alpha for part in first.format.components)
        self._hdr = _HDR.get(int(first.color_trc), "no")
        self.facts = self._facts(stream, first)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of what :meth:`show` gives."""
        return self.facts["height"], self.facts["width"], 3

    def fits(self, frame: av.VideoFrame) -> bool:
        """Whether a frame is of the first one's shape."""
        return self._kept(frame) == self._size

    def show(self, frame: av.VideoFrame) -> np.ndarray:
        """A frame as (H, W, 3) uint8, RGB."""
        brighter = self._hdr != "no"
        picture = self._scaler.reformat(
            frame,
            width=self._size[0],
            height=self._size[1],
            format="rgba" if self._alpha else "rgb24",
            src_colorspace=Colorspace.ITU709 if _undeclared_hd(frame) else None,
            dst_color_trc=ColorTrc.BT709 if brighter else None,
            dst_color_primaries=ColorPrimaries.BT709 if brighter else None,
        ).to_ndarray()
        if self._alpha:
            colour, cover = picture[..., :3].astype(np.uint16), picture[..., 3:]
            picture = ((colour * cover + 127) // 255).astype(np.uint8)
        return self._turn.of(picture)

    def _kept(self, frame):
        return kept_size((frame.width, frame.height), self._aspect, self._side)

    def _pixel_aspect(self, stream):
        # The container's word goes before the codec's; the codec's is known once a frame is.
        said = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
        if said and not _ASPECTS[0] <= said <= _ASPECTS[1]:
            self.warnings.append(f"pixels of {_ratio(said)} cannot be; they are shown as square")
            return Fraction(1)
        return Fraction(said or 1)

    def _display_turn(self, frame):
        matrices = [data for data in frame.side_data if data.type.name == "DISPLAYMATRIX"]
        if not matrices:
            return Turn()
        way, rest = turn(np.frombuffer(matrices[0], np.int32).tolist())
        if rest > 1:
            self.warnings.append(
                f"the file says that its pictures are {rest:.0f}° off a right angle; "
                f"they are shown turned by {way.rotation}°"
            )
        return way

    def _facts(self, stream, first):
        width, height = self._size[::-1] if self._turn.swapped else self._size
        matrix = _MATRICES.get(int(first.colorspace), "another matrix")
        if first.format.is_rgb:
            matrix = "RGB"
        elif first.colorspace == _UNDECLARED:
            matrix = f"undeclared, taken for {'BT.709' if _undeclared_hd(first) else 'BT.601'}"
        return {
            "width": width,
            "height": height,
            "stored": f"{first.width}x{first.height}",
            "rotation": self._turn.rotation,
            "flipped": "left-right" if self._turn.flipped else "no",
            "pixel_aspect": _ratio(self._aspect),
            "video_codec": stream.codec_context.codec.canonical_name,
            "pixel_format": first.format.name,
            "colour": f"{matrix}, {_RANGES.get(int(first.color_range), 'undeclared range')}",
            "hdr": self._hdr,
        }


class Deinterlacer:
    """Makes whole pictures of those whose odd and even lines are of two moments.

    One for one, with their time stamps. Where a file does not say that it is interlaced,
    nothing passes through the filter before ``how`` asks for it.

    Parameters
    ----------
    how : str
        ``auto``: the frames that are declared as interlaced; ``always``; ``never``.
    """

    def __init__(self, how: str) -> None:
        self.declared = 0
        self._how = how

    def each(self, frames: Iterable[av.VideoFrame]) -> Iterator[av.VideoFrame]:
        """The frames, made whole; ClipError if their size changes while some have to be."""
        graph = size = None
        for frame in frames:
            self.declared += frame.interlaced_frame
            wanted = self._how == "always" or self._how == "auto" and frame.interlaced_frame
            if graph is None and wanted:
                graph = _filter(frame, "all" if self._how == "always" else "interlaced")
                size = frame.width, frame.height, frame.format.name
            if graph is None:
                yield frame
                continue
            if (frame.width, frame.height, frame.format.name) != size:
                raise ClipError("the size or the format of the frames changes on the way")
            graph.push(frame)
            yield from _ready(graph)
        if graph is not None:
            graph.push(None)
            yield from _ready(graph)

    def fact(self, stream: Any) -> str:
        """Which field comes first, or ``no``."""
        return _FIRST.get(stream.codec_context.field_order, "yes") if self.declared else "no"


def _filter(frame, which):
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=frame.format.name,
        time_base=frame.time_base,
    )
    bwdif = graph.add("bwdif", f"mode=send_frame:parity=auto:deint={which}")
    graph.link_nodes(source, bwdif, graph.add("buffersink")).configure()
    return graph


def _ready(graph):
    while True:
        try:
            yield graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return


def _undeclared_hd(frame):
    large = frame.width >= 1280 or frame.height > 576
    return large and frame.colorspace == _UNDECLARED and not frame.format.is_rgb


def _ratio(value):
    return f"{value.numerator}:{value.denominator}"
