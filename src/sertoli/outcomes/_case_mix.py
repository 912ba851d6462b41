"""What a programme would expect of a biopsy, from the diagnosis alone."""

from __future__ import annotations

import pandas as pd

from sertoli.outcomes._tables import POSITIVE

LEAST_IN_STRATUM = 10

CRUDE_CAVEAT = (
    "As counted: the men differ from group to group, and nothing is adjusted for here. The dashed "
    "line is the whole programme."
)

CAVEAT = (
    "Clinics and surgeons differ in the men they treat. The comparison is adjusted for the "
    "diagnosis and for nothing else: FSH, testis size, histology, earlier operations and the "
    "laboratory stay in it, and the reference is the programme itself. A man operated on twice is "
    "not two men: a clinic's limits are as wide as if each man had come once, and a surgeon's sum "
    "counts each man by the first biopsy that this surgeon finished. A point outside "
    "the limits is a reason to look, never a verdict."
)


def expected_chance(biopsies: pd.DataFrame) -> pd.Series:
    """Return the share of positives among the programme's biopsies of the same diagnosis.

    Diagnoses with fewer than ten finished biopsies share one chance between them, and where
    even these are fewer than ten together they take that of the whole programme.

    Parameters
    ----------
    biopsies : DataFrame
        Finished biopsies only.

    Returns
    -------
    Series
        Chance (0-1), by the rows of ``biopsies``.
    """
    positive = (biopsies["outcome"] == POSITIVE).astype(float)
    size = positive.groupby(biopsies["diagnosis"], observed=True).transform("size")
    chance = positive.groupby(biopsies["diagnosis"], observed=True).transform("mean")
    small = size < LEAST_IN_STRATUM
    pooled = positive[small] if small.sum() >= LEAST_IN_STRATUM else positive
    return chance.mask(small, pooled.mean())
