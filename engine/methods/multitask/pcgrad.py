"""PCGrad: where the gradients of two tasks oppose each other, the opposing part is taken out before they are added.

It needs a backward pass for each task in every step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.machine.extras import Extra
from engine.multitask.method import GRADIENTS, TORCHJD, MultiTaskMethod

if TYPE_CHECKING:
    from engine.multitask.balance import Weighting


class PCGrad(MultiTaskMethod):
    name = "pcgrad"
    order = 540
    title = "PCGrad"
    group = GRADIENTS
    idea = "Take out of each task's gradient what opposes another's."
    paper = "Yu et al. 2020, Gradient Surgery for Multi-Task Learning, arXiv 2001.06782"
    backward_passes = "each"
    needs = Extra("PCGrad", TORCHJD)

    def balance(self, tasks: int, seed: int) -> Weighting:
        from engine.multitask.balance import OfGradients
        from engine.multitask.surgery import pcgrad

        return OfGradients(tasks, pcgrad(), seed)
