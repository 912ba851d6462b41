"""What every row of the record has, and how its declarations become constraints."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from sertoli.case._schema._fields import EARLIEST, LATEST, Field, Key, at_moment, words
from sertoli.errors import RecordError

NOT_VOIDED = text("voided_at IS NULL")


class Base(DeclarativeBase):
    """Root of all mapped classes, the audit's included."""

    metadata = MetaData()


class Row(Base):
    """A row of the record: numbered, voidable, versioned.

    Attributes of the class
    -----------------------
    together : tuple of tuples of str
        Fields that no two rows of a clinic that are not voided may share.
    ordered : tuple of (str, str)
        Pairs of fields of which the first may not lie after (or above) the second.
    exclusive : tuple of tuples of str
        Fields of which at most one may be given.
    different : tuple of (str, str)
        Pairs of references that may not name the same row.
    """

    __abstract__ = True
    # A number is never given twice, not even after an erasure: the audit speaks of rows by number.
    __table_args__: Any = {"sqlite_autoincrement": True}  # noqa: RUF012

    together: ClassVar[tuple[tuple[str, ...], ...]] = ()
    ordered: ClassVar[tuple[tuple[str, str], ...]] = ()
    exclusive: ClassVar[tuple[tuple[str, ...], ...]] = ()
    different: ClassVar[tuple[tuple[str, str], ...]] = ()
    fields: ClassVar[dict[str, Field]] = {}

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True, sort_order=-10)
    version: Mapped[int] = mapped_column(Integer, sort_order=-8)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    voided_at: Mapped[datetime | None] = at_moment("when the row was declared void")
    void_reason: Mapped[str | None] = words("why the row was declared void")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__tablename__" in vars(cls):
            cls.fields = {
                column.name: column.info["field"]
                for column in cls.table().columns
                if "field" in column.info
            }
            _constrain(cls)

    def __init__(self, **values: Any) -> None:
        # What is not given is known to be empty, without asking the database.
        super().__init__(**{**dict.fromkeys(self.fields), **values})

    def __setattr__(self, name: str, value: Any) -> None:
        field = type(self).fields.get(name)
        if field is not None:
            value = field.check(f"{self.__tablename__}.{name}", value)
        super().__setattr__(name, value)

    @classmethod
    def table(cls) -> Table:
        """Return the table of the class."""
        return cls.metadata.tables[cls.__tablename__]

    def require_sound(self) -> None:
        """Refuse the row as ``require_sound_values`` does."""
        self.require_sound_values({name: getattr(self, name) for name in self.fields})

    @classmethod
    def checked(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return all fields of a row to be, without making an object of it.

        Raises
        ------
        RecordError
            If a field or the row is nonsense, or there is no such field.
        """
        for name in values.keys() - cls.fields.keys():
            raise RecordError(f"{cls.__tablename__}.{name}", "is no field", "leave it out")
        row = {
            name: field.check(f"{cls.__tablename__}.{name}", values.get(name))
            for name, field in cls.fields.items()
        }
        cls.require_sound_values(row)
        return row

    @classmethod
    def require_sound_values(cls, row: Mapping[str, Any]) -> None:
        """Refuse what no field alone can show: something missing, out of order, contradictory.

        Raises
        ------
        RecordError
            Naming the field.
        """
        table, columns = cls.__tablename__, cls.table().columns
        for name in cls.fields:
            if row[name] is None and not columns[name].nullable:
                raise RecordError(f"{table}.{name}", "is missing", "give it")
        for first, second in cls.ordered:
            low, high = row[first], row[second]
            if low is not None and high is not None and low > high:
                raise RecordError(
                    f"{table}.{second}", f"({high}) comes before {first} ({low})", "mend one"
                )
        for names in cls.exclusive:
            given = [name for name in names if row[name] is not None]
            if len(given) > 1:
                raise RecordError(
                    f"{table}.{given[1]}", f"contradicts {given[0]}", "give only one of them"
                )
        for first, second in cls.different:
            if row[first] is not None and row[first] == row[second]:
                raise RecordError(
                    f"{table}.{second}", f"is the same as {first}", "name two different people"
                )
        if (row["voided_at"] is None) != (row["void_reason"] is None):
            raise RecordError(f"{table}.void_reason", "goes with voided_at", "give both or none")


class ClinicRow(Row):
    """A row that belongs to a clinic. All its references stay inside that clinic."""

    __abstract__ = True

    clinic_id: Mapped[int] = mapped_column(Key, sort_order=-9)


def unique_keys(table: Table) -> list[tuple[tuple[str, ...], bool]]:
    """Return the columns that no two rows share; True with those that only void rows may."""
    keys = [
        (tuple(part.columns.keys()), False)
        for part in table.constraints
        if isinstance(part, (PrimaryKeyConstraint, UniqueConstraint))
    ]
    alone = {names for names, _ in keys}
    keys = [key for key in keys if not any(set(one) < set(key[0]) for one in alone)]
    keys += [(tuple(part.columns.keys()), True) for part in table.indexes if part.unique]
    return sorted(keys)


def _constrain(cls: type[Row]) -> None:
    table = cls.table()
    name = table.name
    for column_name, field in cls.fields.items():
        condition = _condition(column_name, field)
        if condition:
            _add_check(table, column_name, condition)
        if field.kind == "reference":
            _index(table, column_name)
            table.append_constraint(
                ForeignKeyConstraint(
                    ["clinic_id", column_name],
                    [f"{field.target}.clinic_id", f"{field.target}.id"],
                    name=f"fk_{name}__{column_name}",
                )
            )
        if field.is_code and issubclass(cls, ClinicRow):
            table.append_constraint(
                UniqueConstraint("clinic_id", column_name, name=f"uq_{name}__{column_name}")
            )
    if issubclass(cls, ClinicRow):
        table.append_constraint(UniqueConstraint("clinic_id", "id", name=f"uq_{name}__id"))
        table.append_constraint(
            ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=f"fk_{name}__clinic_id")
        )
    for names in cls.together:
        Index(
            f"uq_{name}__{names[-1]}",
            table.c.clinic_id,
            *(table.c[part] for part in names),
            unique=True,
            sqlite_where=NOT_VOIDED,
            postgresql_where=NOT_VOIDED,
        )
    for first, second in cls.ordered:
        _add_check(table, second, f"{first} <= {second}", "after_" + first)
    for names in cls.exclusive:
        given = " + ".join(f"CASE WHEN {part} IS NULL THEN 0 ELSE 1 END" for part in names)
        _add_check(table, names[-1], f"{given} <= 1", "alone")
    for first, second in cls.different:
        _add_check(table, second, f"{first} <> {second}", "not_" + first)
    _add_check(table, "void_reason", "(voided_at IS NULL) = (void_reason IS NULL)", "whole")
    _add_check(table, "version", "version >= 1")


def _index(table: Table, reference: str) -> None:
    # Where a reference may be left out, most rows do: an index of all of them looks useless to
    # SQLite's planner, and the guards would read the whole table at every entry.
    column = table.c[reference]
    given = column.is_not(None) if column.nullable else None
    Index(f"ix_{table.name}_{reference}", column, sqlite_where=given, postgresql_where=given)


def _add_check(table: Table, field: str, condition: str, why: str = "") -> None:
    # The name carries the field, so that a refusal of the database can name it.
    name = f"ck_{table.name}__{field}" + (f"__{why}" if why else "")
    table.append_constraint(CheckConstraint(condition, name=name))


def _condition(name: str, field: Field) -> str:
    if field.kind == "number":
        condition = f"{name} >= {field.low} AND {name} <= {field.high}"
    elif field.kind == "whole":
        condition = (
            f"{name} >= {field.low} AND {name} <= {field.high} AND CAST({name} AS INTEGER) = {name}"
        )
    elif field.kind in {"day", "moment"}:
        condition = f"{name} >= '{EARLIEST}' AND {name} < '{LATEST}' AND date({name}) IS NOT NULL"
    elif field.kind == "choice":
        assert field.choices is not None
        condition = f"{name} IN ({', '.join(repr(str(choice)) for choice in field.choices)})"
    elif field.kind == "flag":
        condition = f"{name} IN (false, true)"
    elif field.kind == "reference":
        return ""
    else:
        condition = f"length(trim({name})) >= 1 AND length({name}) <= {field.longest}"
        if field.is_code:
            condition += f" AND {name} NOT LIKE '% %' AND {name} NOT LIKE '%@%'"
        if field.kind == "pseudonym":
            digits = " OR ".join(f"{name} LIKE '%{digit}%'" for digit in range(10))
            condition += f" AND ({digits})"
    return f"{name} IS NULL OR ({condition})"
