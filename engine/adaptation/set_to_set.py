"""The layer that lets the members of a set look at each other, as FEAT adapts class means (Ye et al. 2020)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class Dropout(nn.Dropout):
    """Draws from a generator of its own, so that a run repeats whatever else runs beside it."""

    def __init__(self, share: float) -> None:
        super().__init__(share)
        self.draws = torch.Generator().manual_seed(int(torch.randint(1 << 31, ())))

    def forward(self, input: Tensor) -> Tensor:
        if not self.training or not self.p:
            return input
        kept = torch.rand(input.shape, generator=self.draws) >= self.p
        return input * kept.to(input) / (1 - self.p)


class SetToSet(nn.Module):
    """One head of scaled dot-product attention among the rows, its output added to them, and layer norm.

    LN(X + W_o (softmax(X W_q (X W_k)ᵀ / √d) X W_v)); another order of the rows gives the same in that order.
    """

    def __init__(self, features: int, dropout: float, attention_dropout: float) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(features, features, bias=False) for _ in range(3))
        for layer in (self.query, self.key, self.value):
            nn.init.normal_(layer.weight, std=1 / math.sqrt(features))
        self.output = nn.Linear(features, features)
        nn.init.xavier_normal_(self.output.weight)
        self.norm = nn.LayerNorm(features)
        self.dropout, self.attention_dropout = Dropout(dropout), Dropout(attention_dropout)

    def forward(self, rows: Tensor, seen: Tensor | None = None) -> Tensor:
        """[n, d] -> [n, d]. seen: bool [n, n], which rows each row looks at; all if None."""
        scores = self.query(rows) @ self.key(rows).T / math.sqrt(rows.shape[1])
        if seen is not None:
            scores = scores.masked_fill(~seen, -torch.inf)
        read = self.attention_dropout(scores.softmax(1)) @ self.value(rows)
        found: Tensor = self.norm(rows + self.dropout(self.output(read)))
        return found
