"""MAML: learn initial weights from which a few gradient steps solve a new task (Finn et al. 2017, arXiv 1703.03400).

Inner loop: φ = θ - α ∇L(θ, support), a few steps. Outer loop: θ follows the gradient of L(φ, query) through those
steps. With running statistics in batch norm instead of the batch's own, accuracy drops to near chance.
"""

from __future__ import annotations

from typing import Literal

from engine.meta.roles import MetaRun
from engine.method import hyper
from engine.methods.meta.gradient_based import SINUSOID, GradientBased, GradientHyperparameters


class MAMLHyperparameters(GradientHyperparameters):
    order: Literal["second order", "first order"] = hyper(
        "second order", "Meta-gradient", "Second order differentiates through the inner steps; first order is faster."
    )


class MAML(GradientBased):
    name = "maml"
    order = 300
    title = "MAML"
    idea = "Learn initial weights from which a few gradient steps solve a new task."
    paper = "Finn, Abbeel & Levine 2017, Model-Agnostic Meta-Learning, arXiv 1703.03400"
    Hyperparameters = MAMLHyperparameters
    presets = {
        "Minutes on a laptop": {},
        "Paper's values, Omniglot 5-way": {"meta_batch": 32, "query": 1, "steps": 60_000},
        "Paper's values, Omniglot 20-way": {
            "way": 20, "meta_batch": 16, "query": 1, "inner_rate": 0.1, "inner_steps": 5, "test_steps": 5,
            "steps": 60_000,
        },
        "Paper's values, sinusoid": {
            "shot": 10, "query": 10, "inner_rate": 0.01, "meta_batch": 25, "steps": 70_000, "test_steps": 10,
        },
        "Sinusoid": SINUSOID,
    }  # fmt: skip

    def second_order(self, run: MetaRun) -> bool:
        return bool(self.hyperparameters.order == "second order")
