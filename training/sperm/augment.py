"""Other microscopes: what optics, cameras and codecs do to one and the same crop."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def as_seen_elsewhere(picture: Floats, rng: np.random.Generator) -> Floats:
    """Return the crop as another microscope and camera might have given it.

    Parameters
    ----------
    picture : ndarray, (H, W) float32
        0 to 255.

    Returns
    -------
    ndarray, (H, W) float32
        0 to 255, whole numbers where it went through an 8-bit camera.
    """
    if rng.random() < 0.5:
        picture = 255.0 - picture
    picture = _optics(picture, rng)
    picture = _illumination(picture, rng)
    return _camera(picture, rng)


def _optics(picture: Floats, rng: np.random.Generator) -> Floats:
    draw = rng.random()
    if draw < 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 1.6)))
    elif draw < 0.5:
        # sharpening in the camera: overshoot around every edge
        width = float(rng.uniform(0.7, 2.5))
        gain = np.float32(rng.uniform(0.3, 1.5))
        picture = picture + gain * (picture - cv2.GaussianBlur(picture, (0, 0), width))
    elif draw < 0.6:
        # oblique light: relief instead of absorption
        angle = rng.uniform(0, 2 * np.pi)
        shift = float(rng.uniform(0.7, 1.8))
        matrix = np.array(((1, 0, shift * np.cos(angle)), (0, 1, shift * np.sin(angle))))
        size = picture.shape[::-1]
        moved = cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REFLECT)
        mixed = np.float32(rng.uniform(0, 0.5)) * (picture - picture.mean())
        picture = 128.0 + (picture - moved) + mixed
    return picture


def _illumination(picture: Floats, rng: np.random.Generator) -> Floats:
    if rng.random() < 0.4:
        height, width = picture.shape
        corners = rng.uniform(0.6, 1.4, (2, 2)).astype(np.float32)
        picture = picture * cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)
    low, high = np.percentile(picture[::4, ::4], (1, 99))
    spread = max(float(high - low), 1.0)
    # contrast from faint to hard, brightness anywhere it fits
    wanted = float(np.exp(rng.uniform(np.log(12), np.log(220))))
    level = float(rng.uniform(0.0, max(1.0, 255.0 - wanted)))
    picture = (picture - np.float32(low)) * np.float32(wanted / spread) + np.float32(level)
    if rng.random() < 0.4:
        gamma = np.float32(np.exp(rng.uniform(-0.6, 0.6)))
        picture = 255.0 * np.power(np.clip(picture / 255.0, 0.0, 1.0), gamma)
    return picture


def _camera(picture: Floats, rng: np.random.Generator) -> Floats:
    height, width = picture.shape
    if rng.random() < 0.6:
        low, high = np.percentile(picture[::4, ::4], (1, 99))
        spread = float(high - low)
        noise = rng.standard_normal((height, width)).astype(np.float32)
        if rng.random() < 0.3:
            noise = cv2.GaussianBlur(noise, (0, 0), float(rng.uniform(0.5, 1.0))) * 2
        picture = picture + noise * np.float32(rng.uniform(0.0, 0.09) * spread)
    if rng.random() < 0.22:
        # interlaced: the odd lines were taken a moment later
        shift = int(rng.integers(-3, 4))
        picture = picture.copy()
        picture[1::2] = np.roll(picture[1::2], shift, axis=1)
    if rng.random() < 0.1:
        _edge_line(picture, rng)
    if rng.random() < 0.08:
        return picture  # a camera with more bits
    eight_bit = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        quality = int(rng.integers(35, 95))
        _, code = cv2.imencode(".jpg", eight_bit, [cv2.IMWRITE_JPEG_QUALITY, quality])
        decoded: Floats = np.asarray(cv2.imdecode(code, cv2.IMREAD_GRAYSCALE), np.float32)
        return decoded
    return eight_bit.astype(np.float32)


def _edge_line(picture: Floats, rng: np.random.Generator) -> None:
    """Frame grabbers leave white or black lines on any side."""
    value = np.float32(rng.choice((0.0, 255.0)))
    lines = int(rng.integers(1, 9))
    side = rng.integers(4)
    if side == 0:
        picture[:lines] = value
    elif side == 1:
        picture[-lines:] = value
    elif side == 2:
        picture[:, :lines] = value
    else:
        picture[:, -lines:] = value
