"""Whoever is killed in the middle of a write loses nothing that was acknowledged."""

from __future__ import annotations

import multiprocessing
import random
from multiprocessing.connection import Connection
from typing import Any

import pytest
from sqlalchemy import select

from sertoli.case import Patient, Record, verify

# A fork starts at once; Windows has to start an interpreter for each kill.
PROCESSES: Any = multiprocessing.get_context(
    "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
)
MEN_AT_ONCE = 3


def write_until_killed(place: str, number: int, acknowledge: Connection) -> None:
    """Write men, three a transaction, and say the last number after each."""
    with Record.open(place, clinic="MAD", staff="S-01") as record:
        while True:
            with record.change("kill test") as session:
                for _ in range(MEN_AT_ONCE):
                    number += 1
                    session.add(Patient(code=f"P-{number}"))
                    session.flush()
            acknowledge.send(number)


def kill_and_look(place: str, kills: int, seed: int) -> int:
    """Kill a writer so many times; return how many kills fell into a transaction."""
    moments = random.Random(seed)
    last = lost = 0
    for kill in range(1, kills + 1):
        hear, acknowledge = PROCESSES.Pipe(duplex=False)
        writer = PROCESSES.Process(target=write_until_killed, args=(place, last, acknowledge))
        writer.start()
        acknowledge.close()
        acknowledged = hear.recv()
        # Some time within the next transactions.
        hear.poll(moments.random() * 0.02)
        writer.join(moments.random() * 0.03)
        writer.kill()
        writer.join()
        try:
            while True:
                acknowledged = hear.recv()
        except EOFError:
            hear.close()
        with Record.open(place, clinic="MAD", staff="S-01") as record:
            # A chain that broke stays broken, so that not every kill needs a look at all of it.
            if kill % 10 == 0 or kill == kills:
                assert verify(record).problems == ()
            with record.reading() as session:
                there = {int(code[2:]) for code in session.scalars(select(Patient.code))}
        # All that was acknowledged; whole transactions, and none half-written.
        assert there == set(range(1, max(there) + 1))
        assert max(there) >= acknowledged
        assert len(there) % MEN_AT_ONCE == 0
        lost += max(there) == acknowledged
        last = max(there)
    return lost


pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def test_nothing_acknowledged_is_lost(record: Record, place: str) -> None:
    assert kill_and_look(place, kills=15, seed=1) > 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_nothing_acknowledged_is_lost_in_hundreds_of_kills(sqlite_place: str) -> None:
    Record.create(sqlite_place, clinic="MAD", staff="S-01").close()
    assert kill_and_look(sqlite_place, kills=200, seed=2) > 100
