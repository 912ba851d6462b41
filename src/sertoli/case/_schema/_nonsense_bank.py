"""The rules of the cryobank: a straw is in one place, and a place holds one straw."""

from __future__ import annotations

from sertoli.case._schema._rules import Rule

_LATER = (
    "EXISTS (SELECT 1 FROM straw_move n WHERE n.straw_id = {move}.straw_id"
    " AND n.voided_at IS NULL AND n.number > {move}.number)"
)
_BEFORE = (
    "EXISTS (SELECT 1 FROM straw_move b WHERE b.straw_id = NEW.straw_id AND b.voided_at IS NULL"
    " AND b.number = NEW.number - 1 AND {condition})"
)
_AFTER = (
    "EXISTS (SELECT 1 FROM straw_move b WHERE b.straw_id = NEW.straw_id AND b.voided_at IS NULL"
    " AND b.number = NEW.number + 1 AND {condition})"
)

BANK = [
    Rule(
        "straw_move",
        "number",
        "does not follow the straw's last move",
        "look up where the straw is now, then move it from there",
        "NEW.number <> 1 + (SELECT coalesce(max(m.number), 0) FROM straw_move m WHERE"
        " m.straw_id = NEW.straw_id AND m.voided_at IS NULL AND m.number < NEW.number)",
    ),
    Rule(
        "straw_move",
        "voided_at",
        "cannot be set while a later move exists",
        "void the later move first",
        _LATER.format(move="NEW"),
        void=True,
    ),
    Rule(
        "straw_move",
        "fate",
        "does not go with number, goblet and place",
        "the first move stores, later ones do not; stored and moved name a goblet and a place, "
        "the others name none",
        "(NEW.fate = 'stored') <> (NEW.number = 1)"
        " OR (NEW.fate IN ('stored', 'moved')) <> (NEW.goblet_id IS NOT NULL)"
        " OR (NEW.goblet_id IS NULL) <> (NEW.place IS NULL)",
    ),
    Rule(
        "straw_move",
        "straw_id",
        "names a straw that was taken out for good",
        "name a straw that is in the bank",
        _BEFORE.format(condition="b.goblet_id IS NULL"),
    ),
    Rule(
        "straw_move",
        "goblet_id",
        "is empty although the straw was moved afterwards",
        "void the later move first",
        "NEW.goblet_id IS NULL AND " + _AFTER.format(condition="true"),
    ),
    Rule(
        "straw_move",
        "moved_at",
        "is out of order with the moves before and after",
        "give the time of this move",
        _BEFORE.format(condition="b.moved_at > NEW.moved_at")
        + " OR "
        + _AFTER.format(condition="b.moved_at < NEW.moved_at"),
    ),
    Rule(
        "straw_move",
        "place",
        "is taken by another straw",
        "choose a free place",
        "EXISTS (SELECT 1 FROM straw_move m WHERE m.goblet_id = NEW.goblet_id"
        " AND m.place = NEW.place AND m.voided_at IS NULL AND m.straw_id <> NEW.straw_id"
        f" AND NOT {_LATER.format(move='m')}) AND NOT {_LATER.format(move='NEW')}",
    ),
    Rule(
        "straw_move",
        "place",
        "does not exist in that goblet",
        "choose one up to goblet.places",
        "NEW.place > (SELECT g.places FROM goblet g WHERE g.id = NEW.goblet_id)",
    ),
    Rule(
        "goblet",
        "places",
        "is less than a place in use",
        "move that straw first",
        "EXISTS (SELECT 1 FROM straw_move m WHERE m.goblet_id = NEW.id"
        " AND m.voided_at IS NULL AND m.place > NEW.places)",
    ),
    Rule(
        "straw_move",
        "straw_id",
        "names a straw that was thawed",
        "name a straw that is in the bank",
        "NEW.goblet_id IS NOT NULL AND EXISTS (SELECT 1 FROM thaw t"
        " WHERE t.straw_id = NEW.straw_id AND t.voided_at IS NULL)"
        f" AND NOT {_LATER.format(move='NEW')}",
    ),
    Rule(
        "straw_move",
        "voided_at",
        "cannot be set while the straw is thawed",
        "void the thaw first",
        "NEW.goblet_id IS NULL AND EXISTS (SELECT 1 FROM thaw t"
        " WHERE t.straw_id = NEW.straw_id AND t.voided_at IS NULL)",
        void=True,
    ),
    Rule(
        "straw_move",
        "voided_at",
        "cannot be set while another straw has the place it came from",
        "move the other straw first",
        "EXISTS (SELECT 1 FROM straw_move b JOIN straw_move m ON m.goblet_id = b.goblet_id"
        " AND m.place = b.place AND m.straw_id <> b.straw_id AND m.voided_at IS NULL"
        " WHERE b.straw_id = NEW.straw_id AND b.number = NEW.number - 1"
        f" AND b.voided_at IS NULL AND NOT {_LATER.format(move='m')})",
        void=True,
    ),
    Rule(
        "thaw",
        "thawed_at",
        "comes before the straw was taken out",
        "mend it or straw_move.moved_at",
        "EXISTS (SELECT 1 FROM straw_move m WHERE m.straw_id = NEW.straw_id"
        " AND m.voided_at IS NULL AND m.fate = 'thawed' AND NEW.thawed_at < m.moved_at)",
    ),
    Rule(
        "straw_move",
        "moved_at",
        "takes the straw out after it was thawed",
        "mend it or thaw.thawed_at",
        "NEW.fate = 'thawed' AND EXISTS (SELECT 1 FROM thaw t WHERE t.straw_id = NEW.straw_id"
        " AND t.voided_at IS NULL AND t.thawed_at < NEW.moved_at)",
    ),
    Rule(
        "thaw",
        "motility_percent",
        "contradicts sperm or motile_sperm",
        "none moves where there is none; mend one of them",
        "(NEW.motility_percent > 0 AND (NEW.sperm = 0 OR NEW.motile_sperm = 0))"
        " OR (NEW.motility_percent = 0 AND NEW.motile_sperm > 0)",
    ),
    Rule(
        "thaw",
        "straw_id",
        "names a straw that is still in the bank, or left it otherwise",
        "record the move that takes it out for thawing first",
        "EXISTS (SELECT 1 FROM straw_move m WHERE m.straw_id = NEW.straw_id"
        " AND m.voided_at IS NULL AND m.fate <> 'thawed'"
        f" AND NOT {_LATER.format(move='m')})",
    ),
]
