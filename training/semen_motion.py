"""Fit the motion of ejaculated sperm to the tracks of the 19 men of VISEM-Tracking.

Usage: ``python -m training.semen_motion --data ../shared/data``

Writes ``src/sertoli/phantom/world/semen_motion.csv``, one row a man. The tracks are in
px; um per second rests on an ASSUMED pixel size, since the set states none. Boxes were
interpolated between key frames, so the fast lateral swing of the head cannot be measured
here: the phantom assumes it.
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
import numpy.typing as npt
import pandas as pd

ASSUMED_UM_PER_PX = 0.30
"""Assumption: a median box of 22 px holds a head of about 5 um with its halo (6.6 um)."""

FRAME_RATE_HZ = 49.0
"""1,470 frames in 30 s."""

SIZE_PX = (640, 480)
SMOOTH_FRAMES = 11
MIN_FRAMES = 50
CLUSTER_CLASS = 1
IMMOTILE_BELOW_UM_PER_S = 2.0
STRAIGHTNESS_OF_PROGRESS = 0.3
TABLE = Path("src/sertoli/phantom/world/semen_motion.csv")

Array = npt.NDArray[np.float64]


def smoothed(path_um: Array) -> Array:
    """Average an (N, 2) path over a moving window of SMOOTH_FRAMES frames."""
    kernel = np.ones(SMOOTH_FRAMES) / SMOOTH_FRAMES
    return np.stack([np.convolve(path_um[:, i], kernel, "valid") for i in (0, 1)], axis=1)


def drift_per_frame(tracks: pd.DataFrame) -> Array:
    """Return the median step (um) of all tracks from each frame to the next, (frames, 2)."""
    steps = tracks.groupby("track_id")[["x_um", "y_um"]].diff()
    steps["frame"] = tracks["frame"]
    median = steps.groupby("frame")[["x_um", "y_um"]].median()
    return median.reindex(range(int(tracks["frame"].max()) + 1)).fillna(0.0).to_numpy(float)


def track_figures(path_um: Array) -> tuple[float, float, float]:
    """Speed along the average path (um/s), its straightness over 1 s, turning (rad^2/s)."""
    average = smoothed(path_um)
    steps = np.diff(average, axis=0)
    speed = float(np.hypot(*steps.T).mean() * FRAME_RATE_HZ)
    second = min(round(FRAME_RATE_HZ), len(average) - 1)
    net = np.hypot(*(average[second:] - average[:-second]).T).mean() * FRAME_RATE_HZ / second
    straightness = float(net / speed) if speed > 0 else 0.0
    lag = SMOOTH_FRAMES
    chords = average[lag:] - average[:-lag]
    heading = np.arctan2(chords[:, 1], chords[:, 0])
    turn = np.angle(np.exp(1j * (heading[lag:] - heading[:-lag])))
    # Mean square turn of a diffusing heading grows as 2 D t.
    turning = float(np.mean(turn**2) * FRAME_RATE_HZ / (2 * lag)) if len(turn) else 0.0
    return speed, straightness, turning


def fit_man(tracks: pd.DataFrame) -> dict[str, float]:
    """Summarise one man's tracks as shares, speeds and turning."""
    drift = np.cumsum(drift_per_frame(tracks), axis=0)
    rows = []
    for _, track in tracks.groupby("track_id"):
        frames = track["frame"].to_numpy(int)
        if len(frames) < MIN_FRAMES or np.any(np.diff(frames) != 1):
            continue
        rows.append(track_figures(track[["x_um", "y_um"]].to_numpy(float) - drift[frames]))
    figures = np.array(rows)
    speed, straightness, turning = figures.T
    moving = speed >= IMMOTILE_BELOW_UM_PER_S
    progressive = moving & (straightness >= STRAIGHTNESS_OF_PROGRESS)
    log_speed = np.log(speed[progressive]) if progressive.any() else np.array([np.nan])
    return {
        "tracks": len(figures),
        "progressive_share": round(float(progressive.mean()), 3),
        "non_progressive_share": round(float((moving & ~progressive).mean()), 3),
        "speed_median_um_per_s": round(float(np.exp(np.median(log_speed))), 2),
        "speed_log_sd": round(float(np.std(log_speed)), 3),
        "turning_median_rad2_per_s": round(float(np.median(turning[progressive])), 3)
        if progressive.any()
        else float("nan"),
    }


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--out", type=click.Path(path_type=Path), default=TABLE)
def fit(data: Path, out: Path) -> None:
    """Fit every man and write the table."""
    boxes = pd.read_csv(data / "visem_tracks" / "visem_tracking_labels.csv.gz")
    boxes = boxes[boxes["class"] != CLUSTER_CLASS].sort_values(["participant", "track_id", "frame"])
    boxes["x_um"] = boxes["cx"] * SIZE_PX[0] * ASSUMED_UM_PER_PX
    boxes["y_um"] = boxes["cy"] * SIZE_PX[1] * ASSUMED_UM_PER_PX
    table = pd.DataFrame(
        [{"man": man, **fit_man(tracks)} for man, tracks in boxes.groupby("participant")]
    )
    table.to_csv(out, index=False, lineterminator="\n")
    click.echo(table.to_string(index=False))


if __name__ == "__main__":
    fit()
