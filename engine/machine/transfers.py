"""How values come to the device that computes.

From ordinary memory CUDA copies when all work given to the device before is done, and the program waits for it. From
pinned memory a copy takes its turn like any other work; on a stream of its own it runs beside it. On a CPU nothing is
copied at all.
"""

from __future__ import annotations

from contextlib import nullcontext
from functools import cache

import torch
from torch import Tensor

from engine.machine.devices import free_bytes
from engine.machine.memory import SHARE

WAITED_FOR = ("cpu", "mps")  # torch's non-blocking copy to Apple's GPU may read memory that is given back meanwhile


def sent(values: Tensor, device: torch.device) -> Tensor:
    """The values on the device; nobody waits for their way there."""
    if device.type in WAITED_FOR or values.device.type != "cpu":
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)


class Ahead:
    """Values that are sent while the device computes with others, from any thread."""

    def __init__(self, values: Tensor, device: torch.device) -> None:
        side = beside(device) if device.type == "cuda" else None
        with nullcontext() if side is None else torch.cuda.stream(side):
            self._values = sent(values, device)
        self._copied = None if side is None else side.record_event()

    def here(self) -> Tensor:
        """For what computes now: its work from here on waits for the copy, the program does not."""
        if self._copied is not None:
            computing = torch.cuda.current_stream(self._values.device)
            computing.wait_event(self._copied)
            self._values.record_stream(computing)  # its memory is given back only after that work
        return self._values


def sent_beside(values: Tensor, device: torch.device) -> Tensor:
    """The values on the device, copied beside the work that it was given before: what is large, such as images."""
    return values if values.device.type != "cpu" else Ahead(values, device).here()


def has_room(device: torch.device, octets: int) -> bool:
    """Whether so many bytes can stay on the device beside what it computes; what a CPU has is there already."""
    return device.type == "cpu" or octets <= SHARE * free_bytes(device)


@cache
def beside(device: torch.device) -> torch.cuda.Stream:
    """The stream of a device on which copies run beside what it computes."""
    return torch.cuda.Stream(device)
