"""Numbers and file names as text of the result files."""

from __future__ import annotations

import csv
import io

import numpy as np
import numpy.typing as npt


def plain_text(name: str) -> str:
    """Return a file name as text that every encoding can hold.

    File systems allow names that are not text; their odd bytes become a replacement mark.
    """
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def fixed(values: npt.NDArray[np.float64], decimals: int) -> list[str]:
    """Write numbers with so many decimals, NaN as nothing."""
    known = ~np.isnan(values)
    # one formatting for all of them takes half the time
    written = (f"%.{decimals}f " * int(known.sum()) % tuple(values[known].tolist())).split()
    if known.all():
        return written
    rest = iter(written)
    return [next(rest) if one else "" for one in known.tolist()]


def quoted(name: str) -> str:
    """Return a name as it stands between the commas of a CSV file."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(("", name))
    return line.getvalue()[1:-1]
