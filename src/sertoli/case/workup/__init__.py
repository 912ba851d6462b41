"""The man before surgery: what is known, what it means, what is missing.

Research software, not a medical device: every answer names its rule, where the rule comes from
and how that was checked, and a physician decides.
"""

from sertoli.case.workup._chance import Estimate, gnessi_score, speaks_against_surgery
from sertoli.case.workup._from_record import DENIED, men_from_record, retrieval_table
from sertoli.case.workup._kind import AzoospermiaKind, azoospermia_kind
from sertoli.case.workup._man import (
    MORNING_ENDS_HOUR,
    Deletion,
    Exposure,
    Genetics,
    Histology,
    HormoneSample,
    Man,
    MeasuredTestis,
    SemenSample,
    Side,
    morning_testosterone,
)
from sertoli.case.workup._report import Advice, AdviceKind, Answer, Step, WorkUp
from sertoli.case.workup._retrieval_model import (
    ENOUGH,
    LEAST_MEN,
    PREDICTORS,
    Interval,
    RetrievalModel,
    area_under_curve,
    fit_retrieval_model,
    predictors_of,
)
from sertoli.case.workup._rules import NO_TESTOSTERONE, Rule
from sertoli.case.workup._run import work_up

__all__ = [
    "DENIED",
    "ENOUGH",
    "LEAST_MEN",
    "MORNING_ENDS_HOUR",
    "NO_TESTOSTERONE",
    "PREDICTORS",
    "Advice",
    "AdviceKind",
    "Answer",
    "AzoospermiaKind",
    "Deletion",
    "Estimate",
    "Exposure",
    "Genetics",
    "Histology",
    "HormoneSample",
    "Interval",
    "Man",
    "MeasuredTestis",
    "RetrievalModel",
    "Rule",
    "SemenSample",
    "Side",
    "Step",
    "WorkUp",
    "area_under_curve",
    "azoospermia_kind",
    "fit_retrieval_model",
    "gnessi_score",
    "men_from_record",
    "morning_testosterone",
    "predictors_of",
    "retrieval_table",
    "speaks_against_surgery",
    "work_up",
]
