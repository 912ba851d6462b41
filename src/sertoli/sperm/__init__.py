"""Sperm seen, followed and graded."""

from sertoli.sperm._coco import COCO_CATEGORIES, coco_image
from sertoli.sperm._detector import Detector
from sertoli.sperm._network import Network
from sertoli.sperm._session import Device
from sertoli.sperm._sightings import Detections, Sightings
from sertoli.sperm._text import plain_text
from sertoli.sperm._weights_list import WeightsEntry, list_weights
from sertoli.sperm.tracking import MAX_GAP_FRAMES, Linker

__all__ = [
    "COCO_CATEGORIES",
    "MAX_GAP_FRAMES",
    "Detections",
    "Detector",
    "Device",
    "Linker",
    "Network",
    "Sightings",
    "WeightsEntry",
    "coco_image",
    "list_weights",
    "plain_text",
]
