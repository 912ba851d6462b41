"""Optical thickness of a sperm: head as a patch, midpiece and tail as a line of path."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sertoli.phantom.world import Cell, Pose, tail_points

Floats = npt.NDArray[np.float32]

HEAD_PHASE_RAD = 1.4
"""A flat head about 1.2 um thick, 0.1 denser than the medium, in green light."""

HEAD_ABSORPTION = 0.14
TAIL_PHASE_RAD_PER_UM = 0.45
"""Phase of a tail or midpiece for each micrometre of its thickness."""

PEAR = 0.25
"""How much narrower the neck end of the head is than its front."""


def head_patch(cell: Cell, pose: Pose, um_per_px: float) -> Floats:
    """Phase and absorption of a head, (S, S, 2) float32, its centre in the middle.

    Parameters
    ----------
    cell : Cell
        Of kind SPERM.
    pose : Pose
        Gives the angle.
    um_per_px : float
    """
    half = math.ceil(0.65 * cell.length_um / um_per_px) + 2
    axis = np.arange(-half, half + 1, dtype=np.float32) * np.float32(um_per_px)
    x, y = np.meshgrid(axis, axis)
    c, s = math.cos(pose.angle_rad), math.sin(pose.angle_rad)
    u = (c * x + s * y) / np.float32(cell.length_um / 2)
    v = (-s * x + c * y) / np.float32(cell.width_um / 2)
    shape = np.random.default_rng(cell.seed)
    pear = PEAR * float(shape.uniform(0, 1.6))
    v = v / (1 - pear * np.clip(-u, 0, 1))
    r2 = u * u + v * v
    soft = np.float32(max(2 * um_per_px / cell.width_um, 0.1))
    inside = np.clip((1 + soft / 2 - np.sqrt(r2)) / soft, 0, 1)
    thickness = np.clip(1 - r2, 0, 1) ** float(shape.uniform(0.4, 1.0)) * inside
    acrosome = 1 / (1 + np.exp(-8 * (u - float(shape.uniform(-0.2, 0.2)))))
    weight = 1 - float(shape.uniform(0.0, 0.5)) * acrosome
    if shape.random() < 0.3:  # a vacuole
        at = shape.uniform(-0.3, 0.3, 2)
        weight -= 0.4 * np.exp(-((u - at[0]) ** 2 + (v - at[1]) ** 2) / 0.04)
    body = thickness * weight * cell.density
    return np.stack([HEAD_PHASE_RAD * body, HEAD_ABSORPTION * body], axis=-1).astype(np.float32)


def tail_line(
    cell: Cell, pose: Pose, time_s: float, um_per_px: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Points (N, 2) in dish um along the tail, and the phase area (rad um^2) each carries.

    Parameters
    ----------
    cell : Cell
        With a tail.
    pose : Pose
    time_s : float
    um_per_px : float
        Decides how close the points lie.
    """
    tail = cell.tail
    assert tail is not None
    back = cell.length_um / 2 * 0.95
    neck = (
        pose.x_um - back * math.cos(pose.angle_rad),
        pose.y_um - back * math.sin(pose.angle_rad),
    )
    points = tail_points(tail, neck, pose.angle_rad, time_s, min(0.5 * um_per_px, 0.4))
    n = len(points)
    s = (np.arange(n) + 0.5) * (tail.length_um / n)
    width = np.where(s < tail.midpiece_um, 1.6, 1.0) * tail.width_um
    width = width * np.clip(1.1 - 0.8 * s / tail.length_um, 0.2, 1)
    area = TAIL_PHASE_RAD_PER_UM * width * width * (tail.length_um / n) * cell.density
    return points, area


def head_box_um(cell: Cell, pose: Pose, margin_um: float) -> tuple[float, float, float, float]:
    """Upright box (left, top, width, height) around a head's ellipse, in dish um."""
    a, b = cell.length_um / 2, cell.width_um / 2
    c, s = math.cos(pose.angle_rad), math.sin(pose.angle_rad)
    half_x = math.hypot(a * c, b * s) + margin_um
    half_y = math.hypot(a * s, b * c) + margin_um
    return pose.x_um - half_x, pose.y_um - half_y, 2 * half_x, 2 * half_y
