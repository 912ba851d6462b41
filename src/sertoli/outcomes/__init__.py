"""The programme's outcomes: rates with intervals, comparisons with their caveats, a report.

Research software, not a medical device.
"""

from sertoli.outcomes._compare import Comparison
from sertoli.outcomes._cusum import Cusum, cusum, cusums
from sertoli.outcomes._example import example_programme, synthetic_programme
from sertoli.outcomes._from_record import programme_from_record
from sertoli.outcomes._funnel import ClinicPoint, Funnel, funnel
from sertoli.outcomes._incidence import Incidence, cumulative_incidence, incidence
from sertoli.outcomes._measures import MEASURES, Measure
from sertoli.outcomes._medians import SPREADS, Median, Spread
from sertoli.outcomes._outcomes import Outcomes, compute
from sertoli.outcomes._rates import Rate, rate
from sertoli.outcomes._suppress import DEFAULT_SMALL_CELLS, suppress
from sertoli.outcomes._tables import BIOPSIES, CYCLES, GROUPINGS, TRANSFERS, Programme
from sertoli.outcomes._text import summary_lines
from sertoli.outcomes._write import write_outcomes

__all__ = [
    "BIOPSIES",
    "CYCLES",
    "DEFAULT_SMALL_CELLS",
    "GROUPINGS",
    "MEASURES",
    "SPREADS",
    "TRANSFERS",
    "ClinicPoint",
    "Comparison",
    "Cusum",
    "Funnel",
    "Incidence",
    "Measure",
    "Median",
    "Outcomes",
    "Programme",
    "Rate",
    "Spread",
    "compute",
    "cumulative_incidence",
    "cusum",
    "cusums",
    "example_programme",
    "funnel",
    "incidence",
    "programme_from_record",
    "rate",
    "summary_lines",
    "suppress",
    "synthetic_programme",
    "write_outcomes",
]
