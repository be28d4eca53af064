"""A network in torch's own modules and operations alone, for whatever is to take it elsewhere.

Our kernels give the numbers of torch's layers another way round, and our blocks are made of them: the kernels are put
back, then everything of ours is written out as the operations that it carries out (`torch.fx`).
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from torch import Tensor, fx, nn

from engine.backbones.backbone import Backbone
from engine.backbones.kernels.conv_block import ConvBlock
from engine.backbones.kernels.convolution import QuickConv2d, rebuilt


def plain(network: Backbone) -> nn.Module:
    """images -> what `network` gives for them in eval mode, but for rounding: a copy without any module of ours.

    What a method hung on a layer is written out after it; `network.meta` is left out where the outputs do not need it.
    """
    whole = PlainNetwork(without_kernels(network)).eval()
    traced = fx.GraphModule(whole, WrittenOut().trace(whole), "Plain")
    for layer in traced.modules():
        layer._forward_hooks.clear()
    return traced


def without_kernels(network: Backbone) -> Backbone:
    """A copy in eval mode with its blocks and its `meta`, computed by torch's layers: what is done with an image then
    depends on nothing but its shape."""
    found = copy.deepcopy(network).eval()
    for name, layer in list(found.named_modules()):
        if isinstance(layer, ConvBlock | QuickConv2d):
            found.set_submodule(name, hooked(torchs(layer), layer))
    return found


class PlainNetwork(nn.Module):
    """A network with one way through it and its names, but for `meta`: a graph has a field of that name."""

    def __init__(self, network: Backbone) -> None:
        super().__init__()
        self.head, self.besides, self.whole = network.head, network.meta, network.whole
        self.blocks: nn.Module = network.blocks if self.whole is None else self.whole.settled()

    def forward(self, images: Tensor) -> Tensor:
        if self.whole is not None:
            images = self.whole.passed(self.blocks, images)
        else:
            for block in self.blocks.children():
                images = block(images)
        outputs: Tensor = self.head(images.flatten(1))
        return outputs


def torchs(layer: ConvBlock | QuickConv2d) -> nn.Module:
    """The same layer as torch has it, with the parameters themselves."""
    if isinstance(layer, ConvBlock):
        return nn.Sequential(OrderedDict(layer.named_children()))
    return rebuilt(nn.Conv2d, layer)


def hooked(new: nn.Module, old: nn.Module) -> nn.Module:
    """The new layer with what hangs on the old one."""
    new._forward_hooks.update(old._forward_hooks)
    return new.eval()


class WrittenOut(fx.Tracer):
    """torch's layers stay; what hangs on one is carried out after it."""

    def call_module(self, m: nn.Module, forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        if not self.is_leaf_module(m, self.path_of_module(m)):
            return super().call_module(m, forward, args, kwargs)
        found = self.create_proxy("call_module", self.path_of_module(m), args, kwargs)
        for hook in m._forward_hooks.values():
            changed = hook(m, args, found)
            found = found if changed is None else changed
        return found
