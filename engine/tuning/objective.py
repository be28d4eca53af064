"""What is minimised: cross-entropy with class weights, smoothing and mixup; the average of weights; how it is told."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.artifacts.bookmark import State, generator_state, load_generator
from engine.errors import Diverged
from engine.events import Metrics
from engine.machine.transfers import sent

SECONDS = 0.2  # between two looks at a GPU's losses
ADVICE = "Lower the learning rate; the best weights so far are kept."


@dataclass(frozen=True)
class Blend:
    """Mixup (Zhang et al. 2018, arXiv 1710.09412): share of each image, and which other image has the rest."""

    share: float
    partner: Tensor

    def __call__(self, values: Tensor) -> Tensor:
        return torch.lerp(values[self.partner], values, self.share)


def balanced_weights(labels: Tensor, classes: int) -> Tensor:
    """[classes]: n / (classes * n_c), so that every class counts the same; 0 for a class without images."""
    ones = torch.ones(len(labels), device=labels.device)
    counts = torch.zeros(classes, device=labels.device).index_add(0, labels, ones)
    return torch.where(counts > 0, len(labels) / (classes * counts.clamp_min(1)), torch.zeros_like(counts))


class Objective:
    """labels: int64 [n], of all training images, for the class weights."""

    def __init__(
        self, labels: Tensor, classes: int, class_weights: str, smoothing: float, mixup: float,
        generator: torch.Generator,
    ) -> None:  # fmt: skip
        self._weights = balanced_weights(labels, classes) if class_weights == "balanced" else None
        self._smoothing, self._mixup, self._generator = smoothing, mixup, generator

    def blend(self, count: int, device: torch.device) -> Blend | None:
        """How this batch is blended; None without mixup. The larger share is always the image's own."""
        if not self._mixup:
            return None
        alpha = torch.tensor([self._mixup, self._mixup])
        one, other = torch._standard_gamma(alpha, generator=self._generator).tolist()
        share = one / (one + other) if one + other > 0 else 1.0
        partner = sent(torch.randperm(count, generator=self._generator), device)
        return Blend(max(share, 1 - share), partner)

    def state(self) -> State:
        return {"generator": generator_state(self._generator)}

    def load_state(self, state: State) -> None:
        load_generator(self._generator, state["generator"])

    def loss(self, logits: Tensor, labels: Tensor, blend: Blend | None = None) -> Tensor:
        """Mean loss of logits [n, classes] on labels [n]."""
        own = self._cross_entropy(logits, labels)
        if blend is None:
            return own
        return blend.share * own + (1 - blend.share) * self._cross_entropy(logits, labels[blend.partner])

    def _cross_entropy(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels, weight=self._weights, label_smoothing=self._smoothing)


