"""A labelled operating field as training sees it: a picture and what is true of each pixel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from training.tubules.augment import as_seen_elsewhere, random_view
from training.tubules.network import STRIDE

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

SEEN, UNREADABLE, UNSURE = 1, 2, 4
"""Flags of a pixel: on a tubule that lies on top, uncovered and in focus; not to be read; such
that nobody could say."""

LINE_WIDTH = 0.22
"""Standard deviation of the centreline's heat, in radii of the tubule."""

NARROWEST_CELLS = 0.75
"""The same for thin tubules, in cells."""

BASE_DIAMETER_PX = 22.0
"""Diameters come out as natural logarithms relative to this: 176 um at 8 um per px."""

MAPS = 6
"""Numbers per cell: heat of the line, log of the diameter, cosine and sine of twice the
direction, opacity, unreadable."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One picture with the truth of each pixel.

    Parameters
    ----------
    look : str
        Who rendered it.
    pixels : ndarray, (H, W, 3) uint8, RGB
    offset : ndarray, (H, W) float16
        Distance from the centreline of the topmost tubule, in its radii (above 1: none).
    diameter_px : ndarray, (H, W) float16
    direction : ndarray, (H, W) float16
        Of the centreline, radians from x towards y, modulo pi.
    opacity : ndarray, (H, W) float16
        0 clear to 1 white.
    flags : ndarray, (H, W) uint8
        `SEEN`, `UNREADABLE`, `UNSURE`.
    """

    look: str
    pixels: Bytes
    offset: npt.NDArray[np.float16]
    diameter_px: npt.NDArray[np.float16]
    direction: npt.NDArray[np.float16]
    opacity: npt.NDArray[np.float16]
    flags: Bytes

    def save(self, file: Path) -> None:
        """Write the scene, whole or not at all."""
        part = file.with_suffix(".partial.npz")
        names = ("pixels", "offset", "diameter_px", "direction", "opacity", "flags")
        np.savez(part, look=self.look, **{name: getattr(self, name) for name in names})
        part.replace(file)

    @classmethod
    def load(cls, file: Path) -> Scene:
        """Read what `save` wrote."""
        with np.load(file) as held:
            parts = {name: held[name] for name in held.files if name != "look"}
            return cls(look=str(held["look"]), **parts)


def crop(
    scene: Scene, side: int, rng: np.random.Generator, scales: tuple[float, float]
) -> tuple[Floats, Floats, Floats]:
    """Cut a random view out of a scene.

    Returns
    -------
    picture : ndarray, (3, side, side)
    maps : ndarray, (6, side/2, side/2)
        What the network should say.
    weights : ndarray, (3, side/2, side/2)
        How much each cell counts for the line, for the numbers of a tubule, for unreadable.
    """
    view = random_view(scene.flags.shape, side, rng, scales)
    linear = cv2.warpAffine(
        scene.pixels, view, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    truth = np.dstack(
        (scene.offset, scene.diameter_px, scene.direction, scene.opacity, scene.flags)
    ).astype(np.float32)
    maps, weights = targets(*moved(truth, view, side))
    picture = as_seen_elsewhere(linear.astype(np.float32) / 255, rng)
    return np.moveaxis(picture, 2, 0), maps, weights


def moved(
    truth: Floats, view: npt.NDArray[np.float64], side: int
) -> tuple[Floats, Floats, Floats, Floats, Bytes]:
    """Bring the truth of pixels into a view, at the size of cells."""
    # the centre of cell (i, j) lies between four pixels
    to_cells = np.diag((1 / STRIDE, 1 / STRIDE))
    cell_view = to_cells @ view
    cell_view[:, 2] += 0.5 / STRIDE - 0.5
    seen = cv2.warpAffine(
        truth,
        cell_view,
        (side // STRIDE,) * 2,
        flags=cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_REFLECT,
    )
    offset, diameter, direction, opacity, flags = np.moveaxis(seen, 2, 0)
    linear = view[:, :2]
    along = np.stack((np.cos(direction), np.sin(direction)))
    turned = np.tensordot(linear, along, axes=(1, 0))
    scale = np.sqrt(abs(np.linalg.det(linear)))
    return (
        offset,
        np.asarray(diameter * scale, np.float32),
        np.arctan2(turned[1], turned[0]).astype(np.float32),
        opacity,
        flags.astype(np.uint8),
    )


def targets(
    offset: Floats, diameter_px: Floats, direction: Floats, opacity: Floats, flags: Bytes
) -> tuple[Floats, Floats]:
    """Return what the network should say of each cell, and how much each counts."""
    seen = ((flags & SEEN) > 0) & (offset <= 1.0)
    unreadable = (flags & UNREADABLE) > 0
    unsure = (flags & UNSURE) > 0
    radius_cells = np.maximum(diameter_px / 2 / STRIDE, 0.5)
    width = np.maximum(LINE_WIDTH, NARROWEST_CELLS / radius_cells)
    heat = np.where(seen, np.exp(-0.5 * (offset / width) ** 2), 0.0)
    body = seen & (offset < 0.8)
    maps = np.stack(
        (
            heat,
            np.where(seen, np.log(np.maximum(diameter_px, 1) / BASE_DIAMETER_PX), 0),
            np.where(seen, np.cos(2 * direction), 0),
            np.where(seen, np.sin(2 * direction), 0),
            np.where(seen, opacity, 0),
            unreadable,
        )
    ).astype(np.float32)
    weights = np.stack((~unsure, body * (1.2 - offset), ~unsure)).astype(np.float32)
    return maps, weights


def to_batch(parts: list[tuple[Floats, Floats, Floats]]) -> tuple[Tensor, Tensor, Tensor]:
    """Stack crops for the network."""
    pictures, maps, weights = (np.stack(one) for one in zip(*parts, strict=True))
    ready = torch.from_numpy(np.ascontiguousarray(pictures))
    return (
        ready.contiguous(memory_format=torch.channels_last),
        torch.from_numpy(maps),
        torch.from_numpy(weights),
    )
