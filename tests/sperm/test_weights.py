"""Named weights: found by name, listed, and their restriction said at every use."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sertoli.errors import WeightsError
from sertoli.sperm import Detector, Network, _weights, list_weights

SHIPPED = Path(__file__).parents[2] / "src" / "sertoli" / "weights" / "sperm.onnx"
RESTRICTION = "for tests only"


@pytest.fixture
def research(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights_saying: Callable[..., bytes]
) -> Path:
    """A folder of research weights, named in the environment."""
    monkeypatch.setenv("SERTOLI_RESEARCH_WEIGHTS", str(tmp_path))
    file = tmp_path / "sperm-research.onnx"
    file.write_bytes(weights_saying(restriction=RESTRICTION, licence="our own"))
    return file


@pytest.fixture
def no_research(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_weights, "RESEARCH_FOLDER", "no-such-folder")
    monkeypatch.delenv("SERTOLI_RESEARCH_WEIGHTS", raising=False)
    monkeypatch.chdir(tmp_path)


def test_research_weights_are_taken_by_name(
    research: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        caplog.clear()
        detector = Detector("research", threads=1)
        assert detector.weights_name == "research"
        assert detector.weights_sha256 == hashlib.sha256(research.read_bytes()).hexdigest()
        assert detector.restriction == RESTRICTION
        (said,) = caplog.records
        assert said.levelno == logging.WARNING
        assert RESTRICTION in said.getMessage()


def test_a_copy_under_another_name_keeps_its_restriction(
    research: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy = tmp_path / "harmless.onnx"
    copy.write_bytes(research.read_bytes())
    assert Detector(copy, threads=1).restriction == RESTRICTION
    assert RESTRICTION in caplog.text


def test_the_default_weights_are_free_and_say_nothing(caplog: pytest.LogCaptureFixture) -> None:
    assert Detector(threads=1).restriction is None
    assert caplog.records == []


def test_named_research_weights_are_restricted_even_if_the_file_forgot_it(research: Path) -> None:
    research.write_bytes(SHIPPED.read_bytes())
    restriction = Detector("research", threads=1).restriction
    assert restriction is not None
    assert "non-commercial" in restriction


@pytest.mark.usefixtures("no_research")
def test_absent_research_weights_say_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(WeightsError, match=r"sperm-research\.onnx") as caught:
        Detector("research")
    assert "SERTOLI_RESEARCH_WEIGHTS" in caught.value.remedy
    monkeypatch.setenv("SERTOLI_RESEARCH_WEIGHTS", str(tmp_path / "gone"))
    with pytest.raises(WeightsError, match="gone"):
        Detector("research")


@pytest.mark.usefixtures("no_research")
def test_the_working_folder_is_looked_in(tmp_path: Path) -> None:
    (tmp_path / "no-such-folder").mkdir()
    (tmp_path / "no-such-folder" / "sperm-research.onnx").write_bytes(SHIPPED.read_bytes())
    assert Detector("research", threads=1).weights_name == "research"


def test_the_list_holds_what_the_files_say(research: Path) -> None:
    default, _, other = list_weights()
    assert (default.name, other.name) == ("default", "research")
    assert default.path == SHIPPED
    assert default.sha256 == hashlib.sha256(SHIPPED.read_bytes()).hexdigest()
    assert default.size_bytes == SHIPPED.stat().st_size
    assert default.restriction is None
    assert any("phantom" in part for part in default.trained_on)
    assert 0 < (default.default_confidence or 0) < 1
    assert other.path == research
    assert (other.licence, other.restriction) == ("our own", RESTRICTION)


def test_the_list_holds_damaged_and_absent_files(
    research: Path, request: pytest.FixtureRequest
) -> None:
    research.write_bytes(b"not a network")
    damaged = list_weights()[2]
    assert damaged.path == research
    assert damaged.problem
    assert damaged.sha256 is None
    request.getfixturevalue("no_research")
    absent = list_weights()[2]
    assert absent.path is None
    assert absent.restriction
    assert "non-commercial" in absent.restriction


def test_the_8_bit_weights_are_made_from_the_default_ones() -> None:
    """If this fails, the default weights are newer: `python -m training.sperm.quantise`."""
    default, int8 = Network(threads=1, device="cpu"), Network("default-int8", device="cpu")
    assert int8.metadata["quantised_from"] == default.sha256
    assert int8.default_confidence == default.default_confidence
    picture = np.random.default_rng(0).standard_normal((1, 1, 96, 128)).astype(np.float32)
    heat, heat8 = default.run(picture)[0, 0], int8.run(picture)[0, 0]
    assert np.corrcoef(heat.ravel(), heat8.ravel())[0, 1] > 0.98
