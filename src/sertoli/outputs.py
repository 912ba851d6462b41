"""Output folders that appear whole or not at all.

Work is written to ``DIR.partial`` and moved to ``DIR`` when it ends. What a kill
leaves behind is the ``.partial`` folder, which ``--resume`` continues.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from sertoli.errors import OutputError

KEPT_NAME = "review.jsonl"
"""A person's decisions: such a file, at any depth, outlives the folder that is overwritten."""


def absolute(place: Path) -> Path:
    """Return a place with a name of its own, ``.`` and ``..`` resolved, links left alone."""
    return Path(os.path.abspath(place))


class OutputFolder:
    """A result folder under construction.

    Parameters
    ----------
    final : Path
        Where the folder shall stand in the end (``DIR``).
    overwrite : bool
        Replace an existing ``DIR`` (it stays as it is until the new one is whole)
        and throw away an unfinished ``DIR.partial``. Files named `KEPT_NAME` are carried over:
        their lines are added to those of the new folder.
    resume : bool
        Continue in ``DIR.partial``, or in ``DIR`` itself, if there is one.
    inputs : iterable of Path
        What the work is made from. A folder that holds one of them, or the working or home
        folder, is never overwritten.

    Raises
    ------
    OutputError
        If something stands at ``DIR`` or ``DIR.partial`` and neither option is given, the
        place cannot be written, or overwriting would delete what must stay.
    """

    def __init__(
        self,
        final: Path,
        *,
        overwrite: bool = False,
        resume: bool = False,
        inputs: Iterable[Path] = (),
    ) -> None:
        self.final = absolute(final)
        if not self.final.name:
            raise OutputError(f"{final} is the root of the disk", "choose another --out")
        self.path = self.final.with_name(self.final.name + ".partial")
        self.resumed = False
        self._was_final = False
        try:
            if overwrite:
                self._require_replaceable(inputs)
            self._prepare(overwrite=overwrite, resume=resume)
        except OSError as error:
            raise OutputError(
                f"cannot write to {final}: {error.strerror or error}",
                "choose another place with --out or mend its permissions",
            ) from error

    def _require_replaceable(self, inputs: Iterable[Path]) -> None:
        kept = [("input", path) for path in inputs]
        kept.append(("working folder", Path.cwd()))
        kept.append(("home folder", Path(os.path.expanduser("~"))))
        for place in (self.final, self.path):
            for what, path in kept:
                if path.resolve().is_relative_to(place.resolve()):
                    raise OutputError(
                        f"{place} holds the {what}, which --overwrite would delete",
                        "choose another --out",
                    )

    def _prepare(self, *, overwrite: bool, resume: bool) -> None:
        for place in (self.final, self.path):
            if place.exists() and not place.is_dir():
                raise OutputError(f"{place} is not a folder", "choose another --out")
        if resume and not overwrite:
            if not self.path.exists() and self.final.exists():
                os.replace(self.final, self.path)
                self._was_final = True
            self.resumed = self.path.exists()
        elif not overwrite:
            if self.final.exists():
                raise OutputError(
                    f"{self.final} exists already", "choose another --out, or add --overwrite"
                )
            if self.path.exists():
                raise OutputError(
                    f"{self.path} holds an unfinished run",
                    "add --resume to go on with it, or --overwrite to start again",
                )
        elif self.path.exists():
            _clear(self.path)
        self.path.mkdir(parents=True, exist_ok=True)
        # Find out now, not after an hour of work, that nothing can be written here.
        with tempfile.TemporaryFile(dir=self.path):
            pass

    def finish(self) -> Path:
        """Move the work to its final place and return that place.

        Raises
        ------
        OutputError
            If the folder that stands there cannot be replaced (on Windows: a program has
            one of its files open). It stays, and the work stays in ``DIR.partial``.
        """
        try:
            if self.final.exists():
                self._replace_final()
            else:
                os.replace(self.path, self.final)
        except OSError as error:
            raise OutputError(
                f"cannot move {self.path} to {self.final}: {error.strerror or error}",
                f"close the programs that use {self.final.name}, then rename the folder yourself",
            ) from error
        return self.final

    def _replace_final(self) -> None:
        aside = Path(tempfile.mkdtemp(prefix=self.final.name + ".old-", dir=self.final.parent))
        old = aside / self.final.name
        try:
            _carry(self.final, self.path)
            os.replace(self.final, old)
            try:
                os.replace(self.path, self.final)
            except OSError:
                os.replace(old, self.final)
                raise
            # What was decided while the folders changed places.
            _carry(old, self.final)
        except OSError:
            # Only if it is empty: the old results are worth more than a clean folder.
            with contextlib.suppress(OSError):
                aside.rmdir()
            raise
        shutil.rmtree(aside, ignore_errors=True)

    def discard(self) -> None:
        """Remove the unfinished work: after an error there is nothing half-written.

        What an earlier run had done, and this one resumed, is put back instead.
        """
        if not self.resumed:
            with contextlib.suppress(OSError):
                _clear(self.path)
                self.path.rmdir()
        elif self._was_final and not self.final.exists():
            with contextlib.suppress(OSError):
                os.replace(self.path, self.final)


def _clear(folder: Path) -> None:
    """Remove a folder but for the files named `KEPT_NAME` and the folders that hold them."""
    for root, folders, names in os.walk(folder, topdown=False):
        for name in names:
            if name != KEPT_NAME:
                os.unlink(os.path.join(root, name))
        for name in folders:
            place = Path(root, name)
            if place.is_symlink():
                place.unlink()
            elif not any(place.iterdir()):
                place.rmdir()


def _carry(old: Path, new: Path) -> None:
    """Add the lines of every `KEPT_NAME` in ``old`` that its likeness in ``new`` lacks."""
    for kept in sorted(old.rglob(KEPT_NAME)):
        if not kept.is_file():
            continue
        place = new / kept.relative_to(old)
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("a+b") as file:
            file.seek(0)
            there = file.read()
            known = set(there.split(b"\n"))
            lines = [line for line in kept.read_bytes().split(b"\n") if line not in known]
            if not lines:
                continue
            if there and not there.endswith(b"\n"):
                file.write(b"\n")
            file.write(b"\n".join(lines) + b"\n")
            file.flush()
            os.fsync(file.fileno())
