"""Made-up fields: tubes of any look, laid over one another, with exact truth.

Not a testis, and no attempt at one: a spread of shading, colour, packing and dirt much wider than
any simulator's, so that the network learns tubes and not a renderer.
``python -m training.tubules.made_up --help`` fills a folder with them.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from training.tubules.scenes import SEEN, UNREADABLE, UNSURE, Bytes, Floats, Scene

LOOK = "made-up"
SIDE = 352
STEP_PX = 1.5
BLUR_UNREADABLE = 0.22
"""Blur (sigma) over this share of a tubule's diameter leaves no edge to measure."""

Array = npt.NDArray[np.float64]


def main() -> None:
    """Read the command line and render."""
    parser = argparse.ArgumentParser(description="Render made-up fields.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    seeds = range(options.first, options.first + options.count)
    with ProcessPoolExecutor(options.workers) as pool:
        for _ in pool.map(partial(render_to, options.out), seeds, chunksize=4):
            pass


def render_to(folder: Path, seed: int) -> None:
    """Render one scene into the folder unless it is there."""
    cv2.setNumThreads(1)
    file = folder / f"made-up-{seed:05d}.npz"
    if not file.exists():
        made_up(seed).save(file)


def made_up(seed: int, side: int = SIDE) -> Scene:
    """Render a field; the same seed gives the same."""
    rng = np.random.default_rng((seed, 77))
    canvas = _Canvas(side, rng)
    typical = float(np.exp(rng.uniform(np.log(11), np.log(34))))
    spread = rng.choice((0.06, 0.12, 0.3))
    wanted = rng.uniform(0.75, 1.0)
    angles = _smooth(side, rng, side / rng.uniform(1.5, 5)) * np.pi * rng.uniform(0.5, 2)
    for _ in range(160):
        if canvas.covered() > wanted:
            break
        diameter = typical * float(np.exp(rng.normal(0, spread)))
        if rng.random() < 0.15:
            diameter *= rng.uniform(1.3, 2.1)
        line = _line(side, canvas, angles, diameter, rng)
        if len(line) > 6:
            canvas.lay(line, np.full(len(line), diameter) * _wobble(len(line), diameter, rng))
    return canvas.finished()


def _smooth(side: int, rng: np.random.Generator, grain_px: float) -> Array:
    """Return noise of about unit spread whose grain has the given size."""
    cells = max(2, round(side / grain_px) + 1)
    coarse = rng.standard_normal((cells, cells))
    return np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC))


def _wobble(count: int, diameter: float, rng: np.random.Generator) -> Array:
    knots = max(3, int(count * STEP_PX / diameter / 2))
    values = rng.normal(0, rng.uniform(0.0, 0.09), knots)
    return np.exp(np.interp(np.linspace(0, knots - 1, count), np.arange(knots), values))


def _line(
    side: int, canvas: _Canvas, angles: Array, diameter: float, rng: np.random.Generator
) -> Array:
    """Follow the field of directions both ways from a place that is still free."""
    free = np.argwhere(canvas.offset[::4, ::4] > 1)
    if len(free) == 0:
        return np.zeros((0, 2))
    start = 4.0 * free[rng.integers(len(free)), ::-1] + rng.uniform(0, 4, 2)
    length = diameter * np.exp(rng.uniform(np.log(3), np.log(25)))
    turn = rng.uniform(-1, 1) * 0.25 * STEP_PX / diameter
    wave, phase = rng.uniform(3, 12) * diameter, rng.uniform(0, 7)
    swing = rng.uniform(0, 1.3) * (rng.random() < 0.6)
    off = rng.choice((0, 0, 0, rng.uniform(-1.5, 1.5)))
    halves = []
    for sign in (1, -1):
        place, walked, half = start.copy(), 0.0, []
        while walked < length / 2:
            column, row = np.clip(np.rint(place), -20, side + 20).astype(int)
            if not (-20 < place[0] < side + 20 and -20 < place[1] < side + 20):
                break
            angle = angles[min(max(row, 0), side - 1), min(max(column, 0), side - 1)]
            angle += off + swing * np.sin(sign * walked / wave * 2 * np.pi + phase)
            angle += sign * turn * walked / STEP_PX
            place = place + sign * STEP_PX * np.array((np.cos(angle), np.sin(angle)))
            half.append(place.copy())
            walked += STEP_PX
        halves.append(half)
    line = np.array([*reversed(halves[1]), start, *halves[0]])
    smooth = np.ones(7) / 7
    if len(line) > 14:
        line = np.stack([np.convolve(line[:, i], smooth, "valid") for i in (0, 1)], 1)
    return line


