"""The question that is put to a network while it learns without labels, and the heads that answer it.

A pretext's own parameters and buffers are thrown away after the training; the network it is asked of is handed to it at
each step. Batch norm uses the batch: all views of a step pass the network together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.backbones.backbone import Backbone
from engine.backbones.precision import rounded
from engine.parallel.passes import ALONE, Passes
from engine.preparation.augmentation import Augmentation
from engine.preparation.inputs import Preparer
from engine.pretraining.pool import Pool
from engine.pretraining.views import VIEWS

Told = dict[str, Tensor]  # "loss", and what else is told of a step, as scalars


@dataclass(frozen=True, eq=False)
class OwnAnswers:
    """What a network answered. heads: what the columns are. columns: each uint8 [n, c, s, s], all of one size, or n
    texts. right: bool [n], whether the second column is; None where nothing is right or wrong. said: in words."""

    heads: tuple[str, ...]
    columns: tuple[Tensor | Sequence[str], ...]
    right: Tensor | None
    said: str


class Pretext(nn.Module):
    """What is asked of images uint8 [n, c, s, s], or of texts int32 [n, pieces]. bf16: the network's products are in
    bfloat16; the heads and the loss stay in float32. passes: how the network is passed, in shares or by this process
    alone; heads and loss have all of what it makes."""

    bf16 = False
    passes: Passes = ALONE

    def embedded(self, model: Backbone, images: Tensor) -> Tensor:
        """Features float32 [n, d] of prepared images."""
        with rounded(model, self.bf16):
            return self.passes(model, images, answers=False).float()

    def told(self, model: Backbone, shape: Preparer, pixels: Tensor, draws: torch.Generator) -> Told:
        """The loss on these images, and what else is known of the step. draws: of the changes, on the CPU."""
        raise TypeError(f"{type(self).__name__} asks nothing")

    def taught(self, model: Backbone, shape: Preparer, pixels: Tensor, labels: Tensor, draws: torch.Generator) -> Told:
        """The same where labels int64 [n] are learnt from; the others are never given theirs."""
        raise TypeError(f"{type(self).__name__} learns without labels")

    def stepped(self, model: Backbone, progress: float) -> None:
        """After each step. progress: of the training, 0..1."""

    def shown(self, pixels: Tensor, draws: torch.Generator) -> tuple[Tensor, ...]:
        """What becomes of these images before the network sees them: each uint8 [n, c, s, s]."""
        raise TypeError(f"{type(self).__name__} changes nothing")

    def answered(
        self, model: Backbone, shape: Preparer, pixels: Tensor, usual: Tensor, draws: torch.Generator
    ) -> OwnAnswers:
        """What it answers about these images, as pictures. usual: the mean image, float [c, s, s] in 0..1, that an
        answer should beat. Only of what has an answer for each image: views that are compared have neighbours."""
        raise TypeError(f"{type(self).__name__} answers nothing about one image")

    def measured(self, model: Backbone, shape: Preparer, batches: Iterator[Tensor], draws: torch.Generator) -> Told:
        """What is told of examples that nothing is learnt from, if anything is."""
        return {}

    def projected(self, features: Tensor) -> Tensor:
        """What the loss compares, of features [n, d], for the gauge of collapse; the features themselves where it
        compares nothing."""
        return features


class Compared(Pretext):
    """Two views of every example. projector: features [n, d] -> what is compared [n, out]."""

    def __init__(self, projector: nn.Module) -> None:
        super().__init__()
        self.projector = projector

    def projected(self, features: Tensor) -> Tensor:
        out: Tensor = self.projector(features)
        return out


class ComparedImages(Compared):
    """Of images, each changed twice."""

    def __init__(self, views: str, background: int, projector: nn.Module) -> None:
        super().__init__(projector)
        self._change = Augmentation(VIEWS[views], background)

    def views(self, pixels: Tensor, draws: torch.Generator) -> Tensor:
        """uint8 [2n, c, s, s]: each image changed once, then each once more."""
        return torch.cat([self._change(pixels, draws), self._change(pixels, draws)])

    def shown(self, pixels: Tensor, draws: torch.Generator) -> tuple[Tensor, ...]:
        return self.views(pixels, draws).chunk(2)

    def told(self, model: Backbone, shape: Preparer, pixels: Tensor, draws: torch.Generator) -> Told:
        both = shape(self.views(pixels, draws))
        return self.compared(model, both)

    def compared(self, model: Backbone, both: Tensor) -> Told:
        """both: float [2n, c, s, s], the two views."""
        raise TypeError(f"{type(self).__name__} compares nothing")


class Teacher(nn.Module):
    """A copy of network and projector that follows them as a moving average, by parameters alone: its batch norm uses
    the batch as theirs does. Nothing is learnt through it."""

    def __init__(self, model: Backbone, projector: nn.Module) -> None:
        super().__init__()
        self.trunk = deepcopy(model).requires_grad_(False)
        self.projector = deepcopy(projector).requires_grad_(False)

    @torch.no_grad()
    def follow(self, model: Backbone, projector: nn.Module, momentum: float) -> None:
        own: list[Tensor] = [*self.trunk.blocks.parameters(), *self.projector.parameters()]
        theirs = [*model.blocks.parameters(), *projector.parameters()]
        torch._foreach_lerp_(own, [one.detach() for one in theirs], 1 - momentum)

    @torch.no_grad()
    def forward(self, both: Tensor, bf16: bool = False, passes: Passes = ALONE) -> Tensor:
        """What it makes of the views [2n, c, s, s]: [2n, out]."""
        with rounded(self.trunk, bf16):
            features = passes(self.trunk.train(), both, answers=False).float()
        out: Tensor = self.projector(features)
        return out


def momentum_at(least: float, progress: float) -> float:
    """From `least` to 1 along a cosine, as BYOL has it."""
    return 1 - (1 - least) * (1 + torch.cos(torch.tensor(torch.pi * progress)).item()) / 2


def mlp(inputs: int, hidden: int, out: int, last_norm: bool = False) -> nn.Sequential:
    """Linear, batch norm, ReLU, linear, and a batch norm without scale and shift where `last_norm`."""
    layers: list[nn.Module] = [nn.Linear(inputs, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, out)]
    return nn.Sequential(*layers, *([nn.BatchNorm1d(out, affine=False)] if last_norm else []))


def decoder(features: int, pool: Pool, most: int = 64) -> tuple[nn.Sequential, int]:
    """(features [n, d] -> images [n, c, side, side] in 0..1 as logits, side): the images' own side or less, four times
    the smallest map that it begins with."""
    least = max(1, min(pool.size, most) // 4)
    side = 4 * least
    layers = nn.Sequential(
        nn.Linear(features, 64 * least * least), nn.Unflatten(1, (64, least, least)), nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.BatchNorm2d(32), nn.ReLU(),
        nn.ConvTranspose2d(32, pool.channels, 4, 2, 1),
    )  # fmt: skip
    return layers, side


def facts(model: Backbone, pretext: Pretext) -> Mapping[str, int]:
    """Parameters that are kept and that are thrown away."""
    kept = sum(one.numel() for one in model.parameters())
    return {"parameters": kept, "head parameters": sum(one.numel() for one in pretext.parameters())}
