"""Figures written into a page of the documentation, between two marks."""

from __future__ import annotations

from pathlib import Path

from sertoli.errors import InputError

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
"""A page has one such place."""


def replace_block(page: Path, text: str) -> str:
    """Return a page with ``text`` between its two marks.

    Raises
    ------
    InputError
        If the page does not exist or lacks the marks.
    """
    content = page.read_text(encoding="utf-8") if page.is_file() else ""
    before, begin, rest = content.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InputError(f"{page} has no place for the table", f"put {BEGIN} and {END} into it")
    return f"{before}{BEGIN}\n{text}\n{END}{after}"


def require_block(page: Path | None) -> None:
    """Find out before an hour's work that a page has no place for figures; None is no page.

    Raises
    ------
    InputError
        As `replace_block`.
    """
    if page is not None:
        replace_block(page, "")


def renew_block(page: Path | None, text: str) -> None:
    """Write figures into a page; None is no page.

    Raises
    ------
    InputError
        As `replace_block`.
    """
    if page is not None:
        page.write_text(replace_block(page, text), encoding="utf-8", newline="\n")
