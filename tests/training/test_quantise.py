from pathlib import Path

import numpy as np
import onnx
from training.sperm.quantise import fine_nodes, quantise

from sertoli.sperm import Network
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