class AveragedWeights:
    """Exponential moving average of tensors, batch norm's running statistics among them; with decay 0 it does nothing.

    As in timm's ModelEmaV3 the tensors themselves are never touched by it, so that training is the same without it.
    """

    def __init__(self, decay: float) -> None:
        self._decay = decay
        self._groups: list[_Together] = []

    def follow(self, tensors: Iterable[Tensor]) -> None:
        """Average these too from now on; those that are averaged already go on."""
        known = {id(tensor) for group in self._groups for tensor in group.own}
        fresh = [tensor for tensor in tensors if id(tensor) not in known]
        if self._decay and fresh:
            self._groups.append(_Together(fresh))

    def update(self) -> None:
        """After each step."""
        for group in self._groups:
            group.update(self._decay)

    def state(self, names: Mapping[Tensor, str]) -> State:
        """names: of every tensor that may be averaged."""
        return {
            "groups": [
                {"names": [names[one] for one in group.own], "steps": group.steps, "means": group.mean}
                for group in self._groups
            ]
        }

    def load_state(self, state: State, named: Mapping[str, Tensor]) -> None:
        self._groups = [
            _Together([named[name] for name in kept["names"]], kept["steps"], kept["means"]) for kept in state["groups"]
        ]

    @contextmanager
    def applied(self) -> Iterator[None]:
        """While open, the tensors are their averages."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        for group in self._groups:
            group.swap()

    def keep(self) -> None:
        """Give the tensors their averages for good."""
        self._swap()
        self._groups = []


class _Together:
    """Tensors whose average began at the same step; early averages forget faster, so that the start does not linger."""

    def __init__(self, tensors: Sequence[Tensor], steps: int = 0, mean: Sequence[Tensor] | None = None) -> None:
        """mean: the average so far, after these steps; the tensors themselves at the start."""
        self.own, self.steps = list(tensors), steps
        self.mean = [tensor.detach().clone() for tensor in tensors]
        for kept, given in zip(self.mean, mean or (), strict=False):
            kept.copy_(given)

    @torch.no_grad()
    def update(self, decay: float) -> None:
        self.steps += 1
        share = min(decay, self.steps / (self.steps + 9))
        torch._foreach_lerp_(self.mean, [tensor.detach() for tensor in self.own], 1 - share)

    @torch.no_grad()
    def swap(self) -> None:
        for own, mean in zip(self.own, self.mean, strict=True):
            kept = own.detach().clone()
            own.copy_(mean)
            mean.copy_(kept)


def accuracy(logits: Tensor, labels: Tensor) -> float:
    return float((logits.argmax(1) == labels).float().mean())


class OnDevice:
    """Values of steps that stay on their device until they are read: on a CPU after every step, elsewhere every 0.2 s
    and together, because reading makes the program wait for all the work before it."""

    def __init__(self, device: torch.device) -> None:
        self._every_step = device.type == "cpu"
        self._waiting: list[tuple[int, tuple[str, ...], Tensor]] = []
        self._read_at = time.monotonic()

    def put(self, step: int, values: Mapping[str, Tensor]) -> None:
        """values: scalars."""
        rows = torch.stack([value.detach().float() for value in values.values()])
        self._waiting.append((step, tuple(values), rows))

    def due(self) -> bool:
        return self._every_step or time.monotonic() - self._read_at >= SECONDS

    def read(self) -> list[tuple[int, dict[str, float]]]:
        """What was put down since the last call, by its step."""
        waiting, self._waiting, self._read_at = self._waiting, [], time.monotonic()
        numbers = iter(torch.cat([rows for *_, rows in waiting]).tolist() if waiting else [])
        return [(step, dict(zip(names, islice(numbers, len(names)), strict=True))) for step, names, _ in waiting]


class Tally:
    """Losses and right answers of the steps of a fine-tuning."""

    def __init__(self, device: torch.device) -> None:
        self._waiting = OnDevice(device)
        self.due = self._waiting.due

    def add_pairs(self, step: int, loss: Tensor) -> None:
        self._waiting.put(step, {"train/loss": loss})

    def add(self, step: int, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        right = (logits.detach().argmax(1) == labels).float().mean()
        self._waiting.put(step, {"train/loss": loss, "train/accuracy": right})

    def told(self) -> Iterator[Metrics]:
        """One `Metrics` per step since the last call; raises `Diverged` at a loss that is no number."""
        for step, values in self._waiting.read():
            if not math.isfinite(values["train/loss"]):
                raise Diverged(f"The loss is no longer a number at step {step}.", ADVICE)
            yield Metrics(step, values)


def check_numbers(model: nn.Module, loss: float, when: str) -> None:
    """Raises `Diverged` when a validation loss or weights are no numbers: the last step before it may have broken the
    network after the last training loss was read. when: "after epoch 3"."""
    if not math.isfinite(loss):
        raise Diverged(f"The validation loss is no longer a number {when}.", ADVICE)
    state = (value for value in model.state_dict().values() if value.is_floating_point())
    if not bool(torch.stack([value.isfinite().all() for value in state]).all()):
        raise Diverged(f"The weights are no longer numbers {when}.", ADVICE)
