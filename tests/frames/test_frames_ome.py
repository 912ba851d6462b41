"""OME-TIFF: several images, sets of files, z stacks, and what makes a sequence."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from frame_samples import (  # type: ignore[import-not-found]
    HEIGHT,
    WIDTH,
    ome_set,
    texture,
)

from sertoli.errors import InputError
from sertoli.frames import Frame, open_source
from sertoli.optics import Modality

Facts = dict[str, Any]


def first_numbers(frames: list[Frame]) -> list[int]:
    """Give the first pixel of each frame, by which planes are known."""
    return [int(frame.pixels[0, 0]) for frame in frames]


def stages(x: list[float], z: list[float] | None = None, **more: list[float]) -> Facts:
    """Give a plane's metadata for each x in um, at y = 5 um."""
    facts: Facts = {"PositionX": x, "PositionY": [5.0] * len(x)} | more
    if z is not None:
        facts["PositionZ"] = z
    units = {f"{name}Unit": ["µm"] * len(x) for name in facts if name.startswith("Position")}
    return {"Plane": facts | units}


def flat(count: int, first: int = 0) -> npt.NDArray[np.uint8]:
    """Give planes filled with their numbers."""
    numbers = np.arange(first, first + count, dtype=np.uint8)
    return np.repeat(numbers, HEIGHT * WIDTH).reshape(count, HEIGHT, WIDTH)


def write(path: Path, planes: npt.NDArray[np.generic], axes: str, **facts: Any) -> Path:
    size = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    tifffile.imwrite(
        path, planes, ome=True, photometric="minisblack", metadata={"axes": axes} | size | facts
    )
    return path


def change_xml(path: Path, was: str, becomes: str) -> None:
    """Replace what must stand in the file's OME metadata."""
    xml = str(tifffile.tiffcomment(path))
    assert was in xml
    tifffile.tiffcomment(path, xml.replace(was, becomes).encode())


# --- several images ----------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 3])
def test_every_image_of_a_file_is_read_at_its_place(tmp_path: Path, times: int) -> None:
    path = tmp_path / "positions.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        for place in range(4):
            clock = [100.0 * place + 2.0 * t for t in range(times)]
            facts = stages([1000.0 * place] * times, [7.0 + place] * times, DeltaT=clock)
            size = {"axes": "TYX", "PhysicalSizeX": 0.1 * (place + 1)}
            planes = flat(times, 10 * place)
            writer.write(planes, photometric="minisblack", metadata=size | facts)
    with open_source(path) as source:
        frames = list(source)
        assert source.length == 4 * times
        assert not source.is_sequence
        assert [frame.index for frame in source.frames(2)] == list(range(2, 4 * times))
        assert len(source.stated_optics) == 4
    order = [(place, t) for place in range(4) for t in range(times)]
    assert first_numbers(frames) == [10 * place + t for place, t in order]
    assert [frame.stage_um for frame in frames] == [(1000.0 * p, 5.0, 7.0 + p) for p, _ in order]
    assert [frame.time_s for frame in frames] == [100.0 * p + 2.0 * t for p, t in order]
    sizes = [frame.optics.um_per_px for frame in frames]
    assert sizes == pytest.approx([0.1 * (place + 1) for place, _ in order])


def test_images_of_another_shape_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "slide.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        for planes in (flat(1), flat(1, 9)[:, :20], flat(1, 1)):
            writer.write(planes[0], photometric="minisblack", metadata={"axes": "YX"})
    with open_source(path) as source:
        assert first_numbers(list(source)) == [0, 1]


