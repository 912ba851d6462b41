"""A clinic's own model of the chance of finding sperm, fitted on its own men."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sertoli.case.evidence import Mark, Source
from sertoli.case.workup._chance import Estimate
from sertoli.case.workup._man import Man
from sertoli.case.workup._rules import Rule
from sertoli.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

PREDICTORS = ("fsh_iu_per_l", "mean_testis_volume_ml")
"""What a model is fitted on unless told otherwise; see `predictors_of` for what there is."""

MEN_PER_COEFFICIENT = 10
LEAST_MEN = 100
ENOUGH = Rule(
    f"Fitted only on at least {LEAST_MEN} men, with at least {MEN_PER_COEFFICIENT} of the rarer "
    "outcome for each coefficient (the intercept counts). The count per coefficient alone says "
    "little of how a model will do on new men (van Smeden 2018, PMID 29966490 [V]), hence the "
    "cross-validation beside it.",
    Source("a floor, not a target", Mark.OURS),
)
FOLDS = 10
RESAMPLES = 1000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class RetrievalModel:
    """A logistic model of finding sperm, with how well it does on men it has not seen.

    Parameters
    ----------
    predictors : tuple of str
    men, with_sperm, left_out : int
        Men it was fitted on, of these with sperm found, and men left out for a missing value.
    odds_ratios : dict of str to Interval
        For one more unit of each predictor.
    auc : Interval
        Cross-validated; the interval resamples the men.
    calibration_slope : Interval
        Cross-validated; 1 is ideal, below 1 the model is too sure of itself.
    """

    predictors: tuple[str, ...]
    men: int
    with_sperm: int
    left_out: int
    odds_ratios: dict[str, Interval]
    auc: Interval
    calibration_slope: Interval
    _fit: Any

    def predict(self, values: Mapping[str, float | None]) -> Estimate | None:
        """Return the chance for one man, or None if a predictor is unknown.

        Parameters
        ----------
        values : mapping of str to float or None
            See `predictors_of`.
        """
        row = [values.get(name) for name in self.predictors]
        if any(value is None for value in row):
            return None
        exog = np.array([[1.0, *row]], dtype=np.float64)
        frame = self._fit.get_prediction(exog).summary_frame(alpha=0.05)
        return Estimate(
            probability=float(frame["mean"].iloc[0]),
            low=float(frame["mean_ci_lower"].iloc[0]),
            high=float(frame["mean_ci_upper"].iloc[0]),
            basis=f"{self.men} men, cross-validated AUC {self.auc.value:.2f}",
        )

    def to_json(self) -> dict[str, Any]:
        """Return the model as plain values."""
        return {
            "predictors": list(self.predictors),
            "men": self.men,
            "with_sperm": self.with_sperm,
            "left_out": self.left_out,
            "odds_ratios": {name: _plain(ratio) for name, ratio in self.odds_ratios.items()},
            "auc_cross_validated": _plain(self.auc),
            "calibration_slope_cross_validated": _plain(self.calibration_slope),
            "rule": ENOUGH.text,
        }


def _plain(interval: Interval) -> dict[str, float]:
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def predictors_of(man: Man) -> dict[str, float | None]:
    """Return what a model may use of a man; None where it is unknown."""
    klinefelter = man.genetics.is_klinefelter
    return {
        "fsh_iu_per_l": man.latest("fsh_iu_per_l"),
        "lh_iu_per_l": man.latest("lh_iu_per_l"),
        "testosterone_nmol_per_l": man.latest("testosterone_nmol_per_l"),
        "inhibin_b_ng_per_l": man.latest("inhibin_b_ng_per_l"),
        "mean_testis_volume_ml": man.mean_testis_volume_ml,
        "klinefelter": None if klinefelter is None else float(klinefelter),
        "sertoli_cell_only": (
            None if man.histology is None else float(man.histology.sertoli_cell_only)
        ),
    }


def fit_retrieval_model(
    table: pd.DataFrame, predictors: Sequence[str] = PREDICTORS, *, seed: int = 0
) -> RetrievalModel:
    """Fit a logistic model on a clinic's men and cross-validate it.

    Parameters
    ----------
    table : DataFrame
        One row a man (his first biopsy): ``sperm_found`` (bool) and the predictors. Biopsies
        without a finished, confirmed search do not belong in it.
    predictors : sequence of str
        Columns to use, chosen before looking at the outcome.
    seed : int
        Of the folds and the resampling.

    Raises
    ------
    InputError
        If a column is missing, there are too few men (`ENOUGH`), or the predictors separate
        the outcomes perfectly.
    """
    absent = [name for name in ("sperm_found", *predictors) if name not in table.columns]
    if absent or not predictors:
        raise InputError(
            f"the table lacks {', '.join(absent) or 'predictors'}",
            f"it has {', '.join(map(str, table.columns))}",
        )
    complete = table.dropna(subset=["sperm_found", *predictors])
    found = complete["sperm_found"].to_numpy(dtype=np.float64)
    exog = np.column_stack(
        [np.ones(len(complete)), complete[list(predictors)].to_numpy(dtype=np.float64)]
    )
    _require_enough(found, exog.shape[1])
    fit = _logistic(found, exog)
    unseen = _cross_validate(found, exog, seed)
    bounds = np.asarray(fit.conf_int())
    return RetrievalModel(
        predictors=tuple(predictors),
        men=len(found),
        with_sperm=int(found.sum()),
        left_out=len(table) - len(complete),
        odds_ratios={
            name: Interval(*np.exp([fit.params[place], *bounds[place]]).tolist())
            for place, name in enumerate(predictors, start=1)
        },
        auc=_auc_with_interval(found, unseen, seed),
        calibration_slope=_calibration_slope(found, unseen),
        _fit=fit,
    )


def _require_enough(found: Floats, coefficients: int) -> None:
    rarer = int(min(found.sum(), len(found) - found.sum()))
    needed = MEN_PER_COEFFICIENT * coefficients
    if len(found) < LEAST_MEN or rarer < needed:
        raise InputError(
            f"too few men for a model: {len(found)} with all values known, {rarer} of the rarer "
            f"outcome; it takes {LEAST_MEN} and {needed}",
            "use fewer predictors, or wait for more men",
        )


def _logistic(found: Floats, exog: Floats) -> Any:
    from statsmodels.genmod import families
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    if np.linalg.matrix_rank(exog) < exog.shape[1]:
        raise InputError("one predictor is constant or a sum of others", "leave that predictor out")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", PerfectSeparationWarning)
            fit = GLM(found, exog, family=families.Binomial()).fit()
    except PerfectSeparationWarning as error:
        raise InputError(
            "the predictors tell the men with sperm from those without perfectly",
            "no logistic model can be fitted; look for a column that holds the outcome itself",
        ) from error
    return fit


def _cross_validate(found: Floats, exog: Floats, seed: int) -> Floats:
    """Return the log odds of every man from a model that has not seen him."""
    rng = np.random.default_rng(seed)
    fold = np.empty(len(found), dtype=np.int64)
    for outcome in (0.0, 1.0):
        rows = np.flatnonzero(found == outcome)
        fold[rng.permutation(rows)] = np.arange(len(rows)) % FOLDS
    unseen = np.empty(len(found))
    for number in range(FOLDS):
        inside, outside = fold != number, fold == number
        fit = _logistic(found[inside], exog[inside])
        unseen[outside] = exog[outside] @ fit.params
    return unseen


def area_under_curve(found: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """Return the chance that a man with sperm scores above one without (ties count half)."""
    outcome, scores = np.asarray(found) > 0, np.asarray(score)
    return float(_area(scores[outcome], scores[~outcome]))


def _area(with_sperm: Floats, without: Floats, axis: int = -1) -> Floats:
    from scipy.stats import mannwhitneyu

    pairs = with_sperm.shape[axis] * without.shape[axis]
    test = mannwhitneyu(with_sperm, without, method="asymptotic", axis=axis)
    return np.asarray(test.statistic / pairs)


def _auc_with_interval(found: Floats, unseen: Floats, seed: int) -> Interval:
    from scipy.stats import bootstrap

    # Both outcomes keep their numbers in every resample, so that none is left without one.
    bounds = bootstrap(
        (unseen[found > 0], unseen[found == 0]),
        _area,
        n_resamples=RESAMPLES,
        vectorized=True,
        batch=100,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(area_under_curve(found, unseen), float(bounds.low), float(bounds.high))


def _calibration_slope(found: Floats, unseen: Floats) -> Interval:
    fit = _logistic(found, np.column_stack([np.ones(len(unseen)), unseen]))
    low, high = np.asarray(fit.conf_int())[1]
    return Interval(float(fit.params[1]), float(low), float(high))
