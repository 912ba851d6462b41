"""Other microscopes, stains, lamps and cameras: the same crop as they might have given it."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def random_view(
    size: tuple[int, int], side: int, rng: np.random.Generator, scales: tuple[float, float]
) -> npt.NDArray[np.float64]:
    """Return a random turn, mirroring, scale and place for a square crop.

    Parameters
    ----------
    size : (int, int)
        Height and width of the picture.
    side : int
        Side of the crop in px.
    rng : Generator
    scales : (float, float)
        Smallest and largest enlargement.

    Returns
    -------
    ndarray, (2, 3)
        Picture px to crop px, for `cv2.warpAffine`.
    """
    scale = float(np.exp(rng.uniform(*np.log(scales))))
    angle = rng.uniform(0, 2 * np.pi)
    turn = scale * np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
    if rng.random() < 0.5:
        turn[:, 0] *= -1
    reach = min(0.35 * side / scale, size[0] / 2, size[1] / 2)
    centre = np.array(
        (rng.uniform(reach, size[1] - reach), rng.uniform(reach, size[0] - reach)),
    )
    shift = np.array((side / 2, side / 2)) - turn @ centre
    return np.hstack((turn, shift[:, None]))


def as_seen_elsewhere(picture: Floats, rng: np.random.Generator, *, hue: float = 0.06) -> Floats:
    """Return the crop as another microscope and camera might have given it.

    Parameters
    ----------
    picture : ndarray, (H, W, 3) float32
        RGB, 0 to 1.
    rng : Generator
    hue : float
        Largest turn of the hue, as a share of the circle.

    Returns
    -------
    ndarray, (H, W, 3) float32
        RGB, 0 to 1.
    """
    picture = _colour(picture, rng, hue)
    if rng.random() < 0.5:
        height, width = picture.shape[:2]
        corners = rng.uniform(0.6, 1.25, (3, 3)).astype(np.float32)
        light = cv2.resize(corners, (width, height), interpolation=cv2.INTER_CUBIC)
        picture = picture * light[..., None]
    if rng.random() < 0.4:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.3, 1.3)))
    if rng.random() < 0.25:
        soft = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.8, 3.0)))
        picture = picture + np.float32(rng.uniform(0.3, 1.5)) * (picture - soft)
    if rng.random() < 0.6:
        noise = rng.standard_normal(picture.shape).astype(np.float32)
        if rng.random() < 0.4:
            noise = cv2.GaussianBlur(noise, (0, 0), float(rng.uniform(0.5, 1.5))) * 2
        picture = picture + noise * np.float32(rng.uniform(0, 0.05))
    picture = np.clip(picture, 0, 1)
    if rng.random() < 0.3:
        quality = int(rng.integers(30, 95))
        eight_bit = np.rint(picture * 255).astype(np.uint8)
        _, code = cv2.imencode(".jpg", eight_bit, [cv2.IMWRITE_JPEG_QUALITY, quality])
        picture = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.float32) / np.float32(255)
    return np.asarray(picture, np.float32)


def _colour(picture: Floats, rng: np.random.Generator, hue: float) -> Floats:
    if rng.random() < 0.8:
        hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0] + 360 * rng.uniform(-hue, hue)) % 360
        hsv[..., 1] = np.clip(hsv[..., 1] * np.float32(np.exp(rng.uniform(-1.0, 0.5))), 0, 1)
        picture = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    if rng.random() < 0.15:
        picture = np.repeat(picture.mean(2, keepdims=True), 3, axis=2)
    gain = np.exp(rng.uniform(-0.15, 0.15, 3) + rng.uniform(-0.45, 0.3)).astype(np.float32)
    picture = np.asarray(np.clip(picture * gain, 0, 1), np.float32)
    gamma = np.exp(rng.uniform(-0.5, 0.5))
    return np.asarray(picture**gamma, np.float32)
