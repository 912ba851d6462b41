"""A simulated case, station by station: the field, the reviewer, the record, the programme."""

from sertoli.operation.simulated._field import show_field
from sertoli.operation.simulated._page import PAGE_NAME, show_first_frame, write_page
from sertoli.operation.simulated._record import keep_record, report_example_year
from sertoli.operation.simulated._reviewer import review_by_truth

__all__ = [
    "PAGE_NAME",
    "keep_record",
    "report_example_year",
    "review_by_truth",
    "show_field",
    "show_first_frame",
    "write_page",
]
