"""Inner learning rates that are meta-learned, one for every single value of every adapted parameter."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class LearntRates(nn.Module):
    """parameters: name -> tensor whose shape the rates take; they start uniformly between 0.5 and 1.5 times `rate`,
    the same for the same shapes."""

    def __init__(self, parameters: Mapping[str, Tensor], rate: float) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(0)
        self.rates = nn.ParameterDict(
            {_key(name): rate * (0.5 + torch.rand(value.shape, generator=draw)) for name, value in parameters.items()}
        )

    def of(self, name: str) -> Tensor:
        """The rates of the parameter of this name, shaped like it."""
        return self.rates[_key(name)]

    @torch.no_grad()
    def by_block(self) -> dict[str, float]:
        """Mean rate per block of the network, for the curves."""
        found: dict[str, list[Tensor]] = {}
        for key, value in self.rates.items():
            parts = key.split("/")
            found.setdefault(parts[1] if parts[0] == "blocks" else parts[0], []).append(value.flatten())
        return {block: float(torch.cat(values).mean()) for block, values in found.items()}


def _key(name: str) -> str:
    """A parameter's name without dots, which a module's parts may not have."""
    return name.replace(".", "/")
