"""Pretrained on all tasks: one network for all curves at once, fine-tuned on the points of a new one.

The baseline of the sinusoid experiment (Finn et al. 2017, table 2): no inner steps while training, so the network
learns what is best on average before it has seen anything of a task. Averaged over phases that is next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.meta.learner import Outcome, WholeBatch
from engine.meta.roles import MetaRun
from engine.method import hyper
from engine.methods.meta.gradient_based import GradientBased, GradientHyperparameters

if TYPE_CHECKING:
    from engine.backbones.backbone import Backbone
    from engine.meta.task import Task


class JointHyperparameters(GradientHyperparameters):
    inner_rate: float = hyper(
        0.01, "Fine-tuning rate", "Step size of fine-tuning on a new task.", low=1e-5, high=10.0, log=True
    )
    inner_steps: int = hyper(0, "Inner steps", "None while training: all tasks are learnt as one.", low=0, high=0)
    test_steps: int = hyper(10, "Steps at test", "Gradient steps on a new task.", low=1, high=100)


class Joint(GradientBased):
    name = "joint"
    order = 280
    title = "Pretrained on all tasks"
    group = "Baselines"
    idea = "Learn all training tasks as one, then fine-tune on each new task: what meta-learning has to beat."
    paper = "Finn, Abbeel & Levine 2017, Model-Agnostic Meta-Learning, table 2, arXiv 1703.03400"
    suits = frozenset({"regression"})
    Hyperparameters = JointHyperparameters
    presets = {
        "Sinusoid": {
            "shot": 5, "training_shot": 10, "query": 10, "meta_batch": 25, "steps": 20_000, "validate_every": 1000,
        },
    }  # fmt: skip

    def query_loss(self, model: Backbone, task: Task, run: MetaRun) -> Outcome:
        """The loss on all points of the task, without a step towards it."""
        import torch

        from engine.adaptation.objective import loss

        targets = torch.cat([task.support_targets, task.query_targets])
        outputs = model(torch.cat([task.support_inputs, task.query_inputs]))
        return Outcome(loss(outputs, targets), outputs.detach()[len(task.support_targets) :])

    def joins(self, task: Task) -> bool:
        return True

    def in_one(self, model: Backbone, tasks: Sequence[Task], run: MetaRun) -> WholeBatch:
        """As tasks do not adapt, they are one batch."""
        import torch

        from engine.meta.task import Task as Joined
        from engine.meta.task import of_equal_shapes

        x, y, query, wanted = (torch.cat(same) for same in of_equal_shapes(tasks))
        found = self.query_loss(model, Joined(x, y, query, wanted, tasks[0].way), run).loss
        return WholeBatch(found, {"loss": found.detach()})
