"""Runs of a tenth of a second, and waiting for what happens on another thread or in another process."""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice


def small(epochs: int = 2, device: str = "cpu") -> Experiment:
    """Three small digits, five labels each, from scratch: two steps an epoch."""
    return Experiment(
        dataset=DatasetChoice(name="digits", classes=3, labels_per_class=5, validation_per_class=5),
        backbone=BackboneChoice(name="conv4", image_size=16),
        method=MethodChoice(name="scratch", hyperparameters={"epochs": epochs, "batch_size": 8}),
        device=device,
    )


def until(true: Callable[[], object], seconds: float = 200.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)
