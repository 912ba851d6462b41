"""Single pictures, folders, TIFF and OME-TIFF."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from frame_samples import (  # type: ignore[import-not-found]
    HEIGHT,
    PICTURES,
    VIDEOS,
    WIDTH,
    moving,
    ome_tiff,
    texture,
)
from hypothesis import given
from hypothesis import strategies as st

from sertoli.errors import InputError, SettingError, UserError
from sertoli.frames import FrameSource, open_source
from sertoli.frames._folder import _natural
from sertoli.optics import Modality


def save(path: Path, image: npt.NDArray[np.generic]) -> Path:
    """Write grey, RGB or RGBA pixels by the suffix of the name."""
    if image.ndim == 3:
        image = np.ascontiguousarray(image[..., [2, 1, 0, 3][: image.shape[2]]])
    done, data = cv2.imencode(path.suffix, image, [cv2.IMWRITE_WEBP_QUALITY, 101])
    assert done
    path.write_bytes(data.tobytes())
    return path


def only_frame(source: FrameSource) -> npt.NDArray[np.generic]:
    with source:
        (frame,) = source
        assert source.length == 1
        assert list(source.frames(1)) == []
        assert not source.is_sequence
        assert (frame.index, frame.time_s, frame.file) == (0, None, "")
    return frame.pixels


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".webp", ".tif"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pictures_come_back_as_rgb(tmp_path: Path, suffix: str, channels: int) -> None:
    colour = texture()
    alpha = np.dstack([colour, np.full((HEIGHT, WIDTH), 255, np.uint8)])
    image = {1: colour[..., 0], 3: colour, 4: alpha}[channels]
    got = only_frame(open_source(save(tmp_path / f"a{suffix}", image)))
    grey_as_colour = got.ndim == 3 and channels == 1  # BMP and WebP know only colour
    expected = image[..., :3] if channels > 1 else image
    assert np.array_equal(got[..., 0] if grey_as_colour else got, expected)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_stay(tmp_path: Path, suffix: str, channels: int) -> None:
    image = texture()[..., :channels].squeeze().astype(np.uint16) * 16  # 12 bits in 16
    got = only_frame(open_source(save(tmp_path / f"a{suffix}", image)))
    assert got.dtype == np.uint16
    assert np.array_equal(got, image)


@pytest.mark.parametrize("name", list(PICTURES))
def test_grey_is_the_luminance(tmp_path: Path, name: str) -> None:
    PICTURES[name](tmp_path / name)
    with open_source(tmp_path / name) as one, open_source(tmp_path / name, grey=True) as other:
        for colour, grey in zip(one, other, strict=True):
            assert grey.pixels.ndim == 2
            assert np.abs(colour.grey() - grey.grey()).max() < 1


def test_names_do_not_matter(tmp_path: Path) -> None:
    for name, wrong in (("rgb.png", "a.mp4"), ("photo.jpg", "b.tif"), ("one.tif", "c.png")):
        PICTURES[name](tmp_path / wrong)
        assert only_frame(open_source(tmp_path / wrong)).shape == (HEIGHT, WIDTH, 3)


def test_one_pixel(tmp_path: Path) -> None:
    for suffix in (".png", ".jpg", ".bmp", ".tif"):
        image = np.full((1, 1, 3), 7, np.uint8)
        assert only_frame(open_source(save(tmp_path / f"a{suffix}", image))).shape == (1, 1, 3)


@pytest.mark.parametrize(
    "name", ["rgb.png", "photo.jpg", "old.bmp", "web.webp", "one.tif", "lzw.tif", "tiled.tif"]
)
@pytest.mark.parametrize("kept", [0.02, 0.5, 0.97])
def test_cut_short(tmp_path: Path, name: str, kept: float) -> None:
    PICTURES[name](tmp_path / name)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(InputError, match=name) as caught, open_source(tmp_path / name) as source:
        list(source)
    assert caught.value.remedy


def test_bombs_are_refused_unread(tmp_path: Path) -> None:
    data = bytearray(save(tmp_path / "a.png", texture()).read_bytes())
    data[16:24] = (100_000).to_bytes(4, "big") * 2
    (tmp_path / "a.png").write_bytes(bytes(data))
    with pytest.raises(InputError, match="tiled TIFF"):
        open_source(tmp_path / "a.png")


def test_animated_webp_is_refused(tmp_path: Path) -> None:
    chunk = b"VP8X" + (10).to_bytes(4, "little") + b"\x02\0\0\0" + b"\x0f\0\0" * 2
    head = b"RIFF" + (100).to_bytes(4, "little") + b"WEBP"
    (tmp_path / "a.webp").write_bytes(head + chunk + bytes(64))
    with pytest.raises(InputError, match="animated"):
        open_source(tmp_path / "a.webp")


@pytest.mark.parametrize("place", ["file.png", "folder"])
def test_what_the_system_refuses(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Rights cannot be taken from a superuser, so the refusal is played.
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    save(tmp_path / "file.png", texture())
    (tmp_path / "folder").mkdir()
    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(InputError, match=f"{place}.*permissions"):
        open_source(tmp_path / place)


def test_impossible_settings(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", texture())
    for size in (float("nan"), -1.0, 0.0, float("inf")):
        with pytest.raises(SettingError):
            open_source(path, um_per_px=size)


# --- folders -----------------------------------------------------------------------------


def folder_of(tmp_path: Path, images: list[npt.NDArray[np.uint8]]) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    for number, image in enumerate(images, 1):
        save(folder / f"img{number}.png", image)
    return folder


def test_a_run_of_frames_is_a_sequence_in_natural_order(tmp_path: Path) -> None:
    frames = [np.roll(texture(0, 128, 160), number, axis=1) for number in range(12)]
    folder = folder_of(tmp_path, frames)
    (folder / ".hidden.png").write_bytes((folder / "img1.png").read_bytes())
    (folder / "notes.txt").write_text("x", encoding="utf-8")
    (folder / "deeper").mkdir()
    with open_source(folder, fps=10) as source:
        got = list(source)
        assert source.is_sequence
        assert source.length == 12
        assert [frame.index for frame in source.frames(10)] == [10, 11]
    assert [frame.file for frame in got] == [f"img{number}.png" for number in range(1, 13)]
    assert [frame.time_s for frame in got] == pytest.approx([n / 10 for n in range(12)])
    assert all(np.array_equal(f.pixels, t) for f, t in zip(got, frames, strict=True))
    with open_source(folder) as source:
        assert {frame.time_s for frame in source} == {None}
    with open_source(folder, sequence=False, fps=10) as source:
        assert not source.is_sequence
        assert {frame.time_s for frame in source} == {None}


def test_separate_fields_are_stills(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, [texture(seed, 128, 160) for seed in range(8)])
    with open_source(folder) as source:
        assert not source.is_sequence
    with open_source(folder, sequence=True) as source:
        assert source.is_sequence


def test_a_pattern_common_to_all_fields_makes_no_sequence(tmp_path: Path) -> None:
    dust = texture(99, 128, 160).astype(np.int16)
    fields = [(0.66 * dust + 0.34 * texture(seed, 128, 160)).astype(np.uint8) for seed in range(8)]
    with open_source(folder_of(tmp_path, fields)) as source:
        assert not source.is_sequence


def test_mixed_sizes_are_stills_and_never_a_sequence(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, [texture(), texture(), texture(0, 32, 40)])
    with open_source(folder) as source:
        assert not source.is_sequence
        assert [frame.width_px for frame in source] == [96, 96, 40]
    with pytest.raises(InputError, match="--stills"):
        open_source(folder, sequence=True)


def test_folders_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no pictures"):
        open_source(tmp_path)
    VIDEOS["anim.gif"](tmp_path / "anim.gif")
    with pytest.raises(InputError, match="videos one by one"):
        open_source(tmp_path)


def test_what_only_claims_to_be_a_picture_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = folder_of(tmp_path, [texture(), texture()])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.tif").write_text("no", encoding="utf-8")
    with caplog.at_level(logging.WARNING, "sertoli.frames"), open_source(folder) as source:
        assert source.length == 2
    assert "empty.png" in caplog.text
    assert "text.tif" in caplog.text


def test_a_damaged_picture_names_itself(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, [texture(), texture(), texture()])
    data = (folder / "img2.png").read_bytes()
    (folder / "img2.png").write_bytes(data[:2000])
    with pytest.raises(InputError, match="img2"), open_source(folder) as source:
        list(source)


@pytest.mark.parametrize("ending", ["png", "tif"])
@pytest.mark.parametrize("damaged", [0, 1, 3])
def test_a_damaged_picture_does_not_hide_the_others(
    tmp_path: Path, ending: str, damaged: int
) -> None:
    for number in range(4):
        data = cv2.imencode(f".{ending}", texture())[1].tobytes()
        whole = data if number != damaged else data[: len(data) // 2]
        (tmp_path / f"img{number}.{ending}").write_bytes(whole)
    with open_source(tmp_path) as source:
        assert source.length == 4
        assert source.is_sequence
        for number in range(4):
            if number == damaged:
                with pytest.raises(InputError, match=f"img{damaged}"):
                    next(source.frames(number))
            else:
                assert next(source.frames(number)).file == f"img{number}.{ending}"


def test_a_folder_of_damaged_pictures_only_is_refused(tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"img{number}.tif").write_bytes(b"II*\0")
    with pytest.raises(InputError, match=r"img0\.tif"):
        open_source(tmp_path)


def test_a_damaged_page_does_not_hide_those_before_it(tmp_path: Path) -> None:
    path = tmp_path / "stack.tif"
    pages = np.stack([texture(seed) for seed in range(4)])
    tifffile.imwrite(path, pages, compression="zlib", photometric="minisblack")
    with tifffile.TiffFile(path) as tif:
        at, count = tif.pages[2].dataoffsets[0], tif.pages[2].databytecounts[0]
    data = bytearray(path.read_bytes())
    data[at : at + count] = bytes(count)
    path.write_bytes(data)
    with open_source(path) as source:
        frames = source.frames()
        assert [next(frames).index for _ in range(2)] == [0, 1]
        with pytest.raises(InputError, match="damaged"):
            next(frames)


def test_pages_of_tiffs_in_a_folder_are_frames(tmp_path: Path) -> None:
    PICTURES["pages.tif"](tmp_path / "b.tif")
    PICTURES["one.tif"](tmp_path / "a.tif")
    with open_source(tmp_path, sequence=False) as source:
        assert [frame.file for frame in source] == ["a.tif"] + ["b.tif"] * 5
        assert [frame.index for frame in source] == list(range(6))
        assert [frame.index for frame in source.frames(3)] == [3, 4, 5]


@given(st.lists(st.text(), max_size=8))
def test_natural_order_is_an_order(names: list[str]) -> None:
    assert sorted(sorted(names, key=_natural, reverse=True), key=_natural) == sorted(
        names, key=_natural
    )


def test_natural_order() -> None:
    names = ["a", "img1", "Img2", "img02b", "img10", "img10a", "10", "9", "\u0663"]
    assert sorted(names, key=_natural)[:2] == ["9", "10"]
    ordered = sorted(["img10", "img9", "Img2", "img1"], key=_natural)
    assert ordered == ["img1", "Img2", "img9", "img10"]


# --- TIFF --------------------------------------------------------------------------------


def test_pages_are_frames(tmp_path: Path) -> None:
    for name, count in (("pages.tif", 5), ("lzw.tif", 4), ("ij.tif", 3)):
        PICTURES[name](tmp_path / name)
        with open_source(tmp_path / name, sequence=True, fps=4) as source:
            got = list(source)
            assert source.length == count
            assert source.is_sequence
            (last,) = source.frames(count - 1)
        assert [frame.time_s for frame in got] == pytest.approx([n / 4 for n in range(count)])
        assert np.array_equal(last.pixels, got[-1].pixels)
        true = moving(count)
        colour = got[0].pixels.ndim == 3
        for frame, image in zip(got, true, strict=True):
            assert np.array_equal(frame.pixels, image if colour else image[..., 0])


@pytest.mark.parametrize("sequence", [None, True, False])
def test_pages_of_one_place_are_a_sequence(tmp_path: Path, sequence: bool | None) -> None:
    pages = np.stack([np.roll(texture(0, 128, 160)[..., 0], n, axis=1) for n in range(6)])
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="minisblack")
    fields = np.stack([texture(n, 128, 160)[..., 0] for n in range(6)])
    tifffile.imwrite(tmp_path / "b.tif", fields, photometric="minisblack")
    for name, found in (("a.tif", True), ("b.tif", False)):
        with open_source(tmp_path / name, sequence=sequence) as source:
            assert source.is_sequence == (found if sequence is None else sequence)


def test_pages_of_several_sizes(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(texture(), photometric="rgb")
        writer.write(texture(0, 32, 32)[..., 0])
        writer.write(texture(1), photometric="rgb")
    with open_source(tmp_path / "a.tif") as source:
        assert [frame.pixels.shape for frame in source] == [(64, 96, 3), (32, 32), (64, 96, 3)]
        assert not source.is_sequence


def test_pages_that_lead_back_to_themselves_end(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((2, 64, 64), np.uint8), photometric="minisblack")
    with tifffile.TiffFile(path) as tif:
        assert len(tif.pages) == 2
        first, last = (int(tif.pages[number].offset) for number in (0, 1))
    data = bytearray(path.read_bytes())
    next_page = last + 2 + 12 * int.from_bytes(data[last : last + 2], "little")
    data[next_page : next_page + 4] = first.to_bytes(4, "little")
    path.write_bytes(data)
    with open_source(path) as source:
        assert 2 <= (source.length or 0) <= 3


def test_pyramid_levels_are_no_frames(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(texture(), photometric="rgb", tile=(32, 32))
        writer.write(texture()[::2, ::2], photometric="rgb", tile=(32, 32), subfiletype=1)
    with open_source(tmp_path / "a.tif") as source:
        assert source.length == 1


@pytest.mark.parametrize(
    ("resolution", "unit", "expected"),
    [
        ((40_000, 40_000), "CENTIMETER", 0.25),
        ((50_800, 50_800), "INCH", 0.5),
        ((72, 72), "INCH", None),
        ((28, 28), "CENTIMETER", None),
        ((0.001, 0.001), "CENTIMETER", None),
        ((4, 4), "NONE", None),
    ],
)
def test_resolution_tags_count_if_plausible(
    tmp_path: Path, resolution: tuple[float, float], unit: str, expected: float | None
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, texture(), photometric="rgb", resolution=resolution, resolutionunit=unit)
    with open_source(path) as source:
        assert source.optics.um_per_px == (expected and pytest.approx(expected))
    with open_source(path, um_per_px=0.7, modality=Modality.DIC) as source:
        assert (source.optics.um_per_px, source.optics.modality) == (0.7, Modality.DIC)


@pytest.mark.parametrize(
    ("unit", "expected"), [("um", 0.25), ("micron", 0.25), ("\\u00B5m", 0.25), ("inch", None)]
)
def test_units_of_imagej(tmp_path: Path, unit: str, expected: float | None) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, texture()[..., 0], imagej=True, resolution=(4, 4), metadata={"unit": unit}
    )
    with open_source(path) as source:
        assert source.optics.um_per_px == (expected and pytest.approx(expected))


def test_pixels_that_are_not_square(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, texture(), photometric="rgb", resolution=(40_000, 30_000), resolutionunit="CENTIMETER"
    )
    with pytest.raises(InputError, match="not square"):
        open_source(path)
    with open_source(path, um_per_px=0.3) as source:
        assert source.optics.um_per_px == 0.3


def test_ome_planes_of_the_right_channel(tmp_path: Path) -> None:
    with open_source(ome_tiff(tmp_path / "a.ome.tif")) as source:
        frames = list(source)
        assert source.optics.um_per_px == pytest.approx(0.25)
        assert source.optics.modality == Modality.PHASE_CONTRAST
        assert source.is_sequence
    # Channel 1 of time-major, then z: planes 1, 3, 5, ...
    assert [int(frame.pixels[0, 0]) for frame in frames] == [100, 300, 500, 700, 900, 1100]
    assert [frame.time_s for frame in frames] == pytest.approx([0, 1, 2, 3, 4, 5])
    stages = [frame.stage_um for frame in frames]
    assert stages == [pytest.approx((1.0 * n, 5.0, 0.0)) for n in (1, 3, 5, 7, 9, 11)]


def test_ome_without_units_names_or_times(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, np.zeros((3, 32, 40), np.uint8), ome=True, metadata={"axes": "TYX"})
    with open_source(path) as source:
        frames = list(source)
    assert (source.optics.um_per_px, source.optics.modality) == (None, None)
    assert [(frame.time_s, frame.stage_um) for frame in frames] == [(None, None)] * 3


def test_broken_ome_metadata_leave_the_pixels(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.ome.tif"
    xml = '<?xml version="1.0"?><OME xmlns="x"><Image><Pixels SizeX="no"/></Image></OME>'
    tifffile.imwrite(path, texture(), photometric="rgb", description=xml, metadata=None)
    with caplog.at_level(logging.WARNING, "sertoli.frames"), open_source(path) as source:
        assert only_frame(source).shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, np.uint32, np.int8])
def test_other_numbers_are_stretched(tmp_path: Path, dtype: type) -> None:
    image: npt.NDArray[np.generic] = (
        np.arange(64).reshape(8, 8) - (0 if dtype is np.uint32 else 32)
    ).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", image)
    got = only_frame(open_source(tmp_path / "a.tif"))
    assert got.dtype == np.uint16
    expected = np.rint(np.arange(64).reshape(8, 8) / 63 * 65535)
    assert np.abs(got - expected).max() <= 1


def test_values_that_are_no_numbers(tmp_path: Path) -> None:
    image = np.array([[0.0, 1.0, np.nan], [np.inf, -np.inf, 0.5]], np.float32)
    tifffile.imwrite(tmp_path / "a.tif", image)
    got = only_frame(open_source(tmp_path / "a.tif"))
    assert got.tolist() == [[0, 65535, 0], [65535, 0, 32768]]
    tifffile.imwrite(tmp_path / "a.tif", np.full((2, 2), np.nan, np.float32))
    assert only_frame(open_source(tmp_path / "a.tif")).max() == 0


def test_white_is_zero_palettes_and_bits(tmp_path: Path) -> None:
    grey = texture()[..., 0]
    tifffile.imwrite(tmp_path / "a.tif", grey, photometric="miniswhite")
    assert np.array_equal(only_frame(open_source(tmp_path / "a.tif")), 255 - grey)
    colours = (np.arange(3 * 256).reshape(3, 256) % 256 * 257).astype(np.uint16)
    tifffile.imwrite(tmp_path / "b.tif", grey, photometric="palette", colormap=colours)
    assert np.array_equal(only_frame(open_source(tmp_path / "b.tif"))[..., 0], grey)
    tifffile.imwrite(tmp_path / "c.tif", grey > 128, photometric="minisblack")
    assert np.array_equal(only_frame(open_source(tmp_path / "c.tif")), (grey > 128) * 255)
    planar = np.moveaxis(texture(), -1, 0)
    tifffile.imwrite(tmp_path / "d.tif", planar, photometric="rgb", planarconfig="separate")
    assert np.array_equal(only_frame(open_source(tmp_path / "d.tif")), texture())
    tifffile.imwrite(tmp_path / "e.tif", grey.astype(np.uint16) * 9, byteorder=">")
    assert np.array_equal(only_frame(open_source(tmp_path / "e.tif")), grey.astype(np.uint16) * 9)


@pytest.mark.parametrize(
    "options", [{}, {"tile": (256, 256), "compression": "zlib"}, {"photometric": "miniswhite"}]
)
def test_large_pages_are_mapped_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    monkeypatch.setattr("sertoli.frames._tiff.MAPPED_BYTES", 2**16)
    monkeypatch.setattr("sertoli.frames._depth.ROWS_AT_ONCE_BYTES", 2**12)
    image = texture(0, 300, 400)[..., 0]
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, image, **options)
    source = open_source(path)
    (frame,) = source
    assert isinstance(frame.pixels, np.memmap)
    expected = 255 - image if options.get("photometric") == "miniswhite" else image
    assert np.array_equal(frame.pixels, expected)
    scratch = Path(str(frame.pixels.filename))
    del frame
    source.close()
    assert scratch.exists() == (not options)


def test_pages_that_were_mapped_free_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sertoli.frames._tiff.MAPPED_BYTES", 2**10)
    path = tmp_path / "a.tif"
    pages = np.stack(moving(6))[..., 0]
    tifffile.imwrite(path, pages, photometric="minisblack", compression="zlib")
    with open_source(path) as source:
        for frame, true in zip(source, pages, strict=True):
            assert isinstance(frame.pixels, np.memmap)
            assert np.array_equal(frame.pixels, true)
            folder = Path(str(frame.pixels.filename)).parent
            # On Windows the file before it can stay while this loop's frame maps it.
            assert len(list(folder.iterdir())) <= 2
            del frame
    assert not folder.exists()


def test_a_claim_of_more_than_there_is(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((64, 64), np.uint8))
    data = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tif:
        places = [tif.pages.first.tags[name].valueoffset for name in ("ImageWidth", "ImageLength")]
    for place in places:
        data[place : place + 2] = (60_000).to_bytes(2, "little")
    path.write_bytes(bytes(data))
    with pytest.raises(UserError, match=r"a\.tif"), open_source(path) as source:
        list(source)


# --- real images -------------------------------------------------------------------------


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("folder", "is_sequence"),
    [
        ("visem11/images", True),
        ("miamia/images", True),
        ("bull/images", False),
        ("umid_train/images", False),
        ("umid_val/images", False),
        ("smears/images", False),
        ("mhsma/images", False),
        ("tubules_histology/images", False),
    ],
)
def test_real_folders(shared_data: Path, folder: str, is_sequence: bool) -> None:
    with open_source(shared_data / folder) as source:
        assert source.is_sequence == is_sequence
        assert source.length == len(list((shared_data / folder).iterdir()))
