"""CSV files as clinics have them: whatever encoding, separator and line ends."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from sertoli.errors import InputError

LARGEST_BYTES = 256 * 1024 * 1024
MOST_COLUMNS = 2000
LONGEST_CELL = 100_000

_SEPARATORS = ";\t,|"


@dataclass(frozen=True)
class CsvTable:
    """A table read from a CSV file.

    Parameters
    ----------
    file : str
        Name of the file.
    headers : tuple of str
        Stripped; a column without a header is called ``column N``.
    rows : tuple of (int, tuple of str)
        Number of each row as a spreadsheet counts it (the header is row 1), and its cells,
        stripped and as many as there are headers. Empty rows are left out.
    ragged : tuple of (int, int)
        Number of each row that has another number of cells than the header, and how many.
    separator : str
        What stands between cells.
    """

    file: str
    headers: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    ragged: tuple[tuple[int, int], ...]
    separator: str


def read_csv(path: Path) -> CsvTable:
    """Read a CSV file in UTF-8, UTF-16 or Windows-1252.

    The separator is the one of semicolon, tab, comma and bar that parts the header most often, or
    the one that a first line ``sep=;`` names.

    Raises
    ------
    InputError
        If it is no such file, is empty, too large, cut off, or has a header twice.
    """
    text = _text(path)
    separator = None
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) <= 5:
        separator = first.rstrip("\r\n")[4:5] or "\t"
        text, skipped = rest, 1
    else:
        skipped = 0
    if not text.strip():
        raise InputError(f"{path} is empty", "give a table with a header and rows")
    separator = separator or _separator(text)
    records = _records(path, text, separator)
    headers = _headers(path, records[0])
    rows, ragged = [], []
    for number, cells in enumerate(records[1:], 2 + skipped):
        stripped = tuple(cell.strip() for cell in cells)
        if not any(stripped):
            continue
        kept, beyond = stripped[: len(headers)], stripped[len(headers) :]
        if any(beyond) or len(kept) < len(headers):
            ragged.append((number, len(cells)))
        else:
            rows.append((number, kept))
    return CsvTable(path.name, headers, tuple(rows), tuple(ragged), separator)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise InputError(f"{path} is larger than 256 MiB", "import it in parts")
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", "check the name") from error
    text = _decoded(path, content)
    if "\0" in text:
        raise InputError(f"{path} holds NUL characters", "export it anew as CSV")
    return text


def _decoded(path: Path, content: bytes) -> str:
    try:
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return content.decode("utf-16")
        # Without a mark, UTF-16 of Latin letters has a NUL beside each.
        if content[1:2] == b"\0" and content[:1] != b"\0":
            return content.decode("utf-16-le")
        if content[:1] == b"\0" and content[1:2] != b"\0":
            return content.decode("utf-16-be")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is no text in UTF-8, UTF-16 or Windows-1252", "export it as CSV in UTF-8"
        ) from error


def _separator(text: str) -> str:
    outside: list[str] = []
    quoted = False
    for sign in text:
        if sign == '"':
            quoted = not quoted
        elif sign in "\r\n" and not quoted:
            if outside:
                break
        elif not quoted:
            outside.append(sign)
    counts = {sign: outside.count(sign) for sign in _SEPARATORS}
    return max(counts, key=lambda sign: counts[sign])


def _records(path: Path, text: str, separator: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        records = []
        for record in reader:
            if any(len(cell) > LONGEST_CELL for cell in record):
                raise InputError(
                    f"{path}, line {reader.line_num}: a cell is longer than {LONGEST_CELL} signs",
                    "look for a quotation mark that is not closed",
                )
            records.append(record)
        return records
    except csv.Error as error:
        raise InputError(
            f"{path}, line {reader.line_num}: {error}",
            "look for a quotation mark that is not closed, or export the file anew",
        ) from error


def _headers(path: Path, record: list[str]) -> tuple[str, ...]:
    while record and not record[-1].strip():
        record = record[:-1]
    if len(record) > MOST_COLUMNS:
        raise InputError(
            f"{path} has {len(record)} columns, more than {MOST_COLUMNS}",
            "export only the columns of one form",
        )
    headers = tuple(
        " ".join(cell.split()) or f"column {number}" for number, cell in enumerate(record, 1)
    )
    if not headers:
        raise InputError(f"{path} has no header", "give the names of its columns in its first row")
    twice = {header for header in headers if headers.count(header) > 1}
    if twice:
        raise InputError(
            f"{path} has the column {min(twice)!r} more than once", "give each its own name"
        )
    return headers
