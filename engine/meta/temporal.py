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

    inputs: values of one moment. longest: moments that the convolutions reach over. outputs: of the answer.
    """

    def __init__(self, inputs: int, outputs: int, longest: int, filters: int) -> None:
        super().__init__()
        dilations = [2**power for power in range(max(1, math.ceil(math.log2(longest))))]
        parts: list[nn.Module] = []
        width = inputs
        for _ in range(2):
            parts.append(CausalAttention(width, 2 * filters, filters))
            width += filters
            for dilation in dilations:
                parts.append(CausalConvolution(width, dilation, filters))
                width += filters
        parts.append(CausalAttention(width, 2 * filters, filters))
        self.body = nn.Sequential(*parts)
        self.answer = nn.Linear(width + filters, outputs)

    def forward(self, sequence: Tensor) -> Tensor:
        """[n, time, inputs] -> [n, outputs]."""
        return self.answer(self.body(sequence)[:, -1])


def sequences(x: Tensor, y: Tensor, asked: Tensor) -> Tensor:
    """One sequence per question [m, n + 1, d + t]: the support set with its labels, and last the question without one.

    x: [n, d]; y: [n, t], labels as one-hot or numbers; asked: [m, d]. The support set is read in one mixed order, so
    that a moment's place says nothing about its class.
    """
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0)).to(x.device)
    given = torch.cat([x, y], 1)[order].expand(len(asked), -1, -1)
    hidden = torch.cat([asked, asked.new_zeros(len(asked), y.shape[1])], 1)
    return torch.cat([given, hidden[:, None]], 1)
