"""Index references that may be left out only where they are given.

Most rows leave them out, and SQLite's planner took an index of all rows for useless: guards read
whole tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

REFERENCES = {
    "bench_search": ("dish_id", "droplet_id"),
    "consent": ("partner_id",),
    "decision": ("decided_by_id",),
    "diagnosis": ("made_by_id",),
    "follow_up_visit": ("procedure_id",),
    "genetic_test": ("partner_id",),
    "histology": ("specimen_id",),
    "injection": ("specimen_id", "straw_id"),
    "oocyte_retrieval": ("done_by_id", "witness_id"),
    "straw_move": ("goblet_id",),
    "viability_test": ("tested_by_id",),
}


def upgrade() -> None:
    """Make the indexes anew."""
    for table, columns in REFERENCES.items():
        for column in columns:
            name, given = f"ix_{table}_{column}", sa.text(f"{column} IS NOT NULL")
            op.drop_index(name, table)
            op.create_index(name, table, [column], sqlite_where=given, postgresql_where=given)
