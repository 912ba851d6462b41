"""What is said about a search for rare sperm: tables and the picture of a reviewer's effort."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np

from benchmarks.rare_composites import Composites
from benchmarks.rare_dishes import (
    FIELDS_PER_SPERM,
    FIRST_SEED,
    HEIGHT_PX,
    MOTILITIES,
    SWEEP_UM,
    UM_PER_PX,
    WIDTH_PX,
    DishRecord,
)
from benchmarks.rare_figures import (
    SHARE_TO_MEET,
    Integers,
    ReviewList,
    effort,
    effort_band,
    effort_interval,
    effort_to_meet,
    mean_per_field,
    wilson,
)
from sertoli.phantom.world import Motility
from sertoli.sperm import Detector

PICTURE_NAME = "rare-sperm.png"
TARGET_RECALL, TARGET_EFFORT = 0.90, 2.0
STILL = (Motility.IMMOTILE, Motility.TWITCHING)
CONTRASTS = ((3, 6), (6, 12), (12, 24), (24, float("inf")))
TAILS = ((0.0, 0.6), (0.6, 1.0), (1.0, float("inf")))


def recall_rows(records: Sequence[DishRecord], confidence: float) -> Iterator[str]:
    """Give the recall of planted sperm, all and by kind."""
    found = np.concatenate([r.doped_probability for r in records]) >= confidence
    motility = np.concatenate([r.doped_motility for r in records])
    contrast = np.concatenate([r.doped_contrast for r in records])
    repeats = [len(r.doped_probability) for r in records]
    tail = np.repeat([r.tail_gain for r in records], repeats)
    modality = np.repeat([r.modality for r in records], repeats)
    still = np.isin(motility, [MOTILITIES.index(m) for m in STILL])
    groups = [
        ("**all that can be seen**", np.ones(len(found), np.bool_)),
        ("immotile and twitching", still),
        *((f"- {m.value}", motility == n) for n, m in enumerate(MOTILITIES) if m in STILL),
        ("motile (travelling)", ~still),
        *(
            (f"contrast-to-noise {_span(a, b)}", (contrast >= a) & (contrast < b))
            for a, b in CONTRASTS
        ),
        *(
            (f"optical path of tails times {_span(a, b)}", (tail >= a) & (tail < b))
            for a, b in TAILS
        ),
        *((name.replace("_", " "), modality == name) for name in np.unique(modality)),
    ]
    for name, members in groups:
        if members.any():
            n, k = int(members.sum()), int(found[members].sum())
            low, high = wilson(k, n)
            yield f"| {name} | {n} | {k / n:.3f} | {low:.3f} to {high:.3f} |"


def false_rows(records: Sequence[DishRecord], confidence: float) -> Iterator[str]:
    """Count false candidates of the rare fields: all together, and the spread over dishes."""
    fields = np.array([r.rare_fields for r in records])
    for name, least in (("default confidence", confidence), ("0.5", 0.5), ("0.9", 0.9)):
        counts = false_candidates(records, least)
        mean, (low, high) = mean_per_field(counts, fields)
        best, median, worst = np.percentile(counts / fields, (10, 50, 90))
        yield (
            f"| {name} | {fields.sum()} | {mean:.3f} | {low:.3f} to {high:.3f} "
            f"| {best:.3f} / {median:.3f} / {worst:.3f} |"
        )


def false_candidates(records: Sequence[DishRecord], confidence: float) -> Integers:
    """Count the false candidates of each dish's rare fields, (dishes,)."""
    false = [int(((r.probability >= confidence) & (r.sperm < 0)).sum()) for r in records]
    return np.array(false, np.int64)


