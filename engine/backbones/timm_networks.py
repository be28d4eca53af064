"""timm's networks in blocks: as chains where they are, in one piece elsewhere, always computed by timm's own code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeAlias

import timm
from timm.layers import DropPath
from timm.models import group_parameters
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from engine.backbones.info import Blocks
from engine.backbones.kernels.thinned import without_a_crash
from engine.backbones.listed import TIMM, ListedNetwork
from engine.backbones.whole import Step, grouped

Theirs: TypeAlias = Any  # a network of timm's; its layers have names that its class gives them
MOST, FEWEST = 8, 3  # blocks of a network that has more groups; groups in one of several


class Link(NamedTuple):
    """A block of a chain. prefixes: how the names of its parameters begin."""

    block: str
    step: Step
    prefixes: tuple[str, ...]


def blocks(network: ListedNetwork) -> Blocks:
    """With random weights from torch's current random state."""
    return in_blocks(timm.create_model(architecture(network), num_classes=0, **dict(network.options)))


def whole(network: ListedNetwork) -> nn.Module:
    """With timm's own classifier."""
    built: nn.Module = timm.create_model(architecture(network), **dict(network.options))
    return built


def with_state(network: ListedNetwork, state: Mapping[str, Tensor]) -> Blocks:
    """With timm's own reading of a published state; raises `RuntimeError` for another network's."""
    given = {"state_dict": dict(state), "file": None, "url": "", "hf_hub_id": None}
    built = timm.create_model(
        architecture(network), pretrained=True, pretrained_cfg_overlay=given, num_classes=0, **dict(network.options)
    )
    return in_blocks(built)


def architecture(network: ListedNetwork) -> str:
    return network.name.removeprefix(TIMM)


def in_blocks(network: Theirs) -> Blocks:
    """A network without a classifier, in blocks. What it draws while it trains (dropout, stochastic depth) is off: it
    would come from a random state that is not the experiment's."""
    for part in network.modules():
        if isinstance(part, _DropoutNd):
            part.p = 0.0
        elif isinstance(part, DropPath):
            part.drop_prob = 0.0
    without_a_crash(network)
    if links := CHAINS.get(type(network).__name__, lambda _: ())(network):
        owner = {key: _link_of(key, links) for key, _ in network.named_parameters()}
        return grouped(network, owner, [link.block for link in links], passed, [link.step for link in links])
    named = named_groups(groups_of(network))
    owner = {key: name for name, keys in named.items() for key in keys}
    return grouped(network, owner, list(named), passed)


def passed(network: Theirs, images: Tensor) -> Tensor:
    """Images [n, 3, side, side] -> features [n, features]."""
    return end(network, network.forward_features(images))


def end(network: Theirs, values: Tensor) -> Tensor:
    features: Tensor = network.forward_head(values, pre_logits=True)
    return features.flatten(1)


def _link_of(key: str, links: Sequence[Link]) -> str:
    """The block of a parameter; what no prefix names belongs to the first."""
    fitting = (link.block for link in links if key.startswith(link.prefixes))
    return next(fitting, links[0].block)


# In one piece


def groups_of(network: Theirs) -> list[list[str]]:
    """Names of parameters in timm's own groups, from the images on; by the network's children where it states none."""
    keys = [key for key, _ in network.named_parameters()]
    found: Mapping[object, list[str]] = {}
    with suppress(AttributeError, AssertionError):  # not all have stages of their own
        found = group_parameters(network, network.group_matcher(coarse=True))
    if sum(map(len, found.values())) != len(keys) or len(found) < 3:
        found = by_children(keys)
    return _without_a_tail(list(found.values()))


def by_children(keys: Iterable[str]) -> dict[object, list[str]]:
    found: dict[object, list[str]] = {}
    for key in keys:
        first = re.match(r"[^.]+(\.\d+)?", key)
        found.setdefault(first and first.group(), []).append(key)
    return found


def _without_a_tail(groups: list[list[str]]) -> list[list[str]]:
    """A last norm or the like, which is no numbered stage, belongs to the stage before it."""
    while len(groups) > 2 and not any(re.search(r"\d", key.rsplit(".", 1)[0]) for key in groups[-1]):
        groups[-2:] = [groups[-2] + groups[-1]]
    return groups


