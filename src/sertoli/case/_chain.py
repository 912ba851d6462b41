"""The hash chain of the audit: what is hashed, and how.

The content of a change is hashed with a random salt, ``SHA-256(salt + canonical JSON)``. The hash
of an entry is the SHA-256 of the canonical JSON of everything the entry says, the hashes of its
changes and the hash of the entry before it. Canonical JSON: keys sorted, no spaces, UTF-8.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

FIRST_PREVIOUS = "0" * 64
"""What the first entry of a clinic names as the hash before it."""


def canonical(value: Any) -> str:
    """Return the one JSON text of a value."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def plain(value: Any) -> Any:
    """Return a field's value as JSON knows it: days and moments in ISO 8601, moments in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    return value


def state_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of a row, as the audit keeps it."""
    return {name: plain(value) for name, value in values.items()}


def new_salt() -> str:
    """Return 128 random bits in hexadecimal."""
    return secrets.token_hex(16)


def content_hash(salt: str, content: str) -> str:
    """Return the hash of a change's content."""
    return hashlib.sha256((salt + content).encode()).hexdigest()


def entry_hash(
    *,
    clinic_id: int,
    sequence: int,
    happened_at: datetime,
    staff_code: str,
    reason: str | None,
    previous_hash: str,
    changes: Iterable[tuple[int, str, int, str, str]],
) -> str:
    """Return the hash of an entry.

    Parameters
    ----------
    clinic_id, sequence, happened_at, staff_code, reason, previous_hash
        As in ``AuditEntry``.
    changes : iterable of (number, entity, row_id, action, content_hash)
        In the order of their numbers.
    """
    said = {
        "clinic_id": clinic_id,
        "sequence": sequence,
        "happened_at": plain(happened_at),
        "staff_code": staff_code,
        "reason": reason,
        "previous_hash": previous_hash,
        "changes": [list(change) for change in changes],
    }
    return hashlib.sha256(canonical(said).encode()).hexdigest()
