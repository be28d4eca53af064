"""ANIL: almost no inner loop. Only the head adapts, on features that the outer loop learns (Raghu et al. 2020).

The trunk runs once over the support set, and the steps are taken on the head alone; the outer gradient still goes
through them, down into the trunk. Faster than MAML by the inner backward passes it saves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from engine.method import hyper
from engine.methods.meta.gradient_based import SINUSOID
from engine.methods.meta.maml import MAML, MAMLHyperparameters

if TYPE_CHECKING:
    from torch import nn

    from engine.adaptation.adapting import Adaptation
    from engine.backbones.backbone import Backbone


class ANILHyperparameters(MAMLHyperparameters):
    inner_steps: int = hyper(5, "Inner steps", "Gradient steps on the head while meta-training.", low=1, high=50)
    test_steps: int = hyper(5, "Inner steps at test", "Gradient steps on the head for a new task.", low=1, high=100)
    order: Literal["second order", "first order"] = hyper(
        "second order", "Meta-gradient", "Second order differentiates through the steps of the head."
    )


class ANIL(MAML):
    name = "anil"
    order = 320
    title = "ANIL"
    idea = "Adapt the head alone; the features are meta-learned but do not change within a task."
    paper = "Raghu, Raghu, Bengio & Vinyals 2020, Rapid Learning or Feature Reuse?, arXiv 1909.09157"
    Hyperparameters = ANILHyperparameters
    becomes = "trained", "adapted"
    presets = {
        "Minutes on a laptop": {},
        "Sinusoid": SINUSOID | {"inner_rate": 0.1, "inner_steps": 1},
    }

    def adapts(self, model: nn.Module) -> Callable[[str], bool]:
        return lambda name: name.startswith("head.")

    def adaptation(self, model: Backbone, steps: int, second_order: bool) -> Adaptation:
        return replace(super().adaptation(model, steps, second_order), reach="head.")
