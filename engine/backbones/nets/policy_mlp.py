"""The policy of the point-mass tasks (Finn, Abbeel and Levine 2017), narrower here."""

from __future__ import annotations

from collections import OrderedDict

from engine.backbones.info import BackboneInfo, Block, Blocks, StateForm


def build(width: int = 64) -> Blocks:
    """[n, 2] -> [n, 64]: two layers, Xavier's initial weights and biases of 0."""
    from torch import nn

    from engine.backbones.networks import xavier

    layers = [nn.Sequential(xavier(nn.Linear(inputs, width)), nn.Tanh()) for inputs in (2, width)]
    return OrderedDict(layer1=layers[0], layer2=layers[1])


BACKBONE = BackboneInfo(
    "policy_mlp", "Policy MLP", "Two layers of 64 units, for the point mass: where it is, in; where to move, out.",
    (Block("layer1", "Layer 1", 192), Block("layer2", "Layer 2", 4160)), StateForm(), features=64, build=build, order=8,
)  # fmt: skip
