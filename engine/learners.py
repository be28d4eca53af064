"""The two ways to learn within one phase of fine-tuning: the whole network on images, or the head on cached features.

Both offer: `parameters(groups)` for the optimiser, `logits(indices)` on training images, `validate()` and `settle()`,
after which the model itself holds what was learnt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from engine.backbones.backbone import Backbone, batch_norms
from engine.events import Preparing
from engine.inputs import Labelled, Normaliser

EVALUATION_BATCH = 64


def batches(count: int, size: int = EVALUATION_BATCH) -> Iterator[slice]:
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


class WholeNetwork:
    """Blocks in `groups` are trained on images; the others are frozen and in eval mode."""

    def __init__(
        self,
        model: Backbone,
        train: Labelled,
        validation: Labelled,
        shape: Normaliser,
        *,
        still_norms: bool,
        bf16: bool,
    ) -> None:
        self.model, self.train, self.validation, self.shape = model, train, validation, shape
        self.still_norms, self.bf16 = still_norms, bf16
        self.trained: frozenset[str] = frozenset()

    def prepare(self) -> Iterator[Preparing]:
        return iter(())

    def parameters(self, groups: Mapping[str, float]) -> list[dict[str, Any]]:
        self.trained = frozenset(groups)
        for name, block in self.model.named_blocks():
            block.requires_grad_(name in groups)
        return [{"params": list(self.model.block(name).parameters()), "lr": rate} for name, rate in groups.items()]

    def logits(self, indices: Tensor) -> Tensor:
        self._set_modes()
        with self._precision():
            return self.model(self.shape(self.train.pixels[indices])).float()

    def _set_modes(self) -> None:
        self.model.eval()
        for name in self.trained:
            self.model.block(name).train()
        if self.still_norms:
            for norm in batch_norms(self.model):
                norm.eval()

    def _precision(self) -> Any:
        device = self.train.pixels.device.type
        return torch.autocast(device, torch.bfloat16) if self.bf16 else nullcontext()

    @torch.no_grad()
    def validate(self) -> Tensor:
        """Logits [n, classes] of the validation images, in eval mode."""
        self.model.eval()
        with self._precision():
            pixels = (self.validation.pixels[part] for part in batches(len(self.validation)))
            return torch.cat([self.model(self.shape(part)).float() for part in pixels])

    def settle(self) -> None:
        """Nothing to do: the model itself was trained."""


class HeadOnFeatures:
    """The trunk never changes, so every image is embedded once; the head learns on standardised features.

    Training z = (f - mean) / deviation and folding the scale into the head's weights afterwards gives the same
    function of f, learnt on well-conditioned inputs.
    """

    def __init__(self, model: Backbone, train: Labelled, validation: Labelled, shape: Normaliser) -> None:
        self.model, self.shape = model, shape
        self._sets = (train, validation)
        self._features: list[Tensor] = []
        self._head = nn.Linear(1, 1)
        self._mean = self._deviation = torch.empty(0)

    def prepare(self) -> Iterator[Preparing]:
        """Embed all images once, then standardise by the training images."""
        for labelled in self._sets:
            parts: list[Tensor] = []
            for part in batches(len(labelled)):
                yield Preparing("Embedding images with the frozen blocks", part.start / len(labelled))
                parts.append(embed(self.model, self.shape(labelled.pixels[part])))
            self._features.append(torch.cat(parts) if parts else torch.empty(0, self.model.features))
        self._standardise()

    def _standardise(self) -> None:
        train = self._features[0]
        self._mean, deviation = train.mean(0), train.std(0, unbiased=False)
        flat = deviation < 1e-3 * deviation.mean().clamp_min(1e-12)
        self._deviation = torch.where(flat, torch.ones_like(deviation), deviation)
        self._features = [(features - self._mean) / self._deviation for features in self._features]
        self._head = self._standardised_head()

    @torch.no_grad()
    def _standardised_head(self) -> nn.Linear:
        own = self._own_head()
        head = nn.Linear(own.in_features, own.out_features, device=self._mean.device)
        head.weight.copy_(own.weight * self._deviation)
        head.bias.copy_(own.bias + own.weight @ self._mean)
        return head

    def _own_head(self) -> nn.Linear:
        assert isinstance(self.model.head, nn.Linear)
        return self.model.head

    def parameters(self, groups: Mapping[str, float]) -> list[dict[str, Any]]:
        return [{"params": list(self._head.parameters()), "lr": rate} for rate in groups.values()]

    def logits(self, indices: Tensor) -> Tensor:
        return self._head(self._features[0][indices])

    @torch.no_grad()
    def validate(self) -> Tensor:
        return self._head(self._features[1])

    @torch.no_grad()
    def settle(self) -> None:
        """Write the head, in terms of the plain features, into the model."""
        weight = self._head.weight / self._deviation
        self._own_head().weight.copy_(weight)
        self._own_head().bias.copy_(self._head.bias - weight @ self._mean)


@torch.no_grad()
def embed(model: Backbone, images: Tensor) -> Tensor:
    """Features [n, features] of normalised images, in eval mode."""
    model.eval()
    return model.embed(images)
