"""Sperm seen, followed and graded."""

from sertoli.sperm._link import Linker
from sertoli.sperm._sightings import Detections, Sightings, coco_image, plain_text

__all__ = ["Detections", "Linker", "Sightings", "coco_image", "plain_text"]
