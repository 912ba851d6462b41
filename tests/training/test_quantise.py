from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from training.sperm import quantise as quantising
from training.sperm.export import DEFAULT_OUT
from training.sperm.quantise import compare, fine_nodes, quantise, said_of
from training.sperm.scenes import SPERM, Scene

from sertoli.frames import Frame
from sertoli.optics import Optics
from sertoli.phantom import random_field
from sertoli.sperm import Detector, Network
from sertoli.sperm._weights import read_weights


def test_only_the_coarse_stages_become_integers_and_the_answer_stays(tmp_path: Path) -> None:
    _, content = read_weights("default")
    rng = np.random.default_rng(0)
    pictures = [rng.standard_normal((96, 128)).astype(np.float32) for _ in range(4)]
    file = tmp_path / "int8.onnx"
    before = Network(threads=1, device="cpu")
    quantise(content, pictures, file, {**before.metadata, "quantised_from": before.sha256})

    graph = onnx.load(file).graph
    kinds = {one.name: one.data_type for one in graph.initializer}
    made_by = {name: node.op_type for node in graph.node for name in node.output}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    in_integers = [made_by.get(node.input[1]) == "DequantizeLinear" for node in convolutions]
    fine = fine_nodes(onnx.load_from_string(content).graph)
    assert [node.name not in fine for node in convolutions] == in_integers
    assert not in_integers[0]
    assert not in_integers[-1]
    assert sum(in_integers) > len(in_integers) / 2
    assert onnx.TensorProto.INT8 in kinds.values()

    after = Network(file, threads=1, device="cpu")
    assert after.metadata["quantised_from"] == before.sha256
    assert after.default_confidence == before.default_confidence
    heat, heat8 = (one.run(pictures[0][None, None])[0, 0] for one in (before, after))
    assert np.corrcoef(heat.ravel(), heat8.ravel())[0, 1] > 0.99


def test_copies_are_judged_as_a_search_judges() -> None:
    scenes = []
    for seed in range(2):
        field = random_field(seed, 160, 160, 0.36, 20.0)
        is_sperm = [name == "sperm" for name in field.classes]
        boxes = np.asarray(field.boxes_px, np.float32).reshape(-1, 4)[is_sperm]
        kinds = np.full(len(boxes), SPERM, np.int8)
        scenes.append(Scene(field.pixels, boxes, kinds, 0.36))
    network = Network(threads=1, device="cpu")
    ((one, other),) = compare(network, network, {"phantom": scenes}).values()
    assert one == other
    detector, found, heads = Detector(threads=1), 0, 0
    for index, scene in enumerate(scenes):
        found += len(detector.detect(Frame(scene.pixels, index, optics=Optics(0.36))))
        heads += len(scene.boxes_px)
    assert found
    assert one["precision"] * found == pytest.approx(one["recall"] * heads)


@pytest.fixture
def research(
    tmp_path: Path, weights_saying: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> Path:
    file = tmp_path / "sperm-research.onnx"
    file.write_bytes(weights_saying(restriction="for tests only", licence="our own"))
    monkeypatch.setenv("SERTOLI_RESEARCH_WEIGHTS", str(tmp_path))
    return file


@pytest.mark.parametrize(
    "out", [[], ["--out", "src/sertoli/sperm/x.onnx"], ["--out", str(DEFAULT_OUT.resolve())]]
)
@pytest.mark.parametrize("by_name", [True, False])
def test_restricted_weights_get_no_copy_in_the_package(
    out: list[str],
    by_name: bool,
    research: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def too_late(*_: object, **__: object) -> None:
        raise AssertionError("not refused")

    monkeypatch.setattr(quantising, "phantom_fields", too_late)
    monkeypatch.chdir(tmp_path)
    weights = "research" if by_name else str(research)
    arguments = ["quantise", "--weights", weights, "--data", "none"]
    monkeypatch.setattr("sys.argv", [*arguments, *out])
    with pytest.raises(SystemExit) as left:
        quantising.main()
    assert left.value.code == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "restricted weights do not go into the package" in said
    monkeypatch.setattr("sys.argv", [*arguments, "--out", "elsewhere.onnx"])
    with pytest.raises(AssertionError, match="not refused"):
        quantising.main()


def test_the_copy_is_under_the_same_terms(
    research: Path, weights_saying: Callable[..., bytes]
) -> None:
    said = said_of(str(research), Network(research, threads=1, device="cpu"))
    assert (said["licence"], said["restriction"]) == ("our own", "for tests only")
    # by its name, even if the file forgot its restriction
    research.write_bytes(weights_saying())
    before = Network("research", threads=1, device="cpu")
    assert "non-commercial" in said_of("research", before)["restriction"]
    free = said_of("default", Network(threads=1, device="cpu"))
    assert "restriction" not in free
    assert free["licence"] == "Apache-2.0"
