"""Policy gradients of many goals at once, and the steps towards each goal (Williams 1992; Finn et al. 2017)."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from engine.acting.moving import MOVES, Policy, Tries, tried
from engine.adaptation.inner_loop import InnerLoop, Parameters

RIDGE = 1e-6  # of the largest moment: keeps the baseline's equations solvable in float32, where tries are all alike too
TINY = 1e-8


def to_come(rewards: Tensor) -> Tensor:
    """Of each move the sum of rewards from it on, along the last dimension."""
    return rewards.flip(-1).cumsum(-1).flip(-1)


def baseline(places: Tensor, wanted: Tensor) -> Tensor:
    """What a linear function of place and time expects of the rewards to come, fitted to each goal's own tries (Duan et
    al. 2016). places [goals, tries, moves, 2], wanted [goals, tries, moves] -> the same shape as wanted."""
    time = torch.linspace(0, 1, places.shape[2], dtype=places.dtype, device=places.device).expand(places.shape[:3])
    powers = torch.stack([torch.ones_like(time), time, time**2, time**3], -1)
    features = torch.cat([places, places.square(), powers], -1).flatten(1, 2)
    moments = features.mT @ features
    sizes = moments.diagonal(dim1=-2, dim2=-1)
    sizes += RIDGE * sizes.amax(-1, keepdim=True)
    weights = torch.linalg.solve(moments, features.mT @ wanted.flatten(1)[..., None])
    return (features @ weights)[..., 0].view_as(wanted)


def advantages(tries: Tries, pooled: bool = False) -> Tensor:
    """How much better than expected each move turned out [goals, tries, moves], with mean 0 and deviation 1 over the
    tries of a goal, or over those of all. The baseline is always each goal's own."""
    wanted = to_come(tries.rewards)
    over = (0, 1, 2) if pooled else (1, 2)
    better = wanted - baseline(tries.places, wanted)
    better = better - better.mean(over, keepdim=True)
    return better / (better.std(over, keepdim=True, unbiased=False) + TINY)


def surrogate(policy: Policy, parameters: Parameters, tries: Tries, better: Tensor, noise: float) -> Tensor:
    """Of each goal the mean over its moves of -log π(wish | place) · advantage [goals], but for what no gradient sees:
    its gradient is minus that of the return."""
    means = policy(parameters, tries.places.flatten(1, 2)).view_as(tries.wishes)
    likely = -(tries.wishes - means).square().sum(-1) / (2 * noise**2)
    return -(likely * better).mean((1, 2))


class Adapting:
    """Steps towards each goal, each from new tries of the policy as it is by then. draws: of the noise."""

    def __init__(self, policy: Policy, rate: float, noise: float, tries: int, draws: torch.Generator) -> None:
        self.policy, self.rate, self.noise, self.tries, self.draws = policy, rate, noise, tries, draws

    def try_out(self, parameters: Parameters, goals: Tensor) -> Tries:
        shape = MOVES, len(goals), self.tries, 2
        disturbed = torch.randn(shape, generator=self.draws, dtype=goals.dtype).to(goals.device)
        return tried(self.policy, parameters, goals, self.noise * disturbed)

    def path(self, start: Parameters, goals: Tensor, steps: int, second_order: bool) -> Iterator[Parameters]:
        """The parameters [goals, …] after 0, 1, …, `steps` steps. start: needs a gradient."""

        def loss(now: Parameters) -> Tensor:
            tries = self.try_out(now, goals)
            return surrogate(self.policy, now, tries, advantages(tries), self.noise).sum()

        return InnerLoop(lambda name, step: self.rate, steps, second_order).descent(start, loss)

    def outer_loss(self, adapted: Parameters, goals: Tensor) -> tuple[Tensor, Tries]:
        """Scalar, of new tries of the adapted policies, and these tries."""
        tries = self.try_out(adapted, goals)
        return surrogate(self.policy, adapted, tries, advantages(tries, pooled=True), self.noise).mean(), tries
