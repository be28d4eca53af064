"""The two ways to learn within one stage of fine-tuning: the whole network on images, or the head on cached features.

Both offer: `learn(blocks, epochs)` before the first epoch in which these blocks learn, `parts()` for the optimiser,
`statistics()` that training changes besides, `begin()` before each epoch and `expect(order)` of its batches,
`logits(indices, blend)` on training images, `validate()` and `settle()`, after which the model itself holds what was
learnt. `named()` are all tensors that may learn; `state()` is what neither the model holds nor `learn` brings back.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping

import torch
from torch import Tensor, nn

from engine.artifacts.bookmark import State, generator_state, load_generator
from engine.backbones.backbone import Backbone, batch_norms
from engine.backbones.precision import rounded
from engine.events import Preparing
from engine.layers import HEAD, LayerRow
from engine.machine.allocator import freed_memory
from engine.parallel.passes import ALONE, Passes
from engine.preparation.augmentation import Augmentation
from engine.preparation.inputs import Inputs, Labelled, Preparer, as_long, picked
from engine.tuning.lowrank import LowRank
from engine.tuning.objective import Blend
from engine.tuning.solving import Solving
from engine.tuning.trainable import Part, chosen, frozen_prefix, prefix_of

EVALUATION_BATCH = 64
KEPT_BYTES = 1 << 30  # most that is kept of the frozen blocks' outputs


def batches(count: int, size: int = EVALUATION_BATCH) -> Iterator[slice]:
    """In order, 0 to count; what batches leave of memory is bounded."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))
        freed_memory.hold()


class WholeNetwork:
    """The blocks that learn are trained on images; the others are frozen and in eval mode.

    Where leading blocks are frozen and the images do not change from epoch to epoch, their outputs are computed once.
    """

    def __init__(
        self, model: Backbone, train: Labelled, validation: Labelled, shape: Preparer, table: Mapping[str, LayerRow],
        *, bf16: bool = False, augmentation: Augmentation | None = None, low_rank: LowRank | None = None,
        cached: bool = True, generator: torch.Generator | None = None, passes: Passes = ALONE,
    ) -> None:  # fmt: skip
        self.model, self.train, self.validation, self.shape, self.table = model, train, validation, shape, table
        self.bf16, self.augmentation, self.low_rank, self.passes = bf16, augmentation, low_rank, passes
        self._may_cache = cached and augmentation is None
        self._generator = generator or torch.Generator()
        self.learning: frozenset[str] = frozenset()
        self.start = 0  # the first block that is computed; what comes before is cached
        self._inputs: tuple[Inputs, Inputs] = (train.inputs, validation.inputs)

    def learn(self, blocks: frozenset[str], epochs: int) -> Generator[Preparing, None, None]:
        """Let these blocks learn from now on, for at least this many epochs."""
        self.learning = blocks
        self.model.requires_grad_(False)
        for part in self.parts():
            for parameter in part.parameters:
                parameter.requires_grad_(True)
        self.start, self._inputs = 0, (self.train.inputs, self.validation.inputs)
        prefix = self.model.cut_at(len(frozen_prefix(self.model.block_names, blocks)))
        if prefix and epochs > 1 and self._may_cache:
            yield from self._cache(prefix)

    def parts(self) -> list[Part]:
        """What learns, block by block."""
        return [self._part(name) for name in self.model.block_names if name in self.learning]

    def _part(self, name: str) -> Part:
        row = self.table[name]
        own = list(chosen(self.model.block(name), row).values())
        if row.trains == "low-rank" and self.low_rank is not None:
            own = self.low_rank.parameters(prefix_of(name))
        return Part(name, own, row.rate, row.anchor)

    def statistics(self) -> Iterator[Tensor]:
        """Batch norm's running means and variances in the blocks that learn."""
        for norm in (norm for name in self.learning for norm in batch_norms(self.model.block(name))):
            yield from (kept for kept in (norm.running_mean, norm.running_var) if kept is not None)

    def _cache(self, prefix: int) -> Iterator[Preparing]:
        self.model.eval()
        kept: list[Inputs] = []
        for labelled in (self.train, self.validation):
            parts: list[Tensor] = []
            for part in batches(len(labelled)):
                yield Preparing("Computing the frozen blocks once", part.start / len(labelled))
                parts.append(self._prefix(labelled.inputs[part], prefix))
                if parts[-1][0].nbytes * (len(self.train) + len(self.validation)) > KEPT_BYTES:
                    return
            kept.append(torch.cat(as_long(parts)) if parts else labelled.inputs)
        self.start, self._inputs = prefix, (kept[0], kept[1])

    @torch.no_grad()
    def _prefix(self, pixels: Tensor, blocks: int) -> Tensor:
        with rounded(self.model, self.bf16):
            return self.model.through(self.shape(pixels), 0, blocks)

    def begin(self) -> None:
        """Training mode where something learns; batch norm as the table says."""
        self.model.eval()
        for name in self.learning:
            block = self.model.block(name).train()
            if self.table[name].batch_norm == "pretrained statistics":
                for norm in batch_norms(block):
                    norm.eval()

    def expect(self, order: Iterable[Tensor]) -> None:
        if not isinstance(images := self._inputs[0], Tensor):
            images.expect(order)

    def logits(self, indices: Tensor, blend: Blend | None = None) -> Tensor:
        with rounded(self.model, self.bf16):
            return self._tail(self._seen(indices), blend).float()

    def features(self, indices: Tensor) -> Tensor:
        """[n, features] of these training examples, without the head."""
        with rounded(self.model, self.bf16):
            return self._tail(self._seen(indices), None, answers=False).float()

    def _seen(self, indices: Tensor) -> Tensor:
        inputs = picked(self._inputs[0], indices)
        return inputs if self.augmentation is None else self.augmentation(inputs, self._generator)

    def _tail(self, inputs: Tensor, blend: Blend | None, answers: bool = True) -> Tensor:
        """Logits, or the features that they are made of."""
        values = self.shape(inputs) if self.start == 0 else self.shape.resumed(inputs)
        values = blend(values) if blend is not None else values
        weights = None if self.low_rank is None else self.low_rank.merged()
        return self.passes(self.model, values, self.start, answers, weights)

    @torch.no_grad()
    def validate(self) -> Tensor:
        """Logits [n, classes] of the validation images, in eval mode."""
        self.model.eval()
        with rounded(self.model, self.bf16):
            inputs = (self._inputs[1][part] for part in batches(len(self.validation)))
            return torch.cat([self._tail(part, None).float() for part in inputs])

    def settle(self) -> None:
        if self.low_rank is not None:
            self.low_rank.settle()

    def named(self) -> dict[str, Tensor]:
        factors = self.low_rank.named() if self.low_rank is not None else {}
        return {**dict(self.model.named_parameters()), **dict(self.model.named_buffers()), **factors}

    def state(self) -> State:
        low_rank = self.low_rank.state() if self.low_rank is not None else None
        return {"generator": generator_state(self._generator), "low rank": low_rank}

    def load_state(self, state: State) -> None:
        load_generator(self._generator, state["generator"])
        if self.low_rank is not None:
            self.low_rank.load_state(state["low rank"])


