"""Tubules under the operating microscope and in histology: outlined, measured, ranked."""

from sertoli.tubules._map import DILATED_FROM, Stretch, TubuleMap
from sertoli.tubules._mapper import TubuleMapper
from sertoli.tubules._network import FIELD_WEIGHTS, SECTION_WEIGHTS, CellNetwork
from sertoli.tubules._overlay import draw_map, draw_sections
from sertoli.tubules._rank import Rule, ScoreRule, features
from sertoli.tubules._run import map_input
from sertoli.tubules._sections import SectionMap, SectionMapper
from sertoli.tubules._settings import FieldSettings
from sertoli.tubules._track import TubuleTracker

__all__ = [
    "DILATED_FROM",
    "FIELD_WEIGHTS",
    "SECTION_WEIGHTS",
    "CellNetwork",
    "FieldSettings",
    "Rule",
    "ScoreRule",
    "SectionMap",
    "SectionMapper",
    "Stretch",
    "TubuleMap",
    "TubuleMapper",
    "TubuleTracker",
    "draw_map",
    "draw_sections",
    "features",
    "map_input",
]
