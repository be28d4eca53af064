"""A bidirectional LSTM of linear layers, for texts: a padded position is a vector of zeros before and after it.

torch's own LSTM has neither gradients of gradients nor a form for many tasks at once, both of which meta-learners need.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.backbones.bert import live


class WordVectors(nn.Embedding):
    """Numbers int64 [n, words] -> [n, words, width], zeros where the number is 0."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input) * (input != 0).unsqueeze(-1)


class OneWay(nn.Module):
    """[n, words, inputs] -> [n, words, outputs], from the first word on."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.seen, self.kept = nn.Linear(inputs, 4 * outputs), nn.Linear(outputs, 4 * outputs, bias=False)

    def forward(self, values: Tensor) -> Tensor:
        given = self.seen(values)
        state = cell = values.new_zeros(values.shape[0], self.kept.in_features)
        states = []
        for place in range(values.shape[1]):
            take, keep, give, fresh = (given[:, place] + self.kept(state)).chunk(4, 1)
            cell = keep.sigmoid() * cell + take.sigmoid() * fresh.tanh()
            state = give.sigmoid() * cell.tanh()
            states.append(state)
        return torch.stack(states, 1)


class BothWays(nn.Module):
    """[n, words, inputs] -> [n, words, 2 * outputs]: forwards, and from each text's last word backwards."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.forwards, self.backwards = OneWay(inputs, outputs), OneWay(inputs, outputs)

    def forward(self, values: Tensor) -> Tensor:
        seen = live(values)
        turned = backwards(seen)
        back = along(self.backwards(along(values, turned)), turned)
        return torch.cat([self.forwards(values), back], 2) * seen.unsqueeze(-1)


def backwards(seen: Tensor) -> Tensor:
    """int64 [n, words]: where each place's word is when only the words are turned round and padding stays. seen: bool,
    True of words."""
    places, count = torch.arange(seen.shape[1], device=seen.device), seen.sum(1, keepdim=True)
    return torch.where(seen, count - 1 - places, places)


def along(values: Tensor, places: Tensor) -> Tensor:
    """values [n, words, width] in the order of places int64 [n, words]."""
    return values.gather(1, places.unsqueeze(2).expand_as(values))
