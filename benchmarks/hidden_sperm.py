"""How often the bound on what may still hide holds, and what it costs not to know.

``python -m benchmarks.hidden_sperm --update docs/hidden-sperm.md``

SYNTHETIC: dishes of numbers, no pictures. Each draws how many sperm there are, where they lie,
which share was searched, how sensitive the search is in this dish, and the trials by which the user
knows of it; the program sees only what it would see.
"""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import beta, binom

from benchmarks.page import renew_block, require_block
from sertoli.search.hidden import (
    EvenSpread,
    Sensitivity,
    Spread,
    UnevenSpread,
    known_sensitivity,
    least_bound,
    upper_bound,
)

SHARES = (0.05, 0.1, 0.25, 0.5, 0.75, 1.0)
TARGET, BEYOND_CHANCE, USEFUL = 0.95, 0.936, 1.5


@dataclass(frozen=True, slots=True)
class Regime:
    """What is drawn for a dish.

    Parameters
    ----------
    name : str
    mean : (float, float)
        Range of the mean sensitivity over dishes.
    alike : (float, float)
        Range of the intra-class correlation: how much dishes differ.
    dishes, trials : (int, int)
        Ranges of how many dishes were counted, and sperm in each.
    clumps : (float, float) or None
        Range of the number of clumps in the specimen; None: every sperm lies by itself.
    field_alike : float
        Misses are alike within each of `FIELDS` fields, too, by this intra-class correlation.
    breaks : bool
        Whether an assumption is broken on purpose.
    true_over_told : float
        The sensitivity in the dish over that of the trials.
    """

    name: str
    mean: tuple[float, float] = (0.5, 0.95)
    alike: tuple[float, float] = (0.002, 0.1)
    dishes: tuple[int, int] = (10, 60)
    trials: tuple[int, int] = (5, 30)
    clumps: tuple[float, float] | None = None
    field_alike: float = 0.0
    breaks: bool = False
    true_over_told: float = 1.0


FIELDS = 20
NODES = 200
"""A distribution is taken at so many places."""

