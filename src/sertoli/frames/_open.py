"""Finds out what a path is and gives the source that reads it."""

from __future__ import annotations

from pathlib import Path

from sertoli.errors import SettingError
from sertoli.frames._kind import PICTURES, Kind, cannot_read, kind_of, read_head
from sertoli.frames._source import FrameSource
from sertoli.optics import Modality, Optics

POSSIBLE_FPS = (0.001, 50_000.0)
"""From a frame in a quarter of an hour to the quickest cameras at a microscope."""


def require_fps(fps: float | None) -> None:
    """Refuse a frame rate that no recording has; None is an unknown one.

    Raises
    ------
    SettingError
        If it is outside `POSSIBLE_FPS`.
    """
    if fps is not None and not POSSIBLE_FPS[0] <= fps <= POSSIBLE_FPS[1]:
        raise SettingError(
            f"{fps:g} frames per second is no camera's rate",
            f"give --fps {POSSIBLE_FPS[0]:g} to {POSSIBLE_FPS[1]:.0f}, such as 25, or leave it out",
        )


def open_source(
    path: Path,
    *,
    um_per_px: float | None = None,
    fps: float | None = None,
    modality: Modality | None = None,
    sequence: bool | None = None,
    grey: bool = False,
) -> FrameSource:
    """Open a recording, a picture or a folder of pictures by its content, not its name.

    Parameters
    ----------
    path : Path
        A video (also an animated GIF or PNG), a PNG, JPEG, BMP, WebP or TIFF file, or a
        folder of pictures.
    um_per_px : float, optional
        Micrometres per pixel; wins over what the file says.
    fps : float, optional
        Frames per second of a sequence; times are then index / ``fps`` instead of the file's.
    modality : Modality, optional
        Wins over what the file says.
    sequence : bool, optional
        True: neighbouring frames show the same place at successive times. False: they do
        not (stills). None: videos are sequences, single pictures are not; folders and files of
        many pages are if they say so or if their neighbours plainly overlap.
    grey : bool
        Give luminance (H, W), which is faster for videos, instead of colour.

    Returns
    -------
    FrameSource
        A context manager.

    Raises
    ------
    InputError
        If there is nothing at ``path`` that can be read; the message names the file.
    SettingError
        If ``um_per_px`` or ``fps`` is not possible.
    """
    optics = Optics(um_per_px, modality)
    require_fps(fps)
    try:
        is_folder = path.is_dir()
    except ValueError:
        is_folder = False  # a name that no file can have: read_head says so
    except OSError as error:
        raise cannot_read(path, error) from error
    if is_folder:
        from sertoli.frames._folder import FolderSource

        return FolderSource(path, optics, fps=fps, sequence=sequence, grey=grey)
    kind = kind_of(read_head(path))
    # The readers' libraries take a while to load: each is loaded when it is needed.
    if kind in PICTURES:
        from sertoli.frames._picture import PictureSource

        return PictureSource(path, kind, optics, grey=grey)
    if kind is Kind.TIFF:
        from sertoli.frames._tiff import TiffSource

        return TiffSource(path, optics, fps=fps, sequence=sequence, grey=grey)
    from sertoli.frames._video import VideoSource

    return VideoSource(path, optics, fps=fps, sequence=sequence, grey=grey)
