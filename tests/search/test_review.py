from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sertoli.errors import InputError, SettingError
from sertoli.search import SearchSettings, search
from sertoli.search.hidden import parse_sensitivity
from sertoli.search.review import (
    DECISIONS_NAME,
    FindingsTable,
    Place,
    Recording,
    ReportPictures,
    ReviewQueue,
    State,
    candidates_of,
    object_of_each,
    text_picture,
    write_review,
)

SEQUENCE = SearchSettings(sequence=True, fps=25.0)
STILLS = SearchSettings(sequence=False)
TRIALS = parse_sensitivity(["18/20", "17/20", "19/20"])


@pytest.fixture(scope="module")
def searched(
    recording: Path, tmp_path_factory: pytest.TempPathFactory, new_finder: Callable[[], Any]
) -> Path:
    return search(recording, tmp_path_factory.mktemp("s") / "out", new_finder(), SEQUENCE).folder


def test_a_restriction_stays_on_the_report_and_goes_into_the_review(
    recording: Path, tmp_path: Path, new_finder: Callable[[], Any]
) -> None:
    finder = new_finder()
    finder.restriction = "for tests only"
    place = search(recording, tmp_path / "out", finder, SEQUENCE).folder
    queue = ReviewQueue(place, "AB")
    queue.confirm(queue.candidates[0])
    assert queue.restriction == "for tests only"
    assert write_review(queue)["weights"]["restriction"] == "for tests only"
    page = (place / "report.html").read_text(encoding="utf-8")
    assert "Reviewed: 1 confirmed" in page
    assert page.count("for tests only") == 1


@pytest.fixture
def folder(searched: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(searched, tmp_path / "out"))


def table(rows: list[tuple[float, ...]]) -> FindingsTable:
    """Rows of frame, track, x, y, stage x, stage y, probability; heads of 10 x 8 px."""
    read = np.array(rows, np.float64).reshape(-1, 7)
    box = np.column_stack([read[:, 2:4], np.full(len(read), 10.0), np.full(len(read), 8.0)])
    return FindingsTable(
        read[:, 0].astype(np.int64),
        read[:, 1].astype(np.int64),
        box,
        read[:, 4:6],
        np.full(len(read), np.nan),
        read[:, 6],
        [""] * len(read),
    )


NAN = float("nan")


@pytest.mark.parametrize(
    ("rows", "objects"),
    [
        # one thing that keeps still, lost for a while and found again
        ([(0, 0, 50, 50, NAN, NAN, 0.9), (30, 1, 52, 51, NAN, NAN, 0.8)], 1),
        # both in view at once: two things, however near
        ([(0, 0, 50, 50, NAN, NAN, 0.9), (0, 1, 53, 50, NAN, NAN, 0.8)], 2),
        # far apart
        ([(0, 0, 50, 50, NAN, NAN, 0.9), (30, 1, 90, 50, NAN, NAN, 0.8)], 2),
        # the second one swims: its place says nothing
        (
            [
                (0, 0, 50, 50, NAN, NAN, 0.9),
                (30, 1, 20, 50, NAN, NAN, 0.8),
                (31, 1, 50, 50, NAN, NAN, 0.8),
                (32, 1, 80, 50, NAN, NAN, 0.8),
            ],
            2,
        ),
        # stills that overlap on the stage
        ([(0, -1, 50, 50, 10, 10, 0.9), (1, -1, 9, 50, 11, 11, 0.8)], 1),
        ([(0, -1, 50, 50, 10, 10, 0.9), (0, -1, 55, 50, 11, 11, 0.8)], 2),
        ([(0, -1, 50, 50, 10, 10, 0.9), (1, -1, 9, 50, 20, 11, 0.8)], 2),
        # stills without a stage
        ([(0, -1, 50, 50, NAN, NAN, 0.9), (1, -1, 50, 50, NAN, NAN, 0.8)], 2),
        ([], 0),
    ],
)
def test_one_object_is_one_candidate(rows: list[tuple[float, ...]], objects: int) -> None:
    findings = table(rows)
    found = candidates_of(findings, object_of_each(findings))
    assert len(found) == objects
    assert len({one.id for one in found}) == objects
    assert sum(one.sightings for one in found) == len(rows)
    chances = [one.probability or 0 for one in found]
    assert chances == sorted(chances, reverse=True)


def test_the_most_probable_first_until_none_is_left(folder: Path) -> None:
    queue = ReviewQueue(folder, "AB", sensitivity=TRIALS, share_searched=0.5)
    seen = []
    while (candidate := queue.next()) is not None:
        seen.append(candidate.probability)
        assert queue.bound().in_material is None
        (queue.confirm if len(seen) % 2 else queue.reject)(candidate)
    assert len(seen) == 4
    assert seen == sorted(seen, key=lambda p: -(p or 0))
    progress = queue.progress()
    assert (progress.confirmed, progress.rejected, progress.open) == (2, 2, 0)
    assert progress.share_reviewed == 1.0
    bound = queue.bound()
    assert bound.in_material is not None
    assert bound.in_specimen is not None
    assert 2 <= bound.in_material <= bound.in_specimen


