"""Which word comes next? A small language model: attention looks at nothing that comes later, and what is made of each
word answers which one follows."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.backbones.backbone import Backbone
from engine.backbones.bert import reading_forwards
from engine.backbones.precision import rounded
from engine.errors import InvalidExperiment
from engine.machine.transfers import sent
from engine.preparation.inputs import Preparer
from engine.pretraining.language import MOST_ASKED
from engine.pretraining.pool import Pool
from engine.pretraining.pretext import OwnAnswers, Told
from engine.pretraining.wording import SaysWords, states_of
from engine.texts.alphabet import frequencies, unigram_entropy

BEGUN, WORDS, LIKELIEST = 8, 12, 10  # texts that are gone on with, by so many words, each drawn among so many


class NextWord(SaysWords):
    """Of each step at most `MOST_ASKED` words are asked for, drawn among all that follow another."""

    def __init__(self, model: Backbone, pool: Pool) -> None:
        super().__init__(model, pool)
        require_forwards(model)
        counts = frequencies(pool.tokenizer, pool.texts, pool.size, self.alphabet, firsts=False)
        self._beaten = unigram_entropy(counts)

    def told(self, model: Backbone, shape: Preparer, pixels: Tensor, draws: torch.Generator) -> Told:
        states, truth = self.asked(model, shape(pixels))
        if len(truth) > MOST_ASKED:
            chosen = sent(torch.randperm(len(truth), generator=draws)[:MOST_ASKED], truth.device)
            states, truth = states[chosen], truth[chosen]
        logits = self.logits(model, states)
        loss = F.cross_entropy(logits, truth, reduction="sum") / max(1, len(truth))
        right = (logits.detach().argmax(1) == truth).float().sum() / max(1, len(truth))
        return {"loss": loss, "accuracy": right, "perplexity": loss.detach().exp()}

    def asked(self, model: Backbone, pieces: Tensor) -> tuple[Tensor, Tensor]:
        """What the network makes of each piece that a word follows, [m, width], and these words, int64 [m]; of pieces
        int64 [n, L], row by row."""
        follow = self.are_words(pieces[:, 1:]) & (pieces[:, :-1] != 0)
        return self._states(model, pieces)[:, :-1][follow], pieces[:, 1:][follow]

    def _states(self, model: Backbone, pieces: Tensor) -> Tensor:
        with rounded(model, self.bf16), reading_forwards(model):
            return states_of(model, pieces)

    def measured(self, model: Backbone, shape: Preparer, batches: Iterator[Tensor], draws: torch.Generator) -> Told:
        """Over texts that nothing is learnt from: each word that follows another counts alike."""
        mean = self._mean(model, (shape(pixels) for pixels in batches))
        return {"loss": mean, "perplexity": mean.exp()}

    def _mean(self, model: Backbone, batches: Iterator[Tensor]) -> Tensor:
        """Cross-entropy in nats of all words that follow another, a scalar; 0 where there is none."""
        loss, total = 0.0, 0
        for pieces in batches:
            states, truth = self.asked(model, pieces)
            for some, words in zip(states.split(MOST_ASKED), truth.split(MOST_ASKED), strict=True):
                loss += float(F.cross_entropy(self.logits(model, some), words, reduction="sum"))
            total += len(truth)
        return torch.tensor(loss / max(1, total))

    def answered(
        self, model: Backbone, shape: Preparer, pixels: Tensor, usual: Tensor, draws: torch.Generator
    ) -> OwnAnswers:
        """The first half of a few texts, how the network goes on with them, and how they went on."""
        pieces = shape(pixels)
        words = self._mean(model, iter([pieces]))
        said = f"Perplexity {float(words.exp()):,.0f}; who knows only how frequent each word is has "
        said += f"{float(torch.tensor(self._beaten).exp()):,.0f}."
        some = pieces[:BEGUN]
        halves = (some != 0).sum(1, keepdim=True).add(1) // 2
        begun = some * (torch.arange(some.shape[1], device=some.device) < halves)
        room = max(1, min(WORDS, shape.size - int(halves.max())))
        columns = (begun, self.continued(model, begun, room, draws), some)
        told = tuple([self.alphabet.spelled(row) for row in column.tolist()] for column in columns)
        return OwnAnswers(("begun", "continued", "true"), told, None, said)

    def continued(self, model: Backbone, begun: Tensor, words: int, draws: torch.Generator) -> Tensor:
        """Texts int64 [n, L] with so many words more at their ends, each drawn among the ten likeliest."""
        ends, rows = (begun != 0).sum(1).clamp_min(1), torch.arange(len(begun), device=begun.device)
        grown = F.pad(begun, (0, words))
        never = torch.tensor([0, self.alphabet.mask, *self.alphabet.marks], device=begun.device)
        for place in range(words):
            last = self._states(model, grown[:, : int(ends.max()) + place])[rows, ends + place - 1]
            best, which = self.logits(model, last).index_fill(1, never, -torch.inf).topk(LIKELIEST)
            drawn = torch.multinomial(best.softmax(1).cpu(), 1, generator=draws)
            grown[rows, ends + place] = which.gather(1, sent(drawn, which.device))[:, 0]
        return grown


@torch.no_grad()
def require_forwards(model: Backbone) -> None:
    """Raises `InvalidExperiment` where what is made of a word changes with one that comes later."""
    rows = torch.tensor([[1, 2, 3, 4], [1, 2, 3, 5]], device=next(model.parameters()).device)
    with reading_forwards(model):
        one, other = states_of(model, rows)[:, :-1]
    if not torch.allclose(one, other, atol=1e-5):
        raise InvalidExperiment(
            "This network reads a text both ways, so that it would see the word that it is asked for.",
            "Choose a network of attention that is built here, or masked words.", "backbone",
        )  # fmt: skip
