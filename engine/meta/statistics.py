"""What is kept of the training images besides the weights: batch norm's running statistics of a network that was
meta-trained with the statistics of each batch, or whatever else a method wants before it is judged."""

from __future__ import annotations

import numpy as np
import torch

from engine.backbones.backbone import Backbone
from engine.meta.learner import MetaLearner
from engine.meta.task import Tasks


@torch.no_grad()
def refreshed(method: MetaLearner, model: Backbone, tasks: Tasks, step: int) -> None:
    """Bring up to date what the method keeps of the training images and its training does not; the same at the same
    step."""
    draw = np.random.default_rng([step, 7])
    new = tasks.minibatch if method.trains.share == 1 else lambda rng: tasks.task(tasks.draw(rng))
    drawn = (new(draw) for _ in range(method.refresh_batches))
    method.refresh(model, (torch.cat([task.support_inputs, task.query_inputs]) for task in drawn))
