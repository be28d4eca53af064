"""BERT's encoder in blocks, for texts (Devlin et al. 2019, arXiv 1810.04805), with the mean of its pieces at the end.

A padded position is a vector of zeros after every block, so that a block is given one tensor and knows what to look at,
and the outputs of frozen blocks can be kept. There is no dropout, as in no trunk here: what a network draws would come
from a random state that is not the experiment's.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.backbones.info import Blocks
from engine.backbones.published import unfilled

Activation = Literal["gelu", "gelu_new", "relu"]
ACTIVATIONS: Mapping[Activation, Callable[[Tensor], Tensor]] = {
    "gelu": F.gelu, "gelu_new": partial(F.gelu, approximate="tanh"), "relu": F.relu,
}  # fmt: skip
DEVIATION = 0.02  # of random weights
NAMES = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"^bert\.", ""), (r"\.gamma$", ".weight"), (r"\.beta$", ".bias"),
        (r"^embeddings\.word_embeddings", "embeddings.words"),
        (r"^embeddings\.position_embeddings", "embeddings.positions"),
        (r"^embeddings\.token_type_embeddings", "embeddings.kinds"), (r"^embeddings\.LayerNorm", "embeddings.norm"),
        (r"^encoder\.layer\.(\d+)\.", r"layers.\1."), (r"attention\.self\.", ""),
        (r"attention\.output\.dense", "output"), (r"attention\.output\.LayerNorm", "norm1"),
        (r"intermediate\.dense", "grow"), (r"output\.dense", "shrink"), (r"output\.LayerNorm", "norm2"),
    )
)  # fmt: skip
NOT_NEEDED = re.compile(r"^(bert\.)?(pooler|cls|classifier)\.|position_ids$")


@dataclass(frozen=True, slots=True)
class BertShape:
    """numbers: of pieces, with 0 for padding. inner: width of the perceptrons."""

    numbers: int
    width: int
    layers: int
    heads: int
    inner: int
    positions: int = 512
    kinds: int = 2
    epsilon: float = 1e-12
    activation: Activation = "gelu"


def live(values: Tensor) -> Tensor:
    """bool [n, pieces]: the positions of values [n, pieces, width] that are no padding."""
    return (values != 0).any(-1)


class TextEmbeddings(nn.Module):
    """Numbers int64 [n, pieces] -> [n, pieces, width]: what is known of each piece and of its place."""

    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        self.words = nn.Embedding(shape.numbers, shape.width)
        self.positions = nn.Embedding(shape.positions, shape.width)
        self.kinds = nn.Embedding(shape.kinds, shape.width)
        self.norm = nn.LayerNorm(shape.width, shape.epsilon)

    def forward(self, numbers: Tensor) -> Tensor:
        places = self.positions.weight[: numbers.shape[1]] + self.kinds.weight[0]
        found = self.norm(self.words(numbers) + places)
        return found * (numbers != 0).unsqueeze(-1)


class BertLayer(nn.Module):
    """[n, pieces, width] to the same: attention to all pieces that are no padding, then a perceptron. forwards: to none
    that comes later, while `reading_forwards`."""

    forwards = False

    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(shape.width, shape.width) for _ in range(3))
        self.output, self.norm1 = nn.Linear(shape.width, shape.width), nn.LayerNorm(shape.width, shape.epsilon)
        self.grow, self.shrink = nn.Linear(shape.width, shape.inner), nn.Linear(shape.inner, shape.width)
        self.norm2 = nn.LayerNorm(shape.width, shape.epsilon)
        self.heads, self.act = shape.heads, ACTIVATIONS[shape.activation]

    def forward(self, values: Tensor) -> Tensor:
        seen = live(values)
        mixed = self.norm1(values + self.output(self.attended(values, seen)))
        found = self.norm2(mixed + self.shrink(self.act(self.grow(mixed))))
        return found * seen.unsqueeze(-1)

    def attended(self, values: Tensor, seen: Tensor) -> Tensor:
        """A text without a piece looks at its padding, which counts for nothing afterwards."""
        layers = self.query, self.key, self.value
        query, key, value = (layer(values).unflatten(2, (self.heads, -1)).transpose(1, 2) for layer in layers)
        keys = (seen | ~seen.any(1, keepdim=True))[:, None, None]
        if self.forwards:
            places = torch.arange(seen.shape[1], device=seen.device)
            keys = keys & (places <= places[:, None]) | (places == places[:, None])
        if not torch.is_grad_enabled():
            mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=keys)
        else:  # written out, because the quick form has no gradient of a gradient
            scores = (query @ key.transpose(2, 3)) / query.shape[3] ** 0.5
            mixed = scores.masked_fill(~keys, -math.inf).softmax(3) @ value
        return mixed.transpose(1, 2).flatten(2)


@contextmanager
def reading_forwards(network: nn.Module) -> Iterator[None]:
    """While open, none of its layers of attention looks at what comes later in a text."""
    layers = [one for one in network.modules() if isinstance(one, BertLayer)]
    for one in layers:
        one.forwards = True
    try:
        yield
    finally:
        for one in layers:
            one.forwards = False


class MeanOfPieces(nn.Module):
    """[n, pieces, width] -> [n, width]: the mean of all that is no padding, zeros where there is nothing."""

    def forward(self, values: Tensor) -> Tensor:
        return values.sum(1) / live(values).sum(1, keepdim=True).clamp_min(1)


class Bert(nn.Module):
    """The whole encoder, as its blocks are cut out of it."""

    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        self.embeddings = TextEmbeddings(shape)
        self.layers = nn.ModuleList(BertLayer(shape) for _ in range(shape.layers))
        self.apply(_as_published)

    def cut(self) -> Blocks:
        """embeddings, layer1, … The mean belongs to the last layer: by itself it has nothing to learn."""
        *first, last = self.layers
        blocks = OrderedDict[str, nn.Module](embeddings=self.embeddings)
        blocks.update((f"layer{number}", layer) for number, layer in enumerate(first, 1))
        blocks[f"layer{len(self.layers)}"] = nn.Sequential(last, MeanOfPieces())
        return blocks


def _as_published(layer: nn.Module) -> None:
    if isinstance(layer, nn.Linear | nn.Embedding):
        nn.init.normal_(layer.weight, std=DEVIATION)
    if isinstance(layer, nn.Linear):
        nn.init.zeros_(layer.bias)


def named(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A BERT's tensors by the names of `Bert`, without its heads; what has them already keeps them."""
    return {_short(name): value for name, value in state.items() if not NOT_NEEDED.search(name)}


def _short(name: str) -> str:
    for pattern, words in NAMES:
        name = pattern.sub(words, name)
    return name


def in_blocks(state: Mapping[str, Tensor], layers: int) -> dict[str, Tensor]:
    """As the blocks of a backbone of so many layers name them."""
    places = {f"layers.{place}.": f"layer{place + 1}." for place in range(layers - 1)}
    places[f"layers.{layers - 1}."] = f"layer{layers}.0."
    cut = {name: re.match(r"layers\.\d+\.", name) for name in state}
    return {
        "blocks." + (places.get(found[0], found[0]) + name[found.end() :] if found else name): state[name]
        for name, found in cut.items()
    }


def with_state(shape: BertShape, state: Mapping[str, Tensor]) -> Blocks:
    """The blocks with these tensors themselves; raises `RuntimeError` for another network's."""
    with unfilled():
        built = Bert(shape)
    built.load_state_dict(named(state), assign=True)
    return built.cut()
