"""Values of a network of texts that are lost at random, by draws of one's own (Srivastava et al. 2014, JMLR 15).

No network here has dropout layers, because what these draw comes from a state that is no experiment's. A value is lost
where BERT loses one: of the embeddings, and of what attention and perceptron add to what passes by. A network of the
library transformers loses them where its authors would, but for the weights of attention. Of another one the outputs of
all blocks but the last lose values.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from engine.backbones.backbone import Backbone
from engine.backbones.bert import BertLayer, TextEmbeddings
from engine.errors import InvalidExperiment
from engine.machine.transfers import sent

VALUES = 3  # dimensions of what is lost from: texts, pieces and their values


@contextmanager
def dropping(model: Backbone, share: float, draws: torch.Generator) -> Iterator[None]:
    """While open, so large a share of the values is 0 and the rest is scaled up; padding stays 0. draws: on the CPU, so
    that they are the same on every device. Raises `InvalidExperiment` where it has no place to lose any."""

    def drop(_: nn.Module, __: object, values: Tensor) -> Tensor:
        if values.dim() != VALUES:  # the weights of attention
            return values
        kept = torch.rand(values.shape, generator=draws) >= share
        return values * sent(kept, values.device) / (1 - share)

    hooks = [one.register_forward_hook(drop) for one in places(model)] if share else []
    try:
        yield
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
