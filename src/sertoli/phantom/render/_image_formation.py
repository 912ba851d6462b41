"""From thin objects at several heights to what the eyepiece shows.

Each height holds a phase and an absorption map. Their scattered fields are carried to
the focal plane by Fresnel propagation, summed (first Born approximation), filtered by
the microscope's pupil, and squared: Goodman, Introduction to Fourier Optics, chapters
4 to 6 for propagation and coherent imaging; Zernike's plate as a factor on the light
that was not scattered; DIC as the difference of two sheared fields; Hoffman's
modulator as a graded step across the pupil. Partial coherence is approximated by
damping the fringes of defocused heights.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from scipy import fft

from sertoli.optics import Modality
from sertoli.phantom.render._look import Look

Floats = npt.NDArray[np.float32]
Complexes = npt.NDArray[np.complex64]

WAVELENGTH_UM = 0.55
BLOOM_UM = 1.2
BRIGHTEST_GLARE = 5.0


def fast_shape(height: int, width: int) -> tuple[int, int]:
    """Smallest size, not below the given one, whose Fourier transform is quick."""
    return fft.next_fast_len(height), fft.next_fast_len(width)


class Imaging:
    """A microscope's optics on a grid of one size.

    Parameters
    ----------
    shape : (H, W)
        One from `fast_shape`: a prime side costs three times as much.
    um_per_px : float
    look : Look
        Its focus does not matter here: heights are given about the focal plane.
    """

    def __init__(self, shape: tuple[int, int], um_per_px: float, look: Look) -> None:
        self.shape = shape
        self._look = look
        self._um_per_px = um_per_px
        self._across = fft.fftfreq(shape[1], um_per_px).astype(np.float32)[None, :]
        self._down = fft.fftfreq(shape[0], um_per_px).astype(np.float32)[:, None]
        self._pupil, self._direct = self._make_pupil()

    def field(self, layers: Mapping[float, Floats]) -> Complexes:
        """Field in the image plane, (H, W).

        Parameters
        ----------
        layers : mapping of height to ndarray, (H, W, 2) float32
            Phase (rad) and absorption (negative log amplitude), both before the look's
            gains, at heights in um about the focal plane.
        """
        spectrum = np.zeros(self.shape, np.complex64)
        before = np.ones(self.shape, np.complex64)
        for z_um, layer in sorted(layers.items()):
            scatter = np.zeros(self.shape, np.complex64)
            # Most of a layer is empty: the exponential is taken where something lies.
            there = np.flatnonzero(_as_bits(layer) != 0)
            passed = transmission(layer.reshape(-1, 2)[there], self._look)
            # What lies behind other things scatters only the light that these let through;
            # without it, thick tissue under a cell would come out brighter than no tissue.
            scatter.reshape(-1)[there] = (passed - 1) * before.reshape(-1)[there]
            before.reshape(-1)[there] *= passed
            spectrum += self._carried(scatter, z_um)
        return self._focused(spectrum) + np.complex64(self._direct)

    def scattered(self, scatter: Complexes, z_um: float) -> Complexes:
        """Field in the image plane, (H, W), of light scattered at one height alone."""
        return self._focused(self._carried(scatter, z_um))

    def light(self, field: Complexes) -> Floats:
        """Intensity relative to the empty background, (H, W), of a field."""
        look = self._look
        light: Floats = (field.real**2 + field.imag**2) / np.float32(abs(self._direct) ** 2)
        # Incoherent remainder: coherent speckle of crowded fields is smoothed by the source.
        sigma_px = 0.25 * WAVELENGTH_UM / look.na / self._um_per_px
        sigma_px = max(0.3, math.hypot(0.5 * sigma_px, look.blur_um / self._um_per_px))
        light = np.asarray(cv2.GaussianBlur(light, (0, 0), sigma_px), dtype=np.float32)
        if look.bloom > 0:
            # Stray light of saturated heads: what the camera could not hold glows around them.
            glare = np.clip(light - 1, 0, BRIGHTEST_GLARE)
            light += look.bloom * cv2.GaussianBlur(glare, (0, 0), BLOOM_UM / self._um_per_px)
        return light

    def _carried(self, scatter: Complexes, z_um: float) -> Complexes:
        spectrum: Complexes = fft.fft2(scatter, workers=1, overwrite_x=True)
        source_na = self._look.condenser * self._look.na
        # Fresnel's transfer function is a product of one along x and one along y.
        spectrum *= _carry(self._across, z_um, source_na)
        spectrum *= _carry(self._down, z_um, source_na)
        return spectrum

    def _focused(self, spectrum: Complexes) -> Complexes:
        field: Complexes = fft.ifft2(spectrum * self._pupil, workers=1, overwrite_x=True)
        return field

    def _make_pupil(self) -> tuple[npt.NDArray[Any], complex]:
        """Return what becomes of scattered light, (H, W), and of the unscattered."""
        look = self._look
        f2 = self._across**2 + self._down**2
        # With a condenser the cut-off of partly coherent imaging lies beyond the coherent one.
        cut_off = look.na * (1 + look.condenser) / WAVELENGTH_UM
        pupil = np.exp(-((f2 / cut_off**2) ** 2))
        c, s = math.cos(look.shear_angle_rad), math.sin(look.shear_angle_rad)
        along = c * self._across + s * self._down
        if look.modality is Modality.PHASE_CONTRAST:
            quarter = 1j if look.negative_ring else -1j
            ring = quarter * look.ring_transmission
            near_axis = np.exp(-f2 * 2 * (math.pi * look.halo_um / 2) ** 2)
            return (pupil * (1 + (ring - 1) * near_axis)).astype(np.complex64), ring
        if look.modality is Modality.DIC:
            two_beams = np.sin(math.pi * look.shear_um * along + look.bias_rad / 2)
            return pupil * two_beams, math.sin(look.bias_rad / 2)
        if look.modality is Modality.HOFFMAN:
            slit = 0.15 + 0.85 / (1 + np.exp(-along / (0.08 * cut_off)))
            return pupil * slit, 0.15 + 0.85 / 2
        # Light from one side favours what is scattered to that side.
        return pupil * (1 + look.oblique * np.tanh(along / (0.3 * cut_off))), 1.0


def transmission(layer: Floats, look: Look) -> Complexes:
    """Amplitude that gets through, (...), of phase and absorption (..., 2)."""
    exponent = np.empty(layer.shape[:-1], np.complex64)
    exponent.real = -look.absorption_gain * layer[..., 1]
    exponent.imag = look.phase_gain * layer[..., 0]
    passed: Complexes = np.exp(exponent)
    return passed


def _as_bits(layer: Floats) -> npt.NDArray[np.int64]:
    """(H, W, 2) seen as (H, W): one comparison finds what is not empty."""
    return np.ascontiguousarray(layer).view(np.int64)[..., 0]


def _carry(frequency: Floats, z_um: float, source_na: float) -> Complexes:
    """Transfer from a height to the focal plane along one axis, damped by the source.

    An extended source smears a fringe by its angular size times the defocus.
    """
    f2 = frequency**2
    damping = 0.25 * (math.pi * source_na * z_um) ** 2
    transfer = np.exp((-1j * math.pi * WAVELENGTH_UM * z_um - damping) * f2)
    return np.asarray(transfer, dtype=np.complex64)
