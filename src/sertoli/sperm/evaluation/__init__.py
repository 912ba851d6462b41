"""Findings compared with labelled truth."""

from sertoli.sperm.evaluation._findings import Findings, read_findings
from sertoli.sperm.evaluation._matching import match_boxes, match_centres
from sertoli.sperm.evaluation._pairing import Comparison, compare
from sertoli.sperm.evaluation._report import figures, plot_precision_recall, table
from sertoli.sperm.evaluation._scores import Curve, Evaluation, ImageResult, evaluate
from sertoli.sperm.evaluation._truth import (
    IGNORED_CLASSES,
    SPERM_CLASSES,
    Truth,
    TruthImage,
    read_truth,
)

__all__ = [
    "IGNORED_CLASSES",
    "SPERM_CLASSES",
    "Comparison",
    "Curve",
    "Evaluation",
    "Findings",
    "ImageResult",
    "Truth",
    "TruthImage",
    "compare",
    "evaluate",
    "figures",
    "match_boxes",
    "match_centres",
    "plot_precision_recall",
    "read_findings",
    "read_truth",
    "table",
]
