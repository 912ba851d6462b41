"""The benchmark measures what it says, on a picture small enough to be quick."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.general_detectors import D_FINE_N, Graph
from benchmarks.page import BEGIN, END
from click.testing import CliRunner

from benchmarks import detector_speed, graphics_card
from sertoli.sperm import Device
from sertoli.sperm._weights import read_weights


def nothing_much(folder: Path) -> list[Graph]:
    """Stand in for a general detector: takes its picture and does nothing with it."""
    from onnx import TensorProto, helper

    shape = (1, 3, 640, 640)
    graph = helper.make_graph(
        [helper.make_node("Relu", ["picture"], ["boxes"])],
        "nothing",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("boxes", TensorProto.FLOAT, shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    file = folder / "nothing.onnx"
    file.write_bytes(model.SerializeToString())
    return [Graph(D_FINE_N, file, 3.8, 7.2)]


def test_writes_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "graphs": nothing_much,
        "find_spec": lambda package: None,
        "WIDTH_PX": 96,
        "HEIGHT_PX": 64,
        "LEAST_S": 0.001,
    }.items():
        monkeypatch.setattr(detector_speed, name, value)
    page = tmp_path / "page.md"
    page.write_text(f"# Speed\n{BEGIN}\nold\n{END}\nend\n", encoding="utf-8")
    done = CliRunner().invoke(detector_speed.main, ["--update", str(page), "--rounds", "2"])
    assert done.exception is None, done.output
    text = page.read_text(encoding="utf-8")
    assert "old" not in text
    assert "| D-FINE-N | 640x640 | 3.8 M | 7.2 GFLOP |" in text
    assert "| whole detector | 96x64 |" in text
    assert "| network alone, 8 bits |" in text
    assert "target 8: **missed**" in text or "target 8: reached" in text
    assert "OpenVINO: not measured" in text
    assert "no GPU here" in text


def test_counts_parameters_and_operations() -> None:
    # by hand, from the layers in training/sperm/network.py
    assert detector_speed.size(read_weights("default")[1]) == pytest.approx((0.289692, 1.3694976))


def test_rounds_are_compared_pair_by_pair() -> None:
    timed = detector_speed.Timed(None, {"a": [1.0, 2.0, 4.0], "b": [3.0, 8.0, 20.0]}, 0.0)
    assert timed.times_as_fast("a", "b") == (4.0, 3.0, 5.0)
    assert timed.ms("a") == 2000.0


def test_the_measurement_of_a_card_runs_on_a_processor_too() -> None:
    limit, found = graphics_card.measure(
        Device.CPU, "default", 0.01, (64, 48), batches=(1, 3), matrix_side=64, seconds=0.01
    )
    assert limit > 0
    assert [one.batch for one in found] == [1, 3]
    for one in found:
        assert one.share == pytest.approx(one.resident * 0.01 / limit)
    assert "in batches of" in graphics_card.report(limit, found)
