"""A huge picture and a long recording leave the memory flat."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
import tifffile

from sertoli.frames import VideoWriter, open_source, read_ahead

SCRIPT = """
import sys, psutil
from pathlib import Path
from sertoli.frames import open_source
process = psutil.Process()
with open_source(Path(sys.argv[1])) as source:
    for frame in source:
        print(*frame.pixels.shape, int(frame.pixels[29_999, :512].max()))
        del frame
# Mapped pages of the file may stay in memory as long as nobody else needs it: they do not count.
print(process.memory_full_info().uss)
"""


@pytest.mark.slow
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_tiff_of_30000_by_30000(tmp_path: Path, compression: str | None) -> None:
    path = tmp_path / "huge.tif"
    shape = (30_000, 30_000)
    if compression is None:
        whole = tifffile.memmap(path, shape=shape, dtype=np.uint8, photometric="minisblack")
        whole[-1] = 7
        whole.flush()
        del whole
    else:
        tile = np.full((512, 512), 7, np.uint8)
        tiles = (tile for _ in range(59 * 59))
        tifffile.imwrite(
            path, tiles, shape=shape, dtype=np.uint8, tile=(512, 512), compression=compression
        )
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    *shown, memory = done.stdout.split()
    assert shown == ["30000", "30000", "7"]
    assert int(memory) < 500e6  # the picture alone is 900 MB


@pytest.mark.slow
def test_a_long_recording_leaves_the_memory_flat(tmp_path: Path) -> None:
    path = tmp_path / "long.avi"
    with VideoWriter(path, fps=25, width_px=320, height_px=240) as writer:
        for number in range(3000):
            writer.write(np.full((240, 320), number % 256, np.uint8))
    process = psutil.Process()
    early = 0
    with open_source(path, grey=True) as source, read_ahead(source.frames()) as frames:
        for frame in frames:
            if frame.index == 500:
                early = process.memory_info().rss
        assert frame.index == 2999
        assert source.length == 3000
    # All frames together would be 230 MB.
    assert process.memory_info().rss - early < 20 * 2**20
