"""What every biopsy of a record came to: positive, negative, or still open.

Only sperm that a person confirmed make a biopsy positive. It is negative when each of its
specimens is searched to the end, every search confirmed, and none was found; else it is open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from sertoli.case._schema import BenchSearch, Dish, Procedure, Specimen
from sertoli.case._schema._words import SpecimenKind

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy.orm import Session


def retrievals(session: Session) -> pd.DataFrame:
    """Return one row a procedure.

    Returns
    -------
    DataFrame
        ``procedure_id``, ``patient_id``, ``started_at``, ``outcome`` (``positive``, ``negative``,
        ``open``), ``sperm`` confirmed, ``search_min`` at the bench, ``tissue_mg`` removed. A mass
        or a time that is not known of every specimen or search is empty, not smaller.
    """
    procedures = _read(session, Procedure.id, Procedure.patient_id, Procedure.started_at).rename(
        columns={"id": "procedure_id"}
    )
    specimens = _specimens(session)
    grouped = specimens.groupby("procedure_id")
    summed = grouped[["positive", "pooled"]].any()
    summed["finished"] = (specimens["finished"] | specimens["in_pool"]).groupby(
        specimens["procedure_id"]
    ).all() & grouped["finished"].any()
    summed["sperm"] = grouped["sperm"].sum(min_count=1)
    summed["tissue_mg"] = grouped["mass_mg"].sum().where(~grouped["mass_unknown"].any())
    minutes = grouped["search_min"].sum(min_count=1)
    summed["search_min"] = minutes.where(~grouped["time_unknown"].any())
    table = procedures.join(summed, on="procedure_id")
    table["outcome"] = "open"
    table.loc[table["finished"].eq(True), "outcome"] = "negative"
    table.loc[table["positive"].eq(True), "outcome"] = "positive"
    columns = ["procedure_id", "patient_id", "started_at", "outcome"]
    return table[[*columns, "sperm", "search_min", "tissue_mg"]]


def _read(session: Session, *columns: Any) -> pd.DataFrame:
    import pandas as pd

    rows = session.execute(select(*columns)).all()
    names = [column.key for column in columns]
    table = pd.DataFrame.from_records(rows, columns=names)
    # Numbers of rows are numbers even of an empty table, so that it can be joined.
    whole = [name for name in names if name in {"id", "procedure_id", "patient_id", "specimen_id"}]
    return table.astype(dict.fromkeys(whole, "int64"))


def _specimens(session: Session) -> pd.DataFrame:
    """Return one row a specimen: what it held, and whether it was searched to the end."""
    specimens = _read(session, Specimen.id, Specimen.procedure_id, Specimen.kind, Specimen.mass_mg)
    searches = _read(
        session,
        BenchSearch.specimen_id,
        BenchSearch.dish_id,
        BenchSearch.complete,
        BenchSearch.confirmed_sperm,
        BenchSearch.started_at,
        BenchSearch.ended_at,
    )
    searches["done"] = searches["complete"].astype(bool) & searches["confirmed_sperm"].notna()
    searches["whole"] = searches["done"] & searches["dish_id"].isna()
    spent = searches["ended_at"].astype("datetime64[us, UTC]") - searches["started_at"].astype(
        "datetime64[us, UTC]"
    )
    searches["search_min"] = spent.dt.total_seconds() / 60
    searches["time_unknown"] = searches["search_min"].isna()
    searches["confirmed_sperm"] = searches["confirmed_sperm"].astype(float)
    dishes = _read(session, Dish.specimen_id, Dish.id).groupby("specimen_id").size()
    by_specimen = searches.groupby("specimen_id")
    per_specimen = by_specimen.agg(
        all_done=("done", "all"),
        whole=("whole", "any"),
        dishes_searched=("dish_id", "nunique"),
        search_min=("search_min", "sum"),
        time_unknown=("time_unknown", "any"),
    )
    per_specimen["sperm"] = by_specimen["confirmed_sperm"].sum(min_count=1)
    per_specimen["dishes"] = dishes.reindex(per_specimen.index).fillna(0)
    every_dish = per_specimen["dishes_searched"] >= per_specimen["dishes"]
    per_specimen["finished"] = per_specimen["whole"] | (per_specimen["all_done"] & every_dish)
    table = specimens.join(per_specimen, on="id")
    table["searched"] = table["finished"].notna()
    for name in ("finished", "time_unknown"):
        table[name] = table[name].eq(True)
    table["positive"] = table["sperm"] > 0
    table["mass_mg"] = table["mass_mg"].astype(float)
    table["mass_unknown"] = table["mass_mg"].isna() & (table["kind"] == SpecimenKind.TISSUE)
    table["pooled"] = table["kind"] == SpecimenKind.POOL
    # What went into a pool is searched with it.
    has_pool = table.groupby("procedure_id")["pooled"].transform("any")
    table["in_pool"] = has_pool & ~table["pooled"] & ~table["searched"]
    return table
