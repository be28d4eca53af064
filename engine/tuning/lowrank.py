"""Low-rank changes to frozen weights (LoRA, Hu et al. 2021, arXiv 2106.09685)."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from engine.artifacts.bookmark import State
from engine.backbones.backbone import Backbone


def low_rank_weights(block: nn.Module) -> dict[str, nn.Parameter]:
    """Name within the block -> weight of every linear and convolution layer, attention's projections included.

    Convolutions in groups (depthwise) are left out: each of their filters reads one channel and has no rank to lower.
    """
    found: dict[str, nn.Parameter] = {}
    for prefix, layer in block.named_modules():
        dot = f"{prefix}." if prefix else ""
        if isinstance(layer, nn.MultiheadAttention) and layer.in_proj_weight is not None:
            found[f"{dot}in_proj_weight"] = layer.in_proj_weight
        whole = isinstance(layer, nn.Conv2d) and layer.groups == 1
        if isinstance(layer, nn.Linear) or whole:
            found[f"{dot}weight"] = layer.weight
    return found


class LowRank:
    """w + scale / rank * B A for chosen weights of a model, which itself stays an ordinary network.

    names: full parameter names. A: [rank, inputs], random; B: [outputs, rank], zero at first. Of a k x k convolution A
    is one to `rank` channels, its inputs channels * k * k, and B a 1x1 convolution, as peft has it.
    """

    def __init__(self, model: Backbone, names: Iterable[str], rank: int, scale: float, seed: int) -> None:
        self.model = model
        own = dict(model.named_parameters())
        self.base = {name: own[name].detach().clone() for name in names}
        self.factor = scale / rank
        generator = torch.Generator().manual_seed(seed)
        self.down = {name: self._down(weight, rank, generator) for name, weight in self.base.items()}
        self.up = {name: nn.Parameter(weight.new_zeros(len(weight), rank)) for name, weight in self.base.items()}

    def _down(self, weight: Tensor, rank: int, generator: torch.Generator) -> nn.Parameter:
        values = torch.empty(rank, weight[0].numel())
        nn.init.kaiming_uniform_(values, a=math.sqrt(5), generator=generator)
        return nn.Parameter(values.to(weight))

    def parameters(self, prefix: str) -> list[nn.Parameter]:
        """The factors of the weights whose name starts so."""
        names = [name for name in self.base if name.startswith(prefix)]
        return [factor for name in names for factor in (self.down[name], self.up[name])]

    def named(self) -> dict[str, nn.Parameter]:
        """Every factor by a name of its own."""
        down = {f"down of {name}": factor for name, factor in self.down.items()}
        return down | {f"up of {name}": factor for name, factor in self.up.items()}

    def state(self) -> State:
        return {"base": self.base, "factors": self.named()}

    @torch.no_grad()
    def load_state(self, state: State) -> None:
        for name, base in self.base.items():
            base.copy_(state["base"][name])
        for name, factor in self.named().items():
            factor.copy_(state["factors"][name])

    def merged(self) -> dict[str, Tensor]:
        """Full name -> weight with its change, differentiable in the factors."""
        return {
            name: base + self.factor * (self.up[name] @ self.down[name]).view_as(base)
            for name, base in self.base.items()
        }

    @torch.no_grad()
    def settle(self) -> None:
        """Write the changed weights into the model."""
        own = dict(self.model.named_parameters())
        for name, weight in self.merged().items():
            own[name].copy_(weight)