REGIMES = (
    Regime("sperm lie singly (Poisson), dishes alike", alike=(0.002, 0.01)),
    Regime("singly, the sensitivity differs from dish to dish"),
    Regime("in clumps (10 to 300 of them), the sensitivity differs", clumps=(10, 300)),
    Regime(
        "in clumps, misses alike within the dish and within fields",
        clumps=(10, 300),
        field_alike=0.15,
    ),
    Regime("few trials: 2 to 4 dishes of 10", dishes=(2, 5), trials=(10, 11)),
    Regime(
        "as the packaged detector on simulated dishes: about 0.6, dishes most unlike",
        mean=(0.58, 0.64),
        alike=(0.15, 0.25),
        dishes=(99, 100),
        trials=(3, 11),
    ),
    Regime("BROKEN: all sperm in 2 or 3 clumps", clumps=(2, 3), breaks=True),
    Regime("BROKEN: half as sensitive as in the trials", breaks=True, true_over_told=0.5),
)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One row a dish: truth, bound, and the bounds of those who knew more.

    Columns: material, specimen; -1 where no bound was told. ``knowing`` is of one who knew this
    dish's sensitivity, ``informed`` (material alone) of one who knew how dishes differ.
    """

    truth: npt.NDArray[np.int64]
    bound: npt.NDArray[np.int64]
    knowing: npt.NDArray[np.int64]
    informed: npt.NDArray[np.int64]


def simulate(regime: Regime, dishes: int, seed: int) -> Outcome:
    """Draw dishes and bound what hides in each.

    Parameters
    ----------
    regime : Regime
    dishes : int
    seed : int
    """
    rng = np.random.default_rng(seed)
    rows = [_dish(regime, rng) for _ in range(dishes)]
    return Outcome(*(np.array(column, np.int64) for column in zip(*rows, strict=True)))


def _dish(
    regime: Regime, rng: np.random.Generator
) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int]]:
    mean, total = rng.uniform(*regime.mean), 1 / rng.uniform(*regime.alike) - 1
    counted = rng.integers(*regime.dishes)
    trials = rng.integers(*regime.trials, size=counted)
    hits = rng.binomial(trials, rng.beta(mean * total, (1 - mean) * total, counted))
    told = Sensitivity(tuple(hits.tolist()), tuple(trials.tolist()), "simulated")
    chance = rng.beta(mean * total, (1 - mean) * total) * regime.true_over_told
    share = float(rng.choice(SHARES))
    sperm = int(rng.poisson(np.exp(rng.uniform(np.log(0.3), np.log(300)))))
    searched = int(rng.binomial(sperm, _share_of_sperm(regime, share, rng)))
    confirmed = _found(regime, searched, chance, rng)
    spread: Spread = EvenSpread() if regime.clumps is None else UnevenSpread()
    bound = upper_bound(confirmed, sensitivity=told, share_searched=share, spread=spread)
    knowing = (
        least_bound(confirmed, np.array([chance])),
        least_bound(confirmed, chance * spread.share_of_sperm(share)),
    )
    any_dish = beta.ppf((np.arange(NODES) + 0.5) / NODES, mean * total, (1 - mean) * total)
    informed = least_bound(confirmed, any_dish)
    return (
        (searched, sperm),
        (_or_none(bound.in_material), _or_none(bound.in_specimen)),
        (_or_none(knowing[0]), _or_none(knowing[1])),
        (_or_none(informed),),
    )


def _share_of_sperm(regime: Regime, share: float, rng: np.random.Generator) -> float:
    if regime.clumps is None or share == 1:
        return share
    clumps = np.exp(rng.uniform(*np.log(regime.clumps)))
    return float(rng.beta(clumps * share, clumps * (1 - share)))


def _found(regime: Regime, searched: int, chance: float, rng: np.random.Generator) -> int:
    if not regime.field_alike:
        return int(rng.binomial(searched, chance))
    total = 1 / regime.field_alike - 1
    fields = rng.multinomial(searched, rng.dirichlet(np.full(FIELDS, 0.5)))
    kept = float(np.clip(chance, 1e-3, 1 - 1e-3))
    return int(rng.binomial(fields, rng.beta(kept * total, (1 - kept) * total, FIELDS)).sum())


def _or_none(bound: int | None) -> int:
    return -1 if bound is None else bound


def row(regime: Regime, outcome: Outcome) -> str:
    """Format a regime: coverage with its target, and the bound beside that of one who knew."""
    cells = []
    for column in (0, 1):
        told = outcome.bound[:, column] >= 0
        truth, bound, knowing = (
            array[told, column] for array in (outcome.truth, outcome.bound, outcome.knowing)
        )
        some = truth > 0
        cells.append(
            f"{np.mean(truth <= bound):.3f} | {np.mean(truth[some] <= bound[some]):.3f} "
            f"| {np.median(bound):.0f} / {np.median(knowing):.0f} "
            f"= {np.median(bound) / max(float(np.median(knowing)), 1):.2f}"
        )
    told = outcome.bound[:, 0] >= 0
    cells.append(f"{np.median(outcome.informed[told]):.0f}")
    in_words = int((outcome.bound[:, 1] < 0).sum())
    return f"| {regime.name} | {' | '.join(cells)} | {in_words} |"


def lines(dishes: int) -> Iterator[str]:
    """Give the whole block of figures."""
    chance = binom.ppf(0.025, dishes, TARGET) / dishes
    today = datetime.datetime.now(datetime.UTC).date()
    yield (
        f"SYNTHETIC, {today}: {dishes:,} dishes of numbers a regime, shares searched "
        f"{', '.join(f'{share:.0%}' for share in SHARES)}, 0 to about 300 sperm (expected number "
        "0.3 to 300, even on a log scale)."
    )
    yield ""
    yield (
        "| regime | material: holds | of dishes with sperm | median bound / knowing "
        "| specimen: holds | of dishes with sperm | median bound / knowing "
        "| material: informed | told in words |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    sound = []
    for seed, regime in enumerate(REGIMES):
        outcome = simulate(regime, dishes, seed)
        print(row(regime, outcome), flush=True)
        yield row(regime, outcome)
        if not regime.breaks:
            sound.append(outcome)
    yield ""
    yield verdict(sound, chance)
    yield ""
    yield "What the packaged trials come to, share searched 100 / 50 / 25 / 10 %, sperm in clumps:"
    yield ""
    yield from packaged()


def verdict(sound: list[Outcome], chance: float) -> str:
    """Say over all regimes whose assumptions hold whether the targets are met."""
    truth, bound, knowing = (
        np.concatenate([getattr(one, name) for one in sound])
        for name in ("truth", "bound", "knowing")
    )
    told = (bound >= 0).all(axis=1)
    holds = [float(np.mean(truth[told, k] <= bound[told, k])) for k in (0, 1)]
    each = min(
        float(np.mean(one.truth[ok, k] <= one.bound[ok, k]))
        for one in sound
        for ok in [(one.bound >= 0).all(axis=1)]
        for k in (0, 1)
    )
    ratio = [float(np.median(bound[told, k]) / np.median(knowing[told, k])) for k in (0, 1)]
    return (
        f"All regimes whose assumptions hold: coverage {holds[0]:.3f} (material) and "
        f"{holds[1]:.3f} (specimen), the lowest of any regime {each:.3f}; target "
        f"{BEYOND_CHANCE} ({'met' if each >= BEYOND_CHANCE else 'missed'}; chance alone gives "
        f"{chance:.3f} in one of forty). Median bound over that of one who knew each dish's "
        f"sensitivity: {ratio[0]:.2f} and {ratio[1]:.2f}; target {USEFUL} "
        f"({'met' if max(ratio) <= USEFUL else 'missed'})."
    )


def packaged() -> Iterator[str]:
    """Show bounds with the trials in the package, for a few numbers confirmed."""
    from sertoli.sperm import Detector

    detector = Detector()
    told = known_sensitivity(detector.weights_sha256, detector.default_confidence)
    if told is None:
        yield "No trials of these weights are packaged."
        return
    low, high = told.interval
    yield f"{told.source}; a further dish: {told.mean:.2f}, 95 % {low:.2f} to {high:.2f}."
    yield ""
    yield "| confirmed | in the material | whole specimen, by share searched |"
    yield "|---|---|---|"
    for confirmed in (0, 1, 5, 20):
        bounds = [
            upper_bound(confirmed, sensitivity=told, share_searched=share)
            for share in (1.0, 0.5, 0.25, 0.1)
        ]
        of_all = " / ".join(str(one.in_specimen) for one in bounds)
        yield f"| {confirmed} | {bounds[0].in_material} | {of_all} |"


def main() -> None:
    """Simulate, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dishes", type=int, default=1000, help="of each regime")
    parser.add_argument("--update", type=Path, help="page whose figures are to be replaced")
    options = parser.parse_args()
    require_block(options.update)
    text = "\n".join(lines(options.dishes))
    print(text)
    renew_block(options.update, text)


if __name__ == "__main__":
    main()