def test_later_undo_and_a_second_look(folder: Path) -> None:
    queue = ReviewQueue(folder, "AB")
    first = queue.next()
    assert first is not None
    queue.skip(first)
    second = queue.next()
    assert second is not None
    assert second.id != first.id
    queue.reject(second)
    queue.confirm(second)
    assert queue.state(second) is State.CONFIRMED
    assert queue.undo() == second
    assert queue.state(second) is State.REJECTED
    assert queue.undo() == second
    assert queue.state(second) is State.OPEN
    assert queue.undo() is None


def test_two_reviewers_each_keep_their_word(folder: Path) -> None:
    one, other = ReviewQueue(folder, "AB"), ReviewQueue(folder, "CD")
    first = one.next()
    assert first is not None
    one.confirm(first)
    assert other.next() != first  # seen without opening anew
    other.reject(first)
    one.reload()
    assert one.state(first) is State.DISPUTED
    assert one.progress().unsure == 1
    other.unsure(first)
    one.reload()
    assert one.state(first) is State.CONFIRMED
    other.undo()
    other.undo()
    assert other.undo() is None
    assert {said.by for said in other.decided_by(first)} == {"AB"}


def test_marks(folder: Path) -> None:
    queue = ReviewQueue(folder, "AB")
    first = queue.next()
    assert first is not None
    place = first.places[0]
    assert queue.mark(place.frame, place.x_px + 1, place.y_px) == first
    new = queue.mark(2, 120.0, 90.0)
    assert new.marked
    assert queue.mark(2, 121.0, 90.0).id == new.id
    assert queue.progress().confirmed == 2
    assert ReviewQueue(folder, "AB").progress().confirmed == 2


@pytest.mark.parametrize(
    "place", [(-1, 5, 5), (0, -5, 5), (0, NAN, 5), (0, 5, float("inf")), (0, 1e9, 5), (99, 5, 5)]
)
def test_refuses_marks_outside_any_picture(folder: Path, place: tuple[int, float, float]) -> None:
    with pytest.raises(SettingError, match=r"no place|no frame"):
        ReviewQueue(folder, "AB").mark(*place)


def test_what_was_left_open_is_shown_once_more(folder: Path) -> None:
    queue = ReviewQueue(folder, "AB")
    first = queue.next()
    assert first is not None
    queue.unsure(first)
    while (candidate := queue.next()) is not None:
        queue.reject(candidate)
    other = ReviewQueue(folder, "CD", again=True)
    assert other.next() == first
    other.unsure(first)  # asked once more, not for ever
    assert other.next() is None
    assert other.undo() == first
    assert other.next() == first
    other.confirm(first)
    assert other.next() is None
    assert other.progress().confirmed == 1


@pytest.mark.parametrize("settings", [SEQUENCE, STILLS, SearchSettings(confidence=0.7)])
def test_decisions_outlive_a_repeated_search(
    recording: Path, folder: Path, new_finder: Callable[[], Any], settings: SearchSettings
) -> None:
    queue = ReviewQueue(folder, "AB")
    queue.mark(2, 120.0, 90.0)
    while (candidate := queue.next()) is not None:
        queue.confirm(candidate)
    search(recording, folder, new_finder(), settings, overwrite=True)
    again = ReviewQueue(folder, "AB")
    # in stills every sighting is a candidate of its own, those decided on are confirmed
    assert again.progress().confirmed >= 5
    assert len((folder / DECISIONS_NAME).read_text().splitlines()) == 5


def test_decisions_outlive_a_search_that_finds_nothing(
    recording: Path, folder: Path, new_finder: Callable[[], Any]
) -> None:
    queue = ReviewQueue(folder, "AB")
    while (candidate := queue.next()) is not None:
        queue.confirm(candidate)
    nothing = SearchSettings(sequence=True, fps=25.0, confidence=1.0)
    search(recording, folder, new_finder(), nothing, overwrite=True)
    assert ReviewQueue(folder, "AB").progress().confirmed == 4


def test_decisions_of_another_recording_are_kept_and_not_counted(
    nothing: Path, folder: Path, new_finder: Callable[[], Any]
) -> None:
    queue = ReviewQueue(folder, "AB")
    first = queue.next()
    assert first is not None
    queue.confirm(first)
    search(nothing, folder, new_finder(), STILLS, overwrite=True)
    other = ReviewQueue(folder, "AB")
    assert other.progress().confirmed == 0
    assert other.elsewhere == 1


