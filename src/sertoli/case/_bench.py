"""The bench's files taken into the record, and its answer given."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sertoli.case._schema import BenchSearch, Specimen
from sertoli.case._schema._words import SearchMethod
from sertoli.errors import InputError, RecordError


@dataclass(frozen=True)
class BenchAnswer:
    """What the bench says of a specimen: the only thing that the advice hears from it.

    Parameters
    ----------
    specimen : str
        Label of the specimen.
    confirmed_sperm, motile_sperm : int or None
        None as long as nobody has confirmed: never a negative.
    share_searched : float
        0 to 1.
    sensitivity : (float, float, float) or None
        Mean, lower and upper end.
    complete : bool
        Whether all of it was searched, and a person confirmed.
    """

    specimen: str
    confirmed_sperm: int | None
    motile_sperm: int | None
    share_searched: float
    sensitivity: tuple[float, float, float] | None
    complete: bool


def add_search(
    session: Session, specimen: Specimen, folder: Path, searched_by_id: int, **more: Any
) -> BenchSearch:
    """Record a search of ``sertoli search`` with its specimen.

    Parameters
    ----------
    session : Session
        Of ``Record.change``.
    specimen : Specimen
    folder : Path
        What ``sertoli search`` wrote; its ``summary.json`` is read, and the ``review.json`` of a
        finished review: what a person confirmed, the share searched and the sensitivity.
    searched_by_id : int
        Who answers for the search.
    **more
        Further fields of the search, such as ``confirmed_sperm``, once a person has looked.

    Raises
    ------
    InputError
        If the folder is none, or of another specimen.
    RecordError
        If the search is in the record already.
    """
    content, summary = _summary(folder)
    named = summary["settings"]["specimen"]
    if named is not None and named != specimen.code:
        raise InputError(
            f"{folder} is a search of specimen {named}, not {specimen.code}", "name the right one"
        )
    digest = hashlib.sha256(content).hexdigest()
    reviewed = _reviewed(folder, summary)
    again = select(BenchSearch.id).where(BenchSearch.result_sha256 == digest)
    if session.scalars(again).first() is not None:
        raise RecordError(
            "bench_search.result_sha256", f"{folder.name} is in the record already", "leave it"
        )
    ended = datetime.fromisoformat(summary["finished_at"])
    search = BenchSearch(
        **{
            "specimen_id": specimen.id,
            "searched_by_id": searched_by_id,
            "method": SearchMethod.ASSISTED,
            "started_at": ended - timedelta(seconds=float(summary["elapsed_s"])),
            "ended_at": ended,
            "complete": not summary["stopped"],
            "candidates": int(summary["sperm"]),
            "weights_sha256": summary["weights"]["sha256"],
            "result_name": folder.resolve().name,
            "result_sha256": digest,
            **reviewed,
            **more,
        }
    )
    session.add(search)
    session.flush()
    return search


def _summary(folder: Path) -> tuple[bytes, dict[str, Any]]:
    file = folder / "summary.json"
    try:
        content = file.read_bytes()
        summary = json.loads(content)
        if summary["schema_version"] != 1 or summary["command"] != "search":
            raise ValueError
        for name in ("settings", "finished_at", "elapsed_s", "stopped", "sperm", "weights"):
            _ = summary[name]
        _ = summary["settings"]["specimen"], summary["weights"]["sha256"]
        datetime.fromisoformat(summary["finished_at"]).utctimetuple()
        # A review writes its bound into the file: reviewed or not, it is the same search.
        same = {name: summary[name] for name in summary if not name.startswith("upper_bound_95")}
        content = json.dumps(same, sort_keys=True).encode()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder} holds no finished search", "name a folder that `sertoli search` wrote"
        ) from error
    return content, summary


def _reviewed(folder: Path, summary: dict[str, Any]) -> dict[str, Any]:
    """Return what ``review.json`` adds; nothing while a candidate is open or left unsure."""
    names = ("confirmed_sperm", "motile_sperm", "share_searched")
    intervals = ("sensitivity_mean", "sensitivity_low", "sensitivity_high")
    try:
        review = json.loads((folder / "review.json").read_text(encoding="utf-8"))
        of_this = review["search_finished_at"] == summary["finished_at"]
        if not (of_this and review["complete"]):
            return {}
        if review["journal_bytes"] != (folder / "review.jsonl").stat().st_size:
            raise InputError(
                f"{folder} holds decisions that its review.json does not know",
                "open it with `sertoli review` again",
            )
        told = {name: review[name] for name in (*names, *intervals)}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder / 'review.json'} is no review", "open it with `sertoli review` again"
        ) from error
    return {name: value for name, value in told.items() if value is not None}


def bench_answer(session: Session, specimen: Specimen) -> BenchAnswer:
    """Add up the searches of a specimen.

    The counts are None unless a person confirmed every search. Searches of parts (dishes,
    droplets) add their shares up; the sensitivity is that of the least sensitive one, to promise no
    more than was done.
    """
    searches = session.scalars(
        select(BenchSearch).where(BenchSearch.specimen_id == specimen.id)
    ).all()
    confirmed = bool(searches) and all(one.confirmed_sperm is not None for one in searches)
    share = min(1.0, sum(one.share_searched or 0.0 for one in searches))
    known = [
        (one.sensitivity_mean, one.sensitivity_low, one.sensitivity_high)
        for one in searches
        if one.sensitivity_mean is not None
        and one.sensitivity_low is not None
        and one.sensitivity_high is not None
    ]
    return BenchAnswer(
        specimen=specimen.code,
        confirmed_sperm=sum(one.confirmed_sperm or 0 for one in searches) if confirmed else None,
        motile_sperm=sum(one.motile_sperm or 0 for one in searches) if confirmed else None,
        share_searched=share,
        sensitivity=min(known) if known and len(known) == len(searches) else None,
        complete=confirmed and share >= 1.0 and all(one.complete for one in searches),
    )
