"""Sperm seen, followed and graded."""

from sertoli.sperm._detector import Detector
from sertoli.sperm._link import MAX_GAP_FRAMES, Linker
from sertoli.sperm._network import Network
from sertoli.sperm._sightings import (
    COCO_CATEGORIES,
    Detections,
    Sightings,
    coco_image,
    plain_text,
)

__all__ = [
    "COCO_CATEGORIES",
    "MAX_GAP_FRAMES",
    "Detections",
    "Detector",
    "Linker",
    "Network",
    "Sightings",
    "coco_image",
    "plain_text",
]