def test_files(folder: Path) -> None:
    queue = ReviewQueue(folder, "A<B>", sensitivity=TRIALS, share_searched=0.5)
    assert write_review(queue)["confirmed_sperm"] is None
    first = queue.next()
    assert first is not None
    queue.confirm(first)
    while (candidate := queue.next()) is not None:
        queue.reject(candidate)
    review = write_review(queue)
    assert json.loads((folder / "review.json").read_text(encoding="utf-8")) == review
    assert review["complete"]
    assert (review["confirmed_sperm"], review["share_searched"]) == (1, 0.5)
    assert review["sperm"][0]["confirmed_by"] == "A<B>"
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["upper_bound_95"] == review["bound"]["upper_bound_95"] >= 1
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "1 sperm was confirmed; with 95 % probability at most" in page
    assert "No finding has been confirmed" not in page
    assert page.count(':"confirmed"') == len(first.tracks) == 1
    assert "<B>" not in page
    assert "where this search found nothing" not in page
    queue.mark(2, 120.0, 90.0)
    write_review(queue)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "2 confirmed (1 of them where this search found nothing)" in page
    queue.undo()
    # told once, known the next time
    again = ReviewQueue(folder, "CD")
    assert again.share_searched == 0.5
    assert again.own_sensitivity is not None
    assert again.own_sensitivity.hits == TRIALS.hits
    assert write_review(again)["bound"] == review["bound"]


def test_marks_lie_in_the_picture(recording: Path) -> None:
    seen = Recording(recording, None, sequence=True)
    height, width = seen.frame(0).pixels.shape[:2]
    seen.require_place(0, width - 1, height - 1)
    for outside in [(0, width, 5.0), (0, 5.0, height), (10_000, 5.0, 5.0)]:
        with pytest.raises((InputError, SettingError)):
            seen.require_place(*outside)
    place = Place(0, 30.0, 40.0, 16.0, 16.0)
    assert (seen.whole(0, [place]) != seen.whole(0)).any()
    seen.close()


def test_by_hand(recording: Path, tmp_path: Path) -> None:
    queue = ReviewQueue(
        tmp_path / "hand", "AB", recording=recording, share_searched=1.0, sensitivity=TRIALS
    )
    queue.frames_total = 12
    assert queue.next() is None
    assert queue.bound().in_material is None
    queue.mark(3, 20.0, 30.0)
    for frame in range(12):
        queue.looked(frame)
        queue.looked(frame)
    assert queue.progress().share_reviewed == 1.0
    assert queue.bound().in_material is not None
    review = write_review(queue)
    assert review["confirmed_sperm"] == 1
    assert review["sperm"][0]["marked_by_hand"]
    assert not (tmp_path / "hand" / "summary.json").exists()


def test_pictures(recording: Path, folder: Path) -> None:
    queue = ReviewQueue(folder, "AB")
    first = queue.next()
    assert first is not None
    report = ReportPictures(folder / "report.html")
    seen = Recording(recording, queue.input_content, sequence=True)
    small, large = report.picture(first), seen.picture(first.places[0])
    seen.close()
    assert small is not None
    assert small.shape == (320, 320, 3)
    assert large.shape == (320, 648, 3)
    # the head is bright, between its corners; the piece is shifted to lie within the frame
    place = first.places[0]
    left, top = (
        min(max(round(v - 39.5), 0), most) for v, most in ((place.x_px, 48), (place.y_px, 16))
    )
    x, y = round(4 * (place.x_px - left)), round(4 * (place.y_px - top))
    assert large[y - 6 : y + 6, x - 6 : x + 6].mean() > large[:, :320].mean() + 50
    assert ReportPictures(folder / "no.html").picture(first) is None
    (folder / "torn.html").write_text('<script type="application/json" id="data">{', "utf-8")
    assert ReportPictures(folder / "torn.html").picture(first) is None


@pytest.mark.parametrize(("shades", "mark"), [(True, "▀"), (False, "@")])
def test_a_picture_as_text(shades: bool, mark: str) -> None:
    picture = np.zeros((40, 80), np.uint8)
    picture[:, 40:] = 255
    lines = text_picture(picture, 40, 30, shades=shades)
    assert len(lines) == 10
    assert mark in lines[0]
    if not shades:
        assert lines[0] == " " * 20 + "@" * 20


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("summary.json", ""),
        ("summary.json", "[]"),
        ("summary.json", '{"schema_version": 1, "command": "field"}'),
        ("findings.csv", "a,b\n1,2\n"),
        ("findings.csv", "frame,file\n"),
        ("findings.csv", "\x00\n\x00"),
    ],
)
def test_says_what_is_no_search(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content, encoding="utf-8")
    if content == "frame,file\n":
        assert ReviewQueue(folder, "AB").candidates == []
        return
    with pytest.raises(InputError, match=name):
        ReviewQueue(folder, "AB")


def test_refuses_another_recording(folder: Path, nothing: Path) -> None:
    with pytest.raises(SettingError, match="not the recording"):
        ReviewQueue(folder, "AB", recording=nothing)


def test_nothing_found_says_what_may_hide_without_a_review(
    nothing: Path, tmp_path: Path, finder: Any
) -> None:
    finder.weights_sha256 = json.loads(
        (resources.files("sertoli") / "weights" / "sperm-sensitivity.json").read_text("utf-8")
    )["weights_sha256"]
    summary = search(nothing, tmp_path / "out", finder, STILLS).summary
    assert summary["upper_bound_95"] is None
    assert summary["upper_bound_95_in_material"] > 0
    assert "0 sperm were confirmed" in (tmp_path / "out" / "report.html").read_text("utf-8")
