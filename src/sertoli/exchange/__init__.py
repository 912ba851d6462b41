"""The record in and out: a clinic's tables, REDCap, Parquet, FHIR."""

from sertoli.exchange._enter import Entered, enter
from sertoli.exchange._entries import Entry, extract
from sertoli.exchange._export import Format, export
from sertoli.exchange._import_csv import CsvImport, LeftOut, import_csv
from sertoli.exchange._import_export import import_export
from sertoli.exchange._mapping import Mapping, read_mapping
from sertoli.exchange._problems import Problem
from sertoli.exchange._propose import propose_mapping
from sertoli.exchange._sharing import Use

__all__ = [
    "CsvImport",
    "Entered",
    "Entry",
    "Format",
    "LeftOut",
    "Mapping",
    "Problem",
    "Use",
    "enter",
    "export",
    "extract",
    "import_csv",
    "import_export",
    "propose_mapping",
    "read_mapping",
]
