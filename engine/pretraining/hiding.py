"""Which words were hidden? A head over the vocabulary answers, at the hidden places alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.backbones.backbone import Backbone
from engine.backbones.precision import rounded
from engine.machine.transfers import sent
from engine.preparation.inputs import Preparer
from engine.pretraining.pool import Pool
from engine.pretraining.pretext import OwnAnswers, Told
from engine.pretraining.wording import SaysWords, states_of

MASKED, REPLACED = 0.8, 0.9  # of what is asked for: hidden below the first, another word below the second, else kept


@dataclass(frozen=True, eq=False)
class Hidden:
    """pieces: int64 [n, L] as the network is given them. asked: bool [n, L], what is asked for."""

    pieces: Tensor
    asked: Tensor


class HiddenWords(SaysWords):
    """share: of the words that are asked for."""

    def __init__(self, model: Backbone, pool: Pool, share: float) -> None:
        super().__init__(model, pool)
        self._share = share

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
        words = self.are_words(pieces)
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
        return self.logits(model, states[hidden.asked])

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
        right, often = int((guess == truth).sum()), int((truth == self.frequent).sum())
        rows = pieces.tolist()
        asked = hidden.asked.tolist()
        columns = (
            [self.alphabet.spelled(row, gone) for row, gone in zip(rows, asked, strict=True)],
            [self.alphabet.spelled(row) for row in rebuilt.tolist()],
            [self.alphabet.spelled(row) for row in rows],
        )
        frequent = self.alphabet.called(self.frequent)
        said = f"{right} of {len(truth)} hidden words right; who always says “{frequent}” has {often}."
        return OwnAnswers(("masked", "rebuilt", "true"), columns, (rebuilt == pieces).all(1), said)
