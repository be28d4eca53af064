"""From the layer table to parameters: what of a block learns, how fast, and what it is held to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.backbones.backbone import Backbone
from engine.errors import InvalidExperiment
from engine.layers import HEAD, LayerRow
from engine.tuning.lowrank import low_rank_weights
from engine.tuning.method import FineTuneMethod

NORMS = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm)  # torchvision's LayerNorm2d is an nn.LayerNorm


@dataclass(frozen=True)
class Part:
    """Parameters of one block with one rate. rate: times the learning rate. anchor: alpha of L2-SP."""

    block: str
    parameters: Sequence[nn.Parameter]
    rate: float
    anchor: float = 0.0


def prefix_of(block: str) -> str:
    """How the names of a block's parameters begin in the model."""
    return "head." if block == HEAD else f"blocks.{block}."


def chosen(block: nn.Module, row: LayerRow) -> dict[str, nn.Parameter]:
    """Name within the block -> parameter that learns; empty where low-rank factors learn instead."""
    if row.trains == "everything":
        return dict(block.named_parameters())
    if row.trains == "low-rank":
        return {}
    return {
        f"{prefix}.{name}" if prefix else name: parameter
        for prefix, layer in block.named_modules()
        for name, parameter in layer.named_parameters(recurse=False)
        if isinstance(layer, NORMS) or (row.trains == "biases and norms" and name.endswith("bias"))
    }


def names_of_norms(model: nn.Module) -> frozenset[str]:
    """Full names of the parameters of normalisation layers."""
    return frozenset(
        f"{prefix}.{name}"
        for prefix, layer in model.named_modules()
        if isinstance(layer, NORMS)
        for name, _ in layer.named_parameters(recurse=False)
    )


def check_table(model: Backbone, table: Mapping[str, LayerRow]) -> None:
    """Raises `InvalidExperiment` when what should learn does not exist in this backbone at all."""
    for kind, words, instead in (
        ("norms", "normalisation layers", "Let biases and norms learn, or another method."),
        ("low-rank", "linear or convolution layers", "Choose another backbone, or another method."),
    ):
        blocks = [name for name, row in table.items() if row.trains == kind and row.rate > 0 and name != HEAD]
        if blocks and not any(_wanted(model.block(name), table[name]) for name in blocks):
            raise InvalidExperiment(f"This backbone has no {words} to train.", instead, "method")


def nothing_to_train(model: Backbone, table: Mapping[str, LayerRow]) -> tuple[str, ...]:
    """The blocks that should learn and have none of the parameters that are to."""
    wanted = ((name, row, model.block(name)) for name, row in table.items() if row.rate > 0)
    return tuple(name for name, row, block in wanted if not _wanted(block, row))


def _wanted(block: nn.Module, row: LayerRow) -> dict[str, nn.Parameter]:
    return low_rank_weights(block) if row.trains == "low-rank" else chosen(block, row)


def count_trainable(model: Backbone, method: FineTuneMethod, endless: bool = False) -> int:
    """Parameters that learn at some time; of a low-rank change its factors. endless: only the time ends training."""
    rank = getattr(method.hyperparameters, "rank", 4)
    left_out = names_of_norms(model) if method.measures_rates else frozenset()
    total = 0
    for name, row in method.table(model.block_names).items():
        block = model.block(name)
        if row.rate == 0 or (row.from_epoch >= method.epochs and not endless):
            continue
        if row.trains == "low-rank":
            total += sum(rank * (len(weight) + weight[0].numel()) for weight in low_rank_weights(block).values())
        else:
            own = chosen(block, row).items()
            total += sum(parameter.numel() for key, parameter in own if prefix_of(name) + key not in left_out)
    return total


class Anchor:
    """The pull of L2-SP (Li et al. 2018): alpha/2 * |w - w0|^2 over the anchored parameters."""

    def __init__(self, parts: Sequence[Part], initial: Mapping[nn.Parameter, Tensor]) -> None:
        self._held = [
            (parameter, initial[parameter], part.anchor)
            for part in parts
            if part.anchor > 0
            for parameter in part.parameters
        ]

    @torch.no_grad()
    def add_gradient(self) -> None:
        """Add alpha * (w - w0) to each anchored parameter's gradient."""
        for parameter, start, alpha in self._held:
            if parameter.grad is not None:
                parameter.grad.add_(parameter - start, alpha=alpha)


def frozen_prefix(blocks: Sequence[str], learning: frozenset[str]) -> tuple[str, ...]:
    """The blocks before the first one that learns."""
    return tuple(_leading(blocks, learning))


def _leading(blocks: Sequence[str], learning: frozenset[str]) -> Iterator[str]:
    for block in blocks:
        if block in learning:
            return
        yield block
