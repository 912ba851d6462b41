"""Measure how loading a made-up programme and reporting its outcomes grow with its men.

Usage: ``python -m benchmarks.programme_scale --database sqlite --work runs/scale`` and the same
with ``postgresql``, then ``python -m benchmarks.programme_scale --work runs/scale --update
docs/programme-scale.md``.

The programme has 40 clinics and ten years; the first 2,000 men are loaded and reported on, then
men are added up to 20,000 and 200,000. Times are of processors (for PostgreSQL of the client and
of the server together), so that other work on the machine disturbs little.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import itertools
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from benchmarks.page import renew_block
from benchmarks.programme import CLINICS, load, make_clinics
from sertoli.case import Record, Row
from sertoli.outcomes import compute, programme_from_record, suppress, write_outcomes

SIZES = (2_000, 20_000, 200_000)
TODAY = datetime.date(2026, 1, 31)
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
TARGET_S = 60.0
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

Clock = Callable[[], float]


def _server_clock(data: Path) -> Clock:
    """Return a clock of the processor time that a PostgreSQL server and its children took."""
    master = int((data / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])

    def clock() -> float:
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:
                continue
            if int(stat.parent.name) == master:
                ticks += sum(int(field) for field in fields[11:15])
            elif int(fields[1]) == master:
                ticks += sum(int(field) for field in fields[11:13])
        return ticks / TICKS

    return clock


@contextmanager
def _database(kind: str, work: Path) -> Iterator[tuple[str, Clock]]:
    """Give the address of a database without a record, and a clock of what it takes beside us."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(dir=work) as folder:
            yield str(Path(folder) / "record.db"), lambda: 0.0
        return
    tests = Path(__file__).resolve().parents[1] / "tests" / "case"
    sys.path.append(str(tests))
    postgres = importlib.import_module("postgres")
    programs = postgres.programs()
    if programs is None:
        raise SystemExit("PostgreSQL's programs not found: install initdb and pg_ctl")
    with postgres.cluster(programs) as server:
        postgres.run_sql(server, "CREATE DATABASE programme")
        engine = create_engine(
            server.replace("postgresql://", "postgresql+psycopg://") + "postgres"
        )
        with engine.connect() as connection:
            data = Path(connection.execute(text("SHOW data_directory")).scalar_one())
        engine.dispose()
        yield server + "programme", _server_clock(data)


def _plain_inserts(place: str, samples: dict[type[Row], list[dict[str, Any]]], clock: Clock) -> Any:
    """Return (rows, seconds) of entering rows by bare INSERTs: no check, no guard, no audit."""
    url = place.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url if "://" in place else "sqlite://")
    seconds, count = 0.0, 0
    with engine.begin() as connection:
        for entity, rows in samples.items():
            names = list(dict.fromkeys(name for row in rows for name in row))
            columns = ", ".join(names)
            table = f"plain_{entity.__tablename__}"
            types = {name: entity.table().c[name].type for name in names}
            listed = ", ".join(
                f"{name} {kind.compile(dialect=engine.dialect)}" for name, kind in types.items()
            )
            connection.execute(text(f"CREATE TABLE {table} ({listed})"))
            values = ", ".join(f":{name}" for name in names)
            insert = text(f"INSERT INTO {table} ({columns}) VALUES ({values})")
            filled = [{name: _bare(row.get(name)) for name in names} for row in rows]
            before = clock()
            connection.execute(insert, filled)
            seconds += clock() - before
            count += len(rows)
        for entity in samples:
            connection.execute(text(f"DROP TABLE plain_{entity.__tablename__}"))
    engine.dispose()
    return count, seconds


