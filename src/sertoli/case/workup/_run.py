"""The work-up: its steps in their order."""

from __future__ import annotations

from sertoli.case.workup import _before, _chance, _kind
from sertoli.case.workup._chance import Estimate
from sertoli.case.workup._man import Man
from sertoli.case.workup._report import WorkUp

_STEPS = (
    _before.azoospermia,
    _before.retrograde,
    _before.exposures,
    _before.signals,
    _kind.obstruction,
    _kind.vasa,
    _kind.seminal_plasma,
    _chance.y_chromosome,
    _chance.karyotype,
)


def work_up(man: Man, estimate: Estimate | None = None) -> WorkUp:
    """Answer every question of the work-up from what is known of a man.

    Parameters
    ----------
    man : Man
    estimate : Estimate or None
        What the clinic's own retrieval model says of him.

    Returns
    -------
    WorkUp
        All steps, always in the same order; what cannot be answered is indeterminate and names
        the data still missing. It proposes, a physician decides.
    """
    return WorkUp((*(step(man) for step in _STEPS), _chance.chance(man, estimate)))
