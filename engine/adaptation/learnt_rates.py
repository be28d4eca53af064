"""Inner learning rates that are meta-learned: one for every single value of every adapted parameter (Meta-SGD), or one
for every parameter and inner step (MAML++)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn


class LearntRates(nn.Module):
    """parameters: name -> tensor whose shape the rates take; they start uniformly between 0.5 and 1.5 times `rate`,
    the same for the same shapes."""

    def __init__(self, parameters: Mapping[str, Tensor], rate: float) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(0)
        self.rates = nn.ParameterDict(
            {key_of(name): rate * (0.5 + torch.rand(value.shape, generator=draw)) for name, value in parameters.items()}
        )

    def of(self, name: str) -> Tensor:
        """The rates of the parameter of this name, shaped like it."""
        return self.rates[key_of(name)]

    def by_block(self) -> dict[str, float]:
        return mean_by_block(self.rates.items())


class StepRates(nn.Module):
    """One rate per parameter and inner step, and scale and shift of batch norm for each step after the first.

    parameters: names of what adapts. norms: batch norm's parameters by name; they serve the first step, and the others
    begin as copies of them. Steps beyond `steps` use what the last one has.
    """

    def __init__(self, parameters: Iterable[str], norms: Mapping[str, Tensor], steps: int, rate: float) -> None:
        super().__init__()
        self.steps = steps
        self.rates = nn.ParameterDict({key_of(name): torch.full((steps,), rate) for name in parameters})
        further = norms if steps > 1 else {}
        self.norms = nn.ParameterDict(
            {key_of(name): value.detach().repeat(steps - 1, 1) for name, value in further.items()}
        )
        self._norm_names = tuple(further)

    def of(self, name: str, step: int) -> Tensor:
        """The rate of the parameter of this name in the step of this number, from 0."""
        return self.rates[key_of(name)][min(step, self.steps - 1)]

    def at_step(self, parameters: Mapping[str, Tensor], step: int) -> dict[str, Tensor]:
        """The parameters with batch norm's scale and shift of the step of this number, from 0."""
        number = min(step, self.steps - 1)
        norms = {name: self.norms[key_of(name)][number - 1] for name in self._norm_names if number}
        return dict(parameters) | norms

    def by_block(self) -> dict[str, float]:
        return mean_by_block(self.rates.items())


@torch.no_grad()
def mean_by_block(rates: Iterable[tuple[str, Tensor]]) -> dict[str, float]:
    """Mean rate per block of the network, for the curves. rates: each with `key_of` its parameter's name."""
    found: dict[str, list[Tensor]] = {}
    for key, value in rates:
        parts = key.split("/")
        found.setdefault(parts[1] if parts[0] == "blocks" else parts[0], []).append(value.flatten())
    return {block: float(torch.cat(values).mean()) for block, values in found.items()}


def key_of(name: str) -> str:
    """A parameter's name without dots, which a module's parts may not have."""
    return name.replace(".", "/")
