"""One view predicts the other."""

from __future__ import annotations

from torch import Tensor

from engine.backbones.backbone import Backbone
from engine.pretraining.losses import away
from engine.pretraining.pool import Pool
from engine.pretraining.pretext import ComparedImages, Teacher, Told, mlp, momentum_at


class Bootstrap(ComparedImages):
    """BYOL; SimSiam where momentum is None: the network is its own target, its projection standardised at the end."""

    def __init__(self, model: Backbone, views: str, pool: Pool, hidden: int, out: int, momentum: float | None) -> None:
        alone = momentum is None
        super().__init__(views, pool.background, mlp(model.features, hidden, out, last_norm=alone))
        self.predictor = mlp(out, max(2, out // 4) if alone else hidden, out)
        self.teacher = None if alone else Teacher(model, self.projector)
        self._momentum = momentum

    def compared(self, model: Backbone, both: Tensor) -> Told:
        own = self.projected(self.embedded(model, both))
        target = own if self.teacher is None else self.teacher(both, self.bf16, self.passes)
        (guess_a, guess_b), (a, b) = self.predictor(own).chunk(2), target.chunk(2)
        apart = (away(guess_a, b) + away(guess_b, a)) / 2
        return {"loss": apart if self.teacher is None else 4 * (1 + apart)}

    def stepped(self, model: Backbone, progress: float) -> None:
        if self.teacher is not None and self._momentum is not None:
            self.teacher.follow(model, self.projector, momentum_at(self._momentum, progress))
