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
    "follow_up",
]
