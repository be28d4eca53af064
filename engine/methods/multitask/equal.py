"""Plain sum: the losses of all tasks added, each with weight 1. The baseline of everything else here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.multitask.method import SUMS, MultiTaskMethod

if TYPE_CHECKING:
    from engine.multitask.balance import Weighting


class Equal(MultiTaskMethod):
    name = "equal"
    order = 500
    title = "Plain sum"
    group = SUMS
    idea = "Add the losses of all tasks."
    paper = "Caruana 1997, Multitask Learning, Machine Learning 28"

    def balance(self, tasks: int, seed: int) -> Weighting:
        from engine.multitask.balance import Weighting

        return Weighting([1.0] * tasks)
