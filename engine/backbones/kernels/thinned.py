"""1x1 convolutions with a stride on few channels, whose gradient crashes in the library on some processors."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from engine.backbones.kernels.convolution import rebuilt

VECTOR = 16  # channels in multiples of which the library's kernel is right


class ThinnedConv2d(nn.Conv2d):
    """Looks up the positions that the stride leaves and then convolves them: the same numbers.

    torch 2.14 ends the process in the gradient of such weights for images in channels-last order (AVX-512).
    """

    def forward(self, input: Tensor) -> Tensor:
        down, across = self.stride
        return F.conv2d(input[:, :, ::down, ::across], self.weight, self.bias)


def without_a_crash(network: nn.Module) -> None:
    """Replace, in place, the convolutions that are concerned; names, parameters and results stay."""
    for name, layer in list(network.named_modules()):
        if type(layer) is nn.Conv2d and is_concerned(layer):
            network.set_submodule(name, rebuilt(ThinnedConv2d, layer))


def is_concerned(layer: nn.Conv2d) -> bool:
    plain = (layer.kernel_size, layer.padding, layer.groups) == ((1, 1), (0, 0), 1)
    return plain and max(layer.stride) > 1 and layer.in_channels % VECTOR != 0
