"""What may still hide: a 95 % upper bound on the sperm that a search has not shown."""

from sertoli.search.hidden._bound import LEVEL, HiddenBound, least_bound, require_share, upper_bound
from sertoli.search.hidden._known import known_sensitivity
from sertoli.search.hidden._sensitivity import Sensitivity, parse_sensitivity
from sertoli.search.hidden._share import EvenSpread, Spread, UnevenSpread
from sertoli.search.hidden._words import bound_sentence

__all__ = [
    "LEVEL",
    "EvenSpread",
    "HiddenBound",
    "Sensitivity",
    "Spread",
    "UnevenSpread",
    "bound_sentence",
    "known_sensitivity",
    "least_bound",
    "parse_sensitivity",
    "require_share",
    "upper_bound",
]
