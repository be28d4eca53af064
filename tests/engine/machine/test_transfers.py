"""How values come to a device: nothing is copied on a CPU, nothing is waited for elsewhere."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.execute import execute
from engine.experiment import Experiment, MethodChoice
from engine.machine import transfers
from engine.machine.devices import devices, has_bf16
from engine.machine.transfers import Ahead, has_room, sent, sent_beside
from tests.engine.elsewhere import DEVICE, Waits, elsewhere

CPU = torch.device("cpu")


def test_on_a_cpu_the_values_are_the_tensor_itself() -> None:
    values = torch.arange(3)
    assert sent(values, CPU) is values
    assert Ahead(values, CPU).here() is values
    assert sent_beside(values, CPU) is values


def test_a_step_may_send_pinned_values_and_no_others() -> None:
    values = torch.arange(6)[::2]
    with elsewhere() as mode, mode.step():
        assert sent(values, DEVICE).device == Ahead(values, DEVICE).here().device == DEVICE
        assert sent(sent(values, DEVICE), DEVICE).device == DEVICE  # it is there already
        for copy in ({}, {"non_blocking": True}):  # of memory that is not pinned
            with pytest.raises(Waits):
                values.to(DEVICE, **copy)
        with pytest.raises(Waits):
            values.pin_memory().to(DEVICE)


def test_images_stay_on_a_gpu_that_has_twice_as_much_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """What torch keeps for itself and does not use counts as free, and is told as free."""
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (100, 1000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 300)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 200)
    assert [has_room(torch.device("cuda:0"), octets) for octets in (100, 101)] == [True, False]
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 300)
    monkeypatch.setattr(torch.mps, "current_allocated_memory", lambda: 100)
    assert [has_room(torch.device("mps"), octets) for octets in (100, 101)] == [True, False]
    assert has_room(CPU, 10**18)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"card {index}")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert [(one.name, one.title, one.free_bytes) for one in devices()[1:]] == [
        ("cuda:0", "card 0", 200), ("cuda:1", "card 1", 200), ("cuda:all", "All 2 GPUs together", 200),
        ("mps", "Apple GPU", 200),
    ]  # fmt: skip


@pytest.mark.parametrize(("device", "has"), [("cuda:0", False), ("cuda:1", True), ("mps", False)])
def test_each_card_is_asked_for_bfloat16_itself(device: str, has: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of CUDA, an older and a newer one."""
    current = ["cuda:0"]

    @contextmanager
    def made_current(name: str) -> Any:
        current.append(name)
        yield
        current.pop()

    monkeypatch.setattr(torch.cuda, "device", made_current)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: current[-1] == "cuda:1")
    assert has_bf16(device) is has


@pytest.mark.parametrize("at_work", [True, False])
def test_a_run_gives_the_memory_of_gpus_back(at_work: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: at_work)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: at_work)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: given.append("cuda"))
    monkeypatch.setattr(torch.mps, "empty_cache", lambda: given.append("mps"))
    list(execute(Experiment(method=MethodChoice(name="no such method")), tmp_path))
    assert given == (["cuda", "mps"] if at_work else [])


class Stream:
    """In place of CUDA's, which needs a driver: writes down what it is told."""

    def __init__(self, name: str, told: list[str]) -> None:
        self.name, self._told = name, told

    def record_event(self) -> str:
        self._told.append(f"mark on {self.name}")
        return f"mark on {self.name}"

    def wait_event(self, event: str) -> None:
        self._told.append(f"{self.name} waits for {event}")


def test_values_sent_ahead_are_used_only_when_the_copy_beside_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    side, computing = Stream("side", told), Stream("computing", told)

    @contextmanager
    def on(stream: Stream) -> Any:
        told.append(f"on {stream.name}")
        yield
        told.append(f"off {stream.name}")

    monkeypatch.setattr(transfers, "beside", lambda device: side)
    monkeypatch.setattr(transfers, "sent", lambda values, device: (told.append("copied"), values)[1])
    monkeypatch.setattr(torch.cuda, "stream", on)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: computing)
    monkeypatch.setattr(Tensor, "record_stream", lambda self, stream: told.append(f"kept for {stream.name}"))
    ahead = Ahead(torch.arange(3), torch.device("cuda:0"))
    assert told == ["on side", "copied", "off side", "mark on side"]
    told.clear()
    assert ahead.here().tolist() == [0, 1, 2]
    assert told == ["computing waits for mark on side", "kept for computing"]
