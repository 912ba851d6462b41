"""Sperm seen, followed and graded."""

from sertoli.sperm._sightings import Detections

__all__ = ["Detections"]
