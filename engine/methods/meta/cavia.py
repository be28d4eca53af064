"""CAVIA: only a context vector adapts to a task; the network is shared (Zintgraf et al. 2019, arXiv 1810.03642).

The context starts at 0 for every task and takes the inner steps; it scales and shifts the channels of one layer in the
middle of the network (FiLM). The outer loop learns everything else. So few adapted values overfit little. In the paper
the inner rate matters little, as the network learns the scale of its context; within minutes it has to be large enough
for a context to count from the start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.method import hyper
from engine.methods.meta.maml import MAML, MAMLHyperparameters

if TYPE_CHECKING:
    from torch import nn

    from engine.adaptation.inner_loop import Parameters
    from engine.backbones.backbone import Backbone


class CAVIAHyperparameters(MAMLHyperparameters):
    context: int = hyper(100, "Context", "Values that adapt to a task.", unit="values", low=1, high=1000)
    inner_rate: float = hyper(
        1.0, "Inner learning rate", "Step size on the context; a tenth of it learns nothing in minutes on images.",
        low=1e-5, high=10.0, log=True,
    )  # fmt: skip
    inner_steps: int = hyper(2, "Inner steps", "Gradient steps on the context while meta-training.", low=1, high=20)
    test_steps: int = hyper(2, "Inner steps at test", "Gradient steps on the context for a new task.", low=1, high=100)


class CAVIA(MAML):
    name = "cavia"
    order = 360
    title = "CAVIA"
    idea = "Adapt a small context vector that steers the shared network, and nothing else."
    paper = "Zintgraf et al. 2019, Fast Context Adaptation via Meta-Learning, arXiv 1810.03642"
    differs = (
        "Channels are scaled by 1 + γ, so that pretrained features stay as they are without a context, in the authors' "
        "code by γ; their pooling comes before it, and their outer rate falls by a tenth every 5,000 steps."
    )
    Hyperparameters = CAVIAHyperparameters
    becomes = "trained", "trained"  # by the outer loop alone; the context is not one of the blocks
    presets = {
        "Minutes on a laptop": {},
        "Paper's values, mini-ImageNet": {"query": 15, "inner_rate": 1.0, "meta_batch": 16, "steps": 60_000},
        "Sinusoid": {
            "context": 5, "shot": 10, "query": 10, "inner_rate": 1.0, "inner_steps": 1, "test_steps": 1,
            "meta_batch": 25, "steps": 20_000,
        },
    }  # fmt: skip

    def adapts(self, model: nn.Module) -> Callable[[str], bool]:
        from engine.adaptation.film import CONTEXT

        return lambda name: name == CONTEXT

    def prepare(self, model: Backbone, way: int) -> None:
        from engine.adaptation.film import hang_film

        hang_film(model, self.hyperparameters.context)

    def start(self, model: Backbone, detached: bool = False) -> Parameters:
        """With a context of 0."""
        import torch

        from engine.adaptation.film import CONTEXT

        context = torch.zeros_like(model.meta.context, requires_grad=True)  # type: ignore[arg-type]
        return super().start(model, detached) | {CONTEXT: context}
