"""Add what was asked for and denied, and the fragmentation of sperm's DNA; renew the guards."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

COLUMNS = {
    ("exposure", "denied"): ("BOOLEAN", "denied IN (false, true)"),
    ("history_item", "denied"): ("BOOLEAN", "denied IN (false, true)"),
    ("semen_analysis", "dna_fragmentation_percent"): (
        "DOUBLE PRECISION",
        "dna_fragmentation_percent >= 0 AND dna_fragmentation_percent <= 100",
    ),
}


def upgrade() -> None:
    """Add the columns as they are, empty: no table is written anew, and no guard asked."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for (table, column), (kind, holds) in COLUMNS.items():
        written = kind.removesuffix(" PRECISION") if sqlite else kind
        op.get_bind().exec_driver_sql(
            f"ALTER TABLE {table} ADD COLUMN {column} {written}"
            f" CONSTRAINT ck_{table}__{column} CHECK ({column} IS NULL OR ({holds}))"
        )
