"""Fuzzes the readers: ``python tests/frames/fuzz_readers.py --minutes 10``.

Small files of every kind are damaged at random and read. Only ``InputError`` may come out,
within 20 s, and the process must not die: batches run in processes of their own. What goes
wrong is kept, with the file, under ``--keep``; the seed makes every file again.
"""

from __future__ import annotations

import argparse
import faulthandler
import logging
import random
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

HANG_S = 20
BATCH = 200
MEMORY_BYTES = 6 * 2**30

_INTERESTING = [0, 1, 0x7F, 0x80, 0xFF]


def damaged(seed_file: bytes, rng: random.Random) -> bytes:
    """Flip, overwrite, cut, repeat or remove parts of a file."""
    data = bytearray(seed_file)
    for _ in range(rng.choice([1, 1, 2, 3, 8, 30])):
        if not data:
            break
        # Most of what readers decide upon stands at the beginning, or at the end.
        place = rng.random()
        reach = min(len(data), 600)
        at = rng.randrange(reach) if place < 0.5 else rng.randrange(len(data))
        at = len(data) - 1 - rng.randrange(reach) if place > 0.8 else at
        action = rng.randrange(7)
        if action == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif action == 1:
            data[at] = rng.choice(_INTERESTING)
        elif action == 2:
            size = rng.choice([2, 4, 8])
            value = rng.choice(
                [0, 1, 2 ** (8 * size) - 1, 2 ** (8 * size - 1), rng.getrandbits(16)]
            )
            data[at : at + size] = value.to_bytes(size, rng.choice(["little", "big"]))
        elif action == 3:
            del data[at : at + rng.randrange(1, 64)]
        elif action == 4:
            data[at:at] = data[at : at + rng.randrange(1, 64)]
        elif action == 5 and rng.random() < 0.3:
            del data[at:]
        else:
            data[at : at + 4] = rng.randbytes(4)
    return bytes(data)


def read_all(path: Path) -> None:
    """Do with a file whatever a user of the room can do with it."""
    from sertoli.frames import open_source

    with open_source(path, grey=bool(len(path.name) % 2)) as source:
        length = source.length
        count = 0
        for frame in source:
            assert frame.pixels.ndim in (2, 3), frame.pixels.shape
            assert str(frame.pixels.dtype) in ("uint8", "uint16"), frame.pixels.dtype
            frame.pixels[:: max(1, frame.height_px // 8)].sum()
            count += 1
            if count >= 60:
                break
        next(source.frames((length or count) // 2), None)


def make_seeds(folder: Path) -> list[Path]:
    """Write one file of every kind."""
    from frame_samples import PICTURES, VIDEOS  # type: ignore[import-not-found]

    for name, make in (PICTURES | VIDEOS).items():
        make(folder / name)
    return sorted(folder.iterdir())


def run_batch(seeds: Path, keep: Path, number: int) -> None:
    """Read a batch of damaged files; the last file of a batch that dies is left in ``keep``."""
    import ome_types  # noqa: F401 - its slow loading is no hang of the file's

    from sertoli.errors import InputError

    _bound_memory()
    logging.disable(logging.CRITICAL)
    files = sorted(seeds.iterdir())
    with tempfile.TemporaryDirectory() as folder:
        for case in range(BATCH):
            rng = random.Random(f"{number}:{case}")
            seed_file = rng.choice(files)
            path = keep / f"batch{number}-{case}-{seed_file.name}"
            path.write_bytes(damaged(seed_file.read_bytes(), rng))
            faulthandler.dump_traceback_later(HANG_S, exit=True)
            try:
                if rng.random() < 0.1:
                    Path(folder, seed_file.name).write_bytes(path.read_bytes())
                    read_all(Path(folder))
                else:
                    read_all(path)
            except InputError as error:
                if "\n" in str(error):
                    print(f"FOUND two lines: {path.name}", flush=True)
                    continue
            except Exception:
                print(f"FOUND {path.name}\n{traceback.format_exc()}", flush=True)
                continue
            finally:
                faulthandler.cancel_dump_traceback_later()
                for file in Path(folder).iterdir():
                    file.unlink()
            path.unlink()


def _bound_memory() -> None:
    """Make a file that asks for too much memory fail; only some systems can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def main() -> int:
    """Run batches until the time is up; 1 if something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--first-batch", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "sertoli-fuzz")
    parser.add_argument("--run-batch", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--seeds", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.keep.mkdir(parents=True, exist_ok=True)
    if given.run_batch is not None:
        run_batch(given.seeds, given.keep, given.run_batch)
        return 0
    end = time.monotonic() + 60 * given.minutes
    number, found = given.first_batch, 0
    with tempfile.TemporaryDirectory() as folder:
        make_seeds(Path(folder))
        while time.monotonic() < end:
            command = [sys.executable, __file__, "--run-batch", str(number), "--seeds", folder]
            done = subprocess.run(
                [*command, "--keep", str(given.keep)], capture_output=True, text=True, check=False
            )
            if done.returncode or "FOUND" in done.stdout:
                found += 1
                print(f"--- batch {number}, exit code {done.returncode}")
                print(done.stdout[-6000:], done.stderr[-4000:], flush=True)
            number += 1
    batches = number - given.first_batch
    print(f"{batches} batches, {batches * BATCH} files, {found} batches with findings")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