class _Canvas:
    """The picture under construction, from the bottom up."""

    def __init__(self, side: int, rng: np.random.Generator) -> None:
        self.side, self.rng = side, rng
        base = np.array((0.78, 0.66, 0.5)) * rng.uniform(0.5, 1.15)
        self.flesh = np.clip(base + rng.normal(0, 0.09, 3), 0.15, 1)
        self.white = np.clip(np.array((0.95, 0.92, 0.85)) + rng.normal(0, 0.06, 3), 0.5, 1)
        ground = np.array((0.45, 0.22, 0.16)) * rng.uniform(0.3, 1.4) + rng.normal(0, 0.06, 3)
        self.rgb = np.clip(ground, 0.02, 1) * (1 + 0.15 * _smooth(side, rng, 12)[..., None])
        self.offset = np.full((side, side), 9.0)
        self.diameter = np.zeros((side, side))
        self.direction = np.zeros((side, side))
        self.opacity = np.zeros((side, side))
        self.relief = np.zeros((side, side, 2))
        self.light = rng.uniform(0, 2 * np.pi)
        self.slant = rng.uniform(0, 0.9)
        self.fall = rng.uniform(0.25, 1.6)
        self.ambient = rng.uniform(0.25, 0.85)
        self.rim = rng.uniform(-0.5, 0.35) * (rng.random() < 0.7)
        self.shadow = rng.uniform(0.1, 0.75)
        self.clarity = rng.uniform(0, 0.5)
        self.grain = [_smooth(side, rng, grain) for grain in (2.5, 7.0)]
        self.grains = rng.uniform(0, 0.07, 2)
        self.rows, self.columns = np.mgrid[:side, :side].astype(float)
        self.opacities = np.clip(rng.normal(rng.uniform(0.25, 0.7), 0.2, 64), 0, 1)
        self.count = 0

    def covered(self) -> float:
        return float((self.offset <= 1).mean())

    def lay(self, line: Array, diameters: Array) -> None:
        """Lay a tube over what is there."""
        reach = diameters.max() * 0.9 + 2
        x0, y0 = np.maximum(np.floor(line.min(0) - reach), 0).astype(int)
        x1, y1 = np.minimum(np.ceil(line.max(0) + reach), self.side).astype(int)
        if x1 - x0 < 4 or y1 - y0 < 4:
            return
        box = np.s_[y0:y1, x0:x1]
        u, nearest, across, along = self._nearest(line, diameters, box)
        self._shade_below(box, u)
        on = u <= 1
        if not on.any():
            return
        opacity = float(self.opacities[self.count % len(self.opacities)])
        if diameters.mean() > 20 and self.rng.random() < 0.4:
            opacity = min(1.0, opacity + 0.3)
        self.count += 1
        colour = self.flesh + (self.white - self.flesh) * opacity
        colour = np.clip(colour + self.rng.normal(0, 0.02, 3), 0, 1)
        height = np.sqrt(np.clip(1 - u**2, 0, 1))
        towards = np.cos(self.light) * across[..., 0] + np.sin(self.light) * across[..., 1]
        lit = np.clip(height * np.sqrt(1 - self.slant**2) + self.slant * u * towards, 0, 1)
        tone = self.ambient + (1 - self.ambient) * lit**self.fall
        tone = tone * (1 + self.rim * np.exp(-((1 - u) ** 2) / 0.02))
        for weight, grain in zip(self.grains, self.grain, strict=True):
            tone = tone * (1 + weight * grain[box])
        own = colour * tone[..., None]
        solid = 1 - self.clarity * (1 - opacity) * height
        edge = np.clip((1 - u) * diameters.mean() / 2 + 0.5, 0, 1)
        alpha = (solid * edge)[..., None]
        self.rgb[box] = self.rgb[box] * (1 - alpha) + own * alpha
        self.offset[box] = np.where(on, u, self.offset[box])
        self.diameter[box] = np.where(on, diameters[nearest], self.diameter[box])
        self.direction[box] = np.where(on, along[nearest], self.direction[box])
        self.opacity[box] = np.where(on, opacity, self.opacity[box])
        self.relief[box] = np.where(on[..., None], u[..., None] * across, self.relief[box])

    def _nearest(
        self, line: Array, diameters: Array, box: tuple[slice, slice]
    ) -> tuple[Array, npt.NDArray[np.intp], Array, Array]:
        top, left = box[0].start, box[1].start
        height, width = box[0].stop - top, box[1].stop - left
        margin = 24
        mask = np.ones((height + 2 * margin, width + 2 * margin), np.uint8)
        spots = np.rint(line - (left, top)).astype(int) + margin
        inside = ((spots >= 0) & (spots < (mask.shape[1], mask.shape[0]))).all(1)
        spots, kept = spots[inside], np.flatnonzero(inside)
        mask[spots[:, 1], spots[:, 0]] = 0
        _, labels = cv2.distanceTransformWithLabels(
            mask, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        which = np.zeros(labels.max() + 1, np.intp)
        which[labels[spots[:, 1], spots[:, 0]]] = kept
        nearest = which[labels[margin:-margin, margin:-margin]]
        tangent = np.gradient(line, axis=0)
        tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9
        away = np.dstack((self.columns[box], self.rows[box])) - line[nearest]
        distance = np.linalg.norm(away, axis=2)
        normal = np.dstack((-tangent[nearest, 1], tangent[nearest, 0]))
        side = (away * normal).sum(2)
        # flat ends: beyond the last point the tube goes on under something or is cut
        last = (nearest == 0) | (nearest == len(line) - 1)
        d = np.where(last, distance, np.abs(side))
        u = 2 * d / diameters[nearest]
        across = normal * np.sign(side)[..., None]
        return u, nearest, across, np.arctan2(tangent[:, 1], tangent[:, 0])

    def _shade_below(self, box: tuple[slice, slice], u: Array) -> None:
        dark = self.shadow * np.exp(-np.maximum(u - 1, 0) / 0.15)
        self.rgb[box] *= 1 - dark[..., None] * (u > 1)[..., None] * 0.8

    def finished(self) -> Scene:
        """Add what lies on top, blur, and say what can still be seen."""
        rng, side = self.rng, self.side
        unreadable = np.zeros((side, side), bool)
        unsure = np.zeros((side, side), bool)
        rgb = self.rgb
        self._vessels(rgb)
        if rng.random() < 0.35:
            blood = _smooth(side, rng, side / rng.uniform(2, 6)) - rng.uniform(0.9, 1.6)
            alpha = np.clip(blood * 6, 0, 1) * rng.uniform(0.75, 1)
            tint = np.array((0.4, 0.04, 0.04)) * rng.uniform(0.5, 1.6)
            rgb = rgb * (1 - alpha[..., None]) + tint * alpha[..., None]
            unreadable |= alpha > 0.55
            unsure |= (alpha > 0.2) & (alpha <= 0.55)
        rgb, glare = self._glare(rgb)
        unreadable |= glare
        if rng.random() < 0.3:
            rgb, tool = self._instrument(rgb)
            unreadable |= tool
        sigma = rng.uniform(0, 0.8)
        rgb = cv2.GaussianBlur(rgb, (0, 0), sigma) if sigma > 0.3 else rgb
        if rng.random() < 0.55:
            depth = np.abs(_smooth(side, rng, side / rng.uniform(0.8, 3)) + rng.normal(0, 0.7))
            strength = rng.uniform(1.5, 7)
            blur = np.clip((depth - rng.uniform(0.2, 0.9)) * strength, 0, 9)
            rgb = _blurred(rgb, blur)
            typical = float(np.median(self.diameter[self.offset <= 1])) if self.covered() else 20.0
            lost = blur > BLUR_UNREADABLE * np.maximum(self.diameter, 0.6 * typical)
            sharp = blur < 0.6 * BLUR_UNREADABLE * np.maximum(self.diameter, 0.6 * typical)
            unreadable |= lost
            unsure |= ~lost & ~sharp
        flags = np.zeros((side, side), np.uint8)
        flags[(self.offset <= 1) & ~unreadable] |= SEEN
        flags[unreadable] |= UNREADABLE
        flags[unsure & ~unreadable] |= UNSURE
        pixels: Bytes = np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)
        return Scene(
            LOOK,
            pixels,
            self.offset.astype(np.float16),
            self.diameter.astype(np.float16),
            self.direction.astype(np.float16),
            self.opacity.astype(np.float16),
            flags,
        )

    def _vessels(self, rgb: Array) -> None:
        rng = self.rng
        over = np.zeros((self.side, self.side), np.float32)
        for _ in range(rng.poisson(3)):
            start, way = rng.uniform(0, self.side, 2), rng.uniform(0, 7)
            turns = np.cumsum(rng.normal(0, 0.15, 60)) + way
            steps = np.cumsum(np.stack((np.cos(turns), np.sin(turns)), 1) * 6, 0) + start
            wide = int(rng.integers(1, 5))
            cv2.polylines(over, [np.rint(steps).astype(np.int32)], False, 1.0, wide, cv2.LINE_AA)
        soft = cv2.GaussianBlur(over, (0, 0), 0.8) * rng.uniform(0.3, 0.9)
        tint = np.array((0.55, 0.08, 0.08)) * rng.uniform(0.6, 1.3)
        rgb[:] = rgb * (1 - soft[..., None]) + tint * soft[..., None]

    def _glare(self, rgb: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
        rng, side = self.rng, self.side
        way = rng.uniform(0, 2 * np.pi)
        aim = rng.uniform(0, 0.7) * np.array((np.cos(way), np.sin(way)))
        gap = ((self.relief - aim) ** 2).sum(2)
        film = np.clip(_smooth(side, rng, rng.uniform(5, 30)) + rng.uniform(-1, 0.8), 0, 1)
        shine = np.exp(-gap / rng.uniform(0.01, 0.09)) * film * (self.offset <= 1)
        shine = shine * rng.uniform(0, 1.6) * (rng.random() < 0.8)
        if rng.random() < 0.3:
            pools = np.clip((_smooth(side, rng, rng.uniform(8, 40)) - rng.uniform(1, 2)) * 5, 0, 1)
            shine = np.maximum(shine, pools)
        shine = cv2.GaussianBlur(shine, (0, 0), 0.7)
        spots = (shine > 0.6).astype(np.uint8)
        # a streak thinner than a tubule hides nothing of it
        typical = float(np.median(self.diameter[self.offset <= 1])) if self.covered() else 20.0
        size = max(3, round(0.5 * typical)) | 1
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
        hidden = cv2.morphologyEx(spots, cv2.MORPH_OPEN, disc) > 0
        alpha = np.clip(shine, 0, 1)[..., None]
        return rgb * (1 - alpha) + alpha, hidden

    def _instrument(self, rgb: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
        rng, side = self.rng, self.side
        tip = rng.uniform(0.15, 0.85, 2) * side
        way = rng.uniform(0, 2 * np.pi)
        far = tip + 2 * side * np.array((np.cos(way), np.sin(way)))
        across = np.array((-np.sin(way), np.cos(way)))
        narrow, wide = rng.uniform(1, 12), rng.uniform(12, 60)
        corners = np.array(
            (tip - narrow * across, tip + narrow * across, far + wide * across, far - wide * across)
        )
        mask = np.zeros((side, side), np.float32)
        cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], 1.0, cv2.LINE_AA)
        place = (self.columns - tip[0]) * across[0] + (self.rows - tip[1]) * across[1]
        metal = 0.45 + 0.4 * np.cos(place / rng.uniform(3, 14) + rng.uniform(0, 7))
        tint = np.clip(np.array((0.7, 0.72, 0.75)) * metal[..., None] * rng.uniform(0.4, 1.4), 0, 1)
        return rgb * (1 - mask[..., None]) + tint * mask[..., None], mask > 0.5


def _blurred(rgb: Array, sigma: Array) -> Array:
    """Blur each pixel by its own sigma, between a few levels."""
    levels = np.array((0.0, 1.0, 2.0, 4.0, 8.0))
    stack = [rgb] + [cv2.GaussianBlur(rgb, (0, 0), float(level)) for level in levels[1:]]
    place = np.interp(sigma, levels, np.arange(len(levels)))
    low = np.clip(place.astype(int), 0, len(levels) - 2)
    share = (place - low)[..., None]
    result = np.zeros_like(rgb)
    for index in range(len(levels) - 1):
        here = (low == index)[..., None]
        result = np.where(here, stack[index] * (1 - share) + stack[index + 1] * share, result)
    return result


__all__ = ["LOOK", "Floats", "made_up", "main"]

if __name__ == "__main__":
    main()
