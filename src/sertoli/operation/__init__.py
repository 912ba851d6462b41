"""A case in progress: sources and pipelines wired together."""

from sertoli.operation._apart import Apart
from sertoli.operation._live_field import FieldView, LiveField, MapView, at_width, map_apart

__all__ = ["Apart", "FieldView", "LiveField", "MapView", "at_width", "map_apart"]
