"""What becomes of a network's parameters on a task, as a value: carried out here for one, in `stacked` for many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from engine.adaptation.inner_loop import InnerLoop, Parameters
from engine.adaptation.inner_optimiser import BatchSteps
from engine.adaptation.linear_head import head_outputs, linear_path
from engine.adaptation.objective import loss
from engine.backbones.backbone import Backbone


@dataclass(frozen=True)
class Adaptation:
    """inner: the steps on the support set. reach: what they run through, "" is the whole network, "head." the head
    alone on features that stay. outer: where the shared parameters θ go, down the gradient of the "query loss" at the
    adapted φ or along the "displacement" from θ to φ."""

    inner: InnerLoop | BatchSteps
    reach: Literal["", "head."] = ""
    outer: Literal["query loss", "displacement"] = "query loss"

    @property
    def can_be_stacked(self) -> bool:
        """Whether `stacked` carries out all that this says: what it does not know is left to one task at a time."""
        return type(self) is Adaptation and self.inner.is_elementwise

    def path(
        self, model: Backbone, parameters: Mapping[str, Tensor], inputs: Tensor, targets: Tensor
    ) -> Iterator[Parameters]:
        """The parameters within reach after 0, 1, …, `steps` steps on the support set."""
        if not self.reach:
            return self.inner.path(model, parameters, inputs, targets)
        return self._head_path(model, parameters, inputs, targets)

    def _head_path(
        self, model: Backbone, parameters: Mapping[str, Tensor], inputs: Tensor, targets: Tensor
    ) -> Iterator[Parameters]:
        assert isinstance(self.inner, InnerLoop)
        # In first order no gradient goes through the support set's features.
        with nullcontext() if self.inner.second_order else torch.no_grad():
            features = model.embed(inputs)
        head = within(parameters, self.reach)
        if self.inner.is_elementwise:
            yield from linear_path(self.inner, head, features, targets)
        else:
            yield from self.inner.descent(head, lambda now: loss(head_outputs(now, features), targets))


def within(parameters: Mapping[str, Tensor], reach: str) -> Parameters:
    return {name: value for name, value in parameters.items() if name.startswith(reach)}
