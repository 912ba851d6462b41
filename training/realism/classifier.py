"""A small classifier told to tell real crops from simulated ones."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch

from training.realism.samples import Floats, Picture
from training.realism.statistics import radial_spectrum

Array = npt.NDArray[np.float64]

CROP_PX = 64
CROPS_A_PICTURE = 12
FOLDS = 5
HIDDEN = 24
STEPS = 400


@dataclass(frozen=True, slots=True)
class Verdict:
    """How well the classifier tells them apart, on groups it has not learnt from.

    Parameters
    ----------
    auc : float
        Area under the ROC curve: 0.5 cannot tell, 1 always can.
    by_feature : tuple of (name, auc)
        The features that give most away on their own, strongest first; above 0.5 they are
        larger in simulated crops, below in real ones.
    """

    auc: float
    by_feature: tuple[tuple[str, float], ...]


def tell_apart(real: list[Picture], simulated: list[Picture], *, levelled: bool) -> Verdict:
    """Cross-validate the classifier, keeping each group and each seed in one fold.

    Parameters
    ----------
    real, simulated : list of Picture
    levelled : bool
        First bring every crop to mean 0 and spread 1, as a detector does: brightness
        and contrast then give nothing away.
    """
    random = np.random.default_rng(11)
    rows, labels, folds = [], [], []
    names: tuple[str, ...] = ()
    for label, pictures in ((0, real), (1, simulated)):
        groups = sorted({picture.group for picture in pictures})
        random.shuffle(groups)
        fold_of = {group: n % FOLDS for n, group in enumerate(groups)}
        for picture in pictures:
            for crop in _crops(picture.grey, random):
                described = describe(crop, levelled=levelled)
                names = tuple(described)
                rows.append(list(described.values()))
                labels.append(label)
                folds.append(fold_of[picture.group])
    x, y, fold = np.array(rows), np.array(labels), np.array(folds)
    score = np.zeros(len(y))
    for held_out in np.unique(fold):
        test = fold == held_out
        score[test] = _learn(x[~test], y[~test], x[test])
    single = [(name, auc(x[:, column], y)) for column, name in enumerate(names)]
    single.sort(key=lambda item: -abs(item[1] - 0.5))
    # Each fold's scores have a scale of their own: the mean of the folds' areas is fair.
    areas = [auc(score[fold == k], y[fold == k]) for k in np.unique(fold) if _both(y[fold == k])]
    return Verdict(float(np.mean(areas)), tuple(single[:6]))


def _both(labels: npt.NDArray[np.int64]) -> bool:
    return len(np.unique(labels)) == 2


def _crops(grey: Floats, random: np.random.Generator) -> list[Floats]:
    tops = random.integers(0, grey.shape[0] - CROP_PX + 1, CROPS_A_PICTURE)
    lefts = random.integers(0, grey.shape[1] - CROP_PX + 1, CROPS_A_PICTURE)
    return [
        grey[top : top + CROP_PX, left : left + CROP_PX]
        for top, left in zip(tops, lefts, strict=True)
    ]


def describe(crop: Floats, *, levelled: bool) -> dict[str, float]:
    """Return hand-made texture features of a crop by name."""
    grey = crop.astype(np.float64)
    if levelled:
        grey = (grey - grey.mean()) / max(grey.std(), 1e-6)
    features = {
        f"{percent} % quantile": float(np.quantile(grey, percent / 100))
        for percent in (1, 5, 25, 50, 75, 95, 99)
    }
    centred = grey - grey.mean()
    spread = max(float(grey.std()), 1e-6)
    features["skewness"] = float((centred**3).mean() / spread**3)
    features["kurtosis"] = float((centred**4).mean() / spread**4)
    if not levelled:
        features["sd"] = spread
    for lag in (1, 2, 3, 5, 8, 12, 18):
        for axis, way in ((0, "down"), (1, "across")):
            a = np.take(centred, range(CROP_PX - lag), axis)
            b = np.take(centred, range(lag, CROP_PX), axis)
            features[f"correlation {lag} px {way}"] = float((a * b).mean() / spread**2)
    frequency, power = radial_spectrum(crop)
    edges = np.geomspace(1 / 64, 0.5, 9)
    for low, high in pairwise(edges):
        band = (frequency >= low) & (frequency <= high)
        features[f"power at {np.sqrt(low * high):.3f}/px"] = float(power[band].mean())
    fine = (
        grey[1:-1, 1:-1] * 4 - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    )
    scale = max(float(np.abs(fine).mean()), 1e-6)
    features["fine detail"] = float(np.log(scale / spread))
    features["kurtosis of fine detail"] = float(np.log(((fine / scale) ** 4).mean() + 1e-6))
    steps = np.abs(np.diff(grey, axis=1)).mean(axis=0)
    features["repeat of 8 px"] = float(
        np.abs(np.fft.rfft(steps - steps.mean())[:-1])[8::8].mean() / scale
    )
    rows = np.abs(grey[1:] - grey[:-1]).mean(), np.abs(grey[2:] - grey[:-2]).mean()
    features["odd rows differ"] = float(np.log((rows[0] + 1e-6) / (rows[1] + 1e-6)))
    gx, gy = np.diff(grey, axis=1)[:-1], np.diff(grey, axis=0)[:, :-1]
    slope = np.hypot(gx, gy) / spread
    for percent in (10, 50, 90, 99):
        features[f"slope {percent} %"] = float(np.quantile(slope, percent / 100))
    return features


def _learn(x: Array, y: npt.NDArray[np.int64], asked: Array) -> Array:
    """Train a network of one hidden layer and return its scores."""
    middle, spread = x.mean(axis=0), x.std(axis=0) + 1e-6

    def prepared(values: Array) -> torch.Tensor:
        return torch.tensor(np.clip((values - middle) / spread, -5, 5), dtype=torch.float32)

    torch.manual_seed(3)
    network = torch.nn.Sequential(
        torch.nn.Linear(x.shape[1], HIDDEN), torch.nn.Tanh(), torch.nn.Linear(HIDDEN, 1)
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.01, weight_decay=0.05)
    inputs, target = prepared(x), torch.tensor(y, dtype=torch.float32)[:, None]
    balance = torch.tensor([(y == 0).sum() / max((y == 1).sum(), 1)], dtype=torch.float32)
    loss = torch.nn.BCEWithLogitsLoss(pos_weight=balance)
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss(network(inputs), target).backward()
        optimiser.step()
    with torch.no_grad():
        result: Array = network(prepared(asked)).numpy()[:, 0].astype(np.float64)
    return result


def auc(score: Array, label: npt.NDArray[np.int64]) -> float:
    """Return the area under the ROC curve, ties counting half."""
    from scipy.stats import rankdata

    rank = rankdata(score)
    positive = int(label.sum())
    negative = len(label) - positive
    return float((rank[label == 1].sum() - positive * (positive + 1) / 2) / (positive * negative))
