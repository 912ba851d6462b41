"""The simulated case in a record of its own, and the example year of a programme."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sertoli.case import (
    Patient,
    Procedure,
    ProcedureKind,
    Record,
    Side,
    Specimen,
    SpecimenKind,
    add_search,
    bench_answer,
    verify,
)
from sertoli.outcomes import compute, example_programme, summary_lines, suppress, write_outcomes

CLINIC, STAFF, MAN, OPERATION = "DEMO", "S-01", "P-1", "OP-1"
BIRTH_YEAR = 1985
"""Of a man who does not exist."""


def keep_record(file: Path, specimen: str, search: Path) -> dict[str, Any]:
    """Make a record with a made-up clinic, man, operation and specimen, and a search of it.

    Parameters
    ----------
    file : Path
        SQLite file to make.
    specimen : str
        Its label, as the search names it.
    search : Path
        Folder of the search, with its review.

    Returns
    -------
    dict
        Codes of what was entered, what the bench answers, and ``verified``.

    Raises
    ------
    RecordError, InputError, OutputError
    """
    summary = json.loads((search / "summary.json").read_text(encoding="utf-8"))
    searched = datetime.fromisoformat(summary["finished_at"])
    begun = searched - timedelta(seconds=float(summary["elapsed_s"]))
    with Record.create(file, clinic=CLINIC, staff=STAFF, synthetic=True) as record:
        with record.change("simulated case") as session:
            man = Patient(code=MAN, birth_year=BIRTH_YEAR, wants_sperm=True)
            session.add(man)
            session.flush()
            operation = Procedure(
                patient_id=man.id,
                code=OPERATION,
                kind=ProcedureKind.MICRO_TESE,
                surgeon_id=record.staff_id,
                started_at=begun - timedelta(hours=1),
            )
            session.add(operation)
            session.flush()
            taken = Specimen(
                procedure_id=operation.id,
                code=specimen,
                kind=SpecimenKind.TISSUE,
                side=Side.LEFT,
                taken_at=begun - timedelta(minutes=30),
            )
            session.add(taken)
            session.flush()
            add_search(session, taken, search, record.staff_id)
            answer = bench_answer(session, taken)
        verified = verify(record).sound
    return {
        "file": f"{file.parent.name}/{file.name}",
        "clinic": CLINIC,
        "patient": MAN,
        "procedure": OPERATION,
        "specimen": specimen,
        "confirmed_sperm": answer.confirmed_sperm,
        "motile_sperm": answer.motile_sperm,
        "verified": verified,
    }


def report_example_year(place: Path) -> dict[str, Any]:
    """Write the report of the programme's example year, no simulated man in it.

    Returns
    -------
    dict
        ``title`` and ``rates``: lines for a person.
    """
    outcomes = suppress(compute(example_programme()))
    write_outcomes(place, outcomes)
    lines = summary_lines(outcomes)
    return {"title": lines[0], "rates": lines[2 : lines.index("", 2)]}
