"""Sums of whole networks: weights times shares, added up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import torch
from torch import Tensor

State = Mapping[str, Tensor]


@torch.no_grad()
def mixed(states: Sequence[State], shares: Sequence[float]) -> dict[str, Tensor]:
    """The sum of share times state over networks of one shape: theta(alpha) with (1 - alpha, alpha), the mean of n with
    1 / n each. Added up in float64 and rounded once; a single share of 1 gives that state itself, bit for bit.

    What is no fraction (counters of batch norm) is that of the first state with a share. A running variance that
    shares beyond 0 and 1 would make negative is 0. Raises ValueError where there is no share but 0, or not one each.
    """
    used = [(state, share) for state, share in zip(states, shares, strict=True) if share != 0]
    if not used:
        raise ValueError("A sum of networks needs a share that is not 0.")
    if len(used) == 1 and used[0][1] == 1:
        return {key: value.clone() for key, value in used[0][0].items()}
    return {key: _summed(key, [(state[key], share) for state, share in used]) for key in used[0][0]}


def _summed(key: str, parts: Sequence[tuple[Tensor, float]]) -> Tensor:
    first = parts[0][0]
    if not first.is_floating_point():
        return first.clone()
    total = torch.zeros_like(first, dtype=torch.float64)
    for value, share in parts:
        total.add_(value.to(torch.float64), alpha=share)
    return (total.clamp_min_(0) if key.endswith("running_var") else total).to(first.dtype)


@torch.no_grad()
def dot(one: State, other: State, names: Collection[str]) -> float:
    """Of the weights of these names together, in float64."""
    pairs = ((one[name].to(torch.float64).flatten(), other[name].to(torch.float64).flatten()) for name in names)
    return float(sum((a @ b for a, b in pairs), torch.zeros((), dtype=torch.float64)))


def difference(one: State, other: State, names: Collection[str]) -> dict[str, Tensor]:
    """one - other of the weights of these names, float64."""
    return {name: one[name].to(torch.float64) - other[name].to(torch.float64) for name in names}
