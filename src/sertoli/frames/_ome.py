"""OME metadata of a TIFF file: which of its pages are which planes, where and when taken."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sertoli.errors import InputError
from sertoli.frames._kind import quoted
from sertoli.frames._tiff_facts import UM_PER_LENGTH, Plane, optics_by_tags, scaled, square
from sertoli.optics import MAX_UM_PER_PX, MIN_UM_PER_PX, Modality, Optics

if TYPE_CHECKING:
    import tifffile
    from ome_types.model import OME, Pixels, TiffData

log = logging.getLogger("sertoli.frames")

_S_PER_TIME = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0, "d": 86400.0}

_CONTRAST = {
    "Brightfield": Modality.BRIGHT_FIELD,
    "Phase": Modality.PHASE_CONTRAST,
    "DIC": Modality.DIC,
    "HoffmanModulation": Modality.HOFFMAN,
}

_NAMES = (
    ("hoffman", Modality.HOFFMAN),
    ("hmc", Modality.HOFFMAN),
    ("dic", Modality.DIC),
    ("nomarski", Modality.DIC),
    ("phase", Modality.PHASE_CONTRAST),
    ("bright", Modality.BRIGHT_FIELD),
    ("trans", Modality.BRIGHT_FIELD),
)

_Pages = dict[tuple[int, int, int], int]
"""(t, z, channel) of a plane to its page in this file."""


def ome_planes(path: Path, tif: tifffile.TiffFile, given: Optics) -> list[Plane] | None:
    """Return the planes that lie in this file, in order; None without OME metadata that hold.

    Image for image, time as the slow axis and z as the fast one. Pages in other files of a
    set are theirs to give. The first image with pages in this file sets the shape: images of
    another width or height are left out. Of several channels the first one of bright field,
    phase contrast, DIC or Hoffman is taken, otherwise the first.

    Parameters
    ----------
    path : Path
        For messages, and to know the file among those of a set.
    tif : TiffFile
    given : Optics
        What the caller knows; it wins over what the file says.

    Raises
    ------
    InputError
        If the pixels are not square, or there are more dimensions than time, z and channel.
    """
    xml = tif.ome_metadata
    if not xml:
        return None
    import ome_types  # slow to import, and few files need it

    try:
        ome = ome_types.from_xml(xml)
    # What breaks the standard surfaces as errors of the XML and validation libraries.
    except Exception:
        planes = []
    else:
        if ome.binary_only is not None:
            return None  # only refers to the file that holds the metadata of its set
        planes = _planes(path, tif, ome, given)
    if not planes:
        log.warning("%s: its OME metadata are damaged and left aside", quoted(path))
    return planes or None


def _planes(path: Path, tif: tifffile.TiffFile, ome: OME, given: Optics) -> list[Plane]:
    notes = ome.structured_annotations or ()
    if any((note.namespace or "").endswith("modulo") for note in notes):
        raise InputError(
            f"{quoted(path)} has dimensions that are not read (OME modulo)",
            "save it with time, z and channel only",
        )
    planes: list[Plane] = []
    claimed: set[int] = set()
    shape = None
    missing = 0
    is_own = _own_blocks(path, ome)
    for number, image in enumerate(ome.images):
        pixels = image.pixels
        pages, lost = _own_pages(pixels, tif, is_own)
        if not pages or shape not in (None, (pixels.size_x, pixels.size_y)):
            continue
        first: Any = tif.pages[min(pages.values())]
        has_shape = (pixels.size_x, pixels.size_y) == (first.imagewidth, first.imagelength)
        if not planes and not has_shape:
            return []
        try:
            found = _planes_of(path, tif, number, pixels, pages, given)
        except InputError:
            if not planes:
                raise
            found = []
        if not found or not has_shape or claimed & set(pages.values()):
            log.warning("%s: image %d of its OME metadata is left out", quoted(path), number)
            continue
        shape = pixels.size_x, pixels.size_y
        claimed |= set(pages.values())
        missing += lost
        planes += found
    if missing:
        log.warning("%s: %d planes that its metadata promise are missing", quoted(path), missing)
    return planes


def _own_pages(
    pixels: Pixels, tif: tifffile.TiffFile, is_own: Callable[[TiffData], bool]
) -> tuple[_Pages, int]:
    """Return the pages of an image in this file, and how many planes are in no file at all."""
    page_count = len(tif.pages)
    samples = pixels.channels[0].samples_per_pixel if pixels.channels else None
    length = {
        "C": max(1, pixels.size_c // (samples or _samples(tif))),
        "Z": pixels.size_z,
        "T": pixels.size_t,
    }
    order = pixels.dimension_order.value[2:]  # the fast axis first
    quick, middle, _ = (length[axis] for axis in order)
    total = math.prod(length.values())
    pages: _Pages = {}
    elsewhere = 0
    for block in pixels.tiff_data_blocks:
        first = {"C": block.first_c, "Z": block.first_z, "T": block.first_t}
        if any(first[axis] >= length[axis] for axis in order):
            continue  # ImageJ leaves such blocks behind when it crops
        at = first[order[0]] + quick * (first[order[1]] + middle * first[order[2]])
        lone = "ifd" in block.model_fields_set and block.plane_count is None
        count = min(1 if lone else block.plane_count or page_count, total - at)
        if not is_own(block):
            elsewhere += count
            continue
        for step in range(min(count, page_count - block.ifd)):
            rest, fast = divmod(at + step, quick)
            place = dict(zip(order, (fast, rest % middle, rest // middle), strict=True))
            pages[place["T"], place["Z"], place["C"]] = block.ifd + step
    return pages, max(0, total - len(pages) - elsewhere)


def _samples(tif: tifffile.TiffFile) -> int:
    """Return the samples of a pixel of the first page: a channel need not state its own."""
    first: Any = tif.pages.first
    return int(first.samplesperpixel)


def _own_blocks(path: Path, ome: OME) -> Callable[[TiffData], bool]:
    """Return what tells if a block's pages lie in this file: by its id, or by its name.

    Metadata that name one file alone mean this one, whatever it was called then.
    """
    blocks = [block for image in ome.images for block in image.pixels.tiff_data_blocks]
    files = {block.uuid and (block.uuid.value, block.uuid.file_name) for block in blocks}

    def is_own(block: TiffData) -> bool:
        if block.uuid is None or len(files) == 1:
            return True
        if ome.uuid is not None and block.uuid.value == ome.uuid:
            return True
        return (block.uuid.file_name or "").casefold() == path.name.casefold()

    return is_own


def _planes_of(
    path: Path, tif: tifffile.TiffFile, image: int, pixels: Pixels, pages: _Pages, given: Optics
) -> list[Plane]:
    """Return the planes of one channel of an image."""
    channel, modality = _channel(pixels.channels, {c for _, _, c in pages})
    said = {(one.the_t, one.the_z): one for one in pixels.planes if one.the_c == channel}
    times = {at: scaled(one.delta_t, one.delta_t_unit, _S_PER_TIME) for at, one in said.items()}
    step = scaled(pixels.time_increment, pixels.time_increment_unit, _S_PER_TIME)
    # The increment is that from t to t: planes of a z stack have no time of their own by it.
    by_step = step and pixels.size_z == 1 and all(time is None for time in times.values())
    rise = scaled(pixels.physical_size_z, pixels.physical_size_z_unit, UM_PER_LENGTH)
    optics = Optics(_pixel_size(path, tif, pixels, given), given.modality or modality)
    return [
        Plane(
            page,
            image=image,
            t=t,
            optics=optics,
            time_s=t * step if step and by_step else times.get((t, z)),
            stage_um=_stage(said.get((t, z)), z * (rise or 0.0)),
        )
        for (t, z, c), page in sorted(pages.items())
        if c == channel
    ]


def _pixel_size(path: Path, tif: tifffile.TiffFile, pixels: Pixels, given: Optics) -> float | None:
    if given.um_per_px is not None:
        return given.um_per_px
    x = scaled(pixels.physical_size_x, pixels.physical_size_x_unit, UM_PER_LENGTH)
    y = scaled(pixels.physical_size_y, pixels.physical_size_y_unit, UM_PER_LENGTH)
    size = square(path, x, y, (MIN_UM_PER_PX, MAX_UM_PER_PX))
    return size or optics_by_tags(path, tif, given).um_per_px


def _stage(plane: Any, height_um: float) -> tuple[float, float, float] | None:
    """Return the stage position; ``height_um`` is that within the stack, if none is stated."""
    if plane is None:
        return None
    x = scaled(plane.position_x, plane.position_x_unit, UM_PER_LENGTH)
    y = scaled(plane.position_y, plane.position_y_unit, UM_PER_LENGTH)
    z = scaled(plane.position_z, plane.position_z_unit, UM_PER_LENGTH)
    return None if x is None or y is None else (x, y, height_um if z is None else z)


def _channel(channels: list[Any], present: Collection[int]) -> tuple[int, Modality | None]:
    """Return the channel to read of those present, and how its light makes the picture."""
    for number, channel in enumerate(channels):
        modality = _CONTRAST.get(str(getattr(channel.contrast_method, "value", "")))
        name = (channel.name or "").lower()
        if modality is None:
            modality = next((m for word, m in _NAMES if word in name), None)
        if modality is not None and number in present:
            return number, modality
    return min(present), None
