"""A drawn face that moves: expression, mouth, head.

:class:`Actor` draws one person into frames. What does not move comes from
:mod:`avef.demo.portrait`; brows, eyes, mouth and folds are drawn anew for every
frame, and the whole head is then placed by one affine map. The places of eyes,
nose and mouth are therefore known exactly (:meth:`Actor.landmarks`).
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import cv2
import numpy as np

from avef.demo.portrait import (
    BROW_Y,
    CENTRE,
    EYE_Y,
    HEAD_HEIGHT,
    MOUTH_Y,
    NOSE_Y,
    Look,
    portrait,
    shade,
)  # fmt: skip

HEAD_IN_FRAME = 0.56  # height of the whole head over the height of the frame


@dataclass(frozen=True)
class Expression:
    """What a face does, each about −1 … 1, 0 at rest (mouth, teeth, folds: 0 … 1)."""

    brow_raise: float = 0.0
    brow_inner: float = 0.0  # inner ends up (worry) or down (anger)
    brow_squeeze: float = 0.0  # drawn together
    eye_open: float = 0.0
    lower_lid: float = 0.0  # lower lid up
    gaze: float = 0.0  # down
    smile: float = 0.0  # corners of the mouth up
    mouth_width: float = 0.0
    mouth_open: float = 0.0
    lip_raise: float = 0.0  # upper lip up
    teeth: float = 0.0
    wrinkle: float = 0.0  # of the nose
    tilt: float = 0.0  # head to the side
    nod: float = 0.0  # head down
    scale: float = 0.0  # head nearer

    def mixed(self, other: Expression, share: float) -> Expression:
        """This expression with ``share`` (0…1) of the way to ``other``.

        >>> half = Expression(smile=-1.0).mixed(Expression(smile=1.0, nod=0.5), 0.5)
        >>> half == Expression(nod=0.25)
        True
        """
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Expression(*(a + share * (b - a) for a, b in pairs))


def _fill(image, points, colour):
    cv2.fillPoly(image, [np.int32(np.round(points * 16))], colour, cv2.LINE_AA, 4)


def _line(image, points, colour, width):
    cv2.polylines(image, [np.int32(np.round(points * 16))], False, colour, width, cv2.LINE_AA, 4)


def _stroke(image, points, half_width, colour):
    """A line whose half width varies along it: ``half_width`` (n,)."""
    across = np.zeros_like(points)
    across[:, 1] = half_width
    _fill(image, np.vstack([points - across, (points + across)[::-1]]), colour)


class Actor:
    """One person in front of a wall.

    Parameters
    ----------
    identity : int, 0 or more
        The person's number; it settles the whole look.
    size : (int, int), pixels
        Width and height of the frames.
    place : (float, float)
        x and y of the middle of the head, as shares of the frame.
    """

    def __init__(
        self,
        identity: int,
        size: tuple[int, int] = (320, 240),
        place: tuple[float, float] = (0.5, 0.47),
    ) -> None:
        self.look = Look.of(identity)
        self.size: tuple[int, int] = (size[0], size[1])
        self.place = np.multiply(place, self.size)
        self.unit = HEAD_IN_FRAME * self.size[1] / HEAD_HEIGHT
        self._rgb, self._alpha = portrait(self.look)
        self._wall = self._background()

    def _background(self):
        """(height, width, 3) uint8: wall, shoulders and clothes."""
        width, height = self.size
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        light = 1 + self.look.light * (x / width - 0.5) * 2 - 0.18 * (y / height)
        image = np.asarray(self.look.wall, np.float32) * light[..., None]
        image = np.ascontiguousarray(np.clip(image, 0, 255).astype(np.uint8))
        left = np.array([[112, 312], [84, 330], [24, 352], [-22, 392], [-50, 640], [150, 640]])
        right = (left * (-1, 1) + (300, 0))[::-1]
        matrix = self._matrix(Expression(), (0, 0))
        place = lambda p: p @ matrix[:, :2].T + matrix[:, 2]  # noqa: E731
        _fill(image, place(np.vstack([left, right])), self.look.cloth)
        _fill(image, place(np.array([[108.0, 318], [192, 318], [150, 372]])),
              shade(self.look.skin, 0.82))  # fmt: skip
        return image

    def _matrix(self, e, shift):
        """(2, 3): patch → frame, for an expression and a shift (x, y) in patch px."""
        scale = self.unit * (1 + e.scale)
        angle = np.radians(6 * e.tilt)
        cos, sin = scale * np.cos(angle), scale * np.sin(angle)
        squeeze = 1 - 0.04 * abs(e.nod)
        linear = np.array([[cos, -sin * squeeze], [sin, cos * squeeze]])
        pivot = np.array([150.0, 310.0])  # the head turns about the neck
        at = self.place + self.unit * (pivot - CENTRE + shift + (0, 5 * e.nod))
        return np.column_stack([linear, at - linear @ pivot])

    def draw(
        self, expression: Expression, shift: tuple[float, float] | np.ndarray = (0.0, 0.0)
    ) -> np.ndarray:
        """Draw one frame.

        Parameters
        ----------
        expression : Expression
        shift : (float, float)
            x and y, how far the head is off its place, in 236ths of its height.

        Returns
        -------
        ndarray (height, width, 3), uint8, RGB
        """
        patch = self._rgb.copy()
        self._folds(patch, expression)
        for side in (-1, 1):
            self._eye(patch, expression, side)
            self._brow(patch, expression, side)
        self._mouth(patch, expression)
        matrix = self._matrix(expression, shift)
        if self.unit < 0.5:  # much smaller than the patch: blur what would alias
            patch = cv2.GaussianBlur(patch, (0, 0), 0.3 / self.unit)
        head = cv2.warpAffine(patch, matrix, self.size, flags=cv2.INTER_LINEAR)
        alpha = cv2.warpAffine(self._alpha, matrix, self.size, flags=cv2.INTER_LINEAR)
        return cv2.blendLinear(head, self._wall, alpha, 1 - alpha)

    def landmarks(
        self, expression: Expression, shift: tuple[float, float] | np.ndarray = (0.0, 0.0)
    ) -> np.ndarray:
        """Where the five key points of a face are: left eye, right eye, nose, corners of the mouth.

        Left and right are the picture's. The arguments are those of :meth:`draw`.

        Returns
        -------
        ndarray (5, 2), float
            x and y in pixels of the frame.

        Examples
        --------
        A smile lifts the corners of the mouth and nothing else.

        >>> actor, smiling = Actor(3), Expression(smile=1.0)
        >>> lift = actor.landmarks(Expression()) - actor.landmarks(smiling)
        >>> lift[:, 1].round(1).tolist()
        [0.0, 0.0, 0.0, 6.3, 6.3]
        """
        eye = 33 * self.look.gap
        corner, left, right = self._corners(expression)
        points = [[150 - eye, EYE_Y], [150 + eye, EYE_Y], [150, NOSE_Y - 4],
                  [left, corner], [right, corner]]  # fmt: skip
        matrix = self._matrix(expression, shift)
        return np.array(points) @ matrix[:, :2].T + matrix[:, 2]

    def _corners(self, e):
        half = 31 * self.look.mouth * (1 + 0.3 * np.clip(e.mouth_width, -1, 1))
        return MOUTH_Y - 11 * np.clip(e.smile, -1.2, 1.2), 150 - half, 150 + half

    def _folds(self, patch, e):
        skin = self.look.skin
        t = np.linspace(-1, 1, 9)
        if (deep := max(e.wrinkle, 0)) > 0.1:
            for y in (178, 186, 194):
                arc = np.stack([150 + 13 * t, y - 5 * t**2], 1)
                _line(patch, arc, shade(skin, 0.95 - 0.35 * deep), 2)
        if (deep := max(e.brow_squeeze, 0)) > 0.15:
            for side in (-1, 1):
                crease = np.array([[150 + side * 6, 140], [150 + side * 5, 160.0]])
                _line(patch, crease, shade(skin, 0.95 - 0.35 * min(deep, 1)), 2)
        if (deep := max(e.brow_raise, 0)) > 0.3:
            for y in (112, 122):
                arc = np.stack([150 + 40 * t, y + 4 * t**2 - 6 * deep], 1)
                _line(patch, arc, shade(skin, 0.98 - 0.22 * min(deep, 1)), 2)
        deep = np.clip(max(e.smile, e.wrinkle, 0.7 * e.lip_raise), 0, 1)
        if deep > 0.1:
            corner, _, right = self._corners(e)
            for side in (-1, 1):
                start = np.array([150 + side * 22 * self.look.nose, NOSE_Y - 4])
                end = np.array([150 + side * (right - 150 + 9), corner + 4])
                s = np.linspace(0, 1, 9)[:, None]
                arc = start + s * (end - start) + np.sin(np.pi * s) * np.array([side * 7, 0])
                _line(patch, arc, shade(skin, 0.97 - 0.27 * deep), 2)

    def _brow(self, patch, e, side):
        t = np.linspace(0, 1, 12)  # from the inner to the outer end
        squeeze = np.clip(e.brow_squeeze, 0, 1.2)
        x = 150 + side * (14 - 4 * squeeze + 41 * t)
        lift = 12 * e.brow_raise + 13 * e.brow_inner * (1 - t) ** 1.5
        lift = lift - 4 * e.brow_inner * t - 3 * squeeze * (1 - t)
        y = BROW_Y - lift - 7 * np.sin(np.pi * (0.15 + 0.75 * t)) + 4
        half = 3.6 * self.look.brow * np.sin(np.pi * (0.2 + 0.78 * t)) ** 0.6
        colour = shade(self.look.hair, 0.75) if sum(self.look.hair) < 330 else \
            shade(self.look.hair, 0.6)  # fmt: skip
        _stroke(patch, np.stack([x, y], 1), half, colour)

    def _eye(self, patch, e, side):
        size = self.look.eye_size
        cx = 150 + side * 33 * self.look.gap
        t = np.linspace(-1, 1, 17)
        wide = 17.5 * size
        up = max(9.5 * size * (1 + 0.55 * e.eye_open), 0.4)
        down = max(6.0 * size * (1 + 0.3 * e.eye_open - 0.75 * e.lower_lid), 0.4)
        arch = (1 - t**2) ** 0.75
        droop = side * t * (2.2 * max(e.brow_inner, 0) - 1.2)  # the outer corner sinks
        upper = np.stack([cx + wide * t, EYE_Y + 2 + droop - up * arch], 1)
        lower = np.stack([cx + wide * t, EYE_Y + 2 + droop + down * arch], 1)
        left, top, half_w, half_h = int(cx) - 26, int(EYE_Y) - 26, 52, 52
        roi = patch[top : top + half_h, left : left + half_w]
        ball = np.empty_like(roi)
        ball[:] = (238, 236, 232)
        offset = np.array([left, top])
        pupil = np.array([cx, EYE_Y - 1 + 5 * e.gaze]) - offset
        at = tuple(int(round(v * 16)) for v in pupil)
        for radius, colour in ((9.2, shade(self.look.eye, 0.6)), (8.0, self.look.eye),
                               (3.9, (14, 12, 12))):  # fmt: skip
            cv2.circle(ball, at, int(radius * size * 16), colour, -1, cv2.LINE_AA, 4)
        spark = (at[0] - 45, at[1] - 50)
        cv2.circle(ball, spark, 32, (255, 255, 255), -1, cv2.LINE_AA, 4)
        shadow = (upper - offset) + (0, 2)
        _line(ball, shadow, (170, 160, 155), 3)
        mask = np.zeros((half_h, half_w), np.uint8)
        _fill(mask, np.vstack([upper, lower[::-1]]) - offset, 255)
        part = mask.astype(np.float32) / 255
        roi[:] = cv2.blendLinear(ball, np.ascontiguousarray(roi), part, 1 - part)
        dark = shade(self.look.skin, 0.25)
        _line(patch, upper, dark, 3)
        _line(patch, lower[2:-2], shade(self.look.skin, 0.6), 1)
        crease = upper[2:-2] - (0, 5.5 + 2 * max(e.eye_open, 0))
        _line(patch, crease, shade(self.look.skin, 0.72), 1)
        if e.lower_lid > 0.3:
            bag = lower[2:-2] + (0, 5)
            _line(patch, bag, shade(self.look.skin, 0.88 - 0.12 * e.lower_lid), 2)

    def _mouth(self, patch, e):
        corner, left, right = self._corners(e)
        t = np.linspace(-1, 1, 21)
        x = (left + right) / 2 + (right - left) / 2 * t
        bow = 1 - t**2
        middle = MOUTH_Y + 3 * np.clip(e.smile, -1, 1)
        rest = middle + (corner - middle) * np.abs(t) ** 1.8
        gap = 1.0 + 33 * np.clip(e.mouth_open, 0, 1.05)
        upper = rest - (0.22 * gap + 6 * max(e.lip_raise, 0)) * bow
        lower = rest + 0.78 * gap * bow**0.6
        thick = 6.2 * self.look.lips * (1 - 0.25 * np.clip(e.smile, 0, 1))
        cupid = 1 - 0.35 * np.exp(-((t / 0.13) ** 2))
        lip = self.look.lip
        curve = lambda y: np.stack([x, y], 1)  # noqa: E731
        _fill(patch, np.vstack([curve(upper - thick * bow**0.7 * cupid), curve(lower)[::-1]]),
              shade(lip, 0.88))  # fmt: skip
        _fill(patch, np.vstack([curve(upper), curve(lower + 1.25 * thick * bow**0.7)[::-1]]), lip)
        inside = np.vstack([curve(upper), curve(lower)[::-1]])
        _fill(patch, inside, (74, 26, 30))
        space = lower - upper
        if e.teeth > 0.15:
            white = shade((240, 236, 226), 0.8 + 0.2 * min(e.teeth, 1))
            low = upper + np.minimum(space * 0.85, 9 * min(e.teeth, 1) * bow**0.3)
            _fill(patch, np.vstack([curve(upper)[1:-1], curve(low)[1:-1][::-1]]), white)
        if e.mouth_open > 0.3:
            tongue = np.maximum(lower - 0.3 * space * bow, upper)
            inner = slice(5, -5)
            shape = np.vstack([curve(tongue)[inner], curve(lower)[inner][::-1]])
            _fill(patch, shape, (168, 82, 84))
        _line(patch, curve(upper), shade(lip, 0.5), 1 if gap > 4 else 2)
        shine = curve(lower + 0.7 * thick * bow)[7:-7]
        _line(patch, shine, tuple(np.clip(np.array(lip) * 1.18, 0, 255)), 2)