def named_groups(groups: Sequence[list[str]]) -> dict[str, list[str]]:
    """Stem and stages, or layers by threes or more where there are many."""
    stem, *others = groups
    named = {"stem": stem}
    if len(others) <= MOST:
        return named | {f"stage{number}": keys for number, keys in enumerate(others, 1)}
    many = max(FEWEST, -(-len(others) // MOST))
    for start in range(0, len(others), many):
        part = others[start : start + many]
        named[numbered(start, len(part))] = [key for keys in part for key in keys]
    return named


def numbered(start: int, count: int) -> str:
    """So many layers from number `start`, counted from 0."""
    return f"layers{start + 1}_{start + count}" if count > 1 else f"layer{start + 1}"


# As chains


def resnet(network: Theirs) -> list[Link]:
    def stem(net: Theirs, images: Tensor) -> Tensor:
        maps: Tensor = net.maxpool(net.act1(net.bn1(net.conv1(images))))
        return maps

    names = ("layer1", "layer2", "layer3", "layer4")
    return [Link("stem", stem, ()), *stages({name: (name,) for name in names})]


def convnext(network: Theirs) -> list[Link]:
    names: dict[str, tuple[str, ...]] = {f"stage{n + 1}": (f"stages.{n}",) for n in range(len(network.stages))}
    *_, last = names
    names[last] = (*names[last], "norm_pre")
    return [Link("stem", module("stem"), ("stem",)), *stages(names, "head")]


def regnet(network: Theirs) -> list[Link]:
    names = {"stage1": ("s1",), "stage2": ("s2",), "stage3": ("s3",), "stage4": ("s4", "final_conv")}
    return [Link("stem", module("stem"), ("stem",)), *stages(names, "head")]


def efficientnet(network: Theirs) -> list[Link]:
    names: dict[str, tuple[str, ...]] = {f"stage{n + 1}": (f"blocks.{n}",) for n in range(len(network.blocks))}
    if hasattr(network, "bn2"):  # MobileNet v3 has its last convolution in the head
        *_, last = names
        names[last] = (*names[last], "conv_head", "bn2")
    return [Link("stem", module("conv_stem", "bn1"), ("conv_stem", "bn1")), *stages(names, "conv_head", "norm_head")]


def vision_transformer(network: Theirs) -> list[Link]:
    def stem(net: Theirs, images: Tensor) -> Tensor:
        tokens: Tensor = net.norm_pre(net.patch_drop(net._pos_embed(net.patch_embed(images))))
        return tokens

    count = len(network.blocks)
    many = max(FEWEST, -(-count // MOST))
    parts = [range(start, min(start + many, count)) for start in range(0, count, many)]
    names = {numbered(part.start, len(part)): tuple(f"blocks.{place}" for place in part) for part in parts}
    *_, last = names
    names[last] = (*names[last], "norm")
    return [Link("stem", stem, ()), *stages(names, "fc_norm", "attn_pool", "head")]


def module(*names: str) -> Step:
    """The network's modules of these names, one after the other."""

    def step(network: nn.Module, values: Tensor) -> Tensor:
        for name in names:
            values = network.get_submodule(name)(values)
        return values

    return step


def stages(names: Mapping[str, tuple[str, ...]], *head: str) -> list[Link]:
    """Blocks of modules; the last one also has the network's head, whose parameters begin so."""
    links = [Link(block, module(*own), tuple(f"{name}." for name in own)) for block, own in names.items()]
    block, step, prefixes = links[-1]

    def ending(network: nn.Module, values: Tensor) -> Tensor:
        return end(network, step(network, values))

    return [*links[:-1], Link(block, ending, (*prefixes, *head))]


CHAINS = {
    "ConvNeXt": convnext,
    "EfficientNet": efficientnet,
    "MobileNetV3": efficientnet,
    "RegNet": regnet,
    "ResNet": resnet,
    "VisionTransformer": vision_transformer,
}
