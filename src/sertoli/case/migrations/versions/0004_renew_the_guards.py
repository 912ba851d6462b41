"""Renew the guards: what is refused has grown, no table changes."""

from __future__ import annotations

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Change nothing: every upgrade ends with the guards of its version."""
