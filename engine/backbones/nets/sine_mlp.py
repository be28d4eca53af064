"""The network of the sinusoid tasks (Finn, Abbeel and Levine 2017)."""

from __future__ import annotations

from collections import OrderedDict

from engine.backbones.info import BackboneInfo, Block, Blocks, NumberForm


def build(width: int = 40) -> Blocks:
    """[n, 1] -> [n, 40]: the network of the sinusoid tasks, Xavier's initial weights and biases of 0."""
    from torch import nn

    from engine.backbones.networks import xavier

    layers = [nn.Sequential(xavier(nn.Linear(inputs, width)), nn.ReLU()) for inputs in (1, width)]
    return OrderedDict(layer1=layers[0], layer2=layers[1])


BACKBONE = BackboneInfo(
    "sine_mlp", "Sine MLP", "Two layers of 40 units without normalisation, for sinusoids: a number in, a number out.",
    (Block("layer1", "Layer 1", 80), Block("layer2", "Layer 2", 1640)), NumberForm(), features=40, build=build, order=7,
)  # fmt: skip
