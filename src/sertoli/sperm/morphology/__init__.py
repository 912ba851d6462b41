"""Sizes and shapes of sperm heads, tails, and what is abnormal in them."""

from sertoli.sperm.morphology._classifier import (
    CLASSIFIER_FILE,
    CLASSIFIER_PX,
    PARTS,
    Abnormalities,
    HeadClassifier,
)
from sertoli.sperm.morphology._crop import head_crop, normalise_crop
from sertoli.sperm.morphology._shapes import (
    MORPHOLOGY_COLUMNS,
    NORMAL_LENGTH_UM,
    NORMAL_WIDTH_UM,
    NormalRange,
    Shape,
    Shapes,
    TrackShapes,
    normal_range,
)
from sertoli.sperm.morphology._sizer import (
    SIZER_FILE,
    SIZER_PX,
    SIZER_WINDOW,
    HeadSizer,
    Morphology,
    Piece,
    Unjudged,
)

__all__ = [
    "CLASSIFIER_FILE",
    "CLASSIFIER_PX",
    "MORPHOLOGY_COLUMNS",
    "NORMAL_LENGTH_UM",
    "NORMAL_WIDTH_UM",
    "PARTS",
    "SIZER_FILE",
    "SIZER_PX",
    "SIZER_WINDOW",
    "Abnormalities",
    "HeadClassifier",
    "HeadSizer",
    "Morphology",
    "NormalRange",
    "Piece",
    "Shape",
    "Shapes",
    "TrackShapes",
    "Unjudged",
    "head_crop",
    "normal_range",
    "normalise_crop",
]
