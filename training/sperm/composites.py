"""Made-up pictures: cut-out sperm, and things that are no sperm, on plain or real grounds.

Not physics (that is the phantom's part): a cheap supply of heads of either sign with real
outlines, and of round, speckled and thread-like things that must not light up.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from training.sperm.scenes import SPERM
from training.sperm.sprites import Sprite

Floats = npt.NDArray[np.float32]

MOST_SPERM = 45
"""In one crop: as dense as undiluted semen."""

TAIL_DARKNESS = 0.12
"""What of a cut-out sperm is at least so dark against its head, beside the head."""


def ground(side: int, rng: np.random.Generator) -> Floats:
    """Return an empty field: shading, clouds, grain, folds, clumps. (side, side), 0 to 255."""
    level = rng.uniform(60, 190)
    picture = np.full((side, side), level, np.float32)
    for size, strength in (
        (3, rng.uniform(0, 25)),
        (12, rng.uniform(0, 8)),
        (48, rng.uniform(0, 5)),
    ):
        picture += _cloud(side, size, rng) * np.float32(strength)
    if rng.random() < 0.35:
        _folds(picture, rng)
    if rng.random() < 0.25:
        _clumps(picture, rng)
    if rng.random() < 0.15:
        _rim(picture, rng)
    return picture


def _cloud(side: int, size: int, rng: np.random.Generator) -> Floats:
    cloud = rng.standard_normal((size, size)).astype(np.float32)
    wide: Floats = cv2.resize(cloud, (side, side), interpolation=cv2.INTER_CUBIC)
    return wide


def _folds(picture: Floats, rng: np.random.Generator) -> None:
    """Wrinkles of mucus and membranes: thin lines that wander, fade and come back."""
    side = picture.shape[0]
    for _ in range(rng.integers(1, 5)):
        height = _cloud(side, int(rng.integers(4, 18)), rng)
        width = rng.uniform(0.02, 0.2)
        line = np.exp(-((height / width) ** 2))
        relief = line - rng.uniform(0, 1) * np.exp(-(((height - width) / width) ** 2))
        here = np.clip(_cloud(side, 5, rng), 0, None)
        picture += (relief * here).astype(np.float32) * np.float32(
            rng.choice((-1, 1)) * rng.uniform(3, 25)
        )


def _clumps(picture: Floats, rng: np.random.Generator) -> None:
    """Masses out of focus: dark or bright, with a mottled inside and a soft border."""
    side = picture.shape[0]
    shape = _cloud(side, int(rng.integers(4, 14)), rng) - np.float32(rng.uniform(0.3, 1.5))
    inside = 0.5 + 0.5 * np.tanh(shape / np.float32(rng.uniform(0.06, 0.6)))
    mottle = 1 + np.float32(rng.uniform(0, 0.6)) * _cloud(side, int(rng.integers(16, 64)), rng)
    mass = cv2.GaussianBlur(inside * mottle, (0, 0), float(rng.uniform(0.5, 6)))
    picture += mass * np.float32(rng.choice((-1, 1)) * rng.uniform(15, 90))


def _rim(picture: Floats, rng: np.random.Generator) -> None:
    """Place the border of a drop or bubble much larger than the field."""
    side = picture.shape[0]
    centre = rng.uniform(-side, 2 * side, 2).astype(np.float32)
    away = _distance(picture.shape, centre) - np.float32(rng.uniform(0.3, 1.8) * side)
    width = rng.uniform(1.5, 16)
    rim = np.exp(-((away / width) ** 2)) - rng.uniform(0, 1) * np.exp(
        -(((away - 2 * width) / width) ** 2)
    )
    picture += (rim + rng.uniform(-0.4, 0.4) * (away > 0)).astype(np.float32) * np.float32(
        rng.uniform(-70, 70)
    )


def add_specks(picture: Floats, head_px: float, rng: np.random.Generator) -> None:
    """Strew grains clearly smaller than a head, faint to strong, into ``picture``.

    A few sizes at once, each grain with a rim of the other sign as defocus gives it.
    """
    side = picture.shape[0]
    for _ in range(rng.integers(1, 4)):
        points = np.zeros((side, side), np.float32)
        count = round(10 ** rng.uniform(0, 2.2))
        rows, columns = rng.integers(0, side, (2, count))
        points[rows, columns] = rng.uniform(0.2, 1.0, count) * rng.choice((-1, 1))
        size = max(0.5, head_px * float(np.exp(rng.uniform(np.log(0.04), np.log(0.16)))))
        core = cv2.GaussianBlur(points, (0, 0), size)
        rim = cv2.GaussianBlur(points, (0, 0), 2 * size)
        grain = core - np.float32(rng.uniform(0, 0.9)) * rim
        picture += grain * np.float32(
            2 * np.pi * size**2 * np.exp(rng.uniform(np.log(6), np.log(120)))
        )


def add_blobs(
    picture: Floats,
    head_px: float,
    contrast: float,
    taken: Floats,
    rng: np.random.Generator,
) -> None:
    """Lay irregular pieces about as large as a head, but without a tail, into ``picture``.

    Lumps of one to three lobes, rods, pairs, hollow ones, some with a fibre that leads
    off anywhere. What tells them from sperm is outline and tail, not size or tone.

    Parameters
    ----------
    picture : ndarray, (H, W) float32
        Changed in place.
    head_px : float
    contrast : float
        Grey levels of the strongest.
    taken : ndarray, (N, 4) float32
        Boxes of sperm to keep away from.
    """
    side = picture.shape[0]
    middle = taken[:, :2] + taken[:, 2:] / 2
    sign = rng.choice((-1.0, 1.0))
    for _ in range(rng.integers(1, 10)):
        place = rng.uniform(0, side, 2)
        if len(middle) and np.hypot(*(middle - place).T).min() < 1.6 * head_px:
            continue
        reach = int(2.5 * head_px) + 3
        left, top = int(place[0]) - reach, int(place[1]) - reach
        lump = _lump(2 * reach + 1, head_px, rng)
        x0, y0 = max(0, left), max(0, top)
        x1, y1 = min(side, left + len(lump)), min(side, top + len(lump))
        tone = sign * contrast * rng.uniform(0.25, 1.0) * (-1 if rng.random() < 0.15 else 1)
        picture[y0:y1, x0:x1] += lump[y0 - top : y1 - top, x0 - left : x1 - left] * np.float32(tone)


def _lump(side: int, head_px: float, rng: np.random.Generator) -> Floats:
    layer = np.zeros((side, side), np.float32)
    middle = np.array((side / 2, side / 2))
    size = head_px * float(np.exp(rng.uniform(np.log(0.35), np.log(1.5))))
    for _ in range(rng.integers(1, 4)):
        # an odd outline: corners at uneven distances around an oval
        angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(4, 10)))
        radius = size / 2 * rng.uniform(0.45, 1.15, len(angles))
        squeeze, turn = rng.uniform(0.3, 1.0), rng.uniform(0, np.pi)
        oval = np.stack((np.cos(angles), np.sin(angles) * squeeze), 1) * radius[:, None]
        cosine, sine = np.cos(turn), np.sin(turn)
        corners = oval @ np.array(((cosine, sine), (-sine, cosine)))
        corners += middle + rng.normal(0, 0.3 * size, 2)
        cv2.fillPoly(
            layer, [np.round(corners * 8).astype(np.int32)], rng.uniform(0.5, 1), cv2.LINE_AA, 3
        )
    if rng.random() < 0.2:
        _thread(layer, (middle + rng.normal(0, size, 2)).astype(np.float32), head_px, rng)
    soft = cv2.GaussianBlur(layer, (0, 0), max(0.5, size * float(rng.uniform(0.04, 0.2))))
    wide = cv2.GaussianBlur(soft, (0, 0), max(0.7, size * float(rng.uniform(0.2, 0.5))))
    # hollow pieces, and the rim of the other sign that defocus and phase contrast give
    lump: Floats = soft - np.float32(rng.uniform(0, 1.3) * (rng.random() < 0.7)) * wide
    return lump


def add_sperm(
    picture: Floats, sprites: list[Sprite], head_px: float, rng: np.random.Generator
) -> tuple[Floats, npt.NDArray[np.int8], Floats]:
    """Lay cut-out sperm, from one to a crowd, into ``picture`` (changed in place).

    Heads are about ``head_px`` long and dark or bright, at times with the halo of phase
    contrast.

    Returns
    -------
    boxes : ndarray, (N, 4) float32
    kinds : ndarray, (N,) int8
    tails : ndarray, (side, side) float32
        1 on tails.
    """
    side = picture.shape[0]
    boxes = []
    tails = np.zeros_like(picture)
    sign = float(rng.choice((-1.0, 1.0)))
    contrast = rng.uniform(15, 90)
    halo = rng.uniform(0, 0.8) * (rng.random() < 0.5)
    layer = np.zeros_like(picture)
    crowd = min(MOST_SPERM, 0.35 * (side / head_px) ** 2)
    for _ in range(round(np.exp(rng.uniform(0.0, np.log(crowd))))):
        sprite = sprites[rng.integers(len(sprites))]
        x, y, w, h = sprite.head_px
        factor = head_px * rng.uniform(0.85, 1.15) / max(w, h)
        # turned freely about the head's centre; the box is that of the turned ellipse
        angle = rng.uniform(0, 2 * np.pi)
        cosine, sine = np.cos(angle) * factor, np.sin(angle) * factor
        place = rng.uniform(-4, side + 4, 2)
        middle = np.array((x + w / 2, y + h / 2))
        turn = np.array(((cosine, -sine), (sine, cosine)))
        matrix = np.column_stack((turn, place - turn @ middle))
        soft = cv2.GaussianBlur(sprite.darkness, (0, 0), max(0.1, 0.45 / factor))
        patch = cv2.warpAffine(soft, matrix, (side, side), flags=cv2.INTER_LINEAR)
        head_only = np.zeros(sprite.darkness.shape, np.float32)
        top, left = max(0, int(y)), max(0, int(x))
        head_only[top : int(y + h), left : int(x + w)] = sprite.darkness[
            top : int(y + h), left : int(x + w)
        ]
        mask = cv2.warpAffine(head_only, matrix, (side, side), flags=cv2.INTER_LINEAR) > 0.4
        columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
        layer = np.maximum(layer, patch * np.float32(rng.uniform(0.6, 1.0)))
        thread = (patch > TAIL_DARKNESS) & (cv2.dilate(mask.astype(np.uint8), np.ones((3, 3))) == 0)
        tails[thread] = 1
        if len(columns) and len(rows):
            box = (columns[0], rows[0], np.ptp(columns) + 1, np.ptp(rows) + 1)
            boxes.append(box)
    if rng.random() < 0.5:
        # head against tail: in phase contrast a thick bright head drags a dark tail
        thick = cv2.GaussianBlur(layer, (0, 0), head_px / 5)
        layer = np.where(thick > 0.35, layer, layer * np.float32(rng.uniform(-1.0, 1.0)))
    if halo:
        layer = layer - np.float32(halo) * cv2.GaussianBlur(layer, (0, 0), head_px / 3)
    picture += np.float32(sign * contrast) * layer
    return np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), SPERM, np.int8), tails


def add_others(picture: Floats, head_px: float, rng: np.random.Generator) -> None:
    """Lay things that are no sperm into ``picture`` (changed in place).

    Discs and rings (red cells, round cells, air), speckled cells, refractile grains
    smaller than a head, crumbs, and threads without a head.
    """
    side = picture.shape[0]
    for _ in range(rng.integers(0, 22 if rng.random() < 0.2 else 9)):
        layer = np.zeros((side, side), np.float32)
        centre = rng.uniform(0, side, 2).astype(np.float32)
        which = rng.integers(5)
        if which == 0:
            _ring(layer, centre, head_px * rng.uniform(0.8, 2.2), rng)
        elif which == 1:
            _speckled(layer, centre, head_px * rng.uniform(1.2, 4.0), rng)
        elif which == 2:
            _grain(layer, centre, head_px * rng.uniform(0.15, 0.3), rng)
        elif which == 3:
            _crumb(layer, centre, head_px * rng.uniform(0.6, 3.0), rng)
        else:
            _thread(layer, centre, head_px, rng)
        layer = cv2.GaussianBlur(layer, (0, 0), float(rng.uniform(0.5, 1.2)) * head_px / 13)
        picture += layer * np.float32(rng.choice((-1, 1)) * rng.uniform(15, 100))


def _distance(shape: tuple[int, ...], centre: Floats) -> Floats:
    yy, xx = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    away: Floats = np.hypot(xx - np.float32(centre[0]), yy - np.float32(centre[1]))
    return away


def _ring(layer: Floats, centre: Floats, radius: float, rng: np.random.Generator) -> None:
    away = _distance(layer.shape, centre)
    width = radius * rng.uniform(0.12, 0.4)
    rim = np.exp(-(((away - radius) / width) ** 2))
    inner = np.exp(-((away / (radius * rng.uniform(0.4, 0.8))) ** 2)) * rng.uniform(-1, 1)
    body = (away < radius) * rng.uniform(-0.5, 0.7)
    layer += (rim + inner + body).astype(np.float32)


def _speckled(layer: Floats, centre: Floats, radius: float, rng: np.random.Generator) -> None:
    grain = cv2.GaussianBlur(
        rng.standard_normal(layer.shape).astype(np.float32), (0, 0), float(rng.uniform(1, 4))
    )
    body = 0.5 - 0.5 * np.tanh((_distance(layer.shape, centre) - radius) / 3.0)
    layer += (body * (rng.uniform(0, 0.8) + grain / grain.std() * 0.4)).astype(np.float32)


def _grain(layer: Floats, centre: Floats, radius: float, rng: np.random.Generator) -> None:
    ratio = (_distance(layer.shape, centre) / max(radius, 0.5)) ** 2
    layer += (np.exp(-ratio) - rng.uniform(0, 0.7) * np.exp(-ratio / 3)).astype(np.float32) * 2


def _crumb(layer: Floats, centre: Floats, radius: float, rng: np.random.Generator) -> None:
    angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(5, 12)))
    reach = radius * rng.uniform(0.2, 1.2, len(angles))
    corners = centre + np.stack((np.cos(angles), np.sin(angles)), 1) * reach[:, None]
    cv2.fillPoly(layer, [np.round(corners).astype(np.int32)], 1.0)
    layer *= 1 + 0.5 * cv2.GaussianBlur(
        rng.standard_normal(layer.shape).astype(np.float32), (0, 0), 1.5
    )


def _thread(layer: Floats, centre: Floats, head_px: float, rng: np.random.Generator) -> None:
    bends = rng.standard_normal(40) * rng.uniform(0.02, 0.3)
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(bends)
    step = head_px * rng.uniform(0.05, 0.4)
    path = centre + np.cumsum(np.stack((np.cos(heading), np.sin(heading)), 1) * step, axis=0)
    cv2.polylines(
        layer,
        [np.round(path * 8).astype(np.int32)],
        isClosed=False,
        color=float(rng.uniform(0.4, 1.0)),
        thickness=max(1, round(head_px * rng.uniform(0.05, 0.25))),
        lineType=cv2.LINE_AA,
        shift=3,
    )
