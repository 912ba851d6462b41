"""What the database refuses, in the words of the error tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from sertoli.case._schema._triggers import REFUSED
from sertoli.errors import ConflictError, OutputError, RecordError

_CANNOT_WRITE = ("disk is full", "readonly database", "disk I/O error", "No space left")
_BUSY = ("database is locked", "deadlock detected", "could not serialize", "lock timeout")


@contextmanager
def refusals() -> Iterator[None]:
    """Turn a refusal of the database into a ``RecordError`` that names the field."""
    try:
        yield
    except StaleDataError as error:
        raise ConflictError(
            "version", "somebody else changed this row in the meantime", "look at it again"
        ) from error
    except DBAPIError as error:
        if any(sign in str(error.orig) for sign in _CANNOT_WRITE):
            raise OutputError(
                f"the record cannot be written: {error.orig}", "make room, or mend its permissions"
            ) from error
        refusal = _refusal(str(error.orig))
        if refusal is None:
            raise
        raise refusal from error


def _refusal(message: str) -> RecordError | None:
    line = message.strip().splitlines()[0] if message.strip() else ""
    if f"{REFUSED}|" in line:
        _, field, what, remedy = line[line.index(f"{REFUSED}|") :].split("|")[:4]
        return RecordError(field, what, remedy)
    constraint = re.search(r"\b(ck|uq|fk)_(\w+?)__(\w+)", line)
    if constraint:
        kind, table, rest = constraint.groups()
        return _broken(kind, f"{table}.{rest.split('__')[0]}")
    column = re.search(r"(UNIQUE|NOT NULL) constraint failed: (.+)", line)
    if column:
        field = column.group(2).split(",")[-1].strip()
        return _broken("uq" if column.group(1) == "UNIQUE" else "nn", field)
    missing = re.search(r'null value in column "(\w+)" of relation "(\w+)"', line)
    if missing:
        return _broken("nn", f"{missing.group(2)}.{missing.group(1)}")
    if "FOREIGN KEY constraint failed" in line:
        return RecordError("a reference", "names a row that this clinic does not have", "mend it")
    if any(sign in line for sign in _BUSY):
        return ConflictError("the record", "is busy with another writer", "try again")
    return None


def _broken(kind: str, field: str) -> RecordError:
    if kind == "uq":
        return RecordError(field, "is taken already", "choose another")
    if kind == "fk":
        return RecordError(field, "names a row that this clinic does not have", "mend it")
    if kind == "nn":
        return RecordError(field, "is missing", "give it")
    return RecordError(field, "holds an impossible value", "mend it")
