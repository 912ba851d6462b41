"""What the networks saw in each frame, written down, so that a map can be gone on with.

The looks are what takes long. A map that goes on reads and draws every frame anew and takes the
looks it has from the journal: so it ends as if nothing had happened.
"""

from __future__ import annotations

import io
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from sertoli.frames import Frame
from sertoli.journal import JOURNAL_NAME, Identity, Journal, read_payloads, read_payloads_at
from sertoli.tubules._follow import Line
from sertoli.tubules._mapper import Look, TubuleMapper
from sertoli.tubules._sections import SectionLook, SectionMapper

Arrays = dict[str, Any]

_INDEX_BYTES = 8


class LookJournal:
    """The looks at the frames of one input; a context manager.

    Parameters
    ----------
    folder : Path
        Where the journal stands, or is begun.
    identity : Identity
        Of the map.

    Attributes
    ----------
    is_kept : bool
        Set where the map was stopped: the journal then outlives it.
    """

    def __init__(self, folder: Path, identity: Identity) -> None:
        self._file = folder / JOURNAL_NAME
        self._journal = Journal(self._file, identity)
        self.is_kept = False
        self._offsets = {_index(payload): offset for offset, payload in read_payloads(self._file)}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._journal.close()
        if error is None and not self.is_kept:
            self._file.unlink()

    def read(self, index: int) -> Arrays | None:
        """Return the look at a frame; None if there was none."""
        if index not in self._offsets:
            return None
        ((_, payload),) = read_payloads_at(self._file, [self._offsets[index]])
        with np.load(io.BytesIO(payload[_INDEX_BYTES:]), allow_pickle=False) as held:
            return dict(held)

    def write(self, index: int, arrays: Arrays) -> None:
        """Write down the look at a frame."""
        packed = io.BytesIO()
        np.savez_compressed(packed, **arrays)
        self._journal.append(index.to_bytes(_INDEX_BYTES, "little") + packed.getvalue())


class NotedTubuleMapper(TubuleMapper):
    """A mapper that looks at no frame again whose look stands in the journal."""

    journal: LookJournal

    def seen(self, frame: Frame, factor: float | None = None) -> Look:
        """Return the look in the journal, or look and write it down."""
        known = self.journal.read(frame.index)
        if known is not None:
            return _look(known)
        look = super().seen(frame, factor)
        self.journal.write(frame.index, _look_arrays(look))
        return look


class NotedSectionMapper(SectionMapper):
    """The same for histology."""

    journal: LookJournal

    def look(self, frame: Frame) -> SectionLook:
        """Return the look in the journal, or look and write it down."""
        known = self.journal.read(frame.index)
        if known is not None:
            return SectionLook(known, float(known.pop("factor")))
        look = super().look(frame)
        self.journal.write(frame.index, look.cells | {"factor": look.factor})
        return look


def _look_arrays(look: Look) -> Arrays:
    lines = look.lines
    return {
        "lengths": np.array([len(line.points) for line in lines], np.int64),
        "points": np.concatenate([np.zeros((0, 2)), *(line.points for line in lines)]),
        "diameter": np.concatenate([np.zeros(0), *(line.diameter for line in lines)]),
        "opacity": np.concatenate([np.zeros(0), *(line.opacity for line in lines)]),
        "heat": np.array([line.heat for line in lines]),
        "unreadable": look.unreadable,
        "factor": look.factor,
    }


def _look(arrays: Arrays) -> Look:
    cuts = np.cumsum(arrays["lengths"])[:-1]
    columns = [np.split(arrays[name], cuts) for name in ("points", "diameter", "opacity")]
    heat = arrays["heat"].tolist()
    lines = tuple(Line(*line) for line in zip(*columns, heat, strict=True)) if heat else ()
    return Look(lines, arrays["unreadable"], float(arrays["factor"]))


def _index(payload: bytes) -> int:
    return int.from_bytes(payload[:_INDEX_BYTES], "little")
