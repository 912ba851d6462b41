"""Who agreed to an export, and what hangs on those who did not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from sertoli.case import Consent, Partner, Patient, Record
from sertoli.exchange import Use, enter, extract

sys.path.append(str(Path(__file__).resolve().parents[1] / "case"))

from case_samples import everything  # type: ignore[import-not-found]

ON = date(2024, 6, 1)
SINCE = date(2024, 1, 1)


@pytest.mark.parametrize(
    ("consents", "shared"),
    [
        ([], False),
        ([{}], True),
        ([{"purpose": "research"}], False),
        ([{"withdrawn_on": date(2024, 3, 1)}], False),
        ([{"withdrawn_on": ON}], False),
        ([{"valid_until": date(2024, 5, 31)}], False),
        ([{"valid_until": ON}], True),
        ([{"given_on": date(2024, 7, 1)}], False),
        # What was given before goes with a withdrawal; what is given afterwards holds.
        ([{}, {"withdrawn_on": date(2024, 3, 1)}], False),
        ([{"withdrawn_on": date(2024, 3, 1)}, {"given_on": date(2024, 4, 1)}], True),
    ],
)
def test_a_consent_has_to_be_in_force(
    consents: list[dict[str, object]], shared: bool, new_record: Callable[[], Record]
) -> None:
    record = new_record()
    with record.change() as session:
        man = Patient(code="P-1")
        session.add(man)
        session.flush()
        for given in consents:
            plain = {"patient_id": man.id, "purpose": "data_sharing", "given_on": SINCE}
            session.add(Consent(**plain | given))
    found = {entry.entity for entry in extract(record, Use.DATA_SHARING, ON)}
    assert ("patient" in found) is shared
    assert ("consent" in found) is (shared and bool(consents))


def test_without_her_consent_nothing_of_hers_leaves(new_record: Callable[[], Record]) -> None:
    record = new_record()
    with record.change() as session:
        everything(session)
        for man in session.scalars(select(Patient.id)):
            session.add(Consent(patient_id=man, purpose="research", given_on=SINCE))
    his = extract(record, Use.RESEARCH)
    assert {"patient", "procedure", "specimen", "straw"} <= {entry.entity for entry in his}
    assert not {"partner", "cycle", "embryo", "newborn"} & {entry.entity for entry in his}
    assert enter(new_record(), his).problems == []
    with record.change() as session:
        for partner in session.scalars(select(Partner)).all():
            session.add(
                Consent(
                    patient_id=partner.patient_id,
                    partner_id=partner.id,
                    purpose="research",
                    given_on=SINCE,
                )
            )
    assert extract(record, Use.RESEARCH) == extract(record)
