"""Conv-4 (Vinyals et al. 2016)."""

from __future__ import annotations

from collections import OrderedDict

from engine.backbones.info import BackboneInfo, Block, Blocks, Bundled, ImageForm


def build(channels: int = 1, width: int = 64) -> Blocks:
    """[n, 1, 28, 28] -> [n, 64, 1, 1]; larger images are averaged to one position."""
    from torch import nn

    from engine.backbones.networks import conv_block

    parts = [conv_block(channels if i == 0 else width, width) for i in range(4)]
    parts[-1].append(nn.AdaptiveAvgPool2d(1))
    return OrderedDict((f"conv{i + 1}", part) for i, part in enumerate(parts))


BACKBONE = BackboneInfo(
    "conv4",
    "Conv-4",
    "Four small convolution blocks: the field's standard for few-shot characters, fast on any machine.",
    tuple(Block(f"conv{i}", f"Convolution {i}", 768 if i == 1 else 37_056) for i in (1, 2, 3, 4)),
    ImageForm(28, 1, least=16),
    features=64,
    build=build,
    batch_norm=True,
    bundled=(
        Bundled("omniglot-supervised", "Omniglot, supervised", "supervised"),
        Bundled("omniglot-protonet", "Omniglot, ProtoNet", "meta-learned"),
    ),
    order=1,
)
