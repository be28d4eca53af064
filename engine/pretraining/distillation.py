"""A student that learns from a teacher which is its own average."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.backbones.backbone import Backbone
from engine.pretraining.losses import self_distillation
from engine.pretraining.pretext import ComparedImages, Teacher, Told, mlp, momentum_at

KEPT = 0.9  # of the centre at each step


class Prototypes(nn.Module):
    """[n, in] -> how near each is to each of the prototypes [n, out], both on the unit sphere."""

    def __init__(self, inputs: int, count: int) -> None:
        super().__init__()
        self.directions = nn.Parameter(torch.randn(count, inputs))

    def forward(self, values: Tensor) -> Tensor:
        return F.normalize(values, dim=1) @ F.normalize(self.directions, dim=1).T


class Distillation(ComparedImages):
    """DINO with two whole views. widths: of the projector's hidden layer, of what it gives, of the prototypes."""

    def __init__(
        self, model: Backbone, views: str, background: int, widths: tuple[int, int, int], momentum: float,
        temperatures: tuple[float, float],
    ) -> None:  # fmt: skip
        hidden, out, count = widths
        head = nn.Sequential(mlp(model.features, hidden, out), Prototypes(out, count))
        super().__init__(views, background, head)
        self.teacher = Teacher(model, self.projector)
        self.centre: Tensor
        self.register_buffer("centre", torch.zeros(count))
        self._momentum, self._temperatures = momentum, temperatures

    def compared(self, model: Backbone, both: Tensor) -> Told:
        a, b = self.projected(self.embedded(model, both)).chunk(2)
        taught = self.teacher(both, self.bf16, self.passes)
        of_a, of_b = taught.chunk(2)
        loss = self_distillation(a, of_b, self.centre, *self._temperatures)
        loss = (loss + self_distillation(b, of_a, self.centre, *self._temperatures)) / 2
        wanted = F.softmax((taught - self.centre) / self._temperatures[1], dim=1)
        entropy = torch.special.entr(wanted).sum(1).mean()
        self.centre.lerp_(taught.mean(0), 1 - KEPT)
        return {"loss": loss, "teacher entropy": entropy}

    def stepped(self, model: Backbone, progress: float) -> None:
        self.teacher.follow(model, self.projector, momentum_at(self._momentum, progress))
