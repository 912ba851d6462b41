"""What the comparison with real images measures, on pictures whose answer is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch
from benchmarks.page import BEGIN, END, replace_block
from click.testing import CliRunner
from training.realism import classifier
from training.realism.__main__ import main
from training.realism.classifier import auc, tell_apart
from training.realism.samples import HEIGHT_PX, REAL_SETS, WIDTH_PX, Picture, simulated_pictures
from training.realism.statistics import (
    PICTURE_FIGURES,
    ks_distance,
    object_figures,
    radial_spectrum,
    spectrum_distance,
)

from sertoli.errors import InputError

Floats = npt.NDArray[np.float32]
NO_BOXES = np.zeros((0, 4))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Learn briefly, in one thread: those of so small a network mostly wait for each other."""
    monkeypatch.setattr(classifier, "STEPS", 80)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def noise(seed: int, sd: float = 10.0, blur: float = 0.0) -> Floats:
    grey = np.random.default_rng(seed).normal(100, sd, (192, 192)).astype(np.float32)
    return cv2.GaussianBlur(grey, (0, 0), blur) if blur else grey


def pictures(first_seed: int, count: int = 10, blur: float = 0.0) -> list[Picture]:
    return [
        Picture(noise(first_seed + n, blur=blur), NO_BOXES, f"group {first_seed + n}")
        for n in range(count)
    ]


def test_white_noise_has_a_flat_spectrum() -> None:
    frequency, power = radial_spectrum(noise(1))
    assert frequency[0] >= 1 / 128
    assert frequency[-1] <= 0.5
    fine = power[frequency > 0.1]
    assert fine.std() < 0.1
    louder = radial_spectrum(5 * noise(1))[1]
    np.testing.assert_allclose(louder, power, atol=1e-3)


def test_spectra_differ_where_pictures_do() -> None:
    assert spectrum_distance(pictures(1), pictures(100)) < 0.2
    assert spectrum_distance(pictures(1), pictures(100, blur=1.5)) > 0.5


@pytest.mark.parametrize("sd", [1.0, 4.0])
def test_noise_is_measured_beside_a_slope(sd: float) -> None:
    slope = np.linspace(0, 100, 192, dtype=np.float32)[None, :]
    # The quieter half of the blocks lies a little below their mean.
    assert PICTURE_FIGURES["finest noise"](noise(3, sd) + slope) == pytest.approx(sd, rel=0.12)


@pytest.mark.parametrize(("level", "sign"), [(160, 1), (40, -1)])
def test_objects_are_measured(level: int, sign: int) -> None:
    grey = noise(5, 2.0)
    cv2.circle(grey, (90, 80), 6, float(level), -1)
    (found,) = [object_figures([Picture(grey, np.array([[82.0, 72, 17, 17]]), "g")])]
    assert found["box size"][0] == 17
    assert found["box aspect"][0] == 1
    assert found["contrast"][0] * sign > 3
    assert found["width"][0] == pytest.approx(12, abs=0.5)


def test_auc_and_ks_of_known_samples() -> None:
    label = np.array([0, 0, 1, 1])
    assert auc(np.array([1.0, 2, 3, 4]), label) == 1
    assert auc(np.array([4.0, 3, 2, 1]), label) == 0
    assert auc(np.ones(4), label) == 0.5
    assert ks_distance(np.arange(9.0), np.arange(9.0)) == 0
    assert ks_distance(np.arange(9.0), np.arange(9.0) + 99) == 1


@pytest.mark.parametrize("levelled", [False, True])
def test_the_classifier_tells_apart_only_what_differs(levelled: bool) -> None:
    same = tell_apart(pictures(1), pictures(100), levelled=levelled)
    assert 0.3 < same.auc < 0.7
    different = tell_apart(pictures(1), pictures(100, blur=0.8), levelled=levelled)
    assert different.auc > 0.95
    assert abs(different.by_feature[0][1] - 0.5) > 0.4


def test_levelling_hides_brightness() -> None:
    darker = [Picture(p.grey * 0.5, NO_BOXES, p.group) for p in pictures(100)]
    assert tell_apart(pictures(1), darker, levelled=False).auc > 0.95
    assert tell_apart(pictures(1), darker, levelled=True).auc < 0.7


def test_simulated_pictures_are_the_same_for_the_same_seed() -> None:
    like = [Picture(noise(1), np.ones((20, 4)), "g")]
    first, again = (simulated_pictures(REAL_SETS[0], like, 5)[0] for _ in range(2))
    assert first.grey.shape == (HEIGHT_PX, WIDTH_PX)
    np.testing.assert_array_equal(first.grey, again.grey)
    assert len(first.boxes_px) > 0


def test_command_writes_sheets_figures_and_page(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "miamia"
    (folder / "images").mkdir(parents=True)
    images, annotations = [], []
    for n in range(6):
        grey = np.random.default_rng(n).integers(90, 110, (528, 698), np.uint8)
        cv2.circle(grey, (300, 200), 7, 40, -1)
        cv2.imwrite(str(folder / "images" / f"{n}.png"), grey)
        images.append({"id": n, "file_name": f"{n}.png", "group": str(n % 3)})
        box = [292.0, 192.0, 17.0, 17.0]
        annotations.append({"id": n, "image_id": n, "category_id": 1, "bbox": box})
    coco = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "sperm"}],
    }
    (folder / "annotations.json").write_text(json.dumps(coco))
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\n{END}\nafter\n")
    out = tmp_path / "out"
    options = ["--data", str(tmp_path / "data"), "--out", str(out), "--update", str(page)]
    done = CliRunner().invoke(
        main, [*options, "--sets", "miamia", "--pictures", "5"], catch_exceptions=False
    )
    assert done.exit_code == 0
    (one,) = json.loads((out / "figures.json").read_text())
    assert one["set"] == "miamia"
    assert 0.5 <= one["auc"] <= 1
    assert one["figures"]["contrast"]["real"][1] < -3
    assert (out / "miamia-fields.png").is_file()
    assert (out / "miamia-objects.png").is_file()
    assert "### miamia" in page.read_text()
    assert (tmp_path / "realism.png").is_file()


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is missing"):
        CliRunner().invoke(
            main,
            ["--data", str(tmp_path), "--out", str(tmp_path / "out"), "--sets", "bull"],
            catch_exceptions=False,
        )
    with pytest.raises(InputError, match="no place"):
        replace_block(tmp_path / "page.md", "")
