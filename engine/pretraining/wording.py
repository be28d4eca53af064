"""Which word stands here? A head over the vocabulary, for questions of what the network makes of single pieces."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.backbones.backbone import Backbone
from engine.backbones.bert import DEVIATION, MeanOfPieces
from engine.errors import InvalidExperiment
from engine.pretraining.lengths import by_length, in_order, trimmed
from engine.pretraining.pool import Pool
from engine.pretraining.pretext import Pretext
from engine.texts.alphabet import alphabet, frequencies


class SaysWords(Pretext):
    """BERT's head: a layer, GELU and a norm, then the network's own table of words. frequent: the most frequent piece
    of the texts."""

    def __init__(self, model: Backbone, pool: Pool) -> None:
        super().__init__()
        self.alphabet = alphabet(pool.tokenizer, pool.texts)
        self.frequent = int(np.argmax(frequencies(pool.tokenizer, pool.texts, pool.size, self.alphabet)))
        width = table_of(model).embedding_dim
        layer = nn.Linear(model.features, width)
        nn.init.normal_(layer.weight, std=DEVIATION)
        nn.init.zeros_(layer.bias)
        self.head = nn.Sequential(layer, nn.GELU(), nn.LayerNorm(width))
        self.bias = nn.Parameter(torch.zeros(table_of(model).num_embeddings))

    def logits(self, model: Backbone, states: Tensor) -> Tensor:
        """float32 [m, numbers] of what the network makes of m pieces, [m, width]."""
        return F.linear(self.head(states.float()), table_of(model).weight, self.bias)

    def are_words(self, pieces: Tensor) -> Tensor:
        """bool of the same shape: neither padding nor a mark."""
        return (pieces != 0) & ~torch.isin(pieces, torch.tensor(self.alphabet.marks, device=pieces.device))


def states_of(model: Backbone, pieces: Tensor) -> Tensor:
    """What the network makes of each piece, [n, L, width], of pieces int64 [n, L]; zeros where there is padding."""
    groups = by_length(pieces)
    with before_pooling(model) as states:
        for rows in groups:
            model.embed(trimmed(pieces[rows]))
    return in_order(states, groups)


def table_of(model: Backbone) -> nn.Embedding:
    """The table of words in the network's first block; raises `InvalidExperiment` where it has none."""
    first = next(iter(model.blocks.values()))
    table = next((one for one in first.modules() if isinstance(one, nn.Embedding)), None)
    if table is None:
        raise InvalidExperiment("This network has no table of words.", "Choose another backbone.", "backbone")
    return table


@contextmanager
def before_pooling(model: Backbone) -> Iterator[list[Tensor]]:
    """While open, what the network makes of each piece, [n, L, width], is put into the list at each pass."""
    seen: list[Tensor] = []
    pooling = next((one for one in model.blocks.modules() if isinstance(one, MeanOfPieces)), None)
    if pooling is None:
        raise InvalidExperiment("This network says nothing about single words.", "Choose another backbone.", "backbone")
    hook = pooling.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    try:
        yield seen
    finally:
        hook.remove()
