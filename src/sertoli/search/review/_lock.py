"""One writer at a time, and a killed one lets go."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import BinaryIO

if sys.platform == "win32":
    import msvcrt

    _FAR = 0x7FFF_FFFF
    """Windows locks bytes, and keeps others from reading them: take one beyond the file's end."""

    @contextlib.contextmanager
    def locked(file: BinaryIO) -> Iterator[None]:
        """Keep other processes that lock this file waiting."""
        file.seek(_FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        try:
            yield
        finally:
            file.seek(_FAR)
            msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    @contextlib.contextmanager
    def locked(file: BinaryIO) -> Iterator[None]:
        """Keep other processes that lock this file waiting."""
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file.fileno(), fcntl.LOCK_UN)
