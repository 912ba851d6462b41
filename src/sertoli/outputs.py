"""Output folders that appear whole or not at all.

Work is written to ``DIR.partial`` and moved to ``DIR`` when it ends. What a kill
leaves behind is the ``.partial`` folder, which ``--resume`` continues.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from sertoli.errors import OutputError


class OutputFolder:
    """A result folder under construction.

    Parameters
    ----------
    final : Path
        Where the folder shall stand in the end (``DIR``).
    overwrite : bool
        Replace an existing ``DIR`` (it stays as it is until the new one is whole)
        and throw away an unfinished ``DIR.partial``.
    resume : bool
        Continue in ``DIR.partial``, or in ``DIR`` itself, if there is one.

    Raises
    ------
    OutputError
        If something stands at ``DIR`` or ``DIR.partial`` and neither option is given,
        or the place cannot be written.
    """

    def __init__(self, final: Path, *, overwrite: bool = False, resume: bool = False) -> None:
        self.final = Path(os.path.abspath(final))
        self.path = self.final.with_name(self.final.name + ".partial")
        self.resumed = False
        try:
            self._prepare(overwrite=overwrite, resume=resume)
        except OSError as error:
            raise OutputError(
                f"cannot write to {final}: {error.strerror or error}",
                "choose another place with --out or mend its permissions",
            ) from error

    def _prepare(self, *, overwrite: bool, resume: bool) -> None:
        for place in (self.final, self.path):
            if place.exists() and not place.is_dir():
                raise OutputError(f"{place} is not a folder", "choose another --out")
        if resume and not overwrite:
            if not self.path.exists() and self.final.exists():
                os.replace(self.final, self.path)
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
            shutil.rmtree(self.path)
        self.path.mkdir(parents=True, exist_ok=True)
        # Find out now, not after an hour of work, that nothing can be written here.
        with tempfile.TemporaryFile(dir=self.path):
            pass

    def finish(self) -> Path:
        """Move the work to its final place and return that place."""
        if self.final.exists():
            aside = Path(tempfile.mkdtemp(prefix=self.final.name + ".old-", dir=self.final.parent))
            os.replace(self.final, aside / self.final.name)
            os.replace(self.path, self.final)
            shutil.rmtree(aside, ignore_errors=True)
        else:
            os.replace(self.path, self.final)
        return self.final

    def discard(self) -> None:
        """Remove the unfinished work: after an error there is nothing half-written."""
        shutil.rmtree(self.path, ignore_errors=True)
