"""``sertoli case workup/follow-up/retrieval-model``: what a record says of a man, and a clinic."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sertoli.cli._case import as_json_option, on_the_record, say, say_json
from sertoli.cli._main import DISCLAIMER
from sertoli.errors import InputError, OutputError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from sertoli.case import Patient, Record

Opener = Callable[..., "Record"]

predictor_option = click.option(
    "--predictor",
    "predictors",
    multiple=True,
    metavar="NAME",
    help="What the model uses; may be given several times.  [default: FSH and testis volume]",
)


def _patient(session: Session, code: str) -> Patient:
    from sqlalchemy import select

    from sertoli.case import Patient

    found = session.scalars(select(Patient).where(Patient.code == code)).one_or_none()
    if found is None:
        raise InputError(f"there is no case {code}", "see `sertoli case list patient`")
    return found


@click.command("workup", epilog=DISCLAIMER)
@click.argument("case", metavar="CASE")
@click.option("--own-model", is_flag=True, help="Add what the clinic's own retrieval model says.")
@predictor_option
@as_json_option
@on_the_record
def workup_command(
    open_record: Opener, case: str, own_model: bool, predictors: tuple[str, ...], as_json: bool
) -> None:
    """Work up the man of CASE: every step with its rule, its source and the data still missing."""
    from sertoli.case.workup import (
        PREDICTORS,
        fit_retrieval_model,
        men_from_record,
        predictors_of,
        retrieval_table,
        work_up,
    )

    with open_record() as record, record.reading() as session:
        patient = _patient(session, case)
        man = men_from_record(session, [patient.id])[patient.id]
        estimate = None
        if own_model:
            model = fit_retrieval_model(retrieval_table(session), predictors or PREDICTORS)
            estimate = model.predict(predictors_of(man))
    report = work_up(man, estimate)
    if as_json:
        click.echo(json.dumps({"case": case, **report.to_json()}, indent=2))
    else:
        click.echo(f"{case}\n\n{report.to_text()}")


@click.command("retrieval-model", epilog=DISCLAIMER)
@predictor_option
@as_json_option
@on_the_record
def retrieval_model_command(
    open_record: Opener, predictors: tuple[str, ...], as_json: bool
) -> None:
    """Fit the clinic's own model of finding sperm, and say how well it does on unseen men."""
    from sertoli.case.workup import ENOUGH, PREDICTORS, fit_retrieval_model, retrieval_table

    with open_record() as record, record.reading() as session:
        model = fit_retrieval_model(retrieval_table(session), predictors or PREDICTORS)
    if as_json:
        say_json(model.to_json())
        return
    lines = [f"{model.men} men, sperm found in {model.with_sperm}, {model.left_out} left out"]
    for name, found in (
        ("AUC, cross-validated", model.auc),
        ("calibration slope, cross-validated", model.calibration_slope),
        *((f"odds ratio of {name}", ratio) for name, ratio in model.odds_ratios.items()),
    ):
        lines.append(f"{name}: {found.value:.3f} (95 % {found.low:.3f}-{found.high:.3f})")
    say("\n".join([*lines, ENOUGH.text]))


@click.command("follow-up", epilog=DISCLAIMER)
@click.argument("case", metavar="CASE")
@click.option(
    "--on",
    "today",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day to look from.  [default: today]",
)
@click.option("--out", type=click.Path(path_type=Path), help="HTML file to write the chart to.")
@click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
@as_json_option
@on_the_record
def follow_up_command(
    open_record: Opener,
    case: str,
    today: datetime | None,
    out: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Set the testosterone of CASE against his own baseline, and say what calls for a visit."""
    from sertoli.case.follow_up import follow_up_from_record, write_page

    day = (today or datetime.now().astimezone()).date()
    if out is not None and out.exists() and not overwrite:
        raise OutputError(f"{out} exists already", "choose another --out, or add --overwrite")
    with open_record() as record, record.reading() as session:
        found = follow_up_from_record(session, _patient(session, case), today=day)
    if out is not None:
        write_page(out, case, found)
    if as_json:
        click.echo(json.dumps({"case": case, **found.to_json()}, indent=2))
        return
    baseline = found.baseline_nmol_per_l
    own = "no baseline" if baseline is None else f"baseline {baseline:.1f} nmol/L"
    lines = [f"{case}, operated on {found.operated_on}, {own}"]
    for point in found.points:
        share = "" if point.share is None else f", {point.share:.0%} of his baseline"
        hour = "" if point.is_morning else ", not known to be of the morning"
        lines.append(
            f"  {point.taken_on}  month {point.months:4.1f}  {point.nmol_per_l:.1f} nmol/L"
            f"{share}{hour}"
        )
    lines += [f"Flag: {flag.text} [{flag.rule.source}]" for flag in found.flags]
    lines += [f"Note: {note}" for note in found.notes]
    say("\n".join(lines if found.flags else [*lines, "Nothing calls for a visit."]))
