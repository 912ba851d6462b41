"""CASA figures against paths whose figures can be worked out with a pencil."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sertoli.sperm.motility import Kinematics, kinematics

Path = npt.NDArray[np.float64]
RATES = (50.0, 60.0, 100.0, 200.0)


def times(fps: float, seconds: float = 1.0) -> Path:
    return np.arange(round(seconds * fps) + 1) / fps


def line(t: Path) -> Path:
    return np.column_stack([30 * t, -40 * t])


def circle(t: Path, radius: float = 20.0, turns_per_s: float = 0.5) -> Path:
    angle = 2 * math.pi * turns_per_s * t
    return radius * np.column_stack([np.cos(angle), np.sin(angle)])


def wave(t: Path, amplitude: float = 2.0, beats: float = 8.0, speed: float = 50.0) -> Path:
    return np.column_stack([speed * t, amplitude * np.sin(2 * math.pi * beats * t)])


def helix(t: Path) -> Path:
    """Show a helix from the side, its axis 30 degrees off the picture's."""
    flat = wave(t, 1.5, 9.0, 60.0)
    c, s = math.cos(math.pi / 6), math.sin(math.pi / 6)
    turned: Path = flat @ np.array([[c, s], [-s, c]])
    return turned


def wave_length(amplitude: float, beats: float, speed: float) -> float:
    """Length per second of `wave`, by fine steps."""
    fine = wave(times(20_000), amplitude, beats, speed)
    return float(np.hypot(*np.diff(fine, axis=0).T).sum())


def one(found: Kinematics, name: str) -> float:
    return float(getattr(found, name)[0])


@pytest.mark.parametrize("fps", RATES)
def test_straight_line(fps: float) -> None:
    found = kinematics(line(times(fps)), 1 / fps)
    for speed in ("vcl", "vsl", "vap"):
        assert one(found, speed) == pytest.approx(50.0)
    for ratio in ("lin", "straightness", "wob"):
        assert one(found, ratio) == pytest.approx(1.0)
    assert math.isnan(one(found, "bcf"))


@pytest.mark.parametrize("fps", RATES)
def test_half_a_circle(fps: float) -> None:
    found = kinematics(circle(times(fps)), 1 / fps)
    assert one(found, "vcl") == pytest.approx(math.pi * 20, rel=0.01)
    assert one(found, "vsl") == pytest.approx(40.0, rel=1e-6)
    # Hann's mean over 0.3 s leaves 0.99 of a turn of 2 s
    assert one(found, "vap") == pytest.approx(math.pi * 20, rel=0.02)


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("path", [wave, helix], ids=["wave", "helix from the side"])
def test_beating_head(path: object, fps: float) -> None:
    amplitude, beats, speed = (2.0, 8.0, 50.0) if path is wave else (1.5, 9.0, 60.0)
    found = kinematics((wave if path is wave else helix)(times(fps)), 1 / fps)
    assert one(found, "vsl") == pytest.approx(speed, rel=0.01)
    assert one(found, "vap") == pytest.approx(speed, rel=0.01)
    assert one(found, "vcl") == pytest.approx(wave_length(amplitude, beats, speed), rel=0.06)
    assert one(found, "alh") == pytest.approx(2 * amplitude, rel=0.08)
    assert one(found, "bcf") == pytest.approx(2 * beats, rel=0.12)
    assert one(found, "lin") == pytest.approx(one(found, "vsl") / one(found, "vcl"))
    assert one(found, "wob") == pytest.approx(one(found, "vap") / one(found, "vcl"))


def test_the_same_at_every_frame_rate() -> None:
    figures = {
        name: [one(kinematics(wave(times(fps)), 1 / fps), name) for fps in RATES]
        for name in ("vcl", "vsl", "vap", "alh")
    }
    for name, values in figures.items():
        assert max(values) / min(values) < 1.06, name


@pytest.mark.parametrize("noise", [0.1, 0.3])
@pytest.mark.parametrize("fps", [50.0, 100.0])
def test_noise_is_taken_out(noise: float, fps: float) -> None:
    rng = np.random.default_rng(4)
    clean = wave(times(fps))
    noisy = clean + rng.normal(0, noise, (200, *clean.shape))
    expected, found = kinematics(clean, 1 / fps), kinematics(noisy, 1 / fps, noise=noise)
    raw = kinematics(noisy, 1 / fps)
    for name in ("vcl", "vsl", "vap"):
        mean = float(getattr(found, name).mean())
        assert mean == pytest.approx(one(expected, name), rel=0.02), name
    assert raw.vcl.mean() > found.vcl.mean()
    assert np.nanmean(found.alh) == pytest.approx(one(expected, "alh"), rel=0.15)


def test_a_jittering_still_cell_has_next_to_no_speed() -> None:
    rng = np.random.default_rng(5)
    jitter = rng.normal(0, 0.2, (300, 51, 2))
    raw, found = kinematics(jitter, 0.02), kinematics(jitter, 0.02, noise=0.2)
    assert raw.vcl.mean() > 15
    assert found.vcl.mean() < 0.3 * raw.vcl.mean()
    assert found.vsl.mean() < 0.5


@given(
    seed=st.integers(0, 10_000),
    factor=st.floats(0.01, 100),
    angle=st.floats(0, 6.3),
    shift=st.floats(-1e4, 1e4),
)
@settings(max_examples=40, deadline=None)
def test_turning_shifting_and_scaling(seed: int, factor: float, angle: float, shift: float) -> None:
    steps = np.random.default_rng(seed).normal(0.5, 1.0, (60, 2))
    path = np.cumsum(steps, axis=0)
    c, s = math.cos(angle), math.sin(angle)
    turned = factor * (path @ np.array([[c, s], [-s, c]])) + shift
    before, after = kinematics(path, 0.02), kinematics(turned, 0.02)
    for name in ("vcl", "vsl", "vap", "alh"):
        assert one(after, name) == pytest.approx(factor * one(before, name), rel=1e-5, nan_ok=True)
    assert one(after, "bcf") == pytest.approx(one(before, "bcf"), nan_ok=True)
    assert one(before, "vsl") <= one(before, "vap") <= one(before, "vcl")


def test_too_few_places_for_an_average_path() -> None:
    found = kinematics(line(times(50.0, 0.1)), 0.02)
    assert one(found, "vsl") == pytest.approx(50.0)
    assert math.isnan(one(found, "vap"))
    assert math.isnan(one(found, "alh"))
