"""Opens a video file, and nothing but that file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import av
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from sertoli.errors import InputError
from sertoli.frames._kind import MAX_PICTURE_PX, cannot_read, quoted

CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,asf,flv,ogg,gif,apng,"
    "mxf,dv,ivf,nut,yuv4mpegpipe,h264,hevc,av1,obu,mjpeg,vc1,rm,wtv,mlv,cine,ser,r3d,swf"
)
"""The formats that hold a recording in one file.

FFmpeg knows many more: playlists that make it open other files or the network (hls, concat,
dash, sdp), formats that turn any text into a picture (tty), and rarities. They stay shut.
"""

_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS}


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a video file and choose its first stream of moving pictures.

    Raises
    ------
    InputError
        If there is no video in it, or it cannot be read.
    """
    name = f"file:{path.absolute()}"
    with contextlib.ExitStack() as stack:
        try:
            name.encode("utf-8")
        except UnicodeEncodeError:
            # FFmpeg takes names as UTF-8; for others Python must do the reading.
            source = stack.enter_context(path.open("rb"))
            container = _open(source, path)
        else:
            container = _open(name, path)
        stack.enter_context(container)
        yield container, _video_stream(container, path)


def _open(source: object, path: Path) -> InputContainer:
    try:
        return av.open(source, mode="r", options=_OPTIONS, metadata_errors="replace")
    except PermissionError as error:
        raise cannot_read(path, error) from error
    except (av.FFmpegError, OSError, ValueError, OverflowError) as error:
        raise InputError(
            f"{quoted(path)} is not a recording or picture that can be read "
            "(or it is damaged or cut short)",
            "give a video, PNG, JPEG, BMP, WebP or TIFF file; convert others first",
        ) from error


def _video_stream(container: InputContainer, path: Path) -> VideoStream:
    for stream in container.streams.video:
        # The cover picture of a piece of music counts as a video stream, too.
        if stream.disposition & av.stream.Disposition.attached_pic:
            continue
        context: VideoCodecContext | None = stream.codec_context
        if context is None:  # a codec that FFmpeg does not know
            continue
        if context.width * context.height > MAX_PICTURE_PX:
            raise InputError(
                f"{quoted(path)} claims frames of {context.width} x {context.height} px",
                "record it again with smaller frames, or export them as tiled TIFF",
            )
        stream.thread_type = "AUTO"
        return stream
    raise InputError(
        f"{quoted(path)} holds no video that can be decoded",
        "give the recording itself; save one of a rare format as MP4 first",
    )
