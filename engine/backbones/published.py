"""torchvision's ResNet-18, SqueezeNet 1.0, ConvNeXt-Tiny and ViT-B/16 as named blocks, without their classifiers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Blocks = OrderedDict[str, nn.Module]


def resnet18_blocks(network: Any) -> Blocks:
    """torchvision's resnet18 without its classifier, as stem and four layers."""
    n = network
    stem = nn.Sequential(OrderedDict(conv1=n.conv1, bn1=n.bn1, relu=n.relu, maxpool=n.maxpool))
    last = nn.Sequential(OrderedDict(layer4=n.layer4, pool=n.avgpool))
    return OrderedDict(stem=stem, layer1=n.layer1, layer2=n.layer2, layer3=n.layer3, layer4=last)


def squeezenet_blocks(network: Any) -> Blocks:
    """torchvision's squeezenet1_0 features, averaged to 512 values; a linear head takes the 1x1 classifier's place."""
    parts = list(network.features)
    return OrderedDict(
        stem=nn.Sequential(*parts[:3]),
        fire2_4=nn.Sequential(*parts[3:7]),
        fire5_8=nn.Sequential(*parts[7:12]),
        fire9=nn.Sequential(*parts[12:], nn.AdaptiveAvgPool2d(1)),
    )


def convnext_blocks(network: Any) -> Blocks:
    """torchvision's convnext_tiny (Liu et al. 2022): each stage with the downsampling before it, the last with the
    pooling and its norm."""
    parts = list(network.features)
    return OrderedDict(
        stem=parts[0],
        stage1=parts[1],
        stage2=nn.Sequential(*parts[2:4]),
        stage3=nn.Sequential(*parts[4:6]),
        stage4=nn.Sequential(*parts[6:8], network.avgpool, network.classifier[0]),
    )


class Patches(nn.Module):
    """Images [n, 3, 224, 224] -> tokens [n, 197, 768]: the class token and 14 x 14 patches, with their positions."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.projection = network.conv_proj
        self.class_token = network.class_token
        self.position = network.encoder.pos_embedding

    def forward(self, images: Tensor) -> Tensor:
        patches = self.projection(images).flatten(2).transpose(1, 2)
        return torch.cat([self.class_token.expand(images.shape[0], -1, -1), patches], 1) + self.position


class Attention(nn.Module):
    """Multi-head self-attention with torchvision's own parameters behind two linear layers, so that whatever works on
    linear layers (LoRA, biases alone) works here too. [n, tokens, width] -> the same."""

    def __init__(self, attention: Any) -> None:
        super().__init__()
        width = attention.embed_dim
        self.heads = attention.num_heads
        self.queries_keys_values = linear(width, 3 * width, attention.in_proj_weight, attention.in_proj_bias)
        self.output = linear(width, width, attention.out_proj.weight, attention.out_proj.bias)

    def forward(self, tokens: Tensor) -> Tensor:
        whole = self.queries_keys_values(tokens)
        query, key, value = whole.unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.output(mixed.transpose(1, 2).flatten(2))


def linear(inputs: int, outputs: int, weight: nn.Parameter, bias: nn.Parameter) -> nn.Linear:
    """A linear layer of these very parameters."""
    layer = nn.Linear(inputs, outputs, device="meta")
    layer.weight, layer.bias = weight, bias
    return layer


class EncoderLayer(nn.Module):
    """Attention and a two-layer perceptron, each behind a layer norm and beside a shortcut."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.norm1, self.attention = layer.ln_1, Attention(layer.self_attention)
        self.norm2, self.perceptron = layer.ln_2, layer.mlp

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.attention(self.norm1(tokens))
        return tokens + self.perceptron(self.norm2(tokens))


class ClassToken(nn.Module):
    """[n, tokens, width] -> [n, width] of the first token."""

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens[:, 0]


def vit_blocks(network: Any) -> Blocks:
    """torchvision's vit_b_16 (Dosovitskiy et al. 2021): patches, then its twelve layers by threes; the features are the
    class token after the final norm."""
    layers = [EncoderLayer(layer) for layer in network.encoder.layers]
    threes = [nn.Sequential(*layers[start : start + 3]) for start in range(0, 12, 3)]
    threes[-1].append(ClassToken()).append(network.encoder.ln)
    names = ("layers1_3", "layers4_6", "layers7_9", "layers10_12")
    return OrderedDict(stem=Patches(network), **dict(zip(names, threes, strict=True)))


# Stochastic depth is off: it would draw from a random state that is not the experiment's.
OPTIONS: dict[str, dict[str, Any]] = {"convnext_tiny": {"stochastic_depth_prob": 0.0}}
CUT: dict[str, Callable[[Any], Blocks]] = {
    "resnet18": resnet18_blocks,
    "squeezenet1_0": squeezenet_blocks,
    "convnext_tiny": convnext_blocks,
    "vit_b_16": vit_blocks,
}


def torchvision_network(name: str) -> nn.Module:
    """torchvision's network of this name with random weights."""
    from torchvision.models import get_model

    return get_model(name, weights=None, **OPTIONS.get(name, {}))


def random_blocks(name: str) -> Blocks:
    return CUT[name](torchvision_network(name))


def blocks_of(name: str, state: Mapping[str, Tensor]) -> Blocks:
    """The blocks with torchvision's published state; raises `RuntimeError` when it is another network's."""
    with torch.device("meta"):  # nothing is drawn and nothing copied: the state's own tensors become the parameters
        network = torchvision_network(name)
    network.load_state_dict(state, assign=True)
    return CUT[name](network)
