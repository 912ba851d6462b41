"""Learning from corrections: weights fine-tuned on a laboratory's own labelled frames."""

from sertoli.sperm.learning._graph import require_torch
from sertoli.sperm.learning._labelled import Labelled, read_labelled
from sertoli.sperm.learning._learn import (
    KEPT,
    OWN,
    LearningSettings,
    Learnt,
    learn,
    require_learnable,
)
from sertoli.sperm.learning._matched import Score
from sertoli.sperm.learning._train import Learning
from sertoli.sperm.learning._write import card, require_free, summary, write_learnt

__all__ = [
    "KEPT",
    "OWN",
    "Labelled",
    "Learning",
    "LearningSettings",
    "Learnt",
    "Score",
    "card",
    "learn",
    "read_labelled",
    "require_free",
    "require_learnable",
    "require_torch",
    "summary",
    "write_learnt",
]
