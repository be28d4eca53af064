"""UPGrad: each task's gradient becomes the nearest direction that makes no task worse; then they are added.

It needs a backward pass for each task in every step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.machine.extras import Extra
from engine.multitask.method import GRADIENTS, TORCHJD, MultiTaskMethod

if TYPE_CHECKING:
    from engine.multitask.balance import Weighting


class UPGrad(MultiTaskMethod):
    name = "upgrad"
    order = 550
    title = "UPGrad"
    group = GRADIENTS
    idea = "Move each task's gradient to where it opposes none."
    paper = "Quinton & Rey 2024, Jacobian Descent for Multi-Objective Optimization, arXiv 2406.16232"
    backward_passes = "each"
    needs = Extra("UPGrad", TORCHJD)

    def balance(self, tasks: int, seed: int) -> Weighting:
        from engine.multitask.balance import OfGradients
        from engine.multitask.surgery import upgrad

        return OfGradients(tasks, upgrad(tasks), seed)
