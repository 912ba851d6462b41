from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import onnxruntime
import pytest

from sertoli.errors import MissingExtraError, SettingError, WeightsError
from sertoli.sperm import Detector, Device, Network
from sertoli.sperm._session import open_session

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
DIRECTML = "DmlExecutionProvider"


class Machine:
    """An ONNX Runtime made for some devices on a machine where some of them work."""

    def __init__(self, offers: list[str], works: list[str], broken: tuple[str, ...] = ()) -> None:
        self.offers, self.works, self.broken = offers, works, broken
        self.asked: list[str] = []

    def session(self, content: bytes, options: Any, providers: list[tuple[str, Any]]) -> Any:
        (provider, _), *_ = providers
        self.asked.append(provider)
        if provider in self.broken:
            raise RuntimeError("no adapter\nat line 3")
        got = [provider, CPU] if provider in self.works else [CPU]
        return type("Session", (), {"get_providers": lambda self: got})()


def on(machine: Machine, device: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: machine.offers)
    monkeypatch.setattr(onnxruntime, "InferenceSession", machine.session)
    session = open_session(b"", "w", None, device)
    return str(session.get_providers()[0])


@pytest.mark.parametrize(
    ("machine", "device", "expected"),
    [
        (Machine([CPU], [CPU]), "auto", CPU),
        (Machine([CUDA, CPU], [CUDA, CPU]), "auto", CUDA),
        (Machine([CUDA, CPU], [CUDA, CPU]), "cuda", CUDA),
        (Machine([CUDA, CPU], [CUDA, CPU]), "cpu", CPU),
        (Machine([CUDA, CPU], [CPU]), "auto", CPU),
        (Machine([DIRECTML, CPU], [CPU], broken=(DIRECTML,)), "auto", CPU),
        (Machine([CUDA, DIRECTML, CPU], [DIRECTML, CPU]), "auto", DIRECTML),
    ],
)
def test_the_network_runs_where_it_was_told_to(
    machine: Machine, device: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert on(machine, device, monkeypatch) == expected


@pytest.mark.parametrize(
    "machine", [Machine([CUDA, CPU], [CPU]), Machine([CUDA, CPU], [CPU], broken=(CUDA,))]
)
def test_a_card_that_does_not_work_is_never_silently_replaced(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingError, match="cuda does not work") as caught:
        on(machine, "cuda", monkeypatch)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("device", [one for one in Device if one not in ("auto", "cpu")])
def test_a_missing_package_is_named(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine([CPU], [CPU])
    with pytest.raises(MissingExtraError, match=f'device {device}.*pip install "onnxruntime-'):
        on(machine, device, monkeypatch)
    assert machine.asked == []


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(SettingError, match="auto, cpu, cuda, directml, openvino"):
        Detector(device="abacus")


def test_bad_weights_are_not_blamed_on_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WeightsError):
        on(Machine([CUDA, CPU], [CUDA], broken=(CPU,)), "cuda", monkeypatch)


def test_a_batch_gives_what_its_pictures_give_alone() -> None:
    network = Network(threads=1, device="cpu")
    batch = np.random.default_rng(0).standard_normal((5, 1, 96, 128)).astype(np.float32)
    together = network.run(batch)
    assert together.shape == (5, 5, 24, 32)
    alone = np.concatenate([network.run(one[None]) for one in batch])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_pictures_side_by_side_give_what_they_give_alone() -> None:
    network = Network(device="cpu")
    pictures = np.random.default_rng(0).standard_normal((12, 1, 1, 96, 128)).astype(np.float32)
    alone = [network.run(one) for one in pictures]
    with ThreadPoolExecutor(4) as pool:
        beside = list(pool.map(network.run, pictures))
    np.testing.assert_array_equal(alone, beside)


def test_a_picture_beside_others_leaves_them_their_share_of_the_cores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = Network(device="cpu")
    picture = np.zeros((1, 1, 64, 64), np.float32)
    taken: list[str] = []
    both = threading.Barrier(2)

    class Noted:
        def __init__(self, name: str, *, waits: bool) -> None:
            self.name, self.waits = name, waits

        def run(self, _: None, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
            taken.append(self.name)
            if self.waits:
                both.wait(timeout=10)
            return [np.zeros(1)]

    monkeypatch.setattr(network, "_session", Noted("all cores", waits=True))
    monkeypatch.setattr(network, "_shared", Noted("its share", waits=True))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(network.run, [picture, picture]))
    assert sorted(taken) == ["all cores", "its share"]
    monkeypatch.setattr(network, "_session", Noted("all cores", waits=False))
    network.run(picture)
    assert taken[2:] == ["all cores"]
