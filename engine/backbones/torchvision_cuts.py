"""How torchvision's classification networks are cut into blocks that follow on each other, without their classifiers.

By the network's class, since all of one class are built alike; a cut keeps torchvision's modules themselves.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from torch import nn
from torchvision.models.squeezenet import Fire
from torchvision.ops.stochastic_depth import StochasticDepth

from engine.backbones.info import Blocks
from engine.backbones.vision_transformer import ClassToken, EncoderLayer, Patches

Theirs: TypeAlias = Any  # a network of torchvision's; its layers have names that its class gives them
MOST, FEWEST = 8, 3  # groups of a transformer's layers; layers in one of several


def cut(network: Theirs) -> Blocks:
    """Blocks from images to features. What a network draws while it trains (dropout, stochastic depth) is off: it would
    come from a random state that is not the experiment's."""
    for part in network.modules():
        if isinstance(part, StochasticDepth | nn.Dropout):
            part.p = 0.0
    return CUTS[type(network).__name__](network)


def resnet(network: Theirs) -> Blocks:
    """Stem and four layers."""
    n = network
    stem = nn.Sequential(OrderedDict(conv1=n.conv1, bn1=n.bn1, relu=n.relu, maxpool=n.maxpool))
    last = nn.Sequential(OrderedDict(layer4=n.layer4, pool=n.avgpool))
    return OrderedDict(stem=stem, layer1=n.layer1, layer2=n.layer2, layer3=n.layer3, layer4=last)


def pairs(network: Theirs, *end: nn.Module) -> Blocks:
    """Each stage with the downsampling before it, the last with what comes after all."""
    parts = list(network.features)
    stages = [nn.Sequential(*parts[start : start + 2]) for start in (2, 4, 6)]
    stages[-1].extend(end)
    return OrderedDict(stem=parts[0], stage1=parts[1], stage2=stages[0], stage3=stages[1], stage4=stages[2])


def convnext(network: Theirs) -> Blocks:
    return pairs(network, network.avgpool, network.classifier[0])


def swin(network: Theirs) -> Blocks:
    return pairs(network, network.norm, network.permute, network.avgpool, nn.Flatten())


def vision_transformer(network: Theirs) -> Blocks:
    """Patches, then the layers by threes or more; the features are the class token after the final norm."""
    layers = [EncoderLayer(layer) for layer in network.encoder.layers]
    many = max(FEWEST, -(-len(layers) // MOST))
    blocks: Blocks = OrderedDict(stem=Patches(network))
    for start in range(0, len(layers), many):
        group = layers[start : start + many]
        last = blocks[f"layers{start + 1}_{start + len(group)}"] = nn.Sequential(*group)
    last.append(ClassToken()).append(network.encoder.ln)
    return blocks


def maxvit(network: Theirs) -> Blocks:
    stages = [nn.Sequential(block) for block in network.blocks]
    stages[-1].extend(network.classifier[:-1])
    return OrderedDict(stem=network.stem, **{f"stage{number}": stage for number, stage in enumerate(stages, 1)})


def mobilenet_v3(network: Theirs) -> Blocks:
    return with_dense(network, network.classifier[:-2])


def plain_convolutions(network: Theirs) -> Blocks:
    """AlexNet and VGG: the features are what their last dense layer but one gives."""
    return with_dense(network, network.classifier[:-1])


def with_dense(network: Theirs, dense: nn.Sequential) -> Blocks:
    return by_resolution(network.features, network.avgpool) | {"dense": nn.Sequential(nn.Flatten(), *dense)}


def of_features(network: Theirs) -> Blocks:
    """Convolutions alone, averaged."""
    return by_resolution(network.features, nn.AdaptiveAvgPool2d(1))


def squeezenet(network: Theirs) -> Blocks:
    """Stem, then the fire modules between two poolings, which have been numbered from two on since the paper."""
    groups: list[list[nn.Module]] = [[]]
    for part in network.features:
        groups[-1].append(part)
        if isinstance(part, nn.MaxPool2d):
            groups.append([])
    groups[-1].append(nn.AdaptiveAvgPool2d(1))
    blocks: Blocks = OrderedDict(stem=nn.Sequential(*groups[0]))
    first = 2
    for group in groups[1:]:
        last = first + sum(isinstance(part, Fire) for part in group) - 1
        blocks[f"fire{first}_{last}" if last > first else f"fire{first}"] = nn.Sequential(*group)
        first = last + 1
    return blocks


def densenet(network: Theirs) -> Blocks:
    return by_resolution(network.features, nn.ReLU(), nn.AdaptiveAvgPool2d(1))


def mnasnet(network: Theirs) -> Blocks:
    return by_resolution(network.layers, nn.AdaptiveAvgPool2d(1))


def in_a_row(network: Theirs) -> Blocks:
    """Networks whose children follow on each other, side branches and the classifier's left out."""
    aside = ("aux1", "aux2", "AuxLogits", "avgpool", "dropout", "fc")
    return by_resolution(
        [part for name, part in network.named_children() if name not in aside], nn.AdaptiveAvgPool2d(1)
    )


def regnet(network: Theirs) -> Blocks:
    return by_resolution([network.stem, *network.trunk_output], network.avgpool)


def by_resolution(parts: Iterable[nn.Module], *end: nn.Module) -> Blocks:
    """A new block wherever the maps become smaller: stem, stage 1 and so on; `end` belongs to the last."""
    groups: list[list[nn.Module]] = []
    for part in parts:
        if not groups or (shrinks(part) and learns(groups[-1])):
            groups.append([])
        groups[-1].append(part)
    if not learns(groups[-1]):
        groups[-2:] = [groups[-2] + groups[-1]]
    groups[-1].extend(end)
    names = ["stem", *(f"stage{number}" for number in range(1, len(groups)))]
    return OrderedDict(zip(names, (nn.Sequential(*group) for group in groups), strict=True))


def shrinks(part: nn.Module) -> bool:
    strides = (getattr(layer, "stride", 1) for layer in part.modules())
    return any((max(stride) if isinstance(stride, tuple) else stride or 1) > 1 for stride in strides)


def learns(parts: Sequence[nn.Module]) -> bool:
    return any(True for part in parts for _ in part.parameters())


CUTS = {
    "AlexNet": plain_convolutions,
    "ConvNeXt": convnext,
    "DenseNet": densenet,
    "EfficientNet": of_features,
    "GoogLeNet": in_a_row,
    "Inception3": in_a_row,
    "MNASNet": mnasnet,
    "MaxVit": maxvit,
    "MobileNetV2": of_features,
    "MobileNetV3": mobilenet_v3,
    "RegNet": regnet,
    "ResNet": resnet,
    "ShuffleNetV2": in_a_row,
    "SqueezeNet": squeezenet,
    "SwinTransformer": swin,
    "VGG": plain_convolutions,
    "VisionTransformer": vision_transformer,
}