def test_times_that_go_back_from_place_to_place_are_none_of_a_sequence(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        for _ in range(2):
            facts = {"axes": "TYX", "TimeIncrement": 2.0}
            writer.write(flat(2), photometric="minisblack", metadata=facts)
    with open_source(path) as source:
        assert [frame.time_s for frame in source] == [0, 2, 0, 2]
    with open_source(path, sequence=True) as source:
        assert {frame.time_s for frame in source} == {None}


# --- sets of files -----------------------------------------------------------------------


def test_a_file_of_a_set_gives_the_pages_that_lie_in_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    files = ome_set(tmp_path)
    with caplog.at_level(logging.WARNING, "sertoli.frames"):
        for place, file in enumerate(files):
            numbers = [2 * place, 2 * place + 1]
            with open_source(file) as source:
                frames = list(source)
            assert first_numbers(frames) == [10 * n for n in numbers]
            assert [frame.stage_um for frame in frames] == [(100.0 * n, 5, 0) for n in numbers]
            assert [frame.time_s for frame in frames] == [0, 2]
    assert (caplog.text, capfd.readouterr().err) == ("", "")


def test_a_set_in_a_folder_is_read_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    files = ome_set(tmp_path)
    with caplog.at_level(logging.WARNING, "sertoli.frames"), open_source(tmp_path) as source:
        frames = list(source)
    assert first_numbers(frames) == [10 * n for n in range(6)]
    assert [frame.file for frame in frames] == [files[n // 2].name for n in range(6)]
    assert [frame.stage_um for frame in frames] == [(100.0 * n, 5, 0) for n in range(6)]
    assert (caplog.text, capfd.readouterr().err) == ("", "")


def test_a_file_of_a_set_can_stand_alone_under_another_name(tmp_path: Path) -> None:
    path = ome_set(tmp_path / "set")[1].rename(tmp_path / "alone.tif")
    with open_source(path) as source:
        assert first_numbers(list(source)) == [20, 30]


def test_a_file_that_refers_to_the_metadata_of_its_set_gives_its_pages(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    xml = """<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"
        UUID="urn:uuid:00000000-0000-0000-0000-000000000001"><BinaryOnly MetadataFile="x.ome.tif"
        UUID="urn:uuid:00000000-0000-0000-0000-000000000002"/></OME>"""
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, flat(2), photometric="minisblack", description=xml, metadata=None)
    with caplog.at_level(logging.WARNING, "sertoli.frames"), open_source(path) as source:
        assert first_numbers(list(source)) == [0, 1]
    assert caplog.text == ""


def test_the_channel_is_one_of_those_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    channels = {"Channel": {"Name": ["DAPI", "Phase"]}}
    write(path, flat(4).reshape(2, 2, HEIGHT, WIDTH), "TCYX", **channels)
    with open_source(path) as source:
        assert first_numbers(list(source)) == [1, 3]
        assert source.optics.modality == Modality.PHASE_CONTRAST
    change_xml(
        path,
        '<TiffData IFD="0" PlaneCount="4"/>',
        '<TiffData IFD="0" PlaneCount="1"/><TiffData IFD="1" FirstT="1" PlaneCount="1"/>',
    )
    with open_source(path) as source:
        assert first_numbers(list(source)) == [0, 1]
        assert source.optics.modality is None


# --- metadata that do not hold -----------------------------------------------------------


@pytest.mark.parametrize(
    ("was", "becomes", "planes", "said"),
    [
        ('PlaneCount="3"', 'PlaneCount="2"', [0, 1], "1 planes that"),
        ('SizeT="3"', 'SizeT="5"', [0, 1, 2], "2 planes that"),
        ('SizeT="3"', 'SizeT="999999999"', [0, 1, 2], "999999996 planes that"),
        ('PlaneCount="3"', 'PlaneCount="999999999"', [0, 1, 2], ""),
        ('IFD="0"', 'IFD="77"', [0, 1, 2], "left aside"),
        ('PlaneCount="3"', 'PlaneCount="0"', [0, 1, 2], ""),
        ('IFD="0" PlaneCount="3"', "", [0, 1, 2], ""),
        (
            'PlaneCount="3"/>',
            'PlaneCount="3"><UUID FileName="before.tif">urn:uuid:'
            "00000000-0000-0000-0000-000000000001</UUID></TiffData>",
            [0, 1, 2],
            "",
        ),
        ('IFD="0"', 'IFD="0" FirstT="8"', [0, 1, 2], "left aside"),
        (f'SizeX="{WIDTH}"', 'SizeX="11"', [0, 1, 2], "left aside"),
    ],
)
def test_metadata_and_pages_that_differ(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, was: str, becomes: str, planes: Any, said: str
) -> None:
    path = write(tmp_path / "a.ome.tif", flat(3), "TYX")
    change_xml(path, was, becomes)
    with caplog.at_level(logging.WARNING, "sertoli.frames"), open_source(path) as source:
        assert first_numbers(list(source)) == planes
    assert said in caplog.text
    assert bool(said) == bool(caplog.text)


def test_more_dimensions_than_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ome.tif", flat(4), "TYX")
    note = """<StructuredAnnotations><XMLAnnotation ID="Annotation:0"
        Namespace="openmicroscopy.org/omero/dimension/modulo"><Value/></XMLAnnotation>
        </StructuredAnnotations></OME>"""
    change_xml(path, "</OME>", note)
    with pytest.raises(InputError, match="dimensions that are not read"):
        open_source(path)


# --- sequences and times -----------------------------------------------------------------

FIELD_UM = WIDTH * 0.5


@pytest.mark.parametrize(
    ("axes", "x", "size_um", "alike", "expected"),
    [
        # A time axis counts, unless the stage moves by more than a field...
        ("TYX", None, 0.5, False, True),
        ("TYX", [0.0, 0.0, 0.0, 0.0], 0.5, False, True),
        ("TYX", [0.0, 3.0, 6.0, 9.0], 0.5, False, True),
        ("TYX", [0.0, 1.1 * FIELD_UM, 2.2 * FIELD_UM, 0.0], 0.5, True, False),
        ("TYX", [0.0, 0.0, 0.0, 1.1 * FIELD_UM], 0.5, True, False),
        # A scan whose fields overlap may be stored along time.
        ("TYX", [0.0, 0.9 * FIELD_UM, 1.8 * FIELD_UM, 0.9 * FIELD_UM], 0.5, False, False),
        ("TYX", [0.0, 0.9 * FIELD_UM, 1.8 * FIELD_UM, 0.9 * FIELD_UM], 0.5, True, True),
        # ... or by what may be a field, where the pictures must tell.
        ("TYX", [0.0, 300.0, 600.0, 900.0], None, False, False),
        ("TYX", [0.0, 3.0, 6.0, 9.0], None, True, True),
        # A z stack of one place is a sequence.
        ("ZYX", [0.0, 0.0, 0.0, 0.0], 0.5, False, True),
        ("ZYX", None, 0.5, True, True),
        ("ZYX", None, 0.5, False, False),
        ("ZYX", [0.0, 900.0, 1800.0, 2700.0], 0.5, True, False),
    ],
)
def test_what_is_a_sequence(
    tmp_path: Path,
    axes: str,
    x: list[float] | None,
    size_um: float | None,
    alike: bool,
    expected: bool,
) -> None:
    planes = np.stack([texture(0 if alike else seed, HEIGHT, WIDTH)[..., 0] for seed in range(4)])
    size = {"PhysicalSizeX": size_um, "PhysicalSizeY": size_um} if size_um else {}
    tifffile.imwrite(
        tmp_path / "a.ome.tif",
        planes,
        ome=True,
        photometric="minisblack",
        metadata={"axes": axes} | size | (stages(x) if x else {}),
    )
    with open_source(tmp_path / "a.ome.tif") as source:
        assert source.is_sequence == expected
    for said in (True, False):
        with open_source(tmp_path / "a.ome.tif", sequence=said) as source:
            assert source.is_sequence == said


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"TimeIncrement": 2.0}, None),
        ({"Plane": {"DeltaT": [0.0, 0.0, 2.0, 2.0, 4.0, 4.0]}}, None),
        ({"Plane": {"DeltaT": [3.0, 3.5, 5.0, 5.5, 7.0, 7.5]}}, [0, 0.5, 2, 2.5, 4, 4.5]),
        ({"Plane": {"DeltaT": [3.0, 3.5, 5.0, 4.5, 7.0, 7.5]}}, None),
    ],
)
def test_times_of_z_stacks_are_those_of_planes_or_none(
    tmp_path: Path, facts: Facts, expected: list[float] | None
) -> None:
    planes = flat(6).reshape(3, 2, HEIGHT, WIDTH)
    with open_source(write(tmp_path / "a.ome.tif", planes, "TZYX", **facts)) as source:
        assert source.is_sequence
        times = [frame.time_s for frame in source]
    assert times == ([None] * 6 if expected is None else expected)
    with open_source(tmp_path / "a.ome.tif", fps=4) as source:
        assert [frame.time_s for frame in source] == [n / 4 for n in range(6)]


