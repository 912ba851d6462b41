"""One search, from its input to the finished folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sertoli.errors import OutputError
from sertoli.frames import open_source
from sertoli.journal import require_resumable
from sertoli.outputs import OutputFolder, absolute
from sertoli.search._identity import identify
from sertoli.search._pass import Progress, SearchPass
from sertoli.search._settings import Finder, SearchSettings, require_visible_heads
from sertoli.sperm import plain_text


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Where the result files stand and what ``summary.json`` says."""

    folder: Path
    summary: dict[str, Any]

    @property
    def stopped(self) -> bool:
        """True if the person stopped the search before its end."""
        return bool(self.summary["stopped"])


def search(
    path: Path,
    out: Path,
    finder: Finder,
    settings: SearchSettings | None = None,
    *,
    resume: bool = False,
    overwrite: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> SearchResult:
    """Search a recording, a picture or a folder and write a folder of result files.

    Parameters
    ----------
    path : Path
        What to search.
    out : Path
        The folder to write: ``findings.csv``, ``tracks.csv``, ``findings.coco.json``,
        ``summary.json`` and ``report.html``. It appears whole; until then the work is in
        ``OUT.partial``.
    finder : Finder
        The detector.
    settings : SearchSettings, optional
    resume : bool
        Go on with ``OUT.partial`` or with a stopped ``OUT``; a finished ``OUT`` of the same
        search is returned as it is.
    overwrite : bool
        Replace what stands at ``out``.
    on_progress : callable, optional
        Called after every frame, and after every tile of a large one.
    should_stop : callable, optional
        Asked after every frame; once it says True, what was found so far is written.

    Raises
    ------
    InputError
        If nothing in the input can be read, or a file states a pixel size with which no head
        could be told.
    SettingError
        If a search that shall be resumed was of something else.
    OutputError
        If ``out`` exists (and neither option is given) or cannot be written. After some
        work has been done ``OUT.partial`` stays, and can be resumed.
    """
    settings = settings or SearchSettings()
    out = absolute(out)
    identity = identify(path, settings, finder)
    if resume and out.name:
        finished = require_resumable(out, identity, "search")
        if finished is not None:
            return SearchResult(out, finished)
    with open_source(
        path,
        um_per_px=settings.um_per_px,
        fps=settings.fps,
        modality=settings.modality,
        sequence=settings.sequence,
        grey=True,
    ) as source:
        for optics, file in source.stated_optics.items():
            require_visible_heads(optics.um_per_px, plain_text(file))
        folder = OutputFolder(out, overwrite=overwrite, resume=resume, inputs=[path])
        try:
            run = SearchPass(
                path, source, finder, settings, identity, folder.path, on_progress, should_stop
            )
        except OSError as error:
            folder.discard()
            raise _unwritable(folder, error) from error
        try:
            summary = run.to_the_end(skip_broken=path.is_dir())
        except BaseException as error:
            run.journal.close()
            if run.frames_done == 0:
                folder.discard()
            if isinstance(error, OSError):
                raise _unwritable(folder, error) from error
            raise
    return SearchResult(folder.finish(), summary)


def _unwritable(folder: OutputFolder, error: OSError) -> OutputError:
    return OutputError(
        f"cannot write to {folder.path}: {error.strerror or error}",
        "make room or mend the permissions, then go on with --resume",
    )
