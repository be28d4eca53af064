"""What is minimised: cross-entropy with class weights, label smoothing and mixup; and the average of weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Blend:
    """Mixup (Zhang et al. 2018, arXiv 1710.09412): share of each image, and which other image has the rest."""

    share: float
    partner: Tensor

    def __call__(self, values: Tensor) -> Tensor:
        return torch.lerp(values[self.partner], values, self.share)


def balanced_weights(labels: Tensor, classes: int) -> Tensor:
    """[classes]: n / (classes * n_c), so that every class counts the same; 0 for a class without images."""
    counts = torch.bincount(labels, minlength=classes).float()
    return torch.where(counts > 0, len(labels) / (classes * counts.clamp_min(1)), torch.zeros_like(counts))


class Objective:
    """labels: int64 [n], of all training images, for the class weights."""

    def __init__(
        self,
        labels: Tensor,
        classes: int,
        class_weights: str,
        smoothing: float,
        mixup: float,
        generator: torch.Generator,
    ) -> None:
        self._weights = balanced_weights(labels, classes) if class_weights == "balanced" else None
        self._smoothing, self._mixup, self._generator = smoothing, mixup, generator

    def blend(self, count: int, device: torch.device) -> Blend | None:
        """How this batch is blended; None without mixup. The larger share is always the image's own."""
        if not self._mixup:
            return None
        alpha = torch.tensor([self._mixup, self._mixup])
        one, other = torch._standard_gamma(alpha, generator=self._generator).tolist()
        share = one / (one + other) if one + other > 0 else 1.0
        partner = torch.randperm(count, generator=self._generator).to(device)
        return Blend(max(share, 1 - share), partner)

    def loss(self, logits: Tensor, labels: Tensor, blend: Blend | None = None) -> Tensor:
        """Mean loss of logits [n, classes] on labels [n]."""
        own = self._cross_entropy(logits, labels)
        if blend is None:
            return own
        return blend.share * own + (1 - blend.share) * self._cross_entropy(logits, labels[blend.partner])

    def _cross_entropy(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels, weight=self._weights, label_smoothing=self._smoothing)


class AveragedWeights:
    """Exponential moving average of parameters; with decay 0 it does nothing."""

    def __init__(self, parameters: Sequence[nn.Parameter], decay: float) -> None:
        self._decay, self._own, self._steps = decay, list(parameters) if decay else [], 0
        self._mean = [parameter.detach().clone() for parameter in self._own]

    @torch.no_grad()
    def update(self) -> None:
        """After each step; early averages forget faster, so that the random start does not linger."""
        if not self._own:
            return
        self._steps += 1
        decay = min(self._decay, self._steps / (self._steps + 9))
        torch._foreach_lerp_(self._mean, [parameter.detach() for parameter in self._own], 1 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """While open, the parameters are their averages."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for own, mean in zip(self._own, self._mean, strict=True):
            kept = own.detach().clone()
            own.copy_(mean)
            mean.copy_(kept)

    def keep(self) -> None:
        """Give the parameters their averages for good."""
        self._swap()
        self._own, self._mean = [], []


def accuracy(logits: Tensor, labels: Tensor) -> float:
    return float((logits.argmax(1) == labels).float().mean())
