"""SNAIL's blocks: causal convolutions over time and attention to the past, laid in turn (Mishra et al. 2018)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class CausalConvolution(nn.Module):
    """[n, time, inputs] -> [n, time, inputs + filters]: tanh · sigmoid of two convolutions over this moment and the one
    `dilation` before it, beside what came in."""

    def __init__(self, inputs: int, dilation: int, filters: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.value, self.gate = (nn.Conv1d(inputs, filters, 2, dilation=dilation) for _ in range(2))

    def forward(self, sequence: Tensor) -> Tensor:
        past = F.pad(sequence.transpose(1, 2), (self.dilation, 0))
        found = self.value(past).tanh() * self.gate(past).sigmoid()
        return torch.cat([sequence, found.transpose(1, 2)], 2)


class CausalAttention(nn.Module):
    """[n, time, inputs] -> [n, time, inputs + values]: what the moments up to now answer to this one's question."""

    def __init__(self, inputs: int, keys: int, values: int) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(inputs, width) for width in (keys, keys, values))

    def forward(self, sequence: Tensor) -> Tensor:
        time = sequence.shape[1]
        closeness = self.query(sequence) @ self.key(sequence).mT / math.sqrt(self.key.out_features)
        future = torch.ones(time, time, dtype=torch.bool, device=sequence.device).triu(1)
        weights = closeness.masked_fill(future, -torch.inf).softmax(2)
        return torch.cat([sequence, weights @ self.value(sequence)], 2)


class Reader(nn.Module):
    """Attention, convolutions, attention, convolutions, attention, and an answer for the last moment.

    features: values of an embedded image, which are brought to mean 0 and deviation 1 before they are read. targets:
    values of a label, and of the answer. longest: moments that the convolutions reach over. The first attention begins
    with keys that are its queries, so that a moment looks first at those that resemble it.
    """

    def __init__(self, features: int, targets: int, longest: int, filters: int) -> None:
        super().__init__()
        self.standard = nn.LayerNorm(features)
        dilations = [2**power for power in range(max(1, math.ceil(math.log2(longest))))]
        parts: list[nn.Module] = []
        width = features + targets
        for _ in range(2):
            parts.append(CausalAttention(width, 2 * filters, filters))
            width += filters
            for dilation in dilations:
                parts.append(CausalConvolution(width, dilation, filters))
                width += filters
        parts.append(CausalAttention(width, 2 * filters, filters))
        self.body = nn.Sequential(*parts)
        self.answer = nn.Linear(width + filters, targets)
        first = self.body[0]
        first.key.load_state_dict(first.query.state_dict())  # type: ignore[union-attr]

    def forward(self, x: Tensor, y: Tensor, asked: Tensor) -> Tensor:
        """The answers [m, targets] to m questions, each read after the whole support set. x: [n, features]; y: [n,
        targets], labels as one-hot or numbers; asked: [m, features]."""
        known, questions = self.standard(x), self.standard(asked)
        return self.answer(self.body(sequences(known, y, questions))[:, -1])


def sequences(x: Tensor, y: Tensor, asked: Tensor) -> Tensor:
    """One sequence per question [m, n + 1, d + t]: the support set with its labels in the order given, and last the
    question without one. x: [n, d]; y: [n, t]; asked: [m, d]."""
    given = torch.cat([x, y], 1).expand(len(asked), -1, -1)
    hidden = torch.cat([asked, asked.new_zeros(len(asked), y.shape[1])], 1)
    return torch.cat([given, hidden[:, None]], 1)
