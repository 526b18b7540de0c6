"""A frame with what was made of it: face, key points, emotions, speech. Pure drawing."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from avef.evaluation.marks import short
from avef.protocol import EMOTIONS
from avef.recognition.result import Prediction
from avef.recognition.timeline import at

_PANEL, _STRIP = 260, 36  # pixels beside and below the picture
_LEAST = 360  # pixels, height of the picture: a smaller one is enlarged, or no text would fit
_INK, _PAPER, _DIM = (20, 20, 20), (250, 250, 250), (190, 190, 190)
_MARK, _FACE, _VOICE = (213, 94, 0), (240, 228, 66), (0, 114, 178)


class Layout(NamedTuple):
    """Where things are, pixels.

    Attributes
    ----------
    scale : float
        By which the picture is enlarged.
    width, height : int
        Of the picture then.
    size : (int, int)
        Width and height of the whole frame, even, as video codecs ask for.
    """

    scale: float
    width: int
    height: int
    size: tuple[int, int]


def layout(width: int, height: int) -> Layout:
    """Room for a picture of some size, a panel beside it and a strip below.

    Examples
    --------
    >>> layout(320, 240).size
    (740, 396)
    """
    scale = max(1.0, _LEAST / height)
    wide, high = round(width * scale), round(height * scale)
    return Layout(
        scale, wide, high, (2 * ((wide + _PANEL + 1) // 2), 2 * ((high + _STRIP + 1) // 2))
    )


class Overlay:
    """Draws the frames of one clip; what stays the same is drawn once.

    Parameters
    ----------
    prediction : Prediction
    width, height : int, pixels
        Of the clip's pictures.
    """

    def __init__(self, prediction: Prediction, width: int, height: int):
        self.prediction, self.layout = prediction, layout(width, height)
        self._still = self._background()

    def frame(
        self, picture: np.ndarray, moment: float, *, box: np.ndarray, points: np.ndarray
    ) -> np.ndarray:
        """One frame.

        Parameters
        ----------
        picture : (H, W, 3) uint8, RGB
        moment : float
            Seconds on the clock of the prediction's times.
        box : (4,) float
            Of the face, NaN where there is none; see :func:`avef.preparation.faces.face_box`.
        points : (5, 2) float
            Its key points, or NaN.

        Returns
        -------
        ndarray (h, w, 3), uint8, RGB
            Of the size that :func:`layout` says.
        """
        room, drawn = self.layout, self._still.copy()
        drawn[: room.height, : room.width] = cv2.resize(picture, (room.width, room.height))
        seen = drawn[: room.height, : room.width]
        if not np.isnan(box).any():
            x0, y0, x1, y1 = (int(v) for v in np.round(box * room.scale))
            cv2.rectangle(seen, (x0, y0), (x1, y1), _FACE, 2)
        for x, y in points[~np.isnan(points).any(axis=1)]:
            cv2.circle(
                seen, (int((x + 0.5) * room.scale), int((y + 0.5) * room.scale)), 3, _FACE, -1
            )
        self._bars(drawn, at(self.prediction.times, moment))
        x = self._across(moment)
        cv2.line(drawn[room.height :], (x, 0), (x, _STRIP), _MARK, 2)
        return drawn

    def _across(self, moment):
        share = moment / max(self.prediction.duration, 1e-3)
        return int(np.clip(share, 0, 1) * (self.layout.size[0] - 1))

    def _background(self):
        room, made = self.layout, self.prediction
        drawn = np.full((room.size[1], room.size[0], 3), _PAPER, np.uint8)
        for begin, end in made.speech:
            corners = (self._across(begin), room.height + 8), (self._across(end), room.size[1] - 8)
            cv2.rectangle(drawn, *corners, _VOICE, -1)
        lines = [(said, _INK, True) for said in _wrapped(made.headline, 24)]
        lines.append((f"probability {100 * made.confidence:.0f} %", _INK, False))
        if made.data:
            lines.append((short(made.data), _MARK, False))
        for number, (said, ink, bold) in enumerate(lines):
            _write(drawn, said, (room.width + 10, 22 + 20 * number), ink, bold=bold)
        return drawn

    def _bars(self, drawn, segment):
        """A bar an emotion, of the segment at that moment; empty where nobody speaks."""
        left, top = self.layout.width + 10, self.layout.height - 32 * len(EMOTIONS) - 8
        for number, emotion in enumerate(EMOTIONS):
            y = top + 32 * number
            share = 0.0 if segment is None else self.prediction.timeline[segment, number]
            told = "" if segment is None else f" {100 * share:.0f} %"
            _write(drawn, emotion + told, (left, y + 10), _INK, bold=False)
            cv2.rectangle(drawn, (left, y + 16), (left + 240, y + 26), _DIM, 1)
            cv2.rectangle(drawn, (left, y + 16), (left + round(240 * share), y + 26), _VOICE, -1)


def _write(drawn, said, place, ink, *, bold):
    cv2.putText(drawn, said, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, ink, 1 + bold, cv2.LINE_AA)


def _wrapped(said, width):
    """Lines of whole words, none longer than so many letters if they allow it."""
    lines = [""]
    for word in said.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
