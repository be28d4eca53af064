"""A point that moves in the plane as policies wish, for many goals and tries at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.adaptation.inner_loop import Parameters
from engine.backbones.backbone import applied

MOVES, LARGEST = 20, 0.1  # moves in a try, and the largest in either direction
Policy = Callable[[Parameters, Tensor], Tensor]  # parameters [goals, …], places [goals, n, 2] -> mean wishes alike


@dataclass(frozen=True)
class Tries:
    """Of each goal, in its own tries: places before each move and what was wished there, in units of the largest move,
    [goals, tries, moves, 2]; rewards after it [goals, tries, moves]."""

    places: Tensor
    wishes: Tensor
    rewards: Tensor

    @property
    def returns(self) -> Tensor:
        """Mean over tries of all rewards, [goals]."""
        return self.rewards.sum(-1).mean(-1)


def policy_of(model: nn.Module) -> Policy:
    """The network as a policy of many goals, each with parameters of its own."""
    return torch.vmap(lambda parameters, places: applied(model, parameters, places))


def repeated(model: nn.Module, goals: int) -> Parameters:
    """The network's parameters once for each goal, [goals, …]."""
    return {name: value.expand(goals, *value.shape) for name, value in model.named_parameters()}


@torch.no_grad()
def tried(policy: Policy, parameters: Parameters, goals: Tensor, noise: Tensor) -> Tries:
    """goals: [goals, 2]. noise: [moves, goals, tries, 2], added to what the policy wishes."""
    here, places, wishes, rewards = torch.zeros_like(noise[0]), [], [], []
    for disturbed in noise:
        places.append(here)
        wishes.append(policy(parameters, here) + disturbed)
        here = moved(here, wishes[-1])
        rewards.append(-(here - goals[:, None]).square().sum(-1))
    return Tries(torch.stack(places, 2), torch.stack(wishes, 2), torch.stack(rewards, 2))


def moved(here: Tensor, wish: Tensor) -> Tensor:
    """Where a wish leads to, from here."""
    return here + LARGEST * wish.clamp(-1, 1)
