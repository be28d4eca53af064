"""torchvision's networks as named blocks without their classifiers, with random or with its published weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict

from engine.backbones.info import Blocks, Published

if TYPE_CHECKING:
    from torch import Tensor, nn

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
