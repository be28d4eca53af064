"""Which words were hidden? A head over the vocabulary answers, at the hidden places alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.backbones.backbone import Backbone
from engine.backbones.bert import DEVIATION, MeanOfPieces
from engine.backbones.precision import rounded
from engine.errors import InvalidExperiment
from engine.machine.transfers import sent
from engine.preparation.inputs import Preparer
from engine.pretraining.lengths import by_length, in_order, trimmed
from engine.pretraining.pool import Pool
from engine.pretraining.pretext import OwnAnswers, Pretext, Told
from engine.texts.alphabet import alphabet, frequencies

MASKED, REPLACED = 0.8, 0.9  # of what is asked for: hidden below the first, another word below the second, else kept


@dataclass(frozen=True, eq=False)
class Hidden:
    """pieces: int64 [n, L] as the network is given them. asked: bool [n, L], what is asked for."""

    pieces: Tensor
    asked: Tensor


class HiddenWords(Pretext):
    """BERT's head: a layer, GELU and a norm, then the network's own table of words. share: of the words that are asked
    for."""

    def __init__(self, model: Backbone, pool: Pool, share: float) -> None:
        super().__init__()
        self.alphabet = alphabet(pool.tokenizer, pool.texts)
        counts = frequencies(pool.tokenizer, pool.texts, pool.size, self.alphabet)
        self._frequent, self._share = int(np.argmax(counts)), share
        width = table_of(model).embedding_dim
        layer = nn.Linear(model.features, width)
        nn.init.normal_(layer.weight, std=DEVIATION)
        nn.init.zeros_(layer.bias)
        self.head = nn.Sequential(layer, nn.GELU(), nn.LayerNorm(width))
        self.bias = nn.Parameter(torch.zeros(table_of(model).num_embeddings))

    def told(self, model: Backbone, shape: Preparer, pixels: Tensor, draws: torch.Generator) -> Told:
        pieces = shape(pixels)
        hidden = self.hide(pieces, draws)
        logits, truth = self.said(model, hidden), pieces[hidden.asked]
        loss = F.cross_entropy(logits, truth, reduction="sum") / max(1, len(truth))
        right = (logits.detach().argmax(1) == truth).float().sum() / max(1, len(truth))
        return {"loss": loss, "accuracy": right, "perplexity": loss.detach().exp()}

    def hide(self, pieces: Tensor, draws: torch.Generator) -> Hidden:
        """Of pieces int64 [n, L]: so large a share of the words, one at least of each text that has any."""
        count, device = pieces.shape, pieces.device
        order = torch.rand(count, generator=draws)
        become = torch.rand(count, generator=draws)
        other = sent(torch.randint(1, self.alphabet.numbers, count, generator=draws), device)
        words = (pieces != 0) & ~torch.isin(pieces, torch.tensor(self.alphabet.marks, device=device))
        order = sent(order, device).masked_fill(~words, torch.inf)
        asked = (order < self._share) | (order == order.amin(1, keepdim=True)) & words
        become = sent(become, device)
        given = pieces.masked_fill(asked & (become < MASKED), self.alphabet.mask)
        given = torch.where(asked & (become >= MASKED) & (become < REPLACED), other, given)
        return Hidden(given, asked)

    def said(self, model: Backbone, hidden: Hidden) -> Tensor:
        """Logits float32 [asked, numbers], in the order of the places that are asked for."""
        with rounded(model, self.bf16):
            states = states_of(model, hidden.pieces)
        answers = self.head(states.float()[hidden.asked])
        return F.linear(answers, table_of(model).weight, self.bias)

    def measured(self, model: Backbone, shape: Preparer, batches: Iterator[Tensor], draws: torch.Generator) -> Told:
        """Over texts that nothing is learnt from: each hidden word counts alike."""
        loss, total = 0.0, 0
        for pixels in batches:
            pieces = shape(pixels)
            hidden = self.hide(pieces, draws)
            logits, truth = self.said(model, hidden), pieces[hidden.asked]
            loss += float(F.cross_entropy(logits, truth, reduction="sum"))
            total += len(truth)
        mean = torch.tensor(loss / max(1, total))
        return {"loss": mean, "perplexity": mean.exp()}

    def answered(
        self, model: Backbone, shape: Preparer, pixels: Tensor, usual: Tensor, draws: torch.Generator
    ) -> OwnAnswers:
        pieces = shape(pixels)
        hidden = self.hide(pieces, draws)
        guess, truth = self.said(model, hidden).argmax(1), pieces[hidden.asked]
        rebuilt = pieces.clone()
        rebuilt[hidden.asked] = guess
        right, often = int((guess == truth).sum()), int((truth == self._frequent).sum())
        rows = pieces.tolist()
        asked = hidden.asked.tolist()
        columns = (
            [self.alphabet.spelled(row, gone) for row, gone in zip(rows, asked, strict=True)],
            [self.alphabet.spelled(row) for row in rebuilt.tolist()],
            [self.alphabet.spelled(row) for row in rows],
        )
        frequent = self.alphabet.called(self._frequent)
        said = f"{right} of {len(truth)} hidden words right; who always says “{frequent}” has {often}."
        return OwnAnswers(("masked", "rebuilt", "true"), columns, (rebuilt == pieces).all(1), said)


def table_of(model: Backbone) -> nn.Embedding:
    """The table of words in the network's first block; raises `InvalidExperiment` where it has none."""
    first = next(iter(model.blocks.values()))
    table = next((one for one in first.modules() if isinstance(one, nn.Embedding)), None)
    if table is None:
        raise InvalidExperiment("This network has no table of words.", "Choose another backbone.", "backbone")
    return table


def states_of(model: Backbone, pieces: Tensor) -> Tensor:
    """What the network makes of each piece, [n, L, width], of pieces int64 [n, L]; zeros where there is padding."""
    groups = by_length(pieces)
    with before_pooling(model) as states:
        for rows in groups:
            model.embed(trimmed(pieces[rows]))
    return in_order(states, groups)


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
