"""EfficientNet-Lite (Tan and Le 2019; the Lite variants of 2020): no squeeze-excitation, ReLU6, TensorFlow's padding.

The modules are named as in the published weights.
"""

from __future__ import annotations

import math
from collections import OrderedDict

from torch import Tensor, nn
from torch.nn import functional as F

STAGES = (  # repeats, kernel, stride, times wider inside, channels
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)  # fmt: skip
STEM, TOP, CLASSES, EPS = 32, 1280, 1000, 1e-3


class SamePadding(nn.Module):
    """Zeros for a kernel of this side that goes two pixels a step, more of them after the image than before it."""

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self.kernel = kernel

    def forward(self, images: Tensor) -> Tensor:
        rows, columns = (self.kernel - 2 + images.shape[side] % 2 for side in (-2, -1))
        return F.pad(images, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))


class Inverted(nn.Sequential):
    """Wider, each channel on its own, narrower again (Sandler et al. 2018), plus the input where that has its shape."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, wider: int) -> None:
        wide = inputs * wider
        parts: OrderedDict[str, nn.Module] = OrderedDict()
        if wider > 1:
            parts |= OrderedDict(_expand_conv=_conv(inputs, wide), _bn0=_norm(wide), relu0=nn.ReLU6())
        if stride > 1:
            parts["same"] = SamePadding(kernel)
        parts["_depthwise_conv"] = _conv(wide, wide, kernel, stride, wide)
        parts |= OrderedDict(
            _bn1=_norm(wide), relu1=nn.ReLU6(), _project_conv=_conv(wide, outputs), _bn2=_norm(outputs)
        )
        super().__init__(parts)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, images: Tensor) -> Tensor:
        found = images
        for part in self:
            found = part(found)
        return images + found if self.adds else found


class EfficientNetLite(nn.Module):
    """[n, 3, side, side] -> [n, 1000]. wider, deeper: times the channels and the repeats of Lite0. ends: the number of
    the first block of each stage, and of all blocks."""

    def __init__(self, wider: float, deeper: float) -> None:
        super().__init__()
        self._conv_stem, self._bn0 = _conv(3, STEM, 3, 2), _norm(STEM)
        self._blocks, self.ends, inputs = nn.Sequential(), [0], STEM
        for place, (repeats, kernel, stride, inside, channels) in enumerate(STAGES):
            outputs = _eights(channels * wider)
            for one in range(repeats if place in (0, len(STAGES) - 1) else math.ceil(repeats * deeper)):
                self._blocks.append(Inverted(inputs, outputs, kernel, 1 if one else stride, inside))
                inputs = outputs
            self.ends.append(len(self._blocks))
        self._conv_head, self._bn1 = _conv(inputs, TOP), _norm(TOP)
        self._fc = nn.Linear(TOP, CLASSES)

    def cut(self) -> OrderedDict[str, nn.Module]:
        """By resolution, without the classifier; the last is averaged to 1,280 values."""
        stem = OrderedDict(same=SamePadding(3), conv=self._conv_stem, norm=self._bn0, relu=nn.ReLU6())
        top = OrderedDict(conv=self._conv_head, norm=self._bn1, relu=nn.ReLU6(), pool=nn.AdaptiveAvgPool2d(1))
        return OrderedDict(
            stem=nn.Sequential(stem | OrderedDict(stage1=self._stages(0, 1))), stage2=self._stages(1, 2),
            stage3=self._stages(2, 3), stages4_5=self._stages(3, 5), stages6_7=self._stages(5, 7),
            top=nn.Sequential(top),
        )  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        for block in self.cut().values():
            images = block(images)
        scores: Tensor = self._fc(images.flatten(1))
        return scores

    def _stages(self, first: int, end: int) -> nn.Sequential:
        return nn.Sequential(*self._blocks[self.ends[first] : self.ends[end]])


def _conv(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    """Padded where it goes one pixel a step; drawn for a gradient of the same size in and out (He et al. 2015)."""
    padding = kernel // 2 if stride == 1 else 0
    layer = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)
    nn.init.normal_(layer.weight, 0.0, math.sqrt(2 * groups / (kernel**2 * outputs)))
    return layer


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=EPS)


def _eights(channels: float) -> int:
    """The nearest multiple of eight, not much below."""
    found = max(8, int(channels + 4) // 8 * 8)
    return found + 8 if found < 0.9 * channels else found
