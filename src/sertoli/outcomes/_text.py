"""The outcomes on a terminal."""

from __future__ import annotations

from sertoli.outcomes._outcomes import Outcomes
from sertoli.outcomes._page import page


def summary_lines(outcomes: Outcomes) -> list[str]:
    """Return the rates over all as lines, the denominators named."""
    shown = page(outcomes)
    width = max((len(row["title"]) for row in [*shown["rates"], *shown["medians"]]), default=0)
    lines = [f"{shown['name']} ({shown['years']})", ""]
    for row in shown["rates"]:
        between = f"({row['interval']}{row['mark']})" if row["interval"] else ""
        lines.append(f"{row['title']:<{width}}  {row['count']:>15}  {row['rate']:>7}  {between}")
    for row in shown["medians"]:
        between = f"({row['interval']})" if row["interval"] else ""
        men = f"{row['men']} men" if row["unit"] else row["men"]
        value = f"{row['median']} {row['unit']}".strip()
        lines.append(f"{row['title']:<{width}}  {men:>15}  {value:>7}  {between}")
    lines.append("")
    lines += [*shown["notes"], *shown["methods"], shown["suppression"], shown["disclaimer"]]
    return lines
