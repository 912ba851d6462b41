"""Makes small files of every kind that is read; what they show is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import tifffile
from av.video.stream import VideoStream

Image = npt.NDArray[np.uint8]

WIDTH, HEIGHT = 96, 64


def texture(seed: int = 0, height: int = HEIGHT, width: int = WIDTH) -> Image:
    """Give a coloured picture with structure at the size of cells."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(height, width, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 3)
    soft = (soft - soft.min()) / (soft.max() - soft.min())
    return np.asarray(np.rint(soft * 255), dtype=np.uint8)


def moving(count: int) -> list[Image]:
    """Give frames that differ from each other all over."""
    return [np.roll(texture(), 5 * number, axis=1) for number in range(count)]


def write_video(
    path: Path,
    codec: str,
    *,
    count: int = 30,
    pix_fmt: str = "yuv420p",
    options: dict[str, str] | None = None,
    b_frames: int = 0,
    stamps: Sequence[int] | None = None,
    rate: Fraction | int = 25,
    frames: Sequence[npt.NDArray[np.generic]] | None = None,
    pixels: str = "rgb24",
) -> Path:
    """Write a video; ``stamps`` are in units of 1 / ``rate``."""
    pictures: Sequence[npt.NDArray[np.generic]] = moving(count) if frames is None else frames
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options or {})
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.codec_context.max_b_frames = b_frames
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format=pixels)
            frame.pts = number if stamps is None else stamps[number]
            frame.time_base = Fraction(1, 1) / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


UNEVEN = [3 * number + (number % 3) + 7 for number in range(30)]
"""Stamps of a variable frame rate that do not begin at zero."""

_GOP = {"g": "8"}

VIDEOS: dict[str, Callable[[Path], Path]] = {
    "mjpeg.avi": lambda p: write_video(p, "mjpeg", pix_fmt="yuvj420p"),
    "mpeg4.mp4": lambda p: write_video(p, "mpeg4", options=_GOP),
    "bframes.mp4": lambda p: write_video(p, "mpeg4", options=_GOP, b_frames=2),
    "bframes.avi": lambda p: write_video(p, "mpeg4", options=_GOP, b_frames=2),
    "plain.avi": lambda p: write_video(p, "mpeg4", options=_GOP),
    "vp9.webm": lambda p: write_video(p, "libvpx-vp9", options={"g": "8", "cpu-used": "8"}),
    "vp8.webm": lambda p: write_video(
        p, "libvpx", options={"g": "8", "auto-alt-ref": "1", "lag-in-frames": "8"}
    ),
    "uneven.mp4": lambda p: write_video(p, "mpeg4", options=_GOP, b_frames=2, stamps=UNEVEN),
    "uneven.mkv": lambda p: write_video(p, "mpeg4", options=_GOP, b_frames=2, stamps=UNEVEN),
    "mpeg2.ts": lambda p: write_video(p, "mpeg2video", options=_GOP, b_frames=2),
    "mpeg1.mpg": lambda p: write_video(p, "mpeg1video", options=_GOP, b_frames=2),
    "ffv1.mkv": lambda p: write_video(p, "ffv1", pix_fmt="bgr0"),
    "anim.gif": lambda p: write_video(p, "gif", pix_fmt="rgb8"),
    "anim.png": lambda p: write_apng(p),
}
"""Name -> maker of a recording of 30 frames."""


def write_apng(path: Path) -> Path:
    """Write an animated PNG."""
    apng = path.with_suffix(".apng")
    write_video(apng, "apng", pix_fmt="rgb24")
    return apng.replace(path)


def ome_tiff(path: Path, **metadata: object) -> Path:
    """Write 3 times x 2 z x 2 channels (DAPI, phase) with times and stage positions."""
    data = np.arange(12, dtype=np.uint16).reshape(3, 2, 2, 1, 1) * 100
    data = (data + np.zeros((32, 40)) + np.arange(40)).astype(np.uint16)
    facts: dict[str, object] = {
        "axes": "TZCYX",
        "PhysicalSizeX": 250.0,
        "PhysicalSizeXUnit": "nm",
        "PhysicalSizeY": 0.25,
        "PhysicalSizeYUnit": "µm",
        "Channel": {"Name": ["DAPI", "Phase 40x"]},
        "Plane": {
            "DeltaT": [10.0 + 0.5 * number for number in range(12)],
            "PositionX": [0.001 * number for number in range(12)],
            "PositionXUnit": ["mm"] * 12,
            "PositionY": [5.0] * 12,
            "PositionYUnit": ["µm"] * 12,
        },
    }
    tifffile.imwrite(path, data, ome=True, metadata=facts | metadata, compression="zlib")
    return path


