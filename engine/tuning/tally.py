"""Training metrics without waiting for the device at every step."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from engine.errors import Diverged
from engine.events import Metrics

SECONDS = 0.2  # between two looks at a GPU's losses
ADVICE = "Lower the learning rate; the best weights so far are kept."


class Tally:
    """Losses and right answers stay on the device; on a CPU they are told at every step, elsewhere every 0.2 s, because
    reading one makes the program wait for all the work before it."""

    def __init__(self, device: torch.device) -> None:
        self._every_step = device.type == "cpu"
        self._waiting: list[tuple[int, Tensor]] = []
        self._told = time.monotonic()

    def add(self, step: int, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        right = (logits.detach().argmax(1) == labels).float().mean()
        self._waiting.append((step, torch.stack([loss.detach().float(), right])))

    def due(self) -> bool:
        return self._every_step or time.monotonic() - self._told >= SECONDS

    def told(self) -> Iterator[Metrics]:
        """One `Metrics` per step since the last call; raises `Diverged` at a loss that is no number."""
        if not self._waiting:
            return
        steps, values = zip(*self._waiting, strict=True)
        self._waiting, self._told = [], time.monotonic()
        for step, (loss, right) in zip(steps, torch.stack(values).tolist(), strict=True):
            if not math.isfinite(loss):
                raise Diverged(f"The loss is no longer a number at step {step}.", ADVICE)
            yield Metrics(step, {"train/loss": loss, "train/accuracy": right})


def check_numbers(model: nn.Module, loss: float, when: str) -> None:
    """Raises `Diverged` when a validation loss or weights are no numbers: the last step before it may have broken the
    network after the last training loss was read. when: "after epoch 3"."""
    if not math.isfinite(loss):
        raise Diverged(f"The validation loss is no longer a number {when}.", ADVICE)
    state = (value for value in model.state_dict().values() if value.is_floating_point())
    if not bool(torch.stack([value.isfinite().all() for value in state]).all()):
        raise Diverged(f"The weights are no longer numbers {when}.", ADVICE)
