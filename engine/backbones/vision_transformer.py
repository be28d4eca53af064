"""torchvision's vision transformer in parts that whatever works on linear layers (LoRA, biases alone) knows."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import Proxy
from torch.nn import functional as F


def side_of(position: Tensor) -> int:
    """Patches along a side of the square that these positions [1, 1 + side², width] stand for."""
    return round((position.shape[1] - 1) ** 0.5)


def resampled(position: Tensor, side: int, grid: tuple[int, int]) -> Tensor:
    """Positions [1, 1 + side², width] of the class token and a square of patches, for this grid of patches, bicubically
    between those that were learnt."""
    if not isinstance(grid[0], Proxy) and (side, side) == grid:  # a network that is written out may be given any
        return position
    first, square = position[:, :1], position[:, 1:].transpose(1, 2)
    moved = F.interpolate(square.unflatten(2, (side, side)), grid, mode="bicubic", align_corners=False)
    return torch.cat([first, moved.flatten(2).transpose(1, 2)], 1)


class Patches(nn.Module):
    """Images [n, 3, side, side] -> tokens [n, 1 + patches, width]: the class token and the patches, with positions."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.projection = network.conv_proj
        self.class_token = network.class_token
        self.position = network.encoder.pos_embedding
        self.side = side_of(self.position)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.projection(images)
        tokens = torch.cat([self.class_token.expand(images.shape[0], -1, -1), maps.flatten(2).transpose(1, 2)], 1)
        return tokens + resampled(self.position, self.side, (maps.shape[2], maps.shape[3]))


class SelfAttention(nn.Module):
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
        self.norm1, self.attention = layer.ln_1, SelfAttention(layer.self_attention)
        self.norm2, self.perceptron = layer.ln_2, layer.mlp

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.attention(self.norm1(tokens))
        return tokens + self.perceptron(self.norm2(tokens))


class ClassToken(nn.Module):
    """[n, tokens, width] -> [n, width] of the first token."""

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens[:, 0]