def ome_set(folder: Path, places: int = 3, planes: int = 2) -> list[Path]:
    """Write a set of OME-TIFF files, one a place, each with the metadata of all.

    Plane ``n`` of the set is filled with ``10 n``; its stage stands at x = ``100 n`` um, and its
    time is ``2 n`` s.
    """
    folder.mkdir(exist_ok=True)
    files = [folder / f"place{place}.ome.tif" for place in range(places)]
    ids = [f"urn:uuid:00000000-0000-0000-0000-{place:012d}" for place in range(places)]
    images = ""
    for place, file in enumerate(files):
        blocks = facts = ""
        for t in range(planes):
            n = place * planes + t
            blocks += f'''<TiffData IFD="{t}" FirstT="{t}" PlaneCount="1">
                <UUID FileName="{file.name}">{ids[place]}</UUID></TiffData>'''
            facts += f'''<Plane TheC="0" TheZ="0" TheT="{t}" DeltaT="{2 * n}" PositionX="{100 * n}"
                PositionXUnit="µm" PositionY="5" PositionYUnit="µm"/>'''
        images += f'''<Image ID="Image:{place}"><Pixels ID="Pixels:{place}" Type="uint8"
            DimensionOrder="XYCZT" SizeX="{WIDTH}" SizeY="{HEIGHT}" SizeC="1" SizeZ="1"
            SizeT="{planes}" PhysicalSizeX="0.5" PhysicalSizeY="0.5">
            <Channel ID="Channel:{place}:0"/>{blocks}{facts}</Pixels></Image>'''
    for place, file in enumerate(files):
        xml = f'''<?xml version="1.0" encoding="UTF-8"?>
            <OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"
            UUID="{ids[place]}">{images}</OME>'''
        pages = [
            np.full((HEIGHT, WIDTH), 10 * (place * planes + t), np.uint8) for t in range(planes)
        ]
        tifffile.imwrite(
            file, np.stack(pages), photometric="minisblack", description=xml.encode(), metadata=None
        )
    return files


PICTURES: dict[str, Callable[[Path], object]] = {
    "rgb.png": lambda p: _encoded(p, ".png", texture()),
    "grey16.png": lambda p: _encoded(p, ".png", texture()[..., 0].astype(np.uint16) * 200),
    "photo.jpg": lambda p: _encoded(p, ".jpg", texture()),
    "old.bmp": lambda p: _encoded(p, ".bmp", texture()),
    "web.webp": lambda p: _encoded(p, ".webp", texture()),
    "one.tif": lambda p: tifffile.imwrite(p, texture(), photometric="rgb"),
    "tiled.tif": lambda p: tifffile.imwrite(
        p, texture(), photometric="rgb", tile=(32, 32), compression="zlib"
    ),
    "jpeg.tif": lambda p: tifffile.imwrite(
        p, texture(), photometric="rgb", tile=(32, 32), compression="jpeg"
    ),
    "lzw.tif": lambda p: tifffile.imwrite(
        p, np.stack(moving(4)), photometric="rgb", compression="lzw", predictor=True
    ),
    "pages.tif": lambda p: tifffile.imwrite(
        p, np.stack(moving(5))[..., 0], photometric="minisblack", metadata=None
    ),
    "float.tif": lambda p: tifffile.imwrite(p, texture()[..., 0].astype(np.float32)),
    "ome.ome.tif": lambda p: ome_tiff(p),
    "ij.tif": lambda p: tifffile.imwrite(
        p, np.stack(moving(3))[..., 0], imagej=True, resolution=(4, 4), metadata={"unit": "um"}
    ),
}
"""Name -> maker of a picture or a file of pages."""


def _encoded(path: Path, suffix: str, image: npt.NDArray[np.generic]) -> None:
    if image.ndim == 3:
        image = np.ascontiguousarray(image[..., ::-1])
    done, data = cv2.imencode(suffix, image)
    assert done
    path.write_bytes(data.tobytes())
