"""Tables of clinics: whatever they look like, every value arrives or is named."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from sertoli.case import HormonePanel, Partner, Patient, Record, SemenAnalysis, TestisExam, verify
from sertoli.errors import InputError
from sertoli.exchange import CsvImport, import_csv, propose_mapping, read_mapping
from sertoli.exchange._csv import read_csv
from sertoli.exchange._identifiers import is_identifier
from sertoli.exchange._units import factor_to
from sertoli.exchange._values import (
    CellError,
    DayOrder,
    Manner,
    Reading,
    manner_of,
    value_of,
)

MAPPING = """
[[table]]
file = "men.csv"
[[table.entry]]
entity = "patient"
code = { column = "ID", prefix = "P-" }
height_cm = "Height (cm)"
[[table.entry]]
entity = "semen-analysis"
patient = { column = "ID", prefix = "P-" }
sampled_on = "Sampled"
pellet = { column = "Pellet", words = { "neg" = "no_sperm", "pos" = "sperm" } }
volume_ml = "Volume (mL)"
[[table.entry]]
entity = "hormone-panel"
patient = { column = "ID", prefix = "P-" }
sampled_at = { column = "Sampled", time = "08:30" }
testosterone_nmol_per_l = { column = "T", unit = "ng/dL" }
"""

HEADER = "ID;Height (cm);Sampled;Pellet;Volume (mL);T"
TWO_MEN = f"{HEADER}\n1;181,5;31.01.2020;neg;2,4;300\n2;;01.02.2020;pos;0,8;12 nmol/L\n"


@pytest.fixture
def entered(tmp_path: Path) -> Callable[..., CsvImport]:
    """Give a function that imports a text as ``men.csv`` by a mapping."""

    def do(
        record: Record,
        content: str | bytes,
        mapping: str = MAPPING,
        *,
        trial: bool = False,
        name: str = "men.csv",
    ) -> CsvImport:
        (tmp_path / "mapping.toml").write_text(mapping, encoding="utf-8")
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        how = read_mapping(tmp_path / "mapping.toml")
        return import_csv(record, [file], how, reason="import", trial=trial)

    return do


def test_a_table_arrives_whole(
    new_record: Callable[[], Record], entered: Callable[..., CsvImport]
) -> None:
    record = new_record()
    done = entered(record, TWO_MEN)
    assert not done.entered.problems
    assert done.entered.new == {"patient": 2, "semen_analysis": 2, "hormone_panel": 2}
    with record.reading() as session:
        first, second = session.scalars(select(Patient).order_by(Patient.code))
        assert (first.code, first.height_cm, second.height_cm) == ("P-1", 181.5, None)
        semen = session.scalars(select(SemenAnalysis).order_by(SemenAnalysis.id)).all()
        assert [row.sampled_on for row in semen] == [date(2020, 1, 31), date(2020, 2, 1)]
        assert [str(row.pellet) for row in semen] == ["no_sperm", "sperm"]
        panels = session.scalars(select(HormonePanel).order_by(HormonePanel.id)).all()
        assert panels[0].testosterone_nmol_per_l == pytest.approx(300 * 0.03467)
        assert panels[1].testosterone_nmol_per_l == 12.0
        # Winter in Madrid is an hour ahead.
        assert panels[0].sampled_at == datetime(2020, 1, 31, 7, 30, tzinfo=UTC)
    assert verify(record).sound


def test_the_same_again_changes_nothing_and_a_gap_is_filled(
    new_record: Callable[[], Record], entered: Callable[..., CsvImport]
) -> None:
    record = new_record()
    entered(record, TWO_MEN)
    before = verify(record)
    again = entered(record, TWO_MEN)
    assert not again.entered.problems
    assert not again.entered.new
    assert again.entered.unchanged.total() == 6
    assert verify(record).heads == before.heads
    more = entered(record, TWO_MEN.replace("\n2;;", "\n2;170;"))
    assert more.entered.filled == {"patient": 1}
    assert not more.entered.problems
    other = entered(record, TWO_MEN.replace("0,8", "0,9"))
    (problem,) = other.entered.problems
    assert (problem.row, problem.column) == (3, "Volume (mL)")
    assert "holds 0.8" in problem.what


WRONG = {
    "a day": ("31.01.2020", "31.02.2020", [(2, "Sampled"), (2, "Sampled")]),
    "a number": ("2,4", "much", [(2, "Volume (mL)")]),
    "a censored number": ("2,4", "<0,5", [(2, "Volume (mL)")]),
    "an impossible value": ("2,4", "240", [(2, "Volume (mL)")]),
    "an unknown word": ("neg", "perhaps", [(2, "Pellet")]),
    "a formula as a number": ("2,4", "=2+2", [(2, "Volume (mL)")]),
    "a unit of something else": ("12 nmol/L", "12 IU/L", [(3, "T")]),
    "grouped digits": ("2,4", "1.234", [(2, "Volume (mL)")]),
    "too few cells": ("1;181,5;", "1;", [(2, None)]),
    "too many cells": ("300", "300;x", [(2, None)]),
    "a code that is an address": ("\n1;", "\na b@c.de;", [(2, "ID"), (2, "ID"), (2, "ID")]),
    "the same row twice": ("\n2;", "\n1;181,5;31.01.2020;neg;2,4;300\n2;", [(3, None), (3, None)]),
    "before birth": ("31.01.2020", "31.01.1850", [(2, "Sampled"), (2, "Sampled")]),
}


@pytest.mark.parametrize("name", WRONG)
def test_every_problem_is_named_and_nothing_is_entered(
    name: str, new_record: Callable[[], Record], entered: Callable[..., CsvImport]
) -> None:
    old, new, places = WRONG[name]
    assert old in TWO_MEN
    record = new_record()
    before = verify(record).rows
    done = entered(record, TWO_MEN.replace(old, new, 1))
    assert [(problem.row, problem.column) for problem in done.entered.problems] == places
    assert all(problem.what and problem.remedy for problem in done.entered.problems)
    assert verify(record).rows == before


def test_what_only_the_database_refuses_is_named_by_row(
    new_record: Callable[[], Record], entered: Callable[..., CsvImport]
) -> None:
    mapping = """
