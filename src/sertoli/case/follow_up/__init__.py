"""Hormones after surgery: his own baseline, published means as context, three kinds of flags."""

from sertoli.case.follow_up._follow_up import (
    PUBLISHED,
    PUBLISHED_MEANS,
    Flag,
    FlagKind,
    FollowUp,
    Plan,
    Point,
    PublishedMean,
    Visit,
    follow_up,
)
from sertoli.case.follow_up._from_record import follow_up_from_record
from sertoli.case.follow_up._page import chart, write_page

__all__ = [
    "PUBLISHED",
    "PUBLISHED_MEANS",
    "Flag",
    "FlagKind",
    "FollowUp",
    "Plan",
    "Point",
    "PublishedMean",
    "Visit",
    "chart",
    "follow_up",
    "follow_up_from_record",
    "write_page",
]