def test_an_increment_is_the_time_from_plane_to_plane_without_z(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ome.tif", flat(3), "TYX", TimeIncrement=500, TimeIncrementUnit="ms")
    with open_source(path) as source:
        assert [frame.time_s for frame in source] == [0, 0.5, 1]


def test_a_clock_read_twice_within_its_tick_keeps_the_times(tmp_path: Path) -> None:
    facts = {"Plane": {"DeltaT": [0.0, 0.5, 0.5, 1.0]}}
    with open_source(write(tmp_path / "a.ome.tif", flat(4), "TYX", **facts)) as source:
        assert [frame.time_s for frame in source] == [0, 0.5, 0.5, 1]


@pytest.mark.parametrize("images", [1, 2])
def test_colours_are_no_channels_also_where_nothing_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, images: int
) -> None:
    path = tmp_path / "a.ome.tif"
    planes = np.repeat(flat(3)[..., None], 3, axis=3)
    with tifffile.TiffWriter(path, ome=True) as writer:
        for _ in range(images):
            writer.write(planes, photometric="rgb", metadata={"axes": "TYXS"})
    change_xml(path, 'SamplesPerPixel="3"', "")
    with caplog.at_level(logging.WARNING, "sertoli.frames"), open_source(path) as source:
        assert [int(frame.pixels[0, 0, 0]) for frame in source] == [0, 1, 2] * images
    assert caplog.text == ""


