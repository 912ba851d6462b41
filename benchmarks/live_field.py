"""Delays of the live operating field: ``python -m benchmarks.live_field --help``.

The same simulated field is played as two recordings: as Sertoli writes it (MPEG-4 part 2, the
quickest there is to decode, so the hardest to keep up with in times of its decoding) and as
surgical cameras write it (H.264). The encoder of the latter is whatever PyAV brings; the file lives
as long as the measurement.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from benchmarks.page import renew_block, require_block
from sertoli.enhance import LightChain
from sertoli.frames import Frame, VideoWriter, as_it_happened, open_source
from sertoli.operation import LiveField, map_apart
from sertoli.phantom import make_field

Floats = npt.NDArray[np.float64]

WIDTH_PX, HEIGHT_PX = 1920, 1080
UM_PER_PX = 4.0
FRAMES_PER_S = 30.0
H264_BITS_PER_S = 20_000_000
"""Enough that the picture loses little and the decoder is not given an easy task."""

MOST_DECODES = 3.0
LEAST_MAPS_PER_S = 3.0
DECODING_ROUNDS = 3
WARM_UP_S = 2.0
"""The first frames load libraries and weights; a surgeon waits for them once."""


@dataclass(frozen=True, slots=True)
class Delays:
    """What was measured, in seconds.

    Parameters
    ----------
    decode_s : float
        Median time to decode a frame with nothing else running, in rounds before and after.
    view_s, map_s, age_s : ndarray
        From a frame's arrival to its enhanced picture; to its map; and how old the map is
        whenever a picture is shown.
    views_per_s, maps_per_s : float
    given : float
        Frames a second that the source gave.
    """

    decode_s: float
    view_s: Floats
    map_s: Floats
    age_s: Floats
    views_per_s: float
    maps_per_s: float
    given: float


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description="Measure the delays of the live field.")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each live field")
    parser.add_argument("--map-width", type=int, default=640, help="width of the mapped picture")
    parser.add_argument("--video", type=Path, help="only this 1080p recording")
    parser.add_argument("--keep", type=Path, help="folder for the simulated recordings, to reuse")
    parser.add_argument("--update", type=Path, help="page whose figures to renew")
    options = parser.parse_args()
    require_block(options.update)
    with tempfile.TemporaryDirectory() as folder:
        if options.video:
            recordings = {options.video.name: options.video}
        else:
            recordings = simulated(options.keep or Path(folder))
        measured = {
            name: measure(video, options.seconds, options.map_width)
            for name, video in recordings.items()
        }
    text = table(measured, options.map_width)
    print(text)
    renew_block(options.update, text)


def simulated(folder: Path) -> dict[str, Path]:
    """Write some seconds of a simulated operating field at 1080p, in two formats, unless there."""
    folder.mkdir(parents=True, exist_ok=True)
    recordings = {"MPEG-4 part 2": folder / "own.mp4", "H.264": folder / "cameras.mp4"}
    if all(file.exists() for file in recordings.values()):
        return recordings
    own, cameras = recordings.values()
    source = make_field(
        3,
        um_per_px=UM_PER_PX,
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        seconds=3.0,
        fps=FRAMES_PER_S,
    )
    with (
        source,
        VideoWriter(own, fps=FRAMES_PER_S, width_px=WIDTH_PX, height_px=HEIGHT_PX) as writer,
        av.open(str(cameras), "w") as container,
    ):
        stream = container.add_stream("h264", round(FRAMES_PER_S))
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        stream.bit_rate = H264_BITS_PER_S
        for frame in source.frames():
            writer.write(frame.pixels)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame.pixels, "rgb24")))
        container.mux(stream.encode(None))
    return recordings


def measure(video: Path, seconds: float, map_width_px: int) -> Delays:
    """Time decoding alone, then run the live field for ``seconds``."""
    alone_s = [time_decoding(video) for _ in range(DECODING_ROUNDS)]
    shown: list[tuple[int, float, float]] = []
    maps: dict[int, float] = {}
    ages: list[float] = []
    began = time.perf_counter()
    with (
        map_apart() as mapper,
        LiveField(
            as_it_happened(again_and_again(video, seconds + WARM_UP_S), FRAMES_PER_S),
            LightChain(),
            mapper,
            map_width_px,
        ) as live,
    ):
        for view in live:
            if time.perf_counter() - began < WARM_UP_S:
                continue
            # numbers alone: the pictures of a minute would fill the memory
            shown.append((view.number, view.ready_s, view.delay_s))
            if view.map is not None:
                maps[view.map.number] = view.map.delay_s
                ages.append(view.ready_s - view.map.arrived_s)
    alone_s += [time_decoding(video) for _ in range(DECODING_ROUNDS)]
    numbers, ready_s, delay_s = np.array(shown).T
    lasted = float(ready_s[-1] - ready_s[0])
    return Delays(
        float(np.median(alone_s)),
        delay_s,
        np.array(list(maps.values())),
        np.array(ages),
        len(shown) / lasted,
        len(maps) / lasted,
        float(numbers[-1] - numbers[0]) / lasted,
    )


def time_decoding(video: Path) -> float:
    """Return the median time to decode one frame of a video, alone."""
    took = []
    with open_source(video) as source:
        before = time.perf_counter()
        for _ in source.frames():
            now = time.perf_counter()
            took.append(now - before)
            before = now
    return float(np.median(took[5:]))


def again_and_again(video: Path, seconds: float) -> Iterator[Frame]:
    """Give the frames of a recording in a loop for so long."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        with open_source(video) as source:
            for frame in source.frames():
                yield frame
                if time.perf_counter() > end:
                    break


def table(measured: dict[str, Delays], map_width_px: int) -> str:
    """Return the figures as a Markdown table."""
    lines = [
        "| recording | delay, in times the decoding of one frame | median | 95th percentile "
        "| target |",
        "|---|---|---|---|---|",
    ]
    notes = []
    for recording, delays in measured.items():
        rows = [
            ("frame to enhanced picture", delays.view_s, f"at most {MOST_DECODES:g} (median)"),
            (f"frame to its map ({map_width_px} px wide)", delays.map_s, ""),
            ("age of the map shown", delays.age_s, ""),
        ]
        for name, values, target in rows:
            in_decodes = values / delays.decode_s
            middle, late = np.percentile(in_decodes, (50, 95))
            if target:
                target += ": met" if middle <= MOST_DECODES else ": **missed**"
            lines.append(f"| {recording} | {name} | {middle:.2f} | {late:.2f} | {target} |")
        verdict = "met" if delays.maps_per_s >= LEAST_MAPS_PER_S else "**missed**"
        notes.append(
            f"- {recording}: the source gave {delays.given:.1f} frames a second (30 asked for); "
            f"{delays.views_per_s:.1f} were enhanced and shown, the rest left out; the map was "
            f"renewed {delays.maps_per_s:.1f} times a second (target: {LEAST_MAPS_PER_S:g} or "
            f"more: {verdict})."
        )
    return "\n".join([*lines, "", *notes, "", f"Simulated field, {_machine()}."])


def _machine() -> str:
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{os.cpu_count()} logical cores{load} at the end; {datetime.now(UTC):%Y-%m-%d}"


if __name__ == "__main__":
    main()
