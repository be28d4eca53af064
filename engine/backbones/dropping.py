"""Values of a network of texts that are lost at random, by draws of one's own (Srivastava et al. 2014, JMLR 15).

No network here has dropout layers, because what these draw comes from a state that is no experiment's. A value is lost
where BERT loses one: of the embeddings, and of what attention and perceptron add to what passes by. A network of the
library transformers loses them where its authors would, but for the weights of attention. Of another one the outputs of
all blocks but the last lose values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from engine.backbones.backbone import Backbone
from engine.backbones.bert import BertLayer, TextEmbeddings
from engine.errors import InvalidExperiment
from engine.machine.transfers import sent

VALUES = 3  # dimensions of what is lost from: texts, pieces and their values


@dataclass(eq=False)
class Losing:
    """Called after each place that loses values. draws: on the CPU, so that they are the same on every device. whole:
    texts and pieces of a step that passes in parts, for all of which is drawn when the first one passes. rows: int64
    [m], the texts of the part that passes now, cut where all of them are padding."""

    share: float
    draws: torch.Generator
    whole: tuple[int, int] | None = None
    rows: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.int64))
    kept: dict[nn.Module, Tensor] = field(default_factory=dict)

    def __call__(self, layer: nn.Module, _: object, values: Tensor) -> Tensor:
        if values.dim() != VALUES:  # the weights of attention
            return values
        kept = self._drawn(values.shape) if self.whole is None else self._part(layer, values)
        return values * sent(kept, values.device) / (1 - self.share)

    def _part(self, layer: nn.Module, values: Tensor) -> Tensor:
        if layer not in self.kept:
            assert self.whole is not None
            self.kept[layer] = self._drawn((*self.whole, values.shape[2]))
        return self.kept[layer][self.rows, : values.shape[1]]

    def _drawn(self, size: Sequence[int]) -> Tensor:
        return torch.rand(tuple(size), generator=self.draws) >= self.share


@contextmanager
def dropping(
    model: Backbone, share: float, draws: torch.Generator, whole: tuple[int, int] | None = None
) -> Iterator[Losing]:
    """While open, so large a share of the values is 0 and the rest is scaled up; padding stays 0. whole: of a step in
    parts, see `Losing`. Raises `InvalidExperiment` where it has no place to lose any."""
    losing = Losing(share, draws, whole)
    hooks = [one.register_forward_hook(losing) for one in places(model)] if share else []
    try:
        yield losing
    finally:
        for hook in hooks:
            hook.remove()


def places(model: Backbone) -> list[nn.Module]:
    """The layers after which values are lost."""
    if model.whole is not None:
        with model.whole.assembled() as network:
            return _of_its_authors(network)
    found: list[nn.Module] = []
    for one in model.blocks.modules():
        if isinstance(one, TextEmbeddings):
            found.append(one.norm)
        if isinstance(one, BertLayer):
            found += [one.output, one.shrink]
    return found or list(model.blocks.values())[:-1]


def _of_its_authors(network: nn.Module) -> list[nn.Module]:
    found: list[nn.Module] = [one for one in network.modules() if isinstance(one, nn.Dropout)]
    if not found:
        raise InvalidExperiment(
            "This network has no place where values could be lost.", "Choose another backbone.", "backbone"
        )
    return found
