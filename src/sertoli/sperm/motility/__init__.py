"""How a sperm moves: CASA kinematics and WHO grades, against drift, flow, jitter and noise."""

from sertoli.sperm.motility._grades import PROGRESSIVE_UM_PER_S, RAPID_UM_PER_S, Grade
from sertoli.sperm.motility._kinematics import SMOOTHING_S, Kinematics, kinematics
from sertoli.sperm.motility._meter import WINDOW_S, MotilityMeter
from sertoli.sperm.motility._table import MOTILITY_COLUMNS, Motility

__all__ = [
    "MOTILITY_COLUMNS",
    "PROGRESSIVE_UM_PER_S",
    "RAPID_UM_PER_S",
    "SMOOTHING_S",
    "WINDOW_S",
    "Grade",
    "Kinematics",
    "Motility",
    "MotilityMeter",
    "kinematics",
]
