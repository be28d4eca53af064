"""Views that find each other: within the batch, or against a queue of earlier projections."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.backbones.backbone import Backbone
from engine.preparation.inputs import Preparer
from engine.pretraining.losses import info_nce, nt_xent, sup_con
from engine.pretraining.pretext import ComparedImages, Teacher, Told


class Contrast(ComparedImages):
    """SimCLR."""

    def __init__(self, views: str, background: int, projector: nn.Module, temperature: float) -> None:
        super().__init__(views, background, projector)
        self._temperature = temperature

    def compared(self, model: Backbone, both: Tensor) -> Told:
        a, b = self.projected(self.embedded(model, both)).chunk(2)
        return {"loss": nt_xent(a, b, self._temperature)}


class SupervisedContrast(Contrast):
    """SupCon."""

    def taught(self, model: Backbone, shape: Preparer, pixels: Tensor, labels: Tensor, draws: torch.Generator) -> Told:
        a, b = self.projected(self.embedded(model, shape(self.views(pixels, draws)))).chunk(2)
        return {"loss": sup_con(a, b, labels, self._temperature)}


class Queue(nn.Module):
    """The last so many rows that were pushed, [size, d]. held: how many there are so far."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.rows: Tensor
        self.held: Tensor
        self.register_buffer("rows", torch.zeros(size, width))
        self.register_buffer("held", torch.zeros((), dtype=torch.int64))

    def push(self, rows: Tensor) -> None:
        """rows [n, d]: the newest last; of more than it holds the newest alone."""
        size = len(self.rows)
        joined = torch.cat([self.rows, rows.detach()])[-size:]
        self.rows.copy_(joined)
        self.held.add_(len(rows)).clamp_(max=size)

    def filled(self) -> Tensor:
        """The rows that were pushed, oldest first."""
        return self.rows[len(self.rows) - int(self.held) :]


class QueueContrast(ComparedImages):
    """MoCo: the first view asks, the second one's projection by the teacher answers; a step's own keys join the queue
    after it."""

    def __init__(
        self, model: Backbone, views: str, background: int, projector: nn.Module, temperature: float, queue: int,
        momentum: float,
    ) -> None:  # fmt: skip
        super().__init__(views, background, projector)
        self.teacher = Teacher(model, projector)
        last = projector[-1] if isinstance(projector, nn.Sequential) else projector
        assert isinstance(last, nn.Linear)
        self.queue = Queue(queue, last.out_features)
        self._temperature, self._momentum = temperature, momentum

    def compared(self, model: Backbone, both: Tensor) -> Told:
        query = self.projected(self.embedded(model, both)).chunk(2)[0]
        key = F.normalize(self.teacher(both, self.bf16, self.passes).chunk(2)[1], dim=1)
        loss = info_nce(query, key, self.queue.filled(), self._temperature)
        self.queue.push(key)
        return {"loss": loss}

    def stepped(self, model: Backbone, progress: float) -> None:
        self.teacher.follow(model, self.projector, self._momentum)
