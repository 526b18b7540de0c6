"""Who a face belongs to, and everything of it that does not move.

All coordinates are those of a patch ``PATCH`` = (300, 380), x to the right and
y downwards; the head is upright in its middle, from the crown at y = 62 to the
chin at y = 298.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

Colour = tuple[float, ...]  # R, G, B in 0…255

PATCH = (300, 380)
CENTRE = np.array([150.0, 180.0])
EYE_Y, BROW_Y, NOSE_Y, MOUTH_Y = 174.0, 149.0, 217.0, 250.0
HEAD_HEIGHT = 236.0

SKINS = ((236, 200, 178), (222, 178, 148), (196, 146, 112), (158, 108, 78), (242, 212, 194),
         (124, 84, 62))  # fmt: skip
HAIRS = ((42, 32, 28), (92, 60, 36), (168, 124, 70), (24, 22, 26), (120, 58, 34), (128, 124, 122))
EYES = ((74, 50, 34), (70, 96, 120), (78, 98, 62), (44, 34, 28))
CLOTHES = ((64, 84, 124), (120, 52, 58), (58, 104, 84), (86, 82, 92), (150, 122, 70), (92, 66, 118))
WALLS = ((196, 202, 210), (178, 190, 182), (206, 196, 180), (158, 168, 186), (188, 180, 196))
STYLES = (("short", "receding", "curly"), ("bob", "long", "bun"))


@dataclass(frozen=True)
class Look:
    """A person: colours (R, G, B), proportions (about 1) and the face at rest."""

    skin: Colour
    hair: Colour
    eye: Colour
    lip: Colour
    cloth: Colour
    wall: Colour
    style: str
    width: float
    jaw: float
    gap: float
    eye_size: float
    nose: float
    mouth: float
    lips: float
    brow: float
    beard: float
    light: float
    vigour: float
    rest: tuple[float, ...]  # (brow_raise, eye_open, smile) of the neutral face

    @classmethod
    def of(cls, identity: int) -> Look:
        """The look of a person's number; even numbers are men, odd ones women."""
        rng = np.random.default_rng([11, identity])
        woman = identity % 2
        pick = lambda choices: choices[rng.integers(len(choices))]  # noqa: E731
        skin = np.array(SKINS[(identity + identity // 5 + identity // 50) % len(SKINS)], float)
        lip = skin * (0.80, 0.58, 0.58) if woman else skin * (0.82, 0.68, 0.66)
        return cls(
            skin=tuple(skin),
            hair=HAIRS[(identity * 7 + identity // 4) % len(HAIRS)] if skin[0] > 170 else HAIRS[3],
            eye=pick(EYES) if skin[0] > 200 else EYES[0],
            lip=tuple(lip),
            cloth=pick(CLOTHES),
            wall=pick(WALLS),
            style=STYLES[woman][(identity // 2) % len(STYLES[woman])],
            width=rng.uniform(0.95, 1.06),
            jaw=rng.uniform(0.10, 0.18) + 0.05 * woman,
            gap=rng.uniform(0.96, 1.05),
            eye_size=rng.uniform(0.95, 1.08) + 0.05 * woman,
            nose=rng.uniform(0.88, 1.15),
            mouth=rng.uniform(0.92, 1.08),
            lips=rng.uniform(0.85, 1.1) + 0.15 * woman,
            brow=rng.uniform(0.9, 1.2) - 0.3 * woman,
            beard=0.0 if woman else max(0.0, rng.uniform(-0.12, 0.2)),
            light=rng.choice((-1, 1)) * rng.uniform(0.05, 0.12),
            vigour=rng.uniform(0.8, 1.05),
            rest=tuple(rng.normal(0, (0.1, 0.09, 0.1))),
        )


def shade(colour: Sequence[float] | np.ndarray, factor: float) -> Colour:
    """``colour`` times ``factor``, clipped to 0…255."""
    return tuple(float(c) for c in np.clip(np.multiply(colour, factor), 0, 255))


def polygon_mask(points: np.ndarray | Sequence[Sequence[float]], blur: float = 0.0) -> np.ndarray:
    """(380, 300) float32 in 0…1: the inside of ``points`` (n, 2), blurred by ``blur`` px."""
    mask = np.zeros((PATCH[1], PATCH[0]), np.uint8)
    corners = np.round(np.asarray(points) * 16).astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, 4)
    soft = mask.astype(np.float32) / 255
    return cv2.GaussianBlur(soft, (0, 0), blur) if blur else soft


def ellipse(
    centre: Sequence[float] | np.ndarray,
    radii: tuple[float, float],
    *,
    start: float = 0.0,
    end: float = 360.0,
    n: int = 48,
) -> np.ndarray:
    """(n, 2) points of an ellipse's arc, angles in degrees, clockwise from the right.

    >>> ellipse((0, 0), (2, 1), start=0, end=180, n=3).round(6).tolist()  # y is downwards
    [[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0]]
    """
    angle = np.radians(np.linspace(start, end, n))
    return np.asarray(centre) + np.stack([np.cos(angle), np.sin(angle)], 1) * radii


def outline(look: Look, grow: float = 0.0) -> np.ndarray:
    """(72, 2) points of the head's outline, ``grow`` px outside of the skin."""
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    cos, sin = np.cos(angle), np.sin(angle)
    taper = 1 - look.jaw * np.maximum(sin, 0) ** 1.6
    x = (81 * look.width + grow) * np.sign(cos) * np.abs(cos) ** 0.9 * taper
    return CENTRE + np.stack([x, (118 + grow) * sin], 1)


def _hair_behind(look):
    """Outlines of the hair that hangs behind the neck."""
    if look.style == "long":
        return [np.vstack([ellipse((150, 160), (104, 112), start=180), [[252, 372], [48, 372]]])]
    if look.style == "bob":
        return [np.vstack([ellipse((150, 160), (102, 110), start=180), [[246, 282], [54, 282]]])]
    if look.style == "bun":
        return [ellipse((150, 46), (34, 30))]
    return []


def _hair_before(look):
    """Outlines of the hair on the head."""
    skull, skin = outline(look, 9), outline(look)
    thick = np.clip((168 - skin[:, 1:]) / 60, 0, 1)  # the hair thins out towards the ears
    skull = skin + thick * (skull - skin)
    if look.style == "receding":
        side = skull[(skull[:, 1] < 188) & (skull[:, 1] > 84) & (skull[:, 0] < 150)]
        side = side[np.argsort(side[:, 1])]
        inner = side[::-1] + np.linspace(9, 20, len(side))[:, None] * (1, 0)
        left = np.vstack([side - (0, 2), inner])
        return [left, (300, 0) + left * (-1, 1)]
    low = 176 if look.style in ("bob", "long") else 150
    top = skull[skull[:, 1] < low]
    top = top[np.argsort(np.arctan2(top[:, 1] - 180, top[:, 0] - 150))]
    part = {"short": 0.0, "curly": 0.0, "bob": 26.0, "long": -26.0, "bun": 0.0}[look.style]
    x = np.linspace(top[-1, 0] - 8, top[0, 0] + 8, 40)
    bend = np.abs((x - 150 - part) / 80) ** (3 if look.style == "short" else 2.2)
    line = np.stack([x, 96 + 34 * bend.clip(0, 1.6)], 1)
    shapes = [np.vstack([top, line])]
    if look.style == "curly":
        arc = skull[(skull[:, 1] < 140)]
        shapes += [ellipse(p, (15, 15), n=20) for p in arc[::2]]
    return shapes


def _blob(centre, radii):
    """(380, 300) float32: a smooth bump of height 1."""
    y, x = np.mgrid[0 : PATCH[1], 0 : PATCH[0]].astype(np.float32)
    return np.exp(-(((x - centre[0]) / radii[0]) ** 2 + ((y - centre[1]) / radii[1]) ** 2))


def _skin(look):
    """(380, 300, 3) float32: the skin, lit and shaded, everywhere on the patch."""
    y, x = np.mgrid[0 : PATCH[1], 0 : PATCH[0]].astype(np.float32)
    u, v = (x - CENTRE[0]) / 82, (y - CENTRE[1]) / 118
    light = 1.05 - 0.20 * np.clip(u**2 + 0.7 * v**2, 0, 2) ** 1.5 + look.light * u
    eye_x = 33 * look.gap
    for side in (-1, 1):
        light -= 0.13 * _blob((150 + side * eye_x, EYE_Y - 6), (25, 16))
        light += 0.07 * _blob((150 + side * 42, 212), (24, 20))
        light -= 0.13 * _blob((150 + side * 12 * look.nose, 192), (6, 24))
        light -= 0.12 * _blob((150 + side * 17 * look.nose, NOSE_Y + 1), (7, 8))
    light += 0.12 * _blob((150, 190), (7, 34)) + 0.12 * _blob((150, NOSE_Y - 5), (9, 8))
    light -= 0.14 * _blob((150, NOSE_Y + 12), (17, 6))
    light -= 0.12 * _blob((150, MOUTH_Y + 22), (24, 6)) - 0.05 * _blob((150, 282), (18, 10))
    light += 0.06 * _blob((150, 118), (44, 20))
    skin = np.asarray(look.skin, np.float32) * light[..., None]
    blush = sum(_blob((150 + s * 46, 216), (22, 18)) for s in (-1, 1))[..., None]
    skin = skin * (1 - blush * np.float32([0.0, 0.07, 0.06]))
    if look.beard > 0:
        chin = np.clip((y - 222) / 30, 0, 1) * np.clip(np.hypot(u, (y - 200) / 75), 0, 1)
        skin *= (1 - look.beard * chin)[..., None]
    return skin


@lru_cache(maxsize=16)
def portrait(look: Look) -> tuple[np.ndarray, np.ndarray]:
    """Draw the part of a head that does not move; once for all clips of a person.

    Returns
    -------
    rgb : ndarray (380, 300, 3), uint8
    alpha : ndarray (380, 300), float32 in 0…1
        1 where the patch covers what is behind it.
    """
    rgb = np.zeros((PATCH[1], PATCH[0], 3), np.float32)
    rgb[:] = look.skin
    alpha = np.zeros((PATCH[1], PATCH[0]), np.float32)

    def paint(mask, colour):
        nonlocal rgb
        rgb = rgb + mask[..., None] * (np.asarray(colour, np.float32) - rgb)
        np.maximum(alpha, mask, out=alpha)

    y, x = np.mgrid[0 : PATCH[1], 0 : PATCH[0]].astype(np.float32)
    strands = 1 + 0.05 * np.sin(x * 0.55 + 3 * np.sin(y * 0.02)) + 0.22 * _blob((128, 92), (46, 22))
    hair = np.asarray(look.hair, np.float32) * strands[..., None]
    for shape in _hair_behind(look):
        paint(polygon_mask(shape), 0.72 * hair)
    neck = polygon_mask([[112, 240], [188, 240], [192, 326], [150, 368], [108, 326]])
    paint(neck, np.asarray(look.skin) * (0.70 + 0.12 * np.clip((y - 300) / 60, 0, 1))[..., None])
    for side in (-1, 1):
        ear = (150 + side * (80 * look.width), 186)
        paint(polygon_mask(ellipse(ear, (11, 22))), shade(look.skin, 0.86))
    paint(polygon_mask(outline(look)), _skin(look))
    for side in (-1, 1):
        hole = ellipse((150 + side * 8.5 * look.nose, NOSE_Y + 4), (5, 2.8))
        paint(polygon_mask(hole, 0.8), shade(look.skin, 0.42))
        wing = ellipse((150 + side * 15 * look.nose, NOSE_Y), (6, 8))
        paint(polygon_mask(wing, 1.5) * 0.35, shade(look.skin, 0.66))
    for shape in _hair_before(look):
        shadow = polygon_mask(shape + np.array([0, 5]), 4) * polygon_mask(outline(look))
        rgb *= 1 - 0.22 * shadow[..., None]
    for shape in _hair_before(look):
        paint(polygon_mask(shape), hair)
    return np.clip(rgb, 0, 255).astype(np.uint8), alpha
