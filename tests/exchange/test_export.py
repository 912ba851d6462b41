"""What leaves the record comes back as it was, and harms nobody's spreadsheet."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sertoli.case import (
    ENTITIES,
    Consent,
    Cycle,
    Exposure,
    Injection,
    OocyteRetrieval,
    Patient,
    Record,
    Specimen,
    Straw,
    StrawMove,
    verify,
    void,
)
from sertoli.errors import InputError, OutputError, RightsError
from sertoli.exchange import Entry, Format, Use, enter, export, extract, import_export
from sertoli.exchange._entries import ENTITY_OF
from sertoli.exchange._fhir import bundle_of, read_bundle, require_valid
from sertoli.exchange._fhir_shapes import SHAPES
from sertoli.exchange._redcap import forms, safe_cell

sys.path.append(str(Path(__file__).resolve().parents[1] / "case"))

from case_samples import everything, hour, on  # type: ignore[import-not-found]

export_own = partial(export, use=Use.OWN_USE)
READ_BACK = [Format.FHIR, Format.PARQUET]


@pytest.fixture(scope="session")
def full_record(tmp_path_factory: pytest.TempPathFactory, empty_record: bytes) -> bytes:
    """Give the bytes of a record with a row of every entity."""
    path = tmp_path_factory.mktemp("full") / "record.db"
    path.write_bytes(empty_record)
    with Record.open(path, clinic="MAD", staff="S-01") as record, record.change() as session:
        everything(session)
    return path.read_bytes()


@pytest.fixture
def full(full_record: bytes, tmp_path: Path) -> Iterator[Record]:
    """Give a record with a row of every entity."""
    path = tmp_path / "full.db"
    path.write_bytes(full_record)
    with Record.open(path, clinic="MAD", staff="S-01") as record:
        yield record


def test_the_sample_has_every_entity_and_every_entity_a_shape(full: Record) -> None:
    assert {entry.entity for entry in extract(full)} == {e.__tablename__ for e in ENTITIES}
    assert SHAPES.keys() == ENTITY_OF.keys()
    for entity, shape in SHAPES.items():
        assert shape.places.keys() <= ENTITY_OF[entity].fields.keys()


@pytest.mark.parametrize("kind", READ_BACK)
def test_an_export_read_into_an_empty_record_is_that_record(
    kind: Format, full: Record, new_record: Callable[[], Record], tmp_path: Path
) -> None:
    summary = export_own(full, kind, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "summary.json").read_text("utf-8")) == summary
    assert sum(summary["rows"].values()) == len(extract(full))
    other = new_record()
    trial = import_export(other, tmp_path / "out", trial=True)
    assert trial.problems == []
    assert verify(other).entries == 2
    entered = import_export(other, tmp_path / "out", reason="from the old house")
    assert entered.problems == []
    assert extract(other) == extract(full)
    assert verify(other).sound
    again = import_export(other, tmp_path / "out")
    assert not again.new
    assert not again.filled
    export_own(other, kind, tmp_path / "again")
    for file in summary["files"]:
        assert (tmp_path / "again" / file).read_bytes() == (tmp_path / "out" / file).read_bytes()


def test_straws_that_changed_places_come_back(
    full: Record, new_record: Callable[[], Record], tmp_path: Path
) -> None:
    from sqlalchemy import select

    with full.change() as session:
        first = session.scalars(select(Straw)).one()
        goblet = session.scalars(select(StrawMove.goblet_id).where(StrawMove.number == 1)).one()
        # Into the place that the first straw left, entered with a code that sorts before it.
        straw = Straw(
            specimen_id=first.specimen_id,
            code="A-0",
            frozen_at=hour(24 * 31),
            frozen_by_id=first.frozen_by_id,
            witness_id=first.witness_id,
            sperm=2,
        )
        session.add(straw)
        session.flush()
        session.add(
            StrawMove(
                straw_id=straw.id,
                number=1,
                fate="stored",
                moved_at=hour(24 * 32),
                goblet_id=goblet,
                place=1,
                moved_by_id=first.frozen_by_id,
                witness_id=first.witness_id,
            )
        )
    export_own(full, Format.FHIR, tmp_path / "out")
    other = new_record()
    assert import_export(other, tmp_path / "out").problems == []
    assert extract(other) == extract(full)


@pytest.mark.parametrize("kind", READ_BACK)
def test_what_was_done_before_it_was_forbidden_comes_back(
    kind: Format, full: Record, new_record: Callable[[], Record], tmp_path: Path
) -> None:
    from sqlalchemy import select

    with full.change("withdrawn by a letter that came later") as session:
        treated = session.scalars(select(Consent)).one()
        treated.withdrawn_on = date(2024, 4, 3)
        storage = {"purpose": "storage", "given_on": on(-9), "withdrawn_on": on(-1)}
        session.add(Consent(patient_id=treated.patient_id, **storage))
    export_own(full, kind, tmp_path / "out")
    other = new_record()
    assert import_export(other, tmp_path / "out").problems == []
    assert extract(other) == extract(full)


@pytest.mark.parametrize("kind", READ_BACK)
def test_a_cycle_whose_source_was_mended_comes_back(
    kind: Format, full: Record, new_record: Callable[[], Record], tmp_path: Path
) -> None:
    from sqlalchemy import select

    with full.change("some of it was fresh") as session:
        cycle, retrieval, thawed = (
            session.scalars(select(entity)).one() for entity in (Cycle, OocyteRetrieval, Injection)
        )
        cycle.started_on = on(-9)
        session.flush()
        retrieval.retrieved_at = hour(24)
        session.flush()
        kept = {name: getattr(thawed, name) for name in ("injected_by_id", "witness_id")}
        fresh = {"oocyte": 2, "specimen_id": session.scalars(select(Specimen.id)).one()}
        of_it = {"oocyte_retrieval_id": retrieval.id, "injected_at": hour(30)}
        session.add(Injection(**kept, **fresh, **of_it))
        session.flush()
        cycle.sperm_source = "fresh_testicular"
    export_own(full, kind, tmp_path / "out")
    other = new_record()
    assert import_export(other, tmp_path / "out").problems == []
    assert extract(other) == extract(full)


def test_what_is_void_stays_behind(full: Record, tmp_path: Path) -> None:
    from sqlalchemy import select

    with full.change("entered twice") as session:
        void(session.scalars(select(Exposure)).one(), "entered twice")
    assert "exposure" not in export_own(full, Format.FHIR, tmp_path / "out")["rows"]


TEXTS = st.text(min_size=1, max_size=20).filter(lambda text: text.strip() and "\0" not in text)
CODES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,10}[0-9]", fullmatch=True)
DAYS = st.dates(date(1990, 1, 1), date(2024, 1, 1))
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2024, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)


def _maybe(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


MEN = st.lists(
    st.tuples(
        CODES,
        _maybe(birth_year=st.integers(1930, 1980), height_cm=st.floats(100, 250)),
        st.lists(
            _maybe(started_on=DAYS, ongoing=st.booleans(), detail=TEXTS).map(
                lambda row: {"agent": "opioid", **row}
            ),
            max_size=3,
        ),
        st.lists(
            st.fixed_dictionaries(
                {"sampled_at": MOMENTS},
                optional={
                    "fsh_iu_per_l": st.floats(0, 300),
                    "testosterone_nmol_per_l": st.floats(0, 150),
                    "morning": st.booleans(),
                },
            ),
            max_size=3,
        ),
    ),
    max_size=4,
    unique_by=lambda man: man[0],
)


def _entries(men: Any) -> list[Entry]:
    rows = [Entry("clinic", "MAD", {"code": "MAD", "synthetic": False})]
    rows += [Entry("patient", code, {"code": code, **more}) for code, more, _, _ in men]
    for entity, place in (("exposure", 2), ("hormone_panel", 3)):
        below = [(man[0], row) for man in men for row in man[place]]
        rows += [
            Entry(entity, f"#{number}", {"patient_id": code, **row})
            for number, (code, row) in enumerate(below, 1)
        ]
    return rows


@given(men=MEN)
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_is_in_it_comes_back(
    men: Any, tmp_path: Path, new_record: Callable[[], Record]
) -> None:
    first, second = new_record(), new_record()
    entered = enter(first, _entries(men))
    assert entered.problems == []
    there = extract(first)
    (tmp_path / "b.json").write_text(json.dumps(bundle_of(there)), encoding="utf-8")
    entries, problems = read_bundle(tmp_path / "b.json")
    assert problems == []
    assert enter(second, entries).problems == []
    assert extract(second) == there


def test_a_bundle_says_natively_what_fhir_can_say(full: Record) -> None:
    bundle = bundle_of(extract(full))
    require_valid(bundle)
    by_tag: dict[str, list[dict[str, Any]]] = {}
    for entry in bundle["entry"]:
        tag = entry["resource"]["meta"]["tag"][-1]["code"]
        by_tag.setdefault(tag, []).append(entry["resource"])
    kinds = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert kinds >= {"Patient", "Observation", "Procedure", "Specimen", "DiagnosticReport"}
    (panel,) = by_tag["hormone_panel"]
    (component,) = panel["component"]
    assert component["valueQuantity"] == {
        "value": 21.5,
        "unit": "IU/L",
        "system": "http://unitsofmeasure.org",
        "code": "[iU]/L",
    }
    (specimen,) = by_tag["specimen"]
    assert specimen["collection"]["quantity"]["code"] == "mg"
    man = specimen["subject"]["reference"]
    assert next(e for e in bundle["entry"] if e["fullUrl"] == man)["resource"]["gender"] == "male"
    (search,) = by_tag["bench_search"]
    assert search["status"] == "final"
    # The woman's procedures are about her.
    (partner,) = by_tag["partner"]
    (retrieval,) = by_tag["oocyte_retrieval"]
    subject = next(e for e in bundle["entry"] if e["resource"] is partner)["fullUrl"]
    assert retrieval["subject"]["reference"] == subject


def test_what_was_denied_is_not_taken_for_a_finding(new_record: Callable[[], Record]) -> None:
    record = new_record()
    entries = [
        Entry("clinic", "MAD", {"code": "MAD", "synthetic": False}),
        Entry("patient", "P-1", {"code": "P-1"}),
        Entry("history_item", "#1", {"patient_id": "P-1", "condition": "torsion", "denied": True}),
    ]
    assert enter(record, entries).problems == []
    bundle = bundle_of(extract(record))
    require_valid(bundle)
    # Who does not know a modifier has to leave the resource alone.
    assert _spoil(bundle, "history_item")["modifierExtension"] == [
        {"url": "urn:x-sertoli:history_item.denied", "valueBoolean": True}
    ]


def _spoil(bundle: dict[str, Any], tag: str) -> dict[str, Any]:
    resource: dict[str, Any] = next(
        entry["resource"]
        for entry in bundle["entry"]
        if entry["resource"]["meta"]["tag"][-1]["code"] == tag
    )
    return resource


def _wrong_unit(bundle: dict[str, Any]) -> None:
    _spoil(bundle, "hormone_panel")["component"][0]["valueQuantity"]["code"] = "ng/dL"


def _impossible(bundle: dict[str, Any]) -> None:
    _spoil(bundle, "hormone_panel")["component"][0]["valueQuantity"]["value"] = 5000


def _nobody(bundle: dict[str, Any]) -> None:
    _spoil(bundle, "hormone_panel")["subject"]["reference"] = "urn:uuid:nobody"


def _foreign(bundle: dict[str, Any]) -> None:
    del _spoil(bundle, "hormone_panel")["meta"]


def _unknown(bundle: dict[str, Any]) -> None:
    _spoil(bundle, "decision")["extension"] = [{"url": "urn:other", "valueString": "x"}]


def _other_clinic(bundle: dict[str, Any]) -> None:
    _spoil(bundle, "clinic")["identifier"][0]["value"] = "BCN"


def _more_sperm(bundle: dict[str, Any]) -> None:
    straw = _spoil(bundle, "straw")
    (sperm,) = [e for e in straw["extension"] if e["url"].endswith(".sperm")]
    sperm["valueInteger"] = 99


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_wrong_unit, "ng/dL"),
        (_impossible, "cannot be 5000"),
        (_nobody, "not in the bundle"),
        (_foreign, "none that Sertoli wrote"),
        (_unknown, "urn:other"),
        (_other_clinic, "of the clinic 'BCN'"),
        (_more_sperm, "more sperm than were found"),
    ],
)
def test_a_spoilt_bundle_is_not_entered(
    spoil: Callable[[dict[str, Any]], None],
    said: str,
    full: Record,
    new_record: Callable[[], Record],
    tmp_path: Path,
) -> None:
    bundle = bundle_of(extract(full))
    spoil(bundle)
    (tmp_path / "b.json").write_text(json.dumps(bundle), encoding="utf-8")
    _, problems = read_bundle(tmp_path / "b.json")
    assert bool(problems) is (spoil not in (_other_clinic, _more_sperm))
    if not problems:
        other = new_record()
        before = verify(other)
        problems = import_export(other, tmp_path / "b.json").problems
        assert verify(other) == before
    assert any(said in str(problem) for problem in problems)


NO_BUNDLES = {
    "empty": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "a number": b"1",
    "deep": b"[" * 100_000,
    "another resource": b'{"resourceType": "Patient"}',
    "no resource": b'{"resourceType": "Bundle", "type": "collection", "entry": [1]}',
    "an odd type": b'{"resourceType":"Bundle","type":"collection","entry":[{"resource":'
    b'{"resourceType":"Spaceship"}}]}',
    "no FHIR": b'{"resourceType":"Bundle","type":"collection","entry":[{"resource":'
    b'{"resourceType":"Patient","gender":7}}]}',
    "NaN": b'{"resourceType":"Bundle","type":"collection","entry":[{"resource":'
    b'{"resourceType":"Observation","status":"final","code":{"text":"x"},'
    b'"valueQuantity":{"value":NaN}}}]}',
    "not text": b"\xff\xfe\xfd",
}


@pytest.mark.parametrize("name", NO_BUNDLES)
def test_what_is_no_bundle_is_refused(
    name: str, tmp_path: Path, new_record: Callable[[], Record]
) -> None:
    (tmp_path / "b.json").write_bytes(NO_BUNDLES[name])
    with pytest.raises(InputError, match=r"b\.json"):
        import_export(new_record(), tmp_path / "b.json")


def test_parquet_names_units_and_meanings(full: Record, tmp_path: Path) -> None:
    export_own(full, Format.PARQUET, tmp_path / "out")
    schema = pq.read_schema(tmp_path / "out" / "hormone_panel.parquet")
    field = schema.field("fsh_iu_per_l")
    assert field.metadata[b"unit"] == b"[iU]/L"
    assert field.metadata[b"means"] == b"FSH"
    about = json.loads(schema.metadata[b"sertoli"])
    assert (about["clinic"], about["entity"]) == ("MAD", "hormone_panel")
    assert schema.field("patient").metadata[b"refers_to"] == b"patient.parquet, row"


def test_broken_parquet_is_refused(
    full: Record, new_record: Callable[[], Record], tmp_path: Path
) -> None:
    other = new_record()
    with pytest.raises(InputError, match="holds no export"):
        import_export(other, tmp_path)
    export_own(full, Format.PARQUET, tmp_path / "out")
    straw, tank = tmp_path / "out" / "straw.parquet", tmp_path / "out" / "tank.parquet"
    whole = straw.read_bytes()
    for content, said in [(whole[:200], "no Parquet"), (tank.read_bytes(), "fields")]:
        straw.write_bytes(content)
        with pytest.raises(InputError, match=said):
            import_export(other, tmp_path / "out")
    straw.unlink()
    with pytest.raises(InputError, match="missing"):
        import_export(other, tmp_path / "out")


def test_redcap_takes_records_by_the_dictionary(full: Record, tmp_path: Path) -> None:
    summary = export_own(full, Format.REDCAP, tmp_path / "out")
    with (tmp_path / "out" / "data-dictionary.csv").open(encoding="utf-8", newline="") as file:
        dictionary = list(csv.DictReader(file))
    with (tmp_path / "out" / "records.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        records = list(reader)
    variables = [row["Variable / Field Name"] for row in dictionary]
    assert variables[0] == "record_id"
    assert len(set(variables)) == len(variables)
    assert reader.fieldnames == [
        "record_id",
        "redcap_repeat_instrument",
        "redcap_repeat_instance",
        *variables[1:],
    ]
    assert len(records) == sum(summary["rows"].values()) - sum(summary["left_out"].values())
    assert {row["redcap_repeat_instrument"] for row in records} == {"", *forms()[1:]}
    of_form: dict[str, set[str]] = {}
    for row in dictionary:
        of_form.setdefault(row["Form Name"], set()).add(row["Variable / Field Name"])
    for record in records:
        given = {name for name in variables[1:] if record[name]}
        assert given <= of_form[record["redcap_repeat_instrument"] or "patient"]
        for row in dictionary:
            value = record[row["Variable / Field Name"]]
            if value and row["Field Type"] == "radio":
                choices = row["Choices, Calculations, OR Slider Labels"].split(" | ")
                assert value in {choice.split(",")[0] for choice in choices}
    (injection,) = [r for r in records if r["redcap_repeat_instrument"] == "injection"]
    assert injection["injection_straw"] == "ST-1"
    assert injection["injection_oocyte_retrieval"] == "1"


FORMULAS = ["=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1"]


def test_no_spreadsheet_runs_what_is_exported(
    new_record: Callable[[], Record], tmp_path: Path
) -> None:
    record = new_record()
    with record.change() as session:
        man = Patient(code="P-1")
        session.add(man)
        session.flush()
        for text in FORMULAS:
            session.add(Exposure(patient_id=man.id, agent="other", detail=text))
            session.flush()
    export_own(record, Format.REDCAP, tmp_path / "out")
    with (tmp_path / "out" / "records.csv").open(encoding="utf-8", newline="") as file:
        cells = [row["exposure_detail"] for row in csv.DictReader(file)]
    assert cells == ["", *(f"'{text}" for text in FORMULAS)]


@given(st.text())
def test_the_apostrophe_can_be_taken_away_again(text: str) -> None:
    safe = safe_cell(text)
    assert not safe.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert (safe[1:] if safe.startswith("'") else safe) == text


def test_only_the_own_clinic_leaves(full: Record, tmp_path: Path) -> None:
    with Record.create(
        tmp_path / "full.db", clinic="BCN", staff="S-9", reads_all_clinics=True
    ) as other:
        assert [entry.entity for entry in extract(other)] == ["clinic", "staff"]
    with (
        Record.open(tmp_path / "full.db", clinic="BCN", staff="S-9", all_clinics=True) as all_,
        pytest.raises(RightsError),
    ):
        export_own(all_, Format.FHIR, tmp_path / "out")
    assert not list(tmp_path.glob("out*"))


def test_an_export_that_is_there_stays(full: Record, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError):
        export_own(full, Format.REDCAP, tmp_path / "out")
    assert (tmp_path / "out" / "mine.txt").exists()
    export_own(full, Format.REDCAP, tmp_path / "out", overwrite=True)
    assert not (tmp_path / "out" / "mine.txt").exists()