[[table]]
file = "men.csv"
[[table.entry]]
entity = "patient"
code = "Code"
birth_year = "Born"
[[table.entry]]
entity = "testis-exam"
patient = "Code"
examined_on = "Day"
side = "Side"
"""
    rows = [f"P-{n},{2018 if n in (7, 31) else 1980},2020-01-01,left" for n in range(40)]
    rows[12] = "P-12,1980,1970-01-01,Right"
    done = entered(new_record(), "Code,Born,Day,Side\n" + "\n".join(rows), mapping)
    assert [(p.row, p.column) for p in done.entered.problems] == [
        (9, "Born"),
        (14, "Day"),
        (33, "Born"),
    ]


def test_a_trial_enters_nothing(
    new_record: Callable[[], Record], entered: Callable[..., CsvImport]
) -> None:
    record = new_record()
    before = verify(record)
    done = entered(record, TWO_MEN, trial=True)
    assert not done.entered.problems
    assert done.entered.new.total() == 6
    assert verify(record) == before


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_encodings_separators_and_line_ends(tmp_path: Path, encoding: str, separator: str) -> None:
    file = tmp_path / "men.csv"
    lines = [["ID", "Größe"], ["1", 'a "b"\nc; d, e'], ["", ""], ["2", "°"]]
    with file.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, delimiter=separator, lineterminator="\r\n").writerows(lines)
    table = read_csv(file)
    assert table.headers == ("ID", "Größe")
    assert table.separator == separator
    assert table.rows == ((2, ("1", 'a "b"\nc; d, e')), (4, ("2", "°")))


HOSTILE = {
    "empty": (b"", "empty"),
    "blank": (b" \r\n\r\n", "empty"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "men.csv"),
    "NULs": (b"ID;x\n1;a\0b\n", "NUL"),
    "cut off": (b'ID;x\n1;"a', "quotation"),
    "a header twice": (b"ID;x;x\n1;2;3\n", "more than once"),
    "a million columns": (b"a" + b";a" * 10**6, "columns"),
    "an endless cell": (b"ID;x\n1;" + b"9" * 200_000, "quotation mark"),
    "a lone surrogate": ("ID\n\ud800".encode("utf-16-le", "surrogatepass"), "men.csv"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_table_is_refused(name: str, tmp_path: Path) -> None:
    content, said = HOSTILE[name]
    file = tmp_path / "men.csv"
    file.write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_csv(file)


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_no_bytes_make_it_fail_otherwise(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_bytes(content)
    try:
        table = read_csv(file)
    except InputError:
        return
    assert all(len(cells) == len(table.headers) for _, cells in table.rows)


COMMA, POINT = Manner(","), Manner(".")
READ = {
    "3,5": (COMMA, 3.5),
    "3.5": (POINT, 3.5),
    "1.234,5": (COMMA, 1234.5),
    "1,234.5": (POINT, 1234.5),
    "1,234": (COMMA, 1.234),
    "-0,5": (COMMA, -0.5),
    "2,0 ml": (COMMA, 2.0),
    "2000 µl": (POINT, 2.0),
    " n/a ": (POINT, None),
    "1e1": (POINT, 10.0),
}


@pytest.mark.parametrize("cell", READ)
def test_numbers_are_read_as_the_file_writes_them(cell: str) -> None:
    manner, expected = READ[cell]
    column = "volume_ml"
    assert value_of("semen_analysis", column, cell, Reading(), manner) == expected


@pytest.mark.parametrize(
    ("cell", "manner"),
    [("1,234", Manner()), ("1.234", COMMA), ("3.5", COMMA), ("1,2,3", COMMA), ("1.5.2", POINT)],
)
def test_doubtful_decimals_are_not_guessed(cell: str, manner: Manner) -> None:
    with pytest.raises(CellError):
        value_of("semen_analysis", "volume_ml", cell, Reading(), manner)


@given(st.floats(0, 1000, allow_nan=False), st.sampled_from(",."))
def test_every_number_survives_its_spelling(number: float, sign: str) -> None:
    cell = f"{number:.6f}".replace(".", sign)
    read = value_of("semen_analysis", "concentration_million_per_ml", cell, Reading(), Manner(sign))
    assert read == float(f"{number:.6f}")


def test_days_are_read_in_the_order_that_the_file_shows() -> None:
    assert manner_of(["3/4/2020", "13/4/2020"], separator=",").days is DayOrder.DAY_FIRST
    assert manner_of(["3/4/2020", "4/13/2020"], separator=",").days is DayOrder.MONTH_FIRST
    assert manner_of(["3/4/2020", "13/4/2020", "4/13/2020"], separator=",").days is None
    assert manner_of(["3,5", "1,250", "12.03.2020"], separator=";").decimal == ","
    assert manner_of(["1,250", "3.5"], separator=",").decimal == "."
    with pytest.raises(CellError, match="day or month first"):
        value_of("semen_analysis", "sampled_on", "3/4/2020", Reading(), Manner())
    months = Manner(days=DayOrder.MONTH_FIRST)
    assert value_of("semen_analysis", "sampled_on", "3/4/2020", Reading(), months) == date(
        2020, 3, 4
    )


def test_units_are_converted_or_refused() -> None:
    assert factor_to("oestradiol_pmol_per_l", "nmol/L") == 1000.0
    assert factor_to("concentration_million_per_ml", "x10⁶/mL") == 1.0
    assert factor_to("mass_mg", "g") == 1000.0
    assert factor_to("volume_ml", "nmol/L") is None
    assert factor_to("pellet_sperm", "mL") is None


@pytest.mark.parametrize(
    "header",
    [
        "Name",
        "Last name",
        "E-Mail",
        "Geburtsdatum",
        "Date of Birth",
        "dob",
        "Teléfono",
        "Patient name",
    ],
)
def test_who_a_person_is_has_no_place(
    header: str, new_record: Callable[[], Record], entered: Callable[..., CsvImport]
) -> None:
    assert is_identifier(header)
    table = f"Code;{header}\nP-1;Someone\n"
    mapping = '[[table]]\nfile = "men.csv"\n[[table.entry]]\nentity = "patient"\ncode = "Code"\n'
    done = entered(new_record(), table, mapping, trial=True)
    assert not done.entered.problems
    (left,) = done.left_out
    assert "pseudonymous" in left.why
    assert left.values == 1
    history = f'[[table.entry]]\nentity = "partner"\npatient = "Code"\ncode = "{header}"\n'
    done = entered(new_record(), table, mapping + history, trial=True)
    assert any("who a person is" in problem.what for problem in done.entered.problems)
    assert all("Someone" not in str(problem) for problem in done.entered.problems[:1])


def test_of_a_day_of_birth_only_the_year_is_taken(
    new_record: Callable[[], Record], entered: Callable[..., CsvImport]
) -> None:
    mapping = (
        '[[table]]\nfile = "men.csv"\n[[table.entry]]\nentity = "patient"\ncode = "Code"\n'
        'birth_year = "Date of birth"\n'
    )
    record = new_record()
    done = entered(record, "Code;Date of birth\nP-1;31.12.1985\nP-2;1990-02-03\n", mapping)
    assert not done.entered.problems
    with record.reading() as session:
        years = session.scalars(select(Patient.birth_year).order_by(Patient.code)).all()
    assert years == [1985, 1990]


def test_files_about_the_same_man_come_together(
    new_record: Callable[[], Record], tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("ID;V\nP-1;2,5\nP-2;3,5\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("Code\tpH\nP-2\t7.2\nP-1\t7.4\n", encoding="utf-8")
    (tmp_path / "m.toml").write_text(
        "\n".join(
            f'[[table]]\nfile = "{file}"\n[[table.entry]]\nentity = "patient"\ncode = "{code}"\n'
            f'[[table.entry]]\nentity = "semen-analysis"\npatient = "{code}"\n'
            f'sampled_on = {{ value = "2020-01-01" }}\npellet = {{ value = "not_examined" }}\n'
            f'{field} = "{column}"\n'
            for file, code, field, column in [
                ("a.csv", "ID", "volume_ml", "V"),
                ("b.csv", "Code", "ph", "pH"),
            ]
        ),
        encoding="utf-8",
    )
    record = new_record()
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    done = import_csv(record, files, read_mapping(tmp_path / "m.toml"))
    assert done.entered.new == {"patient": 2, "semen_analysis": 2}
    with record.reading() as session:
        found = session.execute(
            select(Patient.code, SemenAnalysis.volume_ml, SemenAnalysis.ph)
            .join(Patient, Patient.id == SemenAnalysis.patient_id)
            .order_by(Patient.code)
        ).all()
    assert [tuple(row) for row in found] == [("P-1", 2.5, 7.4), ("P-2", 3.5, 7.2)]


BAD_MAPPINGS = {
    "no TOML": "[[table",
    "nothing": "",
    "no file": "[[table]]\n",
    "no entry": '[[table]]\nfile = "men.csv"\n',
    "no entity": '[[table]]\nfile = "men.csv"\n[[table.entry]]\nentity = "spaceship"\nx = "ID"\n',
    "no field": '[[table]]\nfile = "men.csv"\n[[table.entry]]\nentity = "patient"\nx = "ID"\n',
    "a clinic": '[[table]]\nfile = "men.csv"\n[[table.entry]]\nentity = "clinic"\ncode = "ID"\n',
    "no column": '[[table]]\nfile = "men.csv"\n[[table.entry]]\nentity = "patient"\n'
    'code = { value = "P-1" }\n',
    "both": '[[table]]\nfile = "men.csv"\n[[table.entry]]\nentity = "patient"\n'
    'code = { value = "P-1", column = "ID" }\n',
    "a date order": '[[table]]\nfile = "men.csv"\ndates = "any"\n[[table.entry]]\n'
    'entity = "patient"\ncode = "ID"\n',
    "a time zone": 'time_zone = "Mars/Base"\n' + MAPPING,
    "an option": "colour = 1\n" + MAPPING,
    "a list": '[[table]]\nfile = "men.csv"\nentry = [1]\n',
}


@pytest.mark.parametrize("name", BAD_MAPPINGS)
def test_a_bad_mapping_says_what_is_wrong(name: str, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(BAD_MAPPINGS[name], encoding="utf-8")
    with pytest.raises(InputError, match=r"m\.toml"):
        read_mapping(tmp_path / "m.toml")


def test_a_proposal_is_a_mapping_once_it_is_completed(
    new_record: Callable[[], Record], tmp_path: Path
) -> None:
    file = tmp_path / 'a "quoted" name.csv'
    file.write_text(
        "ID,Sampled [day],FSH (IU/L),Testosterone [ng/dL],partner.code,E-mail\nP-1,x,12.5,400,,\n",
        encoding="utf-8",
    )
    text = propose_mapping([file])
    assert "E-mail" in text
    assert '"ng/dL"' in text
    completed = text.replace('# sampled_at = { value = "..." }', 'sampled_at = "Sampled [day]"')
    (tmp_path / "m.toml").write_text(completed, encoding="utf-8")
    file.write_text(
        file.read_text(encoding="utf-8").replace("x,", "2020-01-01T09:00+01:00,"), encoding="utf-8"
    )
    record = new_record()
    done = import_csv(record, [file], read_mapping(tmp_path / "m.toml"))
    assert not done.entered.problems
    assert done.entered.new == {"patient": 1, "hormone_panel": 1}
    with record.reading() as session:
        assert not session.scalars(select(Partner)).all()
        assert not session.scalars(select(TestisExam)).all()


VISEM = {
    '# sampled_on = { value = "..." }': 'sampled_on = { value = "2016-01-01" }',
    '# sampled_at = { value = "..." }': 'sampled_at = { value = "2016-01-01T09:00+01:00" }',
    '# pellet = { value = "..." }': 'pellet = { value = "not_examined" }',
    '= "ID"': '= { column = "ID", prefix = "V-" }',
}


@pytest.mark.realdata
def test_real_men_arrive_or_are_reported(
    new_record: Callable[[], Record], shared_data: Path, tmp_path: Path
) -> None:
    files = sorted((shared_data / "visem_clinical").glob("*.csv"))
    text = propose_mapping(files)
    for old, new in VISEM.items():
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "m.toml").write_text(text, encoding="utf-8")
    record = new_record()
    done = import_csv(record, files, read_mapping(tmp_path / "m.toml"))
    (problem,) = done.entered.problems
    assert problem.row == 25
    assert "Not reported" in problem.what
    (tmp_path / "m.toml").write_text(
        text.replace('unit = "days"', 'unit = "days", words = { "Not reported" = "" }'),
        encoding="utf-8",
    )
    done = import_csv(record, files, read_mapping(tmp_path / "m.toml"))
    assert not done.entered.problems
    assert done.entered.new == {"patient": 85, "semen_analysis": 85, "hormone_panel": 85}
    # Cell by cell: each either came from a column that was taken, or its column is reported.
    arrived = 0
    with record.reading() as session:
        for entity in (SemenAnalysis, HormonePanel):
            for row in session.scalars(select(entity)):
                arrived += sum(isinstance(getattr(row, name), float) for name in entity.fields)
    cells = sum(
        sum(1 for cell in cells[1:] if cell) for file in files for _, cells in read_csv(file).rows
    )
    left = sum(column.values for column in done.left_out)
    not_reported = 1
    assert arrived + left + not_reported == cells
    assert import_csv(record, files, read_mapping(tmp_path / "m.toml")).entered.unchanged == {
        "patient": 85,
        "semen_analysis": 85,
        "hormone_panel": 85,
    }
