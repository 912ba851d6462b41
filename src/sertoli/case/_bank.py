"""Straws moved: from where the person sees them to where they go, witnessed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sertoli.case._schema import Straw, StrawMove
from sertoli.case._schema._words import Fate
from sertoli.errors import ConflictError


@dataclass(frozen=True)
class Whereabouts:
    """Where a straw is.

    Parameters
    ----------
    moves : int
        How often it was put somewhere or taken out so far.
    fate : Fate or None
        What the last move was; None before the first.
    goblet_id, place : int or None
        None when it is in no goblet.
    """

    moves: int
    fate: Fate | None
    goblet_id: int | None
    place: int | None


def whereabouts(session: Session, straw: Straw) -> Whereabouts:
    """Return where a straw is."""
    last = session.scalars(
        select(StrawMove)
        .where(StrawMove.straw_id == straw.id)
        .order_by(StrawMove.number.desc())
        .limit(1)
    ).first()
    if last is None:
        return Whereabouts(0, None, None, None)
    return Whereabouts(last.number, last.fate, last.goblet_id, last.place)


def move_straw(
    session: Session,
    straw: Straw,
    *,
    to: tuple[int, int] | None,
    fate: Fate | None = None,
    moved_by_id: int,
    witness_id: int,
    seen: Whereabouts | None = None,
    moved_at: datetime | None = None,
    reason: str | None = None,
) -> StrawMove:
    """Put a straw into a place, or take it out for good.

    Parameters
    ----------
    session : Session
        Of ``Record.change``.
    straw : Straw
    to : (goblet's number, place) or None
        None takes it out.
    fate : Fate or None
        ``thawed``, ``discarded`` or ``shipped`` when it is taken out.
    moved_by_id, witness_id : int
        Two different members of staff.
    seen : Whereabouts or None
        Where the person saw the straw. If it is elsewhere by now, somebody else was faster.
    moved_at : datetime or None
        None: now.
    reason : str or None

    Raises
    ------
    ConflictError
        If the straw is not where it was seen.
    RecordError
        If the place is taken, or the witness is missing or the same person.
    """
    now = whereabouts(session, straw)
    if seen is not None and seen != now:
        raise ConflictError(
            "straw_move.straw_id",
            f"{straw.code} is no longer where it was seen: somebody moved it",
            "look up where it is now",
        )
    if to is not None:
        fate = Fate.STORED if now.moves == 0 else Fate.MOVED
    move = StrawMove(
        straw_id=straw.id,
        number=now.moves + 1,
        fate=fate,
        moved_at=moved_at or datetime.now(UTC),
        goblet_id=None if to is None else to[0],
        place=None if to is None else to[1],
        moved_by_id=moved_by_id,
        witness_id=witness_id,
        reason=reason,
    )
    session.add(move)
    session.flush()
    return move
