"""Steps of one network on one device and on all of this machine's together, the same batch shared out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch.nn import functional as F

from benchmarks.gpu_arms import Size, Step, photos
from engine.artifacts.weights import build_backbone
from engine.experiment import BackboneChoice, Experiment
from engine.machine.devices import several, torch_device
from engine.parallel.leading import together
from engine.parallel.passes import ALONE, Passes
from engine.preparation.inputs import normaliser

CLASSES = 6


def stepping(size: Size, choice: BackboneChoice, device: torch.device, passes: Passes) -> Step:
    """SGD on one batch that is on the leading device."""
    model, shape = build_backbone(choice, CLASSES, seed=0).to(device), normaliser(choice)
    pixels = photos(size, 0).to(device)
    labels = torch.arange(size.images, device=device) % CLASSES
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    def step() -> None:
        for _ in range(size.batches):
            optimiser.zero_grad(set_to_none=True)
            F.cross_entropy(passes(model.train(), shape(pixels)), labels).backward()
            optimiser.step()

    return step


@contextmanager
def shared(size: Size, device: str) -> Iterator[dict[str, Callable[[], None]]]:
    """device: of several together. By arm, while open."""
    choice, own = BackboneChoice(name="resnet18", image_size=size.side), torch_device(device)
    with together(Experiment(backbone=choice, device=device)) as passes:
        arms = {"one": stepping(size, choice, own, ALONE)}
        yield arms | {f"{len(several(device))} together": stepping(size, choice, own, passes)}
