"""Recordings, pictures and folders searched for sperm: resume, result files, report."""

from sertoli.search._batch import input_stem, search_all
from sertoli.search._pass import Progress
from sertoli.search._report_words import result_line
from sertoli.search._run import SearchResult, search
from sertoli.search._settings import Finder, SearchSettings

__all__ = [
    "Finder",
    "Progress",
    "SearchResult",
    "SearchSettings",
    "input_stem",
    "result_line",
    "search",
    "search_all",
]