def _bare(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return value.isoformat() if isinstance(value, datetime.date) else value


def _plain_reading(place: str, clock: Clock) -> float:
    """Return the seconds of fetching the rows that a report reads, without making a table."""
    tables = "procedure diagnosis specimen bench_search follow_up_visit cycle oocyte_retrieval"
    tables += " injection transfer pregnancy partner"
    before = clock()
    if "://" not in place:
        with sqlite3.connect(place) as connection:
            for table in tables.split():
                connection.execute(f"SELECT * FROM {table}").fetchall()
    else:
        engine = create_engine(place.replace("postgresql://", "postgresql+psycopg://"))
        with engine.connect() as connection_:
            for table in tables.split():
                connection_.execute(text(f"SELECT * FROM {table}")).fetchall()
        engine.dispose()
    return clock() - before


def measure(kind: str, work: Path, sizes: tuple[int, ...]) -> dict[str, Any]:
    """Return the figures of one database, written to ``work`` as they come."""
    figures: dict[str, Any] = {"database": kind, "clinics": CLINICS, "steps": []}
    with ExitStack() as stack:
        place, beside = stack.enter_context(_database(kind, work))

        def clock() -> float:
            return time.process_time() + beside()

        make_clinics(place)
        loaded = 0
        for wave, men in enumerate(sizes):
            before, started = clock(), time.monotonic()
            done = load(place, men - loaded, wave, keep=wave == 0)
            step: dict[str, Any] = {
                "men": men,
                "rows": done.rows,
                "load_s": clock() - before,
                "load_wall_s": time.monotonic() - started,
            }
            if wave == 0:
                count, seconds = _plain_inserts(place, done.samples, clock)
                figures["plain_rows_per_s"] = count / seconds
            loaded = men
            _analyze(place)
            step |= _report(place, work, clock)
            figures["steps"].append(step)
            (work / f"{kind}.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
            print(json.dumps(step), flush=True)
    return figures


def _analyze(place: str) -> None:
    """Let the database look at its tables, as its own house-keeping does from time to time."""
    url = place.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url if "://" in place else f"sqlite:///{place}")
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    engine.dispose()


def _report(place: str, work: Path, clock: Clock) -> dict[str, float]:
    """Return the seconds of a report over all clinics, by its parts."""
    marks, started = [clock()], time.monotonic()
    with Record.open(place, clinic="C01", staff="S-0", all_clinics=True) as record:
        programme = programme_from_record(record, as_of=TODAY)
    marks.append(clock())
    outcomes = suppress(compute(programme))
    marks.append(clock())
    with tempfile.TemporaryDirectory(dir=work) as folder:
        write_outcomes(Path(folder) / "report", outcomes)
    marks.append(clock())
    waited = time.monotonic() - started
    read, computed, written = (after - before for before, after in itertools.pairwise(marks))
    return {
        "read_s": read,
        "compute_s": computed,
        "write_s": written,
        "report_s": read + computed + written,
        "report_wall_s": waited,
        "fetch_s": _plain_reading(place, clock),
    }


def page(work: Path) -> str:
    """Return the figures of both databases as a text for the page."""
    day = datetime.date.today().isoformat()
    parts = [
        f"Made up: {CLINICS} clinics, ten years, no figure is a finding. Measured on {day} with "
        "`python -m benchmarks.programme_scale`; seconds are of one processor, the machine shared."
    ]
    for kind in ("sqlite", "postgresql"):
        file = work / f"{kind}.json"
        if file.is_file():
            parts.append(_table(json.loads(file.read_text(encoding="utf-8"))))
        else:
            parts.append(f"**{NAMES[kind]}**: not measured yet.")
    return "\n\n".join(parts)


def _table(figures: dict[str, Any]) -> str:
    lines = [
        f"**{NAMES[figures['database']]}**",
        "",
        "| men | rows entered | load against plain INSERT | report | of it read, computed, written "
        "| report against plain fetch | men x | report x |",
        "|---|---|---|---|---|---|---|---|",
    ]
    first = before = figures["steps"][0]
    for step in figures["steps"]:
        rate = step["rows"] / step["load_s"] / figures["plain_rows_per_s"]
        lines.append(
            f"| {step['men']:,} | {step['rows']:,} | {rate:.3f} | {step['report_s']:.1f} s | "
            f"{step['read_s']:.1f}, {step['compute_s']:.1f}, {step['write_s']:.1f} s | "
            f"{step['report_s'] / step['fetch_s']:.1f} | {step['men'] / before['men']:.0f} | "
            f"{step['report_s'] / before['report_s']:.1f} |"
        )
        before = step
    last = figures["steps"][-1]
    lacking = [f"{men:,}" for men in SIZES if men > last["men"]]
    if lacking:
        lines += ["", f"Not measured yet: {' and '.join(lacking)} men."]
    if last is first:
        return "\n".join(lines)
    growth = (last["report_s"] / first["report_s"]) / (last["men"] / first["men"])
    met = "met" if last["report_s"] < TARGET_S else "**missed**"
    met = met if not lacking else "open"
    lines += [
        "",
        f"From {first['men']:,} to {last['men']:,} men the report's time grows by "
        f"{growth:.2f} of what linear growth would be (target: at most 1). The largest takes "
        f"{last['report_s']:.0f} s (target: under {TARGET_S:.0f} s for {SIZES[-1]:,} men, {met}).",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    parser.add_argument("--work", type=Path, required=True, help="folder for figures and databases")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="men, growing")
    parser.add_argument("--update", type=Path, help="page to write the figures into")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    if options.database:
        measure(options.database, options.work, tuple(options.sizes))
    if options.update:
        renew_block(options.update, page(options.work))


if __name__ == "__main__":
    main()
