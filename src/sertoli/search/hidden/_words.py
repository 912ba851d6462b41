"""The bound as one plain sentence."""

from __future__ import annotations

from sertoli.search.hidden._bound import HiddenBound


def bound_sentence(bound: HiddenBound) -> str:
    """Say what may still hide, or why that cannot be said, in words a surgeon acts on."""
    if bound.in_material is None:
        told = f"How many sperm may still hide cannot be said: {_listed(bound.why_not)}."
        if not bound.confirmed:
            told += " Finding none would not prove that there are none."
        return told
    found = f"{bound.confirmed:,} sperm {'was' if bound.confirmed == 1 else 'were'} confirmed"
    included = ""
    if bound.unsure:
        found += f" and {bound.unsure:,} left open"
        included = f", {'that one' if bound.unsure == 1 else 'these'} included,"
    here = _more(bound.in_material - bound.confirmed, "in what was searched", included)
    if bound.in_specimen is None:
        return (
            f"{found}; with 95 % probability {here}. For the whole specimen it cannot be said: "
            f"{_listed(bound.why_not)}."
        )
    if bound.share_searched == 1:
        return f"{found}; with 95 % probability {here}, which is the whole specimen."
    everywhere = _more(bound.in_specimen - bound.confirmed, "in the whole specimen")
    return f"{found}; with 95 % probability {here}, and {everywhere}."


def _more(hidden: int, where: str, included: str = "") -> str:
    if hidden == 0:
        return f"none hides {where}"
    return f"at most {hidden:,} more{included} {'hides' if hidden == 1 else 'hide'} {where}"


def _listed(reasons: tuple[str, ...]) -> str:
    return reasons[0] if len(reasons) == 1 else f"{', '.join(reasons[:-1])} and {reasons[-1]}"
