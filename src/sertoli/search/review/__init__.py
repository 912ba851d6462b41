"""The review queue: candidates one after the other, decisions that are never lost."""

from sertoli.search.review._candidates import (
    Candidate,
    candidates_of,
    object_of_each,
)
from sertoli.search.review._decisions import (
    DECISIONS_NAME,
    Decision,
    DecisionJournal,
    Place,
    Verdict,
)
from sertoli.search.review._drawing import Picture
from sertoli.search.review._files import summarise_review, write_review
from sertoli.search.review._findings_table import FindingsTable, read_findings
from sertoli.search.review._pictures import Recording, ReportPictures
from sertoli.search.review._progress import ReviewProgress
from sertoli.search.review._queue import ReviewQueue
from sertoli.search.review._standing import State
from sertoli.search.review._text_picture import text_picture
from sertoli.search.review._told import REVIEW_NAME

__all__ = [
    "DECISIONS_NAME",
    "REVIEW_NAME",
    "Candidate",
    "Decision",
    "DecisionJournal",
    "FindingsTable",
    "Picture",
    "Place",
    "Recording",
    "ReportPictures",
    "ReviewProgress",
    "ReviewQueue",
    "State",
    "Verdict",
    "candidates_of",
    "object_of_each",
    "read_findings",
    "summarise_review",
    "text_picture",
    "write_review",
]
