"""MAML of a policy: learn one that a few tries at a goal, and a policy-gradient step, bring there (Finn et al. 2017).

Inner step: down the surrogate -log π(a|s) · A of tries made by the shared policy. Outer step: the same of tries made by
the adapted policy, through the inner step. That tries made before the step would be others with another policy is left
out, as in the paper's code.
"""

from __future__ import annotations

from typing import Literal

from engine.acting.method import PolicyHyperparameters, PolicyMethod
from engine.method import hyper


class PolicyMAMLHyperparameters(PolicyHyperparameters):
    inner_steps: int = hyper(1, "Inner steps", "Steps towards each goal while meta-training.", low=1, high=5)
    order: Literal["second order", "first order"] = hyper(
        "second order", "Meta-gradient", "Second order differentiates through the inner steps; first order is faster."
    )


class PolicyMAML(PolicyMethod):
    name = "policy_maml"
    order = 400
    title = "MAML of a policy"
    idea = "Learn a policy that a few tries at a new goal bring there."
    paper = "Finn, Abbeel & Levine 2017, Model-Agnostic Meta-Learning, arXiv 1703.03400"
    differs = "Adam in place of TRPO for the outer steps, tries of 20 moves, a smaller policy."
    Hyperparameters = PolicyMAMLHyperparameters
    presets = {"Minutes on a laptop": {}}

    @property
    def inner_steps(self) -> int:
        return int(self.hyperparameters.inner_steps)

    @property
    def second_order(self) -> bool:
        return bool(self.hyperparameters.order == "second order")
