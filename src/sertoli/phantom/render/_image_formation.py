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


def intensity(
    layers: Mapping[float, tuple[Floats, Floats]],
    shape: tuple[int, int],
    um_per_px: float,
    look: Look,
) -> Floats:
    """Intensity relative to the empty background.

    Parameters
    ----------
    layers : mapping of float to (phase, absorption)
        Height above the focal plane in um -> two (H, W) float32 maps.
    shape : (H, W)
    um_per_px : float
    look : Look

    Returns
    -------
    ndarray, (H, W) float32
        1 where nothing lies.
    """
    across, down = _frequencies(shape, um_per_px)
    f2 = across**2 + down**2
    scattered = np.zeros(shape, np.complex64)
    before = np.ones(shape, np.complex64)
    for z_um, (phase, absorption) in sorted(layers.items()):
        # Most of a layer is empty: the exponential is taken where something lies.
        there = np.nonzero((phase != 0) | (absorption != 0))
        passed = np.exp(
            (1j * look.phase_gain) * phase[there] - look.absorption_gain * absorption[there]
        ).astype(np.complex64)
        scatter = np.zeros(shape, np.complex64)
        # What lies behind other things scatters only the light that these let through;
        # without it, thick tissue under a cell would come out brighter than no tissue.
        scatter[there] = (passed - 1) * before[there]
        before[there] *= passed
        spectrum = fft.fft2(scatter, workers=1)
        # Fresnel's transfer function is a product of one along x and one along y.
        spectrum *= _carry(across, z_um, look.condenser * look.na)
        spectrum *= _carry(down, z_um, look.condenser * look.na)
        scattered += spectrum
    return _through_pupil(scattered, across, down, f2, look)


def _frequencies(shape: tuple[int, int], um_per_px: float) -> tuple[Floats, Floats]:
    """Spatial frequencies across (1, W) and down (H, 1), per um."""
    across = fft.fftfreq(shape[1], um_per_px).astype(np.float32)[None, :]
    down = fft.fftfreq(shape[0], um_per_px).astype(np.float32)[:, None]
    return across, down


def _carry(frequency: Floats, z_um: float, source_na: float) -> Complexes:
    """Transfer from a height to the focal plane along one axis, damped by the source.

    An extended source smears a fringe by its angular size times the defocus.
    """
    f2 = frequency**2
    damping = 0.25 * (math.pi * source_na * z_um) ** 2
    transfer = np.exp((-1j * math.pi * WAVELENGTH_UM * z_um - damping) * f2)
    return np.asarray(transfer, dtype=np.complex64)


def _through_pupil(
    scattered: Complexes, across: Floats, down: Floats, f2: Floats, look: Look
) -> Floats:
    # With a condenser the cut-off of partly coherent imaging lies beyond the coherent one.
    cut_off = look.na * (1 + look.condenser) / WAVELENGTH_UM
    pupil = np.exp(-((f2 / cut_off**2) ** 2))
    if look.modality is Modality.PHASE_CONTRAST:
        quarter = 1j if look.negative_ring else -1j
        ring = quarter * look.ring_transmission
        near_axis = np.exp(-f2 * 2 * (math.pi * look.halo_um / 2) ** 2)
        field = fft.ifft2(scattered * (pupil * (1 + (ring - 1) * near_axis)), workers=1) + ring
        background = look.ring_transmission**2
    elif look.modality is Modality.DIC:
        shift = math.pi * look.shear_um * _along(across, down, look)
        two_beams = np.sin(shift + look.bias_rad / 2)
        field = fft.ifft2(scattered * (pupil * two_beams), workers=1) + math.sin(look.bias_rad / 2)
        background = math.sin(look.bias_rad / 2) ** 2
    elif look.modality is Modality.HOFFMAN:
        slit = 0.15 + 0.85 / (1 + np.exp(-_along(across, down, look) / (0.08 * cut_off)))
        at_axis = 0.15 + 0.85 / 2
        field = fft.ifft2(scattered * (pupil * slit), workers=1) + at_axis
        background = at_axis**2
    else:
        # Light from one side favours what is scattered to that side.
        side = 1 + look.oblique * np.tanh(_along(across, down, look) / (0.3 * cut_off))
        field = fft.ifft2(scattered * (pupil * side), workers=1) + 1
        background = 1.0
    light = np.asarray((field.real**2 + field.imag**2) / background, dtype=np.float32)
    # Incoherent remainder: coherent speckle of crowded fields is smoothed by the source.
    sigma_px = 0.25 * WAVELENGTH_UM / look.na / _pixel_um(across)
    sigma_px = max(0.3, math.hypot(0.5 * sigma_px, look.blur_um / _pixel_um(across)))
    light = np.asarray(cv2.GaussianBlur(light, (0, 0), sigma_px), dtype=np.float32)
    if look.bloom > 0:
        # Stray light of saturated heads: what the camera could not hold glows around them.
        glare = np.clip(light - 1, 0, BRIGHTEST_GLARE)
        light += look.bloom * cv2.GaussianBlur(glare, (0, 0), BLOOM_UM / _pixel_um(across))
    return light


def _along(across: Floats, down: Floats, look: Look) -> Floats:
    c, s = math.cos(look.shear_angle_rad), math.sin(look.shear_angle_rad)
    along: Floats = c * across + s * down
    return along


def _pixel_um(across: Floats) -> float:
    return float(1 / (across.shape[1] * across[0, 1]))