class HeadOnFeatures:
    """The trunk never changes, so every image is embedded once; the head learns on standardised features.

    Training z = (f - mean) / deviation and folding the scale into the head's weights afterwards gives the same
    function of f, learnt on well-conditioned inputs.
    """

    def __init__(
        self, model: Backbone, train: Labelled, validation: Labelled, shape: Preparer, rate: float = 1.0,
        solved: bool = False,
    ) -> None:  # fmt: skip
        """solved: the head is fitted to the end as soon as there are features."""
        self.model, self.shape, self.rate, self._solved = model, shape, rate, solved
        self._sets = (train, validation)
        self._features: list[Tensor] = []
        self._head = nn.Linear(1, 1)
        self._mean = self._deviation = torch.empty(0)

    def learn(self, blocks: frozenset[str], epochs: int) -> Generator[Preparing, None, None]:
        """Embed all images once, then standardise by the training images."""
        self._features = []
        for labelled in self._sets:
            parts: list[Tensor] = []
            for part in batches(len(labelled)):
                yield Preparing("Embedding with the frozen blocks", part.start / len(labelled))
                parts.append(embed(self.model, self.shape(labelled.inputs[part])))
            self._features.append(torch.cat(parts) if parts else torch.empty(0, self.model.features))
        self._standardise()
        if self._solved:
            yield from self._solve()

    def _standardise(self) -> None:
        train = self._features[0]
        self._mean, deviation = train.mean(0), train.std(0, unbiased=False)
        flat = deviation < 1e-3 * deviation.mean().clamp_min(1e-12)
        self._deviation = torch.where(flat, torch.ones_like(deviation), deviation)
        self._features = [(features - self._mean) / self._deviation for features in self._features]
        own = self._own_head()
        self._head = nn.Linear(own.in_features, own.out_features, device=self._mean.device)
        self._set(own.weight, own.bias)

    def _solve(self) -> Iterator[Preparing]:
        """Logistic regression on training features of length 1; the head then reads plain ones as if each had their
        mean length."""
        plain, labels = self._features[0] * self._deviation + self._mean, self._sets[0].labels
        lengths = plain.norm(dim=1, keepdim=True).clamp_min(1e-12)
        solving = Solving(plain / lengths, labels, self._own_head().out_features)
        for share in solving.rounds():
            yield Preparing("Fitting the head to the end", share)
        self._set(solving.weight.detach() / lengths.mean(), solving.bias.detach())

    @torch.no_grad()
    def _set(self, weight: Tensor, bias: Tensor) -> None:
        """Of plain features."""
        self._head.weight.copy_(weight * self._deviation)
        self._head.bias.copy_(bias + weight @ self._mean)

    def _own_head(self) -> nn.Linear:
        assert isinstance(self.model.head, nn.Linear)
        return self.model.head

    def parts(self) -> list[Part]:
        return [Part(HEAD, list(self._head.parameters()), self.rate)]

    def statistics(self) -> Iterator[Tensor]:
        """A linear head has none."""
        return iter(())

    def begin(self) -> None:
        """Nothing to do: the features stay as they are."""

    def expect(self, order: Iterable[Tensor]) -> None:
        """They are in memory."""

    def logits(self, indices: Tensor, blend: Blend | None = None) -> Tensor:
        features = picked(self._features[0], indices)
        return self._head(features if blend is None else blend(features))

    @torch.no_grad()
    def validate(self) -> Tensor:
        return self._head(self._features[1])

    @torch.no_grad()
    def settle(self) -> None:
        """Write the head, in terms of the plain features, into the model."""
        weight = self._head.weight / self._deviation
        self._own_head().weight.copy_(weight)
        self._own_head().bias.copy_(self._head.bias - weight @ self._mean)

    def named(self) -> dict[str, Tensor]:
        return dict(self._head.named_parameters())

    def state(self) -> State:
        return {"head": self.named() if self._features else None}

    @torch.no_grad()
    def load_state(self, state: State) -> None:
        for name, kept in (state["head"] or {}).items():
            self.named()[name].copy_(kept)


@torch.no_grad()
def embed(model: Backbone, images: Tensor) -> Tensor:
    """Features [n, features] of normalised images, in eval mode."""
    model.eval()
    return model.embed(images)
