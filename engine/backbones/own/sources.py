"""A backbone as its weights are saved elsewhere: names and shapes of the whole network, and the way into its blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from torch import Tensor

from engine.backbones import catalog
from engine.backbones.backbone import Backbone
from engine.backbones.info import BackboneInfo
from engine.backbones.own.matching import COUNTER, Shapes
from engine.backbones.published import unfilled
from engine.machine.draws import own_draws


@dataclass(frozen=True, eq=False)
class SavedNetwork:
    """shapes: by the names that files have. head: those of them that do not reach the blocks."""

    info: BackboneInfo
    shapes: Shapes = field(repr=False)
    head: frozenset[str] = frozenset()

    def trunk(self, values: Mapping[str, Tensor], seed: int = 0) -> dict[str, Tensor]:
        """State of the blocks with these values, float32; what is not given is drawn from the seed."""
        with own_draws(seed):
            whole = _whole(self.info)
        given = {name: value.to(whole[name].dtype) for name, value in values.items()}
        return {name: value.clone() for name, value in _cut(self.info, {**whole, **given}).items()}


@lru_cache(maxsize=32)
def source_of(name: str) -> SavedNetwork:
    """Of the backbone of this name; raises `InvalidExperiment` where there is none."""
    info = catalog.backbone(name)
    with unfilled():
        shapes = {name: value.shape for name, value in _whole(info).items()}
    numbered = {name: torch.full((), float(place)).expand(shape) for place, (name, shape) in enumerate(shapes.items())}
    reached = {
        float(one) for value in _cut(info, numbered).values() for one in value.flatten()[:: _step(value)].tolist()
    }
    own = (name for place, name in enumerate(shapes) if float(place) not in reached and COUNTER not in name)
    return SavedNetwork(info, shapes, frozenset(own))


def _step(value: Tensor) -> int:
    return max(1, value.numel() // 16)  # a tensor may be made of a few others, one after another


def _whole(info: BackboneInfo) -> dict[str, Tensor]:
    if info.published:
        return info.published[0].network().state_dict()
    return Backbone(info.build(), info.features, None).trunk_state()


def _cut(info: BackboneInfo, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    if not info.published:
        return dict(state)
    return Backbone(info.published[0].blocks(state), info.features, None).trunk_state()
