"""How values come to a device: nothing is copied on a CPU, nothing is waited for elsewhere."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.machine import transfers
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
    """What torch keeps for itself and does not use counts as free."""
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (100, 1000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 300)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 200)
    assert [has_room(torch.device("cuda:0"), octets) for octets in (100, 101)] == [True, False]
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 300)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: 100)
    assert [has_room(torch.device("mps"), octets) for octets in (100, 101)] == [True, False]
    assert has_room(CPU, 10**18)


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
