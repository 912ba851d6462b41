"""Pictures of an opened testis, and whether their truth is true."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import map_coordinates

from sertoli.frames import to_grey
from sertoli.optics import Modality
from sertoli.phantom import FieldPicture, FieldSource, make_field
from sertoli.phantom.render.operating import (
    LOOKS,
    FieldView,
    draw_look,
    smooth_noise,
    stretches,
    take_picture,
)
from sertoli.phantom.world import Shaft

Array = npt.NDArray[np.float64]

WIDTH, HEIGHT = 240, 180


@cache
def still(look: str, um_per_px: float = 6.0, seed: int = 11) -> tuple[FieldSource, FieldPicture]:
    source = make_field(
        seed, patient="normal", look=look, um_per_px=um_per_px, width_px=WIDTH, height_px=HEIGHT
    )
    return source, source.picture(0)


def across(picture: FieldPicture, places: Array) -> Array:
    """Return the grey of both sides of every visible, sharp tubule, at places in true radii."""
    grey = to_grey(picture.frame.pixels)
    um_per_px = picture.frame.optics.um_per_px
    assert um_per_px is not None
    profiles = []
    for stretch in picture.stretches:
        if not (stretch.visible and stretch.in_focus) or len(stretch.points_px) < 8:
            continue
        tangent = np.gradient(stretch.points_px, axis=0)
        tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
        normal = np.column_stack([-tangent[:, 1], tangent[:, 0]])
        radius_px = stretch.diameters_um / 2 / um_per_px
        for side in (-1.0, 1.0):
            offset = side * normal[:, None] * (radius_px[:, None] * places)[..., None]
            at = stretch.points_px[:, None] + offset
            profiles.append(
                map_coordinates(grey, [at[..., 1], at[..., 0]], order=1, mode="nearest")
            )
    return np.concatenate(profiles)


def edge(picture: FieldPicture) -> tuple[float, float]:
    """Return where, in true radii, the typical profile falls most, and where it is darkest."""
    places = np.linspace(0.5, 1.4, 46)
    profile = np.median(across(picture, places), axis=0)
    return float(places[np.argmin(np.gradient(profile))]), float(places[np.argmin(profile)])


def lies_right(picture: FieldPicture) -> bool:
    """Tell whether tubules turn dark towards their true wall, and are darkest just outside it.

    Round sides are dark already inside the wall, and one family has a dark line along it.
    """
    falls, darkest = edge(picture)
    return 0.78 <= falls <= 1.1 and 0.98 <= darkest <= 1.18


@pytest.mark.parametrize("look", LOOKS)
def test_edges_lie_where_the_true_diameter_says(look: str) -> None:
    _, picture = still(look)
    assert lies_right(picture), edge(picture)


@pytest.mark.parametrize("look", LOOKS)
def test_grooves_are_darker_than_tubules(look: str) -> None:
    _, picture = still(look)
    middle, edge = np.median(across(picture, np.array([0.3, 1.05])), axis=0)
    assert edge < middle - 4.0


def test_a_wrong_diameter_would_be_noticed() -> None:
    _, picture = still("led")
    for factor in (0.8, 1.2):
        wrong = tuple(
            replace(stretch, diameters_um=factor * stretch.diameters_um)
            for stretch in picture.stretches
        )
        assert not lies_right(replace(picture, stretches=wrong))


@pytest.mark.parametrize("look", LOOKS)
def test_visible_stretches_agree_with_the_maps(look: str) -> None:
    _, picture = still(look)
    agrees(picture)


def agrees(picture: FieldPicture) -> None:
    maps = picture.maps
    seen, same, centred = 0, 0, []
    for stretch in picture.stretches:
        if stretch.visible:
            column, row = np.rint(stretch.points_px).astype(int).T
            inside = (column >= 0) & (row >= 0)
            inside &= (column < maps.tubule.shape[1]) & (row < maps.tubule.shape[0])
            column, row = column[inside], row[inside]
            seen += len(row)
            same += int(np.sum(maps.tubule[row, column] == stretch.tubule))
            centred.append(np.abs(maps.across[row, column]))
            assert not maps.hidden[row, column].mean() > 0.3
    assert seen > 100
    assert same / seen > 0.95
    assert np.quantile(np.concatenate(centred), 0.9) < 0.3


def test_states_are_cut_and_hidden_stretches_said() -> None:
    _, picture = still("halogen")
    states = {(s.visible, s.in_focus) for s in picture.stretches}
    assert {visible for visible, _ in states} == {True, False}
    tubules = {s.tubule for s in picture.stretches}
    assert tubules == {s.tubule for s in picture.stretches if s.visible}


def test_the_same_tissue_at_two_pixel_sizes() -> None:
    fine = make_field(4, look="led", um_per_px=5, width_px=240, height_px=160).picture(0)
    coarse = make_field(4, look="led", um_per_px=10, width_px=120, height_px=80).picture(0)
    agree = fine.maps.tubule[::2, ::2] == coarse.maps.tubule
    assert agree.mean() > 0.85
    small = to_grey(fine.frame.pixels).reshape(80, 2, 120, 2).mean(axis=(1, 3))
    assert np.corrcoef(small.ravel(), to_grey(coarse.frame.pixels).ravel())[0, 1] > 0.9


def test_a_recording_keeps_identities_and_any_frame_can_be_made_alone() -> None:
    def source() -> FieldSource:
        return make_field(
            9, look="halogen", patient="focal", seconds=1.0, fps=10, width_px=160, height_px=120
        )

    recording = source()
    assert recording.is_sequence
    assert recording.length == 10
    pictures = [recording.picture(n) for n in (0, 4, 9)]
    alone = source().picture(4)
    assert np.array_equal(alone.frame.pixels, pictures[1].frame.pixels)
    assert alone.frame.time_s == pytest.approx(0.4)
    numbers = [{s.tubule for s in p.stretches} for p in pictures]
    assert len(numbers[0] & numbers[1] & numbers[2]) > 0.7 * len(numbers[0])
    for picture in pictures:
        agrees(picture)
    # It moved, and the truth with it.
    assert not np.array_equal(pictures[0].maps.tubule, pictures[1].maps.tubule)
    assert recording.aim(0).x_um != recording.aim(4).x_um


def test_sway_zoom_and_turn_carry_the_truth_along() -> None:
    source, _ = still("flooded")
    scene = source.scene(0)
    aim = replace(source.aim(0), sway_um=(60.0, -40.0), zoom=1.3, turn_rad=0.3, shafts=())
    pixels, maps = take_picture(scene, aim, 1)
    frame = replace(source.picture(0).frame, pixels=pixels)
    agrees(FieldPicture(frame, tuple(stretches(scene, aim, maps)), maps))


def test_an_instrument_hides_what_is_below() -> None:
    source, _ = still("polarised")
    scene = source.scene(0)
    clear = replace(source.aim(0), shafts=())
    shaft = Shaft((-300.0, 0.0), 0.0, 250.0, 0.0, 100.0)
    covered = replace(clear, shafts=(shaft,))
    visible = {}
    for name, aim in (("clear", clear), ("covered", covered)):
        _, maps = take_picture(scene, aim, 1)
        lengths = [len(s.points_px) for s in stretches(scene, aim, maps) if s.visible]
        visible[name] = sum(lengths)
        assert bool(maps.hidden[HEIGHT // 2, WIDTH // 2]) == (name == "covered")
    assert visible["covered"] < 0.85 * visible["clear"]


def test_out_of_focus_is_blurred_and_said_so() -> None:
    source, sharp = still("led")
    aim = source.aim(0)
    pixels, maps = take_picture(source.scene(0), replace(aim, focus_um=aim.focus_um + 5000.0), 1)
    assert not maps.in_focus[maps.tubule >= 0].any()
    assert maps.unreadable[maps.tubule >= 0].all()

    def detail(image: npt.NDArray[np.uint8]) -> float:
        return float(np.abs(np.diff(to_grey(image), axis=0)).mean())

    assert detail(pixels) < 0.7 * detail(sharp.frame.pixels)


def test_too_much_light_is_glare() -> None:
    source, _ = still("halogen")
    _, maps = take_picture(source.scene(0), replace(source.aim(0), exposure=8.0, shafts=()), 1)
    assert maps.glare.mean() > 0.5
    assert maps.unreadable.mean() > 0.5


def test_the_frame_says_what_it_is() -> None:
    source, picture = still("dim")
    assert picture.frame.pixels.shape == (HEIGHT, WIDTH, 3)
    assert picture.frame.optics.modality is Modality.OPERATING
    assert picture.frame.optics.um_per_px == 6.0
    assert picture.frame.time_s is None
    assert not source.is_sequence
    (frame,) = list(source)
    assert np.array_equal(frame.pixels, picture.frame.pixels)


def test_looks_of_one_family_differ_and_families_share_no_shading() -> None:
    drawn = [draw_look(np.random.default_rng(n), name) for name in LOOKS for n in (1, 2)]
    assert len(set(drawn)) == len(drawn)
    assert len({look.shading for look in drawn}) == len(LOOKS) >= 4
    assert draw_look(np.random.default_rng(7)) == draw_look(np.random.default_rng(7))


@pytest.mark.parametrize("name", LOOKS)
def test_tissue_is_pale_and_warm(name: str) -> None:
    """More red than blue, as tissue under a white lamp; the clearer and deeper, the darker."""
    for seed in range(20):
        look = draw_look(np.random.default_rng(seed), name)
        for colour in (look.clear, look.opaque, look.ground):
            assert colour[0] > colour[2] > 0
        assert sum(look.opaque) > sum(look.clear) > sum(look.ground)


def test_noise_is_a_function_of_place_and_has_unit_deviation() -> None:
    fine = smooth_noise(5, FieldView(100.0, 50.0, 301, 201, 5.0), 60.0, octaves=2)
    coarse = smooth_noise(5, FieldView(100.0, 50.0, 151, 101, 10.0), 60.0, octaves=2)
    assert np.allclose(fine[::2, ::2], coarse, atol=1e-4)
    other = smooth_noise(6, FieldView(100.0, 50.0, 301, 201, 5.0), 60.0, octaves=2)
    assert abs(np.corrcoef(fine.ravel(), other.ravel())[0, 1]) < 0.2
    assert 0.8 < fine.std() < 1.2
    assert abs(fine.mean()) < 0.2


def test_exposure_drifts_in_a_recording() -> None:
    source = make_field(2, look="dim", seconds=20.0, fps=1, width_px=96, height_px=64)
    levels = [source.aim(n).exposure for n in range(20)]
    assert max(levels) - min(levels) > 0.05
    bright = source.picture(int(np.argmax(levels))).frame.pixels
    dark = source.picture(int(np.argmin(levels))).frame.pixels
    assert to_grey(bright).mean() != pytest.approx(to_grey(dark).mean(), abs=0.5)
