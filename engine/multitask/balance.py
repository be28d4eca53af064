"""How the losses, or the gradients, of several tasks become one step of the trunk that they share.

A weighted sum of losses weighs heads alike; where gradients are weighed each head gets its own task's as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from engine.artifacts.bookmark import State
from engine.machine.draws import own_draws

Weighing = Callable[[Tensor], Tensor]  # inner products of the tasks' gradients [tasks, tasks] -> weights [tasks]
LEAST_WEIGHT = 1e-3
TINY = 1e-12  # in place of 0 under a fraction


class Weighting:
    """Fixed weights. of_gradients: it wants the gradient of each task; of_last: only those of the last block.

    All losses are float [tasks]; `total` is what the step goes down, weights and heads alike.
    """

    of_gradients = of_last = False

    def __init__(self, weights: Sequence[float]) -> None:
        self._weights = torch.tensor(weights)

    def weights(self) -> Tensor:
        """Of the tasks' losses, or gradients, in the step that comes, float [tasks]."""
        return self._weights

    def total(self, losses: Tensor) -> Tensor:
        return (self._weights.to(losses) * losses).sum()

    def parameters(self) -> list[nn.Parameter]:
        """What it learns by the gradient of `total`, without decay."""
        return []

    def stepped(self, losses: Tensor, norms: Tensor | None) -> None:
        """After a step. norms: of the gradients of each task's loss at the last block, float [tasks], `of_last`."""

    def epoch_over(self) -> None:
        """After an epoch."""

    def state(self) -> State:
        return {"weights": self._weights}

    def load_state(self, state: State) -> None:
        self._weights = state["weights"]


class Uncertainty(Weighting):
    """The sum of ½ exp(-s) L + ½ s, s learnt for each task (Kendall et al. 2018). It may be below zero."""

    def __init__(self, tasks: int) -> None:
        self.log_variances = nn.Parameter(torch.zeros(tasks))

    def weights(self) -> Tensor:
        return 0.5 * torch.exp(-self.log_variances.detach())

    def total(self, losses: Tensor) -> Tensor:
        variances = self.log_variances.to(losses.device)
        return (0.5 * torch.exp(-variances) * losses + 0.5 * variances).sum()

    def parameters(self) -> list[nn.Parameter]:
        return [self.log_variances]

    def state(self) -> State:
        return {"log variances": self.log_variances}

    @torch.no_grad()
    def load_state(self, state: State) -> None:
        self.log_variances.copy_(state["log variances"])


def gradnorm(weights: Tensor, norms: Tensor, ratios: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """(the loss of GradNorm, its gradient in the weights [tasks]). norms: of each task's own gradient, unweighted.
    ratios: loss over first loss. The wanted norms, the mean times r^alpha, count as constant."""
    found = weights * norms
    wanted = found.mean() * (ratios / ratios.mean().clamp_min(TINY)) ** alpha
    return (found - wanted).abs().sum(), (found - wanted).sign() * norms


class GradNorm(Weighting):
    """Weights that bring the gradients of the tasks to one size, larger where a task is behind (Chen et al. 2018).

    Its first epoch is the plain sum; the mean losses of it are what progress is measured against.
    """

    of_last = True

    def __init__(self, tasks: int, alpha: float, rate: float) -> None:
        super().__init__([1.0] * tasks)
        self.alpha, self.rate = alpha, rate
        self._sums, self._steps = torch.zeros(tasks), 0
        self._first: Tensor | None = None

    def stepped(self, losses: Tensor, norms: Tensor | None) -> None:
        losses = losses.detach().cpu()
        if self._first is None:
            self._sums, self._steps = self._sums + losses, self._steps + 1
            return
        assert norms is not None
        self._weights = self.moved(norms.detach().cpu(), losses / self._first)

    def moved(self, norms: Tensor, ratios: Tensor) -> Tensor:
        """The weights after a step, their sum as many as there are tasks."""
        gradient = gradnorm(self._weights, norms, ratios, self.alpha)[1] / norms.mean().clamp_min(TINY)
        weights = (self._weights - self.rate * gradient).clamp_min(LEAST_WEIGHT)
        return weights * len(weights) / weights.sum()

    def epoch_over(self) -> None:
        if self._first is None and self._steps:
            self._first = self._sums / self._steps

    def state(self) -> State:
        return {**super().state(), "sums": self._sums, "steps": self._steps, "first": self._first}

    def load_state(self, state: State) -> None:
        super().load_state(state)
        self._sums, self._steps, self._first = state["sums"], state["steps"], state["first"]


class OfGradients(Weighting):
    """The gradients of the tasks, each with a weight that their inner products decide.

    Where no two of them disagree it is the plain sum, to the last bit. seed: of what it draws, anew in every step.
    """

    of_gradients = True

    def __init__(self, tasks: int, weighing: Weighing, seed: int) -> None:
        super().__init__([1.0] * tasks)
        self._weighing, self._seed, self._step = weighing, seed, 0

    def weigh(self, products: Tensor) -> Tensor:
        """Weights [tasks] of the gradients by their inner products [tasks, tasks]."""
        self._step += 1
        products = products.detach().double().cpu()
        if bool((products >= 0).all()) or not bool(products.isfinite().all()):  # a run that diverges says so itself
            self._weights = torch.ones(len(products))
        else:
            with own_draws(self._seed + self._step):
                self._weights = self._weighing(products).float()
        return self._weights

    def state(self) -> State:
        return {**super().state(), "step": self._step}

    def load_state(self, state: State) -> None:
        super().load_state(state)
        self._step = state["step"]