def sweep_lines(
    single: Sequence[DishRecord], swept: Sequence[DishRecord], confidence: float
) -> Iterator[str]:
    """Set fields through which the focus was turned beside single pictures of the same dishes."""
    yield (
        "| at | one picture: recall | false candidates a field "
        "| focus turned: recall | 95 % (Wilson) | false candidates a field |"
    )
    yield "|---|---|---|---|---|---|"
    alike = _confidence_of(swept, _false_a_field(single, confidence))
    as_many = f"default confidence; focus turned: {alike:.3f}, as many false"
    for name, least, swept_least in (
        ("default confidence", confidence, confidence),
        ("0.2", 0.2, 0.2),
        ("0.1", 0.1, 0.1),
        (as_many, confidence, alike),
    ):
        found, planted = _found(single, least)
        k, n = _found(swept, swept_least)
        low, high = wilson(k, n)
        yield (
            f"| {name} | {found / planted:.3f} | {_false_a_field(single, least):.3f} "
            f"| {k / n:.3f} | {low:.3f} to {high:.3f} | {_false_a_field(swept, swept_least):.3f} |"
        )
    yield ""
    yield (
        f"The same {len(swept)} dishes and {n} planted sperm; false candidates over "
        f"{sum(r.rare_fields for r in swept)} fields with one sperm in {FIELDS_PER_SPERM}."
    )


def _found(records: Sequence[DishRecord], confidence: float) -> tuple[int, int]:
    """Return how many of the planted sperm are found, and how many there are."""
    probability = np.concatenate([r.doped_probability for r in records])
    return int((probability >= confidence).sum()), len(probability)


def _false_a_field(records: Sequence[DishRecord], confidence: float) -> float:
    return float(false_candidates(records, confidence).sum() / sum(r.rare_fields for r in records))


def _confidence_of(records: Sequence[DishRecord], false_a_field: float) -> float:
    """Return the lowest confidence with no more false candidates a field than that."""
    false = np.sort(np.concatenate([r.probability[r.sperm < 0] for r in records]))[::-1]
    most = int(false_a_field * sum(r.rare_fields for r in records))
    return float(np.nextafter(false[most], 1.0)) if most < len(false) else 0.0


def doped_row(records: Sequence[DishRecord], confidence: float) -> str:
    """Say precision, recall and F1 of the doped fields in one line."""
    hits, truth = _found(records, confidence)
    false = sum(int((r.doped_false >= confidence).sum()) for r in records)
    precision, recall = hits / max(hits + false, 1), hits / max(truth, 1)
    f1 = 2 * hits / max(hits + false + truth, 1)
    return (
        f"Doped fields together: precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f} "
        f"({truth} sperm, {false} false; {sum(r.doped_obscured for r in records)} more could "
        "not be seen and are don't-care)."
    )


def effort_lines(listed: ReviewList) -> Iterator[str]:
    """Say how far the list has to be read."""
    low, high = effort_interval(listed)
    candidates, met = effort(listed)
    sperm = int(listed.sperm.sum())
    yield (
        "| one sperm in | sperm that can be seen | met at the end of the list "
        "| candidates for each true sperm until 90 % are met | 95 % | target |"
    )
    yield "|---|---|---|---|---|---|"
    reached = effort_to_meet(listed)
    yield (
        f"| {FIELDS_PER_SPERM} fields | {sperm} | {met[-1] if len(met) else 0:.3f} "
        f"| {_number(reached)} | {_number(low)} to {_number(high)} "
        f"| {TARGET_EFFORT:.1f} ({'met' if reached <= TARGET_EFFORT else 'missed'}) |"
    )
    yield ""
    shares = []
    for most in (1, 2, 5, 10, 100):
        read = int(np.searchsorted(candidates, most, side="right"))
        if read:
            shares.append(f"{met[read - 1]:.2f} within {most}")
    yield (
        f"Share of the sperm met, by candidates looked at for each true sperm: {', '.join(shares)}."
    )


def _span(low: float, high: float) -> str:
    return f"{low:g} to {high:g}" if np.isfinite(high) else f"{low:g} and more"


