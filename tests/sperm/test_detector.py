import contextlib
import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sertoli.errors import SettingError, WeightsError
from sertoli.frames import Frame
from sertoli.optics import Optics
from sertoli.sperm import Detector
from sertoli.sperm._peaks import SHARPNESS, one_per_head, peaks


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(threads=1)


def field(height: int = 160, width: int = 240, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    picture = rng.normal(110, 4, (height, width))
    yy, xx = np.mgrid[:height, :width]
    for x, y in rng.uniform(20, min(height, width) - 20, (12, 2)):
        picture += 80 * np.exp(-((xx - x) ** 2 / 16 + (yy - y) ** 2 / 9))
    return np.clip(picture, 0, 255).astype(np.uint8)


def test_the_weights_say_who_they_are(detector: Detector) -> None:
    shipped = Path(__file__).parents[2] / "src" / "sertoli" / "weights" / "sperm.onnx"
    assert detector.weights_name == "default"
    assert detector.weights_sha256 == hashlib.sha256(shipped.read_bytes()).hexdigest()
    assert shipped.stat().st_size < 10 * 1024 * 1024
    assert 0 < detector.default_confidence < 1
    for key in ("sertoli_version", "training_data", "date", "um_per_px_reference"):
        assert detector.network.metadata[key]


def test_weights_can_be_given_as_a_file(tmp_path: Path, detector: Detector) -> None:
    shipped = Path(__file__).parents[2] / "src" / "sertoli" / "weights" / "sperm.onnx"
    copy = tmp_path / "mine.onnx"
    copy.write_bytes(shipped.read_bytes())
    other = Detector(copy, threads=1)
    assert other.weights_name == "mine.onnx"
    assert other.weights_sha256 == detector.weights_sha256


@pytest.mark.parametrize("kind", ["missing", "folder", "text", "empty", "cut short", "foreign"])
def test_what_is_not_a_network_of_ours_is_refused(kind: str, tmp_path: Path) -> None:
    shipped = (Path(__file__).parents[2] / "src/sertoli/weights/sperm.onnx").read_bytes()
    file = tmp_path / "w.onnx"
    if kind == "folder":
        file.mkdir()
    elif kind != "missing":
        file.write_bytes(
            {
                "text": b"not a network",
                "empty": b"",
                "cut short": shipped[: len(shipped) // 2],
                # same graph, without what our files say about themselves
                "foreign": shipped.replace(b"um_per_px_reference", b"um_per_px_preference"[:19]),
            }[kind]
        )
    with pytest.raises(WeightsError, match=r"w\.onnx") as caught:
        Detector(file, threads=1)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


@settings(max_examples=25, deadline=None)
@given(places=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=40))
def test_damaged_weights_are_refused_or_run(
    places: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray((Path(__file__).parents[2] / "src/sertoli/weights/sperm.onnx").read_bytes())
    for place, value in places:
        content[place % len(content)] = value
    file = tmp_path_factory.mktemp("damaged") / "w.onnx"
    file.write_bytes(content)
    with contextlib.suppress(WeightsError):
        Detector(file, threads=1)


def test_more_confidence_gives_a_part_of_less(detector: Detector) -> None:
    frame = Frame(field(), 0)
    many = detector.detect(frame, confidence=0.01)
    few = detector.detect(frame, confidence=0.3)
    assert len(many) >= len(few)
    np.testing.assert_array_equal(few.centre_px, many.at_least(0.3).centre_px)
    assert (np.diff(many.probability) <= 0).all()
    assert len(detector.detect(frame)) == len(many.at_least(detector.default_confidence))


@pytest.mark.parametrize("confidence", [-0.1, 1.1, float("nan")])
def test_a_confidence_that_is_no_probability_is_refused(
    detector: Detector, confidence: float
) -> None:
    with pytest.raises(SettingError, match="confidence"):
        detector.detect(Frame(field(), 0), confidence=confidence)


def test_the_same_picture_gives_the_same_answer(detector: Detector) -> None:
    first, second = (detector.detect(Frame(field(), 0), confidence=0.0) for _ in range(2))
    np.testing.assert_array_equal(first.centre_px, second.centre_px)
    np.testing.assert_array_equal(first.probability, second.probability)


@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (480, 640), (33, 57, 3)])
def test_a_picture_of_one_colour_holds_nothing(
    detector: Detector, value: int, kind: type, shape: tuple[int, ...]
) -> None:
    assert len(detector.detect(Frame(np.full(shape, value, kind), 0), confidence=0.0)) == 0


@pytest.mark.parametrize("um_per_px", [None, 0.001, 0.1, 0.36, 1.0, 1000.0])
@pytest.mark.parametrize("shape", [(1, 1), (2, 90), (97, 131), (97, 131, 3)])
def test_any_size_and_pixel_size_works(
    detector: Detector, shape: tuple[int, ...], um_per_px: float | None
) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)
    found = detector.detect(Frame(pixels, 0, optics=Optics(um_per_px=um_per_px)), confidence=0.0)
    assert (found.centre_px >= -0.5).all()
    assert (found.centre_px <= shape[1::-1]).all()
    assert (found.size_px > 0).all()
    assert ((found.probability >= 0) & (found.probability <= 1)).all()


