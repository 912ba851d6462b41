"""Entries into the record: what is there already is left, the rest goes in whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sertoli.case import Clinic, Consent, Entering, Record, Row, entering
from sertoli.errors import RecordError
from sertoli.exchange._entries import ENTITY_OF, Entry, by_entity, clinic_of, numbered
from sertoli.exchange._problems import Problem, short

Key = tuple[str, str]


@dataclass
class Entered:
    """What an import did, or would do.

    Attributes
    ----------
    new, filled, unchanged : Counter
        Entity -> rows that were entered, got values for empty fields, were there already.
    problems : list of Problem
        With any, nothing was entered.
    """

    new: Counter[str] = field(default_factory=Counter)
    filled: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)


def enter(
    record: Record,
    entries: Iterable[Entry],
    *,
    reason: str | None = None,
    trial: bool = False,
    problems: Sequence[Problem] = (),
    consents_last: bool = False,
) -> Entered:
    """Enter rows in one transaction, or find out what is wrong with them.

    A row that the record holds already, with the same code or else with the same values in all
    fields given, is left alone, so that the same import does nothing the second time. Where the
    record's row of the same code, or of the same man and day, has empty fields, they are filled;
    where it says something else, that is a problem, and never overwritten.

    Parameters
    ----------
    record : Record
        Opened in a clinic.
    entries : iterable of Entry
    reason : str or None
        Why, for the audit.
    trial : bool
        Only find out.
    problems : sequence of Problem
        Found earlier: with any, it is a trial.
    consents_last : bool
        Take what was done for done, and hold only what comes after the import against how the
        consents ended: of an exported record, that took it before they ended or were known to.
    """
    entered = Entered(problems=list(problems))
    with entering(record, reason=reason) as transaction:
        _Load(record, transaction, entered).take(list(entries), consents_last)
        if entered.problems or trial:
            transaction.undo()
    return entered


class _Load:
    def __init__(self, record: Record, transaction: Entering, entered: Entered) -> None:
        self._record = record
        self._transaction = transaction
        self._entered = entered
        self._numbers: dict[Key, int] = {}
        self._refused: set[Key] = set()

    def take(self, entries: Sequence[Entry], consents_last: bool) -> None:
        """Enter what is new, entity by entity."""
        self._take_clinic(clinic_of(entries))
        grouped = by_entity(entries)
        order = sorted(ENTITY_OF.items(), key=lambda one: consents_last and one[1] is Consent)
        for name, entity in order:
            if entity is Clinic:
                continue
            if name in grouped or "code" in entity.fields:
                self._take_entity(entity, grouped.get(name, []))

    def _take_clinic(self, entry: Entry | None) -> None:
        if entry is None:
            return
        (there,) = self._transaction.there(Clinic)
        if entry.key != self._record.clinic:
            self._problem(
                entry,
                "code",
                f"the rows are of the clinic {short(entry.key)}",
                f"enter them into the record of that clinic, not of {self._record.clinic}",
            )
            return
        self._compare(Clinic, entry, there, dict(entry.values))

    def _take_entity(self, entity: type[Row], entries: Sequence[Entry]) -> None:
        name = entity.__tablename__
        there = self._transaction.there(entity) if entries or "code" in entity.fields else []
        if not entries:
            # Rows of a record name those of another entity by their codes.
            self._numbers |= {(name, row["code"]): row["id"] for row in there}
            return
        known = _Known(entity, there)
        self._numbers |= {(name, code): row["id"] for code, row in known.by_code.items()}
        unknown: list[tuple[Entry, dict[str, Any]]] = []
        for entry in entries:
            values = self._resolved(entity, entry)
            row = None if values is None else known.same(values)
            if values is None:
                self._refused.add((name, entry.key))
            elif row is None:
                unknown.append((entry, values))
            else:
                self._numbers[name, entry.key] = row["id"]
                self._entered.unchanged[name] += 1
        # Only what no row says already is held against those that are left.
        new: list[tuple[Entry, dict[str, Any]]] = []
        for entry, values in unknown:
            row = known.like(values)
            if row is None:
                new.append((entry, values))
            else:
                self._numbers[name, entry.key] = row["id"]
                self._compare(entity, entry, row, values)
        for entry, result in self._added(entity, new):
            if isinstance(result, RecordError):
                self._refused.add((name, entry.key))
                self._refusal(entry, result)
            else:
                self._numbers[name, entry.key] = result
                self._entered.new[name] += 1

    def _added(
        self, entity: type[Row], rows: list[tuple[Entry, dict[str, Any]]]
    ) -> list[tuple[Entry, int | RecordError]]:
        """Enter rows; those that are refused once more, for one may hold only beside a later one.

        Fresh sperm beside thawed in a cycle with thawed sperm does, say.
        """
        found = self._transaction.add_each(entity, [values for _, values in rows])
        refused = [row for row, one in enumerate(found) if isinstance(one, RecordError)]
        if len(refused) < len(rows):
            again = self._transaction.add_each(entity, [rows[row][1] for row in refused])
            for row, one in zip(refused, again, strict=True):
                found[row] = one
        return [(entry, one) for (entry, _), one in zip(rows, found, strict=True)]

    def _resolved(self, entity: type[Row], entry: Entry) -> dict[str, Any] | None:
        """Return the values with numbers for references; None if a reference leads nowhere."""
        values = dict(entry.values)
        whole = True
        for name, kind in entity.fields.items():
            if kind.kind != "reference" or name not in values:
                continue
            named = (kind.target, str(values[name]))
            if named in self._numbers:
                values[name] = self._numbers[named]
                continue
            whole = False
            # What hangs on a refused row is not worth a message of its own.
            if named not in self._refused:
                self._problem(
                    entry,
                    name,
                    f"there is no {kind.target} {short(values[name])}",
                    f"enter the {kind.target} first, or with this import",
                )
        return values if whole else None

    def _compare(
        self, entity: type[Row], entry: Entry, row: Mapping[str, Any], values: dict[str, Any]
    ) -> None:
        name = entity.__tablename__
        missing = {}
        for column, value in values.items():
            if row[column] is None:
                missing[column] = value
            elif row[column] != value:
                self._problem(
                    entry,
                    column,
                    f"is {short(_said(value))}, but the record holds {short(_said(row[column]))}",
                    f"correct the record with `sertoli case edit {name.replace('_', '-')}`, "
                    "or the file",
                )
                return
        if not missing:
            self._entered.unchanged[name] += 1
            return
        try:
            self._transaction.change(entity, row["id"], missing)
        except RecordError as error:
            self._refusal(entry, error)
        else:
            self._entered.filled[name] += 1

    def _refusal(self, entry: Entry, error: RecordError) -> None:
        column = error.field.partition(".")[2]
        what = error.what.removeprefix(error.field).strip()
        self._problem(entry, column, what, error.remedy)

    def _problem(self, entry: Entry, column: str, what: str, remedy: str) -> None:
        said = entry.columns.get(column)
        if said is None:
            what = f"{entry.entity}.{column} {what}" if column else what
        if entry.row is None:
            what = f"{entry.entity} {entry.key}: {what}"
        self._entered.problems.append(Problem(entry.file, entry.row, said, what, remedy))


class _Known:
    """The rows of an entity that the record holds, each given out once."""

    def __init__(self, entity: type[Row], rows: Sequence[dict[str, Any]]) -> None:
        self.by_code = {row["code"]: row for row in rows} if "code" in entity.fields else {}
        self._key = key_fields(entity)
        kinds = {entity.fields[name].kind for name in self._key}
        self._tells_apart = bool(entity.together or kinds & {"day", "moment"})
        self._tells_apart |= "code" in entity.fields
        self._rows: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        if not self.by_code:
            for row in rows:
                self._rows.setdefault(self._key_of(row), []).append(row)
        self._taken: set[int] = set()

    def same(self, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return a row that says all that is given, and take it."""
        for row in self._candidates(values):
            if all(row[name] == value for name, value in values.items()):
                self._taken.add(row["id"])
                return row
        return None

    def like(self, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return a row that must be about the same thing, and take it."""
        if not self._tells_apart:
            return None
        for row in self._candidates(values):
            self._taken.add(row["id"])
            return row
        return None

    def _candidates(self, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        if self.by_code:
            row = self.by_code.get(values.get("code"))
            return [] if row is None else [row]
        rows = self._rows.get(self._key_of(values), [])
        return [row for row in rows if row["id"] not in self._taken]

    def _key_of(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(row.get(name) for name in self._key)


def key_fields(entity: type[Row]) -> tuple[str, ...]:
    """Name the fields by which people tell rows without a code apart."""
    if entity.together:
        return entity.together[0]
    columns = entity.table().columns
    return tuple(
        name
        for name, kind in entity.fields.items()
        if (kind.kind == "reference" and kind.target != "staff")
        or (kind.kind in {"day", "moment", "choice"} and not columns[name].nullable)
    )


def _said(value: Any) -> Any:
    return str(value) if not isinstance(value, (int, float, bool)) else value


def keyed(entries: Sequence[Entry]) -> list[Entry]:
    """Give every entry without a code its place as its key."""
    counts: Counter[str] = Counter()
    found = []
    for entry in entries:
        counts[entry.entity] += 1
        key = str(entry.values.get("code") or numbered(counts[entry.entity]))
        found.append(Entry(entry.entity, key, entry.values, entry.file, entry.row, entry.columns))
    return found
