"""One policy for all goals: trained on goals pooled together, then adapted to each new one like the meta-learned one.

The baseline of the point-mass experiment (Finn et al. 2017). What is best on average over all goals is to stay near the
start, and from there a step has as far to go as from anywhere.
"""

from __future__ import annotations

from typing import ClassVar

from engine.acting.method import PolicyMethod
from engine.layers import Treatment


class PolicyPooled(PolicyMethod):
    name = "policy_pooled"
    order = 410
    title = "Policy of all goals"
    idea = "Learn one policy for all goals, then adapt it to each: what meta-learning has to beat."
    paper = "Finn, Abbeel & Levine 2017, Model-Agnostic Meta-Learning, arXiv 1703.03400"
    differs = "Adam in place of TRPO, tries of 20 moves, a smaller policy."
    becomes: ClassVar[tuple[Treatment, Treatment]] = "adapted", "adapted"
    presets = {"Minutes on a laptop": {}}

    @property
    def inner_steps(self) -> int:
        return 0
