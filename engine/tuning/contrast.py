"""Pairs of examples of one class or of two, drawn as they are needed: how many there are grows with the square of the
examples, so they are never listed (SetFit, Tunstall et al. 2022, arXiv 2209.11055)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.artifacts.bookmark import State
from engine.machine.transfers import sent
from engine.preparation.inputs import Labelled
from engine.tuning.learners import WholeNetwork


class Partners:
    """labels: int64 [n], on the CPU. To each example another: of its class half of the time, else of another class."""

    def __init__(self, labels: Tensor) -> None:
        self.labels = labels
        self._order = torch.argsort(labels, stable=True)
        self._counts = torch.bincount(labels)
        self._starts = self._counts.cumsum(0) - self._counts

    def drawn(self, draws: torch.Generator) -> tuple[Tensor, Tensor]:
        """Partners int64 [n], and whether each is of the same class, float [n]. An example that is alone in its class
        is its own partner; where there is one class alone, all are of it."""
        count, rest = self._counts[self.labels], len(self.labels) - self._counts[self.labels]
        alike = (torch.rand(len(count), generator=draws) < 0.5) | (rest == 0)
        share, first = torch.rand(len(count), generator=draws), self._starts[self.labels]
        inside = first + (share * count).long().clamp_max(count - 1)
        other = (share * rest).long().clamp_max(rest - 1)
        outside = torch.where(other < first, other, other + count)
        return self._order[torch.where(alike, inside, outside)], alike.float()


class PairQuestion:
    """What a stage asks that learns from pairs. Those of an epoch are drawn before it, where nobody waits for a
    device."""

    def __init__(self, train: Labelled, draws: torch.Generator) -> None:
        self._train, self._draws = train, draws
        self._partners = Partners(train.labels.cpu())
        self._others = self._alike = torch.empty(0)

    def draw(self) -> None:
        """For the epoch that begins."""
        self._give(*self._partners.drawn(self._draws))

    def _give(self, others: Tensor, alike: Tensor) -> None:
        self._others, self._alike = self._train.in_order(others), sent(alike, self._train.device)

    def both(self, indices: Tensor) -> Tensor:
        """These examples int64 [m] and their partners: int64 [2 m]."""
        return torch.cat([indices, self._others[indices]])

    def loss(self, learner: WholeNetwork, indices: Tensor) -> Tensor:
        found, theirs = learner.features(self.both(indices)).chunk(2)
        return pair_loss(found, theirs, self._alike[sent(indices, self._train.device)])

    def state(self) -> State:
        return {"others": self._others, "alike": self._alike}

    def load_state(self, state: State) -> None:
        self._give(state["others"], state["alike"])


def pair_loss(features: Tensor, others: Tensor, alike: Tensor) -> Tensor:
    """Mean squared distance of the cosine of features [m, d] and others [m, d] from 1 where they are alike, from 0
    where they are not."""
    return F.mse_loss(F.cosine_similarity(features, others), alike)
