"""What the GPU benchmark measures itself: ways to send images, and precisions; see `benchmarks.gpu`.

One step everywhere: uint8 images are normalised on the device, and torchvision's ResNet-18, channels last, learns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.machine.transfers import Ahead, sent
from engine.preparation.inputs import Normaliser

CLASSES = 10
Step = Callable[[], None]


@dataclass(frozen=True)
class Size:
    """images: in a batch, of `side` pixels. batches: that are sent in one measurement, or steps taken."""

    images: int
    side: int
    batches: int


def waited_for(device: torch.device) -> None:
    """All work that was given to the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def seconds(step: Step, device: torch.device) -> float:
    waited_for(device)
    begin = time.perf_counter()
    step()
    waited_for(device)
    return time.perf_counter() - begin


def peak(step: Step, device: torch.device) -> int:
    """Takes a step; bytes of the device's memory that it held at most, beside what was held before; 0 where torch does
    not count them."""
    counts = device.type == "cuda"
    before = torch.cuda.memory_allocated(device) if counts else 0
    if counts:
        torch.cuda.reset_peak_memory_stats(device)
    step()
    waited_for(device)
    return int(torch.cuda.max_memory_allocated(device)) - before if counts else 0


class Learner:
    """A network and a step on one batch; labels are always the same."""

    def __init__(self, size: Size, device: torch.device) -> None:
        from torchvision.models import resnet18

        torch.manual_seed(0)
        self.network = resnet18(num_classes=CLASSES).to(device, memory_format=torch.channels_last)
        self.optimiser = torch.optim.SGD(self.network.parameters(), lr=0.01, momentum=0.9)
        self.shape = Normaliser(size.side, 3)
        self.labels = (torch.arange(size.images) % CLASSES).to(device)

    def loss(self, pixels: Tensor) -> Tensor:
        return F.cross_entropy(self.network(self.shape(pixels)).float(), self.labels)

    def step(self, pixels: Tensor) -> None:
        self.optimiser.zero_grad()
        self.loss(pixels).backward()
        self.optimiser.step()


def photos(size: Size, number: int) -> Tensor:
    draw = torch.Generator().manual_seed(number)
    return torch.randint(0, 256, (size.images, 3, size.side, size.side), dtype=torch.uint8, generator=draw)


# Ways to send


def transfers(size: Size, device: torch.device) -> dict[str, Step]:
    """Each trains on the same batches, which lie in ordinary memory; the first has them on the device already."""
    learner, batches = Learner(size, device), [photos(size, number) for number in range(4)]
    there = [batch.to(device) for batch in batches]

    def given(source: list[Tensor]) -> Iterator[Tensor]:
        return (source[number % len(source)] for number in range(size.batches))

    def by(way: Callable[[Iterator[Tensor]], Iterator[Tensor]], source: list[Tensor]) -> Step:
        def epoch() -> None:
            for pixels in way(given(source)):
                learner.step(pixels)

        return epoch

    return {
        "there already": by(lambda found: found, there),
        "plain": by(lambda found: (pixels.to(device) for pixels in found), batches),
        "pinned": by(lambda found: (sent(pixels, device) for pixels in found), batches),
        "pinned, ahead": by(lambda found: sent_ahead(found, device), batches),
    }


def sent_ahead(batches: Iterator[Tensor], device: torch.device) -> Iterator[Tensor]:
    """Each on its way before the one before it is computed with."""
    coming = Ahead(next(batches), device)
    for following in batches:
        now, coming = coming, Ahead(following, device)
        yield now.here()
    yield coming.here()


def copies(size: Size, device: torch.device) -> dict[str, Step]:
    """The same ways without anything that computes."""
    batch = photos(size, 0)
    ways: dict[str, Callable[[], Tensor]] = {
        "plain": lambda: batch.to(device, copy=True),
        "pinned": lambda: sent(batch, device),
        "pinned, ahead": lambda: Ahead(batch, device).here(),
    }

    def several(way: Callable[[], Tensor]) -> Step:
        return lambda: [way() for _ in range(size.batches)] and None

    return {name: several(way) for name, way in ways.items()}


# Precisions


@contextmanager
def tf32(allowed: bool) -> Iterator[None]:
    """Whether cuDNN may round float32 to 10 bits, as torch lets it unless told otherwise."""
    before, torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.allow_tf32, allowed
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


class Mixed:
    """A step in mixed precision; float16 needs its loss scaled, or small gradients become 0 (Micikevicius et al. 2018,
    arXiv 1710.03740)."""

    def __init__(self, size: Size, device: torch.device, dtype: torch.dtype | None, rounded: bool) -> None:
        """dtype: of products; None for float32, which cuDNN may round to TF32 if `rounded`."""
        self.rounded = rounded
        self.learner, self.pixels = Learner(size, device), photos(size, 0).to(device)
        self.device, self.dtype, self.batches = device, dtype, size.batches
        self.scaler = torch.amp.GradScaler(device.type, enabled=dtype is torch.float16)

    def gradient(self) -> Tensor:
        """Of all parameters in one, unscaled, of the first step, at a scale that it can be told in."""
        while True:
            self.learner.optimiser.zero_grad()
            self._backward()
            self.scaler.unscale_(self.learner.optimiser)
            parameters = self.learner.network.parameters()
            found = torch.cat([p.grad.flatten() for p in parameters if p.grad is not None]).cpu()
            if bool(found.isfinite().all()) or self.scaler.get_scale() <= 1:
                return found
            self.scaler.update()

    def __call__(self) -> None:
        for _ in range(self.batches):
            self.learner.optimiser.zero_grad()
            self._backward()
            self.scaler.step(self.learner.optimiser)
            self.scaler.update()

    def _backward(self) -> None:
        with tf32(self.rounded):
            with nullcontext() if self.dtype is None else torch.autocast(self.device.type, self.dtype):
                loss = self.learner.loss(self.pixels)
            self.scaler.scale(loss).backward()


PRECISIONS: dict[str, tuple[torch.dtype | None, bool]] = {
    "float32": (None, False),
    "float32, TF32 convolutions": (None, True),
    "bfloat16": (torch.bfloat16, True),
    "float16, scaled": (torch.float16, True),
}
