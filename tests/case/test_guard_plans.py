"""No guard reads a whole table, however much a record holds and however little its rows name."""

from __future__ import annotations

import re
import sqlite3

from sertoli.case._schema import ENTITIES
from sertoli.case._schema._triggers import _by_trigger

ROWS = 200_000


def grown(place: str) -> sqlite3.Connection:
    """Return a record of which SQLite believes that it holds many rows, few of them named."""
    connection = sqlite3.connect(place)
    connection.execute("ANALYZE")
    connection.execute("DELETE FROM sqlite_stat1")
    for entity in ENTITIES:
        table = entity.__tablename__
        for _, index, unique, _, partial in connection.execute(f"PRAGMA index_list({table})"):
            columns = [row[2] for row in connection.execute(f"PRAGMA index_info({index})")]
            if partial and not unique:
                continue  # none is named: SQLite keeps no figures of an empty index
            nullable = len(columns) == 1 and entity.table().c[columns[0]].nullable
            per_key = [ROWS // 40 if name == "clinic_id" else 10 for name in columns]
            per_key = [ROWS] if nullable else [*per_key[:-1], 1 if unique else per_key[-1]]
            figures = " ".join(str(count) for count in (ROWS, *per_key))
            connection.execute("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", (table, index, figures))
    connection.commit()
    connection.close()
    return sqlite3.connect(place)


def test_guards_look_rows_up(sqlite_place: str) -> None:
    connection = grown(sqlite_place)
    asked, slow = 0, []
    for (table, event), checks in _by_trigger("sqlite").items():
        for condition, message in checks:
            query, count = re.subn(r"\b(NEW|OLD)\.\w+", "?", condition)
            plan = connection.execute(f"EXPLAIN QUERY PLAN SELECT 1 WHERE {query}", [None] * count)
            steps = [row[3] for row in plan]
            asked += any(step.startswith("SEARCH") for step in steps)
            slow += [
                (table, event, step, message)
                for step in steps
                if re.search(r"^SCAN (?!CONSTANT)|AUTOMATIC|\(clinic_id=\?\)$", step)
            ]
    connection.close()
    assert asked > 100
    assert slow == []
