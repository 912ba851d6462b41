"""A clinic's own model: it finds what is there, says how well, and refuses what is too little."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sertoli.case.workup import (
    LEAST_MEN,
    area_under_curve,
    fit_retrieval_model,
    predictors_of,
    work_up,
)
from sertoli.case.workup import Man as AnyMan
from sertoli.errors import InputError


def clinic(men: int, slope: float, seed: int = 1) -> pd.DataFrame:
    """Men whose log odds fall by ``slope`` for each 10 IU/L of FSH."""
    rng = np.random.default_rng(seed)
    fsh = rng.gamma(4.0, 5.0, men)
    volume = rng.normal(10.0, 3.0, men).clip(1)
    chance = 1 / (1 + np.exp(-(slope * (2.0 - fsh / 10.0))))
    return pd.DataFrame(
        {
            "sperm_found": rng.random(men) < chance,
            "fsh_iu_per_l": fsh,
            "mean_testis_volume_ml": volume,
        }
    )


def test_it_finds_the_effect_that_is_there_and_none_where_there_is_none() -> None:
    model = fit_retrieval_model(clinic(1500, 1.0))
    ratio = model.odds_ratios["fsh_iu_per_l"]
    assert ratio.low < np.exp(-0.1) < ratio.high
    assert ratio.high < 1.0
    volume = model.odds_ratios["mean_testis_volume_ml"]
    assert volume.low < 1.0 < volume.high
    assert 0.6 < model.auc.low < model.auc.value < model.auc.high < 0.9
    assert model.calibration_slope.low < 1.0 < model.calibration_slope.high


def test_on_noise_the_area_is_a_half() -> None:
    model = fit_retrieval_model(clinic(1000, 0.0))
    assert 0.4 < model.auc.value < 0.6


def test_it_speaks_only_of_men_whose_predictors_are_known() -> None:
    model = fit_retrieval_model(clinic(500, 1.0))
    low = model.predict({"fsh_iu_per_l": 5.0, "mean_testis_volume_ml": 10.0})
    high = model.predict({"fsh_iu_per_l": 40.0, "mean_testis_volume_ml": 10.0})
    assert low is not None
    assert high is not None
    assert low.low < low.probability < low.high
    assert low.probability > high.probability
    assert model.predict(predictors_of(AnyMan())) is None
    assert "own model" in work_up(AnyMan(), low).step("4").finding


def test_men_with_missing_values_are_left_out_and_counted() -> None:
    table = clinic(400, 1.0)
    table.loc[:9, "fsh_iu_per_l"] = np.nan
    model = fit_retrieval_model(table)
    assert (model.men, model.left_out) == (390, 10)


def rare(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(sperm_found=[row < 29 for row in range(len(table))])


REFUSED = {
    "too few men": (clinic(LEAST_MEN - 1, 1.0), "too few men"),
    "too few of one outcome": (rare(clinic(400, 1.0)), "29 of the rarer outcome"),
    "a missing column": (clinic(400, 1.0).drop(columns="fsh_iu_per_l"), "fsh_iu_per_l"),
    "a constant": (clinic(400, 1.0).assign(mean_testis_volume_ml=8.0), "constant"),
    "the outcome itself": (
        clinic(400, 1.0).assign(fsh_iu_per_l=lambda table: table["sperm_found"].astype(float)),
        "perfectly",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_make_a_model_is_refused(name: str) -> None:
    table, message = REFUSED[name]
    with pytest.raises(InputError, match=message):
        fit_retrieval_model(table)


def test_the_area_under_the_curve_counts_pairs() -> None:
    # 1 of 4 pairs is in the wrong order, 1 is a tie.
    assert area_under_curve([1, 1, 0, 0], [0.9, 0.4, 0.5, 0.4]) == pytest.approx(2.5 / 4)


def test_the_same_men_make_the_same_model() -> None:
    table = clinic(300, 1.0)
    assert fit_retrieval_model(table).to_json() == fit_retrieval_model(table).to_json()
