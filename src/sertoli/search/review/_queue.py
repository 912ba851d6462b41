"""The review queue: one candidate after the other, and what a person says of it."""

from __future__ import annotations

from pathlib import Path

from sertoli.errors import InputError, OutputError, SettingError
from sertoli.journal import content_of
from sertoli.search.hidden import (
    HiddenBound,
    Sensitivity,
    UnevenSpread,
    known_sensitivity,
    require_share,
    upper_bound,
)
from sertoli.search.review._candidates import (
    Candidate,
    candidates_with_rows,
    object_of_each,
)
from sertoli.search.review._decisions import (
    Decision,
    DecisionJournal,
    Place,
    Verdict,
    checked_name,
    new_decision,
)
from sertoli.search.review._findings_table import FindingsTable, read_findings
from sertoli.search.review._progress import ReviewProgress
from sertoli.search.review._searched import read_summary
from sertoli.search.review._standing import PlaceFinder, Standing, State, in_force, stand
from sertoli.search.review._told import read_told

UNSETTLED = (State.UNSURE, State.DISPUTED)

MARKED_SIDE_PX = 16.0
"""Side of the box around a place that a person marked."""

FURTHEST_PX = 1e6
"""No picture is larger."""


class ReviewQueue:
    """Candidates of a search in the order that saves the person the most effort.

    Also without any search: then frames are looked through and sperm marked by hand.

    Parameters
    ----------
    folder : Path
        What ``sertoli search`` wrote, or any folder to keep decisions in (with ``recording``).
    by : str
        Who decides: initials or a code, 1 to 64 printable characters.
    recording : Path, optional
        The input itself. Needed only where no search was made.
    share_searched : float, optional
        Share of the specimen that was searched, above 0 and up to 1; unless given, what
        ``review.json`` says from last time.
    sensitivity : Sensitivity, optional
        The user's own trials; unless given those of last time, else what was measured of the
        weights.
    again : bool
        Show also what was left open, unsure or disputed, once more each.

    Raises
    ------
    InputError
        If the folder holds no search and no recording is given, or cannot be read.
    SettingError
        If ``recording`` is not what was searched, or ``by`` cannot be written down.
    OutputError
        If decisions cannot be written there.
    """

    def __init__(
        self,
        folder: Path,
        by: str,
        *,
        recording: Path | None = None,
        share_searched: float | None = None,
        sensitivity: Sensitivity | None = None,
        again: bool = False,
    ) -> None:
        self.folder = folder
        before = read_told(folder)
        self.share_searched = before.share_searched if share_searched is None else share_searched
        self.own_sensitivity = before.sensitivity if sensitivity is None else sensitivity
        require_share(self.share_searched)
        self.by = checked_name(by)
        self.summary = read_summary(folder)
        table = FindingsTable.empty()
        if self.summary is not None:
            self.input_content = str(self.summary["identity"]["input content"])
            if recording is not None and content_of(recording) != self.input_content:
                raise SettingError(
                    f"{recording.name} is not the recording that was searched",
                    "give that one, or leave it out",
                )
            table = read_findings(folder / "findings.csv")
        elif recording is None:
            raise InputError(
                f"{folder} holds no finished search",
                "name a folder that `sertoli search` wrote, or a recording to look through by eye",
            )
        else:
            self.input_content = content_of(recording)
        self.journal = DecisionJournal(folder)
        found = candidates_with_rows(table, object_of_each(table))
        self._found = [one for one, _ in found]
        self._finder = PlaceFinder(table, found)
        self._skipped: dict[str, int] = {}
        self.again = again
        self._decided: set[str] = set()
        self.frames_total: int | None = 0
        """Frames to be looked through by eye; whoever opens the recording sets it."""
        self.elsewhere = 0
        """Decisions of the journal that belong to another recording."""
        self.reload()

    @property
    def by_hand(self) -> bool:
        """Whether no search was made here, so that frames are looked through by eye."""
        return self.summary is None

    @property
    def candidates(self) -> list[Candidate]:
        """Every candidate in the order of the queue, those marked by hand last."""
        return [*self._found, *self._extras]

    @property
    def restriction(self) -> str | None:
        """What the weights of the search may not be used for; None without a restriction."""
        return None if self.summary is None else self.summary["weights"].get("restriction")

    def begin(self) -> None:
        """Make the journal, and a review by eye its folder; the first decision does so too.

        Raises
        ------
        OutputError
            If decisions cannot be written there.
        """
        if self.by_hand:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(
                    f"cannot write to {self.folder}: {error.strerror or error}",
                    "choose another --out",
                ) from error
        self.journal.begin()

    def reload(self) -> None:
        """Read the journal anew: another person may have decided meanwhile."""
        self._size = self.journal.size_bytes
        every = self.journal.read()
        mine = [one for one in every if one.input_content == self.input_content]
        self.elsewhere = len(in_force(every)) - len(in_force(mine))
        self._decisions = mine
        self._stand()

    def _stand(self) -> None:
        self._standings, self._extras = stand(self._decisions, self._finder)
        self._by_id = {one.id: one for one in self.candidates}

    def candidate(self, name: str) -> Candidate:
        """Return a candidate by its id.

        Raises
        ------
        SettingError
            If there is none.
        """
        found = self._by_id.get(name)
        if found is None:
            raise SettingError(
                f"there is no candidate {name[:80]!r}", "`sertoli review DIR --list` names them"
            )
        return found

    def state(self, candidate: Candidate) -> State:
        """Tell where a candidate stands."""
        return self._standings.get(candidate.id, Standing()).state

    def decided_by(self, candidate: Candidate) -> list[Decision]:
        """Return the last decision of each person on a candidate."""
        return list(self._standings.get(candidate.id, Standing()).by.values())

    def next(self) -> Candidate | None:
        """Return what to look at next, None when nothing is left.

        The most probable one that nobody decided on; those skipped come last. With ``again``
        also what was left open, unless this queue decided on it.
        """
        if self.journal.size_bytes != self._size:
            self.reload()
        wanted = (State.OPEN, *UNSETTLED) if self.again else (State.OPEN,)
        waiting = [
            one
            for one in (self.candidates if self.again else self._found)
            if self.state(one) in wanted and one.id not in self._decided
        ]
        return min(waiting, key=lambda one: self._skipped.get(one.id, 0), default=None)

    def skip(self, candidate: Candidate) -> None:
        """Put a candidate off until all others have been seen."""
        self._skipped[candidate.id] = max(self._skipped.values(), default=0) + 1

    def confirm(self, candidate: Candidate) -> None:
        """Say that it is a sperm."""
        self._decide(candidate, Verdict.CONFIRM)

    def reject(self, candidate: Candidate) -> None:
        """Say that it is none."""
        self._decide(candidate, Verdict.REJECT)

    def unsure(self, candidate: Candidate) -> None:
        """Say that it cannot be told."""
        self._decide(candidate, Verdict.UNSURE)

    def mark(self, frame: int, x_px: float, y_px: float) -> Candidate:
        """Confirm a sperm that the person saw at a place, and return it.

        If a candidate lies there it is confirmed, else a new one is made.

        Raises
        ------
        SettingError
            If the place is not possible.
        """
        place = self.place(frame, x_px, y_px)
        self._write(
            new_decision(self.by, self.input_content, Verdict.CONFIRM, [place], marked=True)
        )
        near = self._finder.find(place)
        if near is not None:
            return self._by_id[near]
        last = self._decisions[-1].id
        return next(
            one
            for one in self._extras
            if any(said.id == last for said in self._standings[one.id].by.values())
        )

    def place(self, frame: int, x_px: float, y_px: float) -> Place:
        """Return a place that could be marked, as far as can be told without the pictures.

        Raises
        ------
        SettingError
            If the place is not possible.
        """
        if frame < 0 or not all(-0.5 <= one <= FURTHEST_PX for one in (x_px, y_px)):
            raise SettingError(
                f"frame {frame}, x {x_px}, y {y_px} is no place in a picture",
                "give a frame from 0, and x and y in px from the top left",
            )
        last = self.summary.get("frames_total") if self.summary is not None else None
        if isinstance(last, int) and frame >= last:
            raise SettingError(
                f"there is no frame {frame}: {last} frames are counted from 0",
                "give a frame that the search saw",
            )
        return Place(frame, x_px, y_px, MARKED_SIDE_PX, MARKED_SIDE_PX)

    def looked(self, frame: int) -> None:
        """Note that the person has looked a frame through by eye."""
        if frame not in self.frames_looked:
            self._write(new_decision(self.by, self.input_content, None, looked=frame))

    @property
    def frames_looked(self) -> set[int]:
        """Frames that a person has looked through by eye."""
        return {one.looked for one in self._decisions if one.looked is not None}

    def undo(self) -> Candidate | None:
        """Take back this person's last decision; None if there is none left.

        What others decided stays. Returns the candidate, unless it was only marked.
        """
        mine = [one for one in in_force(self._decisions) if one.by == self.by]
        if not mine:
            return None
        last = mine[-1]
        self._write(new_decision(self.by, self.input_content, None, undoes=last.id))
        name = self._finder.find_any(last.places)
        self._decided.discard(name or "")
        return None if name is None else self._by_id.get(name)

    def progress(self) -> ReviewProgress:
        """Count."""
        states = [self.state(one) for one in self.candidates]
        return ReviewProgress(
            candidates=len(self._found),
            open=sum(self.state(one) is State.OPEN for one in self._found),
            confirmed=states.count(State.CONFIRMED),
            rejected=states.count(State.REJECTED),
            unsure=states.count(State.UNSURE) + states.count(State.DISPUTED),
            frames_total=self.frames_total if self.by_hand else 0,
            frames_looked=len(self.frames_looked) if self.by_hand else 0,
        )

    def bound(self) -> HiddenBound:
        """Say what may still hide."""
        sensitivity, unfamiliar = self.own_sensitivity, False
        if self.summary is not None and sensitivity is None:
            sensitivity = known_sensitivity(
                str(self.summary["weights"]["sha256"]),
                float(self.summary["settings"]["confidence"]),
                self.summary["optics"]["modality"],
            )
            unfamiliar = any(one.get("kind") == "unfamiliar" for one in self.summary["warnings"])
        progress = self.progress()
        return upper_bound(
            progress.confirmed,
            sensitivity=sensitivity,
            share_searched=self.share_searched,
            unsure=progress.unsure,
            unreviewed=progress.unreviewed,
            unfamiliar=unfamiliar,
            spread=UnevenSpread(self._per_field()),
            unit="frame" if self.by_hand else "candidate",
        )

    def _per_field(self) -> tuple[int, ...]:
        """Count the confirmed sperm of every field; one place over time has no fields."""
        if self.summary is None or self.summary["kind"] == "sequence":
            return ()
        counts: dict[int, int] = {}
        for one in self.candidates:
            if self.state(one) is State.CONFIRMED:
                counts[one.places[0].frame] = counts.get(one.places[0].frame, 0) + 1
        empty = int(self.summary["frames_searched"]) - len(counts)
        return (*counts.values(), *(0 for _ in range(max(0, empty))))

    def _decide(self, candidate: Candidate, verdict: Verdict) -> None:
        self._decided.add(candidate.id)
        self._write(new_decision(self.by, self.input_content, verdict, candidate.places))

    def _write(self, decision: Decision) -> None:
        self.begin()
        before = self.journal.size_bytes
        alone = before == self._size
        self.journal.append(decision)
        if not alone:
            self.reload()
            return
        self._size = self.journal.size_bytes
        self._decisions.append(decision)
        self._stand()
