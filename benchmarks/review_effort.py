"""How many looks a reviewer needs for the sperm of a dish, in the order of the review queue.

``python -m benchmarks.review_effort --records runs/rare-sperm/NAME --update docs/review.md``

SYNTHETIC: the dishes that `benchmarks.rare_sperm` searched and kept, one sperm in a hundred fields,
and a reviewer who is always right. The queue's order is set beside the order of the fields (as
somebody would go through the pictures) and beside chance.
"""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt

from benchmarks.page import renew_block, require_block
from benchmarks.rare_dishes import FIELDS_PER_SPERM, NO_SPERM, UM_PER_PX, DishRecord
from sertoli.errors import InputError
from sertoli.search.review import FindingsTable, candidates_of, object_of_each

PICTURE_NAME = "review-effort.png"
HEAD_PX = 13.0
SHUFFLES = 200
LOOKS = (1, 2, 5, 10, 20, 50)


@dataclass(frozen=True, slots=True, eq=False)
class DishReview:
    """The candidates of one dish in the order of the queue.

    Parameters
    ----------
    is_new_sperm : ndarray, (N,) bool
        Whether a look at this candidate is the first at a true sperm.
    field : ndarray, (N,)
        Where it was seen best.
    sightings : int
        Findings before those of one object were merged.
    sperm : int
        Sperm that can be seen, found or not.
    """

    is_new_sperm: npt.NDArray[np.bool_]
    field: npt.NDArray[np.int64]
    sightings: int
    sperm: int


def review_of(record: DishRecord, confidence: float) -> DishReview:
    """Queue the candidates of a dish.

    Parameters
    ----------
    record : DishRecord
    confidence : float
        At which it counts as searched.
    """
    kept = record.probability >= confidence
    place = record.place_um[kept]
    size = np.full(len(place), HEAD_PX)
    table = FindingsTable(
        record.field[kept],
        np.full(len(place), -1, np.int64),
        np.column_stack([place / UM_PER_PX, size, size]),
        place,
        np.full(len(place), np.nan),
        record.probability[kept],
        [""] * len(place),
    )
    objects = object_of_each(table)
    found = candidates_of(table, objects)
    truth = {
        (int(frame), float(x)): int(sperm)
        for frame, x, sperm in zip(table.frame, table.box_px[:, 0], record.sperm[kept], strict=True)
    }
    seen: set[int] = set()
    new = []
    for one in found:
        sperm = truth[(one.places[0].frame, one.places[0].x_px)]
        new.append(sperm != NO_SPERM and sperm in record.rare_sperm and sperm not in seen)
        seen.add(sperm)
    return DishReview(
        np.array(new, np.bool_),
        np.array([one.places[0].frame for one in found], np.int64),
        int(kept.sum()),
        len(record.rare_sperm),
    )


def met(
    reviews: Sequence[DishReview], orders: Sequence[npt.NDArray[np.intp]], most: int
) -> npt.NDArray[np.float64]:
    """Return the share of all sperm confirmed after 1 to ``most`` looks in each dish, (most,)."""
    total = np.zeros(most)
    for review, order in zip(reviews, orders, strict=True):
        gained = np.cumsum(review.is_new_sperm[order])[:most].astype(np.float64)
        last = gained[-1] if len(gained) else 0.0
        total += np.concatenate([gained, np.full(most - len(gained), last)])
    return total / max(1, sum(review.sperm for review in reviews))


def curves(reviews: Sequence[DishReview], most: int) -> dict[str, npt.NDArray[np.float64]]:
    """Return the share met by number of looks: the queue's order, the fields' order, chance."""
    rng = np.random.default_rng(0)
    by_field = [np.argsort(one.field, kind="stable") for one in reviews]
    shuffled = [
        met(reviews, [rng.permutation(len(one.field)) for one in reviews], most)
        for _ in range(SHUFFLES)
    ]
    return {
        "queue": met(reviews, [np.arange(len(one.field)) for one in reviews], most),
        "order of fields": met(reviews, by_field, most),
        "chance": np.asarray(np.mean(shuffled, axis=0)),
    }


def lines(reviews: Sequence[DishReview], confidence: float) -> Iterator[str]:
    """Give the block of figures."""
    most = max(len(one.field) for one in reviews)
    told = curves(reviews, max(most, LOOKS[-1]))
    looks = np.array([len(one.field) for one in reviews])
    yield (
        f"SYNTHETIC, {datetime.datetime.now(datetime.UTC).date()}: {len(reviews)} dishes of 100 "
        f"fields with one sperm in {FIELDS_PER_SPERM} fields, {sum(r.sperm for r in reviews)} "
        f"sperm that can be seen, confidence {confidence:.3f}. "
        f"{sum(r.sightings for r in reviews):,} findings are {looks.sum():,} candidates, a dish "
        f"{np.median(looks):.0f} in the median and {looks.max()} at most. "
        f"Of all sperm {told['queue'][-1]:.3f} are among the candidates; no order can find more."
    )
    yield ""
    yield "| looks in each dish | " + " | ".join(told) + " |"
    yield "|---" * (len(told) + 1) + "|"
    for count in LOOKS:
        yield f"| {count} | " + " | ".join(f"{c[count - 1]:.3f}" for c in told.values()) + " |"
    yield ""
    half = {
        name: int(np.searchsorted(curve, 0.9 * curve[-1] - 1e-9)) + 1
        for name, curve in told.items()
    }
    yield (
        "Looks in each dish until 90 % of the sperm among the candidates are confirmed: "
        + ", ".join(f"{name} {count}" for name, count in half.items())
        + "."
    )
    yield ""
    yield f"![Share of the sperm confirmed by number of looks](images/{PICTURE_NAME})"


def draw(reviews: Sequence[DishReview], path: Path) -> None:
    """Draw the curves."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    told = curves(reviews, max(len(one.field) for one in reviews))
    figure, axes = plt.subplots(figsize=(6.4, 4), dpi=110)
    for (name, curve), style in zip(told.items(), ("-", "--", ":"), strict=True):
        axes.step(np.arange(1, len(curve) + 1), curve, style, where="post", label=name)
    axes.axhline(told["queue"][-1], color="0.6", linewidth=0.8)
    axes.set(
        xscale="log",
        ylim=(0, 1),
        xlabel="looks in each dish",
        ylabel="share of the sperm confirmed",
        title=f"SYNTHETIC: {len(reviews)} dishes, one sperm in {FIELDS_PER_SPERM} fields",
    )
    axes.xaxis.set_major_formatter("{x:g}")
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": ""})
    plt.close(figure)


def main() -> None:
    """Read what was kept, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=Path, required=True, help="folder of rare_sperm's dishes")
    parser.add_argument("--confidence", type=float, help="default: that of the default weights")
    parser.add_argument("--update", type=Path, help="page whose figures are to be replaced")
    options = parser.parse_args()
    require_block(options.update)
    files = sorted(options.records.glob("[0-9]*[0-9].npz"))
    if not files:
        raise InputError(f"{options.records} holds no dish", "run benchmarks.rare_sperm first")
    confidence = options.confidence
    if confidence is None:
        from sertoli.sperm import Detector

        confidence = Detector().default_confidence
    reviews = [review_of(DishRecord.read(file), confidence) for file in files]
    text = "\n".join(lines(reviews, confidence))
    print(text)
    if options.update:
        draw(reviews, options.update.parent / "images" / PICTURE_NAME)
        renew_block(options.update, text)


if __name__ == "__main__":
    main()
