"""A backbone as its weights are saved elsewhere: names and shapes of the whole network, and the way into its blocks."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
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

    def network(self, values: Mapping[str, Tensor]) -> Backbone:
        """The blocks with these values, float32; what is not given is drawn from one seed."""
        given = all(name in values for name in self.shapes if name not in self.head and COUNTER not in name)
        with own_draws(0), unfilled() if given else nullcontext():
            whole = _whole(self.info)
        whole.update({name: value.to(whole[name].dtype) for name, value in values.items()})
        return _built(
            self.info, {name: torch.zeros_like(v, device="cpu") if v.is_meta else v for name, v in whole.items()}
        )

    def trunk(self, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """State of `network`."""
        return {name: value.clone() for name, value in self.network(values).trunk_state().items()}


@lru_cache(maxsize=32)
def source_of(name: str, ours: bool = False) -> SavedNetwork:
    """Of the backbone of this name; raises `InvalidExperiment` where there is none. ours: saved by this program, under
    the names of its blocks."""
    info = catalog.backbone(name)
    if ours:
        info = replace(info, published=())
    with unfilled():
        whole = _whole(info)
    shapes = {name: value.shape for name, value in whole.items()}
    whole.update({name: torch.full((), float(place)).expand(shapes[name]) for place, name in enumerate(shapes)})
    reached = {float(one) for value in _built(info, whole).trunk_state().values() for one in _sample(value)}
    own = (name for place, name in enumerate(shapes) if float(place) not in reached and COUNTER not in name)
    return SavedNetwork(info, shapes, frozenset(own))


def _sample(value: Tensor) -> list[float]:
    """Some of its values: a tensor may be made of a few others, one after another."""
    found: list[float] = value[tuple(slice(None, None, max(1, size // 8)) for size in value.shape)].flatten().tolist()
    return found


def _whole(info: BackboneInfo) -> dict[str, Tensor]:
    """With what torch writes beside it, which some networks ask for; random, or without memory."""
    if info.published:
        return info.published[0].network().state_dict()
    return Backbone(info.build(), info.features, None).trunk_state()


def _built(info: BackboneInfo, state: Mapping[str, Tensor]) -> Backbone:
    if info.published:
        return Backbone(info.published[0].blocks(state), info.features, None)
    with unfilled():
        network = Backbone(info.build(), info.features, None)
    network.load_state_dict(state, assign=True)
    return network
