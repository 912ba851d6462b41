"""Records as an earlier version left them."""

from __future__ import annotations

from sqlalchemy import Engine, text

ADDED = {
    "exposure": "denied",
    "history_item": "denied",
    "semen_analysis": "dna_fragmentation_percent",
}
"""Table -> the field that version 0003 added."""


def go_back(engine: Engine) -> None:
    """Make a record one of version 0002, without what was added since and without its guards."""
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            query = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for name in connection.execute(query).scalars().all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        for table, column in ADDED.items():
            connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
