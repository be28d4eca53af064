"""Uncertainty: each task's weight is learnt with the network, smaller where its loss stays large.

What is unusual: the sum that is minimised may fall below zero. The losses of the tasks are what to look at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.multitask.method import SUMS, MultiTaskMethod

if TYPE_CHECKING:
    from engine.multitask.balance import Weighting


class UncertaintyWeights(MultiTaskMethod):
    name = "uncertainty"
    order = 520
    title = "Uncertainty"
    group = SUMS
    idea = "Learn how much each task's loss can be trusted."
    paper = "Kendall et al. 2018, Multi-Task Learning Using Uncertainty to Weigh Losses, arXiv 1705.07115"
    differs = "The form of the libraries, with one half before each loss."

    def balance(self, tasks: int, seed: int) -> Weighting:
        from engine.multitask.balance import Uncertainty

        return Uncertainty(tasks)