def test_twelve_bits_and_colour_make_no_difference(detector: Detector) -> None:
    grey = field()
    expected = detector.detect(Frame(grey, 0), confidence=0.1)
    twelve = detector.detect(Frame(grey.astype(np.uint16) * 16, 0), confidence=0.1)
    colour = detector.detect(Frame(np.stack([grey] * 3, axis=2), 0), confidence=0.1)
    assert len(expected) > 0
    for other in (twelve, colour):
        np.testing.assert_allclose(other.centre_px, expected.centre_px, atol=0.2)


def test_a_blown_up_map_file_is_searched_in_bounded_memory(
    tmp_path: Path, detector: Detector
) -> None:
    pixels = np.memmap(tmp_path / "wide.raw", np.uint8, "w+", shape=(1600, 12_000))
    pixels[800:960, 11_000:11_240] = field()
    told: list[float] = []
    found = detector.detect(Frame(pixels, 0), confidence=0.1, on_progress=told.append)
    assert len(told) > 5
    assert told[-1] == 1.0
    assert (found.centre_px[:, 0] > 10_900).all()


def heat_with(*heads: tuple[int, int, float]) -> np.ndarray:
    cells = np.full((5, 20, 30), -9, np.float32)
    cells[1:3] = 0
    cells[3:] = 0.5
    for row, column, logit in heads:
        cells[0, row, column] = logit
    return cells


@pytest.mark.parametrize("beyond", [(0.99, 0.01), (0.99, 0.75)])
def test_a_peak_lies_where_its_cell_says(beyond: tuple[float, float]) -> None:
    # the cell beside it puts its centre elsewhere: it means another head
    cells = heat_with((4, 7, 2.0), (4, 8, 1.0))
    cells[3:, 4, 7] = (0.25, 0.75)
    cells[3:, 4, 8] = beyond
    cells[1:3, 4, 7] = (np.log(0.5), np.log(2))
    centre, size, logit, agreement = peaks(cells, 0.0)
    np.testing.assert_allclose(centre, [[29.0, 19.0]], atol=1e-4)
    np.testing.assert_allclose(size, [[8.0, 32.0]], rtol=1e-4)
    np.testing.assert_allclose(logit, [2.0])
    np.testing.assert_allclose(agreement, [0.0], atol=1e-4)


@pytest.mark.parametrize("row", [0, 4, 19])
def test_cells_that_mean_the_same_head_share_its_place(row: int) -> None:
    # a head on the border of two cells: each puts it at its own side of it
    cells = heat_with((row, 7, 2.0), (row, 8, 2.0 - np.log(3) / SHARPNESS))
    cells[3:, row, 7:9] = ((0.9, 0.1), (0.5, 0.5))
    cells[1:3, row, 7] = 0.4
    centre, size, logit, agreement = peaks(cells, 0.0)
    np.testing.assert_allclose(centre, [[4 * (7.9 + 0.2 / 4), 4 * (row + 0.5)]], atol=1e-3)
    np.testing.assert_allclose(size, [[16 * np.exp(0.3)] * 2], rtol=1e-3)
    np.testing.assert_allclose(logit, [2.0])
    np.testing.assert_allclose(agreement, [np.log(4 / 3)], atol=1e-3)


@pytest.mark.filterwarnings("error")
def test_an_even_heat_has_peaks_of_finite_numbers() -> None:
    cells = heat_with()
    for part in peaks(cells, -10.0):
        assert len(part) == cells[0].size
        assert np.isfinite(part).all()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(0, 80))
def test_kept_heads_are_apart_and_dropped_ones_near_a_stronger(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    centre = rng.uniform(0, 120, (count, 2)).astype(np.float32)
    size = rng.uniform(6, 20, (count, 2)).astype(np.float32)
    logit = rng.integers(-3, 3, count).astype(np.float32)
    keep = one_per_head(centre, size, logit)
    reach = 0.5 * np.sqrt(size.prod(axis=1))
    assert (np.diff(logit[keep]) <= 0).all()
    for position, index in enumerate(keep):
        for stronger in keep[:position]:
            apart = np.linalg.norm(centre[index] - centre[stronger])
            assert apart >= reach[stronger] * 0.9999
    for index in set(range(count)) - set(keep.tolist()):
        near = np.linalg.norm(centre[keep] - centre[index], axis=1) < reach[keep] * 1.0001
        assert (logit[keep][near] >= logit[index]).any()


def test_crowded_heads_both_survive() -> None:
    # heads 12 px long, 0.6 of a length apart
    centre = np.array([[50, 50], [57.2, 50]], np.float32)
    size = np.full((2, 2), 12, np.float32)
    assert len(one_per_head(centre, size, np.array([3, 2], np.float32))) == 2