def _number(value: float) -> str:
    if not np.isfinite(value):
        return "not reached"
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def draw_effort(listed: ReviewList, path: Path, footnote: str) -> None:
    """Draw how many of the sperm are met as the list is read."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    candidates, met = effort(listed)
    at = np.geomspace(0.1, max(float(candidates[-1]), 10.0), 200)
    low, high = effort_band(listed, at)
    figure, axes = plt.subplots(figsize=(6.4, 4), dpi=110)
    axes.fill_between(at, low, high, alpha=0.25, linewidth=0, label="95 % over dishes")
    axes.step(candidates, met, where="post", label="ordered by probability")
    axes.plot(TARGET_EFFORT, SHARE_TO_MEET, "k+", markersize=12, label="target")
    axes.set(
        xscale="log",
        xlim=(at[0], at[-1]),
        ylim=(0, 1),
        xlabel="candidates looked at for each true sperm",
        ylabel="share of the sperm met",
        title=f"SYNTHETIC: one sperm in {FIELDS_PER_SPERM} fields of testicular tissue",
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    figure.text(0.01, 0.01, footnote, fontsize=6)
    figure.tight_layout(rect=(0, 0.02, 1, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": ""})
    plt.close(figure)


def composite_lines(got: Composites, confidence: float) -> Iterator[str]:
    """Give the figures of the composites of real pictures."""
    found = int((got.probability >= confidence).sum())
    low, high = wilson(found, len(got.probability))
    false = int((got.false >= confidence).sum())
    yield "| fields | sperm laid in | recall | 95 % (Wilson) | false candidates a field |"
    yield "|---|---|---|---|---|"
    yield (
        f"| {got.fields} | {len(got.probability)} | {found / len(got.probability):.3f} "
        f"| {low:.3f} to {high:.3f} | {false / got.fields:.3f} |"
    )


def report(
    records: Sequence[DishRecord],
    listed: ReviewList,
    swept: Sequence[DishRecord],
    composites: Composites | None,
    detector: Detector,
) -> str:
    """Format everything; ``swept`` may be empty."""
    confidence = detector.default_confidence
    found, planted = _found(records, confidence)
    recall = found / planted
    lines = [
        f"SYNTHETIC. Weights `{detector.weights_name}`, SHA-256 {detector.weights_sha256[:16]}, "
        f"default confidence {confidence:.3f}, {datetime.datetime.now(datetime.UTC).date()}; "
        f"{len(records)} dishes and laboratories (seeds {FIRST_SEED} to "
        f"{FIRST_SEED + len(records) - 1}); a field is {WIDTH_PX} x {HEIGHT_PX} px at "
        f"{UM_PER_PX} um/px, {WIDTH_PX * UM_PER_PX:.0f} x {HEIGHT_PX * UM_PER_PX:.0f} um.",
        "",
        f"**Recall** at the default confidence {recall:.3f}, target {TARGET_RECALL:.2f} "
        f"({'met' if recall >= TARGET_RECALL else 'missed'}):",
        "",
        "| planted sperm | seen | recall | 95 % (Wilson) |",
        "|---|---|---|---|",
        *recall_rows(records, confidence),
        "",
        doped_row(records, confidence),
        "",
        f"**False candidates** where there is one sperm in {FIELDS_PER_SPERM} fields:",
        "",
        "| at | fields | a field | 95 % (bootstrap over dishes) "
        "| dishes: 10 % / half / 90 % below |",
        "|---|---|---|---|---|",
        *false_rows(records, confidence),
        "",
        "**Review**, sightings of one object merged, ordered by probability, all dishes in one "
        "list:",
        "",
        *effort_lines(listed),
        "",
        f"![Share of the sperm met as the list is read](images/{PICTURE_NAME})",
    ]
    if swept:
        lines += [
            "",
            f"**Focus turned** through every field, {len(SWEEP_UM)} pictures from "
            f"{min(SWEEP_UM):g} to {max(SWEEP_UM):+g} um, followed as a recording is:",
            "",
            *sweep_lines(records, swept, confidence),
        ]
    if composites is not None:
        lines += ["", "**Composites** of `visem11`:", "", *composite_lines(composites, confidence)]
    return "\n".join(lines)
