"""The figures as a page and a plot, neither of which shows a real image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from training.realism.classifier import Verdict
from training.realism.samples import Picture
from training.realism.statistics import mean_spectrum

Array = npt.NDArray[np.float64]

REAL_COLOUR, SIMULATED_COLOUR = "#1b5e8c", "#c1440e"


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """All figures of one real set and its simulation.

    Parameters
    ----------
    name, modality : str
    um_per_px : float
    real, simulated : list of Picture
    spectrum, spectrum_floor : float
        Distance of real to simulated, and of one half of the real pictures to the other,
        decades.
    figures : dict of str to (real values, simulated values, distance)
    raw, levelled : Verdict
    """

    name: str
    modality: str
    um_per_px: float
    real: list[Picture]
    simulated: list[Picture]
    spectrum: float
    spectrum_floor: float
    figures: dict[str, tuple[Array, Array, float]]
    raw: Verdict
    levelled: Verdict

    def as_dict(self) -> dict[str, Any]:
        """Return the figures, ready for JSON."""
        return {
            "set": self.name,
            "modality": self.modality,
            "assumed_um_per_px": self.um_per_px,
            "pictures": len(self.real),
            "spectrum_distance_decades": self.spectrum,
            "spectrum_distance_real_halves_decades": self.spectrum_floor,
            "auc": self.raw.auc,
            "auc_levelled": self.levelled.auc,
            "telling_features": dict(self.raw.by_feature),
            "telling_features_levelled": dict(self.levelled.by_feature),
            "figures": {
                name: {
                    "real": _quantiles(real),
                    "simulated": _quantiles(simulated),
                    "ks_distance": distance,
                }
                for name, (real, simulated, distance) in self.figures.items()
            },
        }


def _quantiles(values: Array) -> list[float]:
    return [round(float(v), 4) for v in np.quantile(values, [0.1, 0.5, 0.9])]


def table(compared: list[Comparison]) -> str:
    """Return the figures as Markdown."""
    lines = [
        "| set | pictures | modality, assumed um/px | spectrum: real to simulated "
        "| real to real | AUC | AUC, levelled crops |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.name} | {len(one.real)} + {len(one.simulated)} "
        f"| {one.modality.replace('_', ' ')}, {one.um_per_px:.2f} | {one.spectrum:.2f} decades "
        f"| {one.spectrum_floor:.2f} decades | {one.raw.auc:.3f} | {one.levelled.auc:.3f} |"
        for one in compared
    ]
    for one in compared:
        lines += [
            "",
            f"### {one.name}",
            "",
            "| figure | real: median (10 % to 90 %) | simulated | KS distance |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| {name} | {_spread(real)} | {_spread(simulated)} | {distance:.2f} |"
            for name, (real, simulated, distance) in one.figures.items()
        ]
        told = ", ".join(f"{name} ({area:.2f})" for name, area in one.levelled.by_feature[:4])
        lines += ["", f"What tells levelled crops apart on its own (AUC): {told}."]
    return "\n".join(lines)


def _spread(values: Array) -> str:
    low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def plot(compared: list[Comparison], path: Path) -> None:
    """Draw spectra and the distributions of objects, one row a set."""
    names = ("box size", "width", "contrast")
    labels = ("box size (px)", "width at half difference (px)", "contrast (sd of the picture)")
    figure = Figure(figsize=(13, 2.9 * len(compared)), dpi=90, layout="constrained")
    axes = figure.subplots(len(compared), 4, squeeze=False)
    for row, one in zip(axes, compared, strict=True):
        sides = ((one.real, REAL_COLOUR, "real"), (one.simulated, SIMULATED_COLOUR, "simulated"))
        for pictures, colour, label in sides:
            frequency, mean, low, high = mean_spectrum(pictures)
            row[0].plot(frequency, mean, color=colour, label=label)
            row[0].fill_between(frequency, low, high, color=colour, alpha=0.15)
        row[0].set(
            xscale="log",
            xlabel="cycles per px",
            ylabel="log10 power",
            title=f"{one.name}: spectrum",
        )
        row[0].legend()
        for place, name, label in zip(row[1:], names, labels, strict=True):
            real, simulated, distance = one.figures[name]
            both = np.concatenate([real, simulated])
            bins = np.linspace(float(np.quantile(both, 0.005)), float(np.quantile(both, 0.995)), 40)
            for values, colour in ((real, REAL_COLOUR), (simulated, SIMULATED_COLOUR)):
                place.hist(values, bins, density=True, color=colour, histtype="step", lw=1.5)
            place.set(xlabel=label, yticks=[], title=f"KS distance {distance:.2f}")
    figure.savefig(path)
