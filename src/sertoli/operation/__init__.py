"""A case in progress: sources and pipelines wired together."""

from sertoli.operation._live_field import FieldView, LiveField, MapView, at_width

__all__ = ["FieldView", "LiveField", "MapView", "at_width"]