@pytest.mark.parametrize("fault", ["shape", "pages", "pixels"])
def test_a_fault_of_a_later_image_leaves_that_one_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    path = tmp_path / "a.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        for first in (0, 3):
            is_wrong = first > 0
            planes = flat(3, first)[:, : HEIGHT // 2 if is_wrong and fault == "shape" else HEIGHT]
            high_um = 0.7 if is_wrong and fault == "pixels" else 0.5
            size = {"axes": "TYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": high_um}
            writer.write(planes, photometric="minisblack", metadata=size)
    if fault == "shape":
        change_xml(path, f'SizeY="{HEIGHT // 2}"', f'SizeY="{HEIGHT}"')
    elif fault == "pages":
        change_xml(path, 'IFD="3"', 'IFD="0"')
    with caplog.at_level(logging.WARNING, "sertoli.frames"), open_source(path) as source:
        assert first_numbers(list(source)) == [0, 1, 2]
        assert source.optics.um_per_px == 0.5
    assert "image 1 of its OME metadata is left out" in caplog.text


@pytest.mark.parametrize(
    ("z", "facts", "expected"),
    [
        ([7.0, 9.0, 11.0], {}, [7, 9, 11]),
        ([7.0, 9.0, 11.0], {"PhysicalSizeZ": 1.5}, [7, 9, 11]),
        (None, {"PhysicalSizeZ": 1500.0, "PhysicalSizeZUnit": "nm"}, [0, 1.5, 3]),
        (None, {}, [0, 0, 0]),
    ],
)
def test_heights_of_a_z_stack(
    tmp_path: Path, z: list[float] | None, facts: Facts, expected: list[float]
) -> None:
    path = write(tmp_path / "a.ome.tif", flat(3), "ZYX", **stages([4.0] * 3, z), **facts)
    with open_source(path) as source:
        assert [frame.stage_um for frame in source] == [pytest.approx((4, 5, h)) for h in expected]
