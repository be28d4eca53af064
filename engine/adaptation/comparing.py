"""What the methods that compare embedded images learn besides the embedding, kept in `model.meta`.

of_classes: how the names of those parameters begin that stand for the training classes and are of no use at test.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.backbones.backbone import Backbone
from engine.machine.transfers import sent

LARGEST_SIDE = 7  # positions on a side of the maps that a relation module looks at
POOLINGS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)


class Scale(nn.Module):
    """A positive number s = exp(·) that is learnt, or stays where it starts."""

    def __init__(self, start: float, learns: bool = True) -> None:
        super().__init__()
        self.logarithm = nn.Parameter(torch.tensor(math.log(start)), requires_grad=learns)

    def forward(self) -> Tensor:
        return self.logarithm.exp()


class Attention(nn.Module):
    """Matching networks: temperature, and where wanted the full context embeddings f and g of `features` values.

    Vinyals et al. 2016, appendix A: a support image is seen in the light of the others by an LSTM over the set in both
    directions; a query by an LSTM that reads the support set `reads` times.
    """

    def __init__(self, features: int, temperature: float, learns: bool, full_context: bool, reads: int) -> None:
        super().__init__()
        self.temperature = Scale(temperature, learns)
        self.reads = reads
        self.both_ways = nn.LSTM(features, features, bidirectional=True) if full_context else None
        self.reader = nn.LSTMCell(2 * features, features) if full_context else None

    def support(self, features: Tensor) -> Tensor:
        """g: [n, d] -> [n, d]: each image plus what both directions say of it."""
        if self.both_ways is None:
            return features
        forwards, backwards = self.both_ways(features)[0].chunk(2, 1)
        return features + forwards + backwards

    def query(self, queries: Tensor, support: Tensor) -> Tensor:
        """f: [m, d] -> [m, d], each query for itself; support: [n, d] from `support`."""
        if self.reader is None:
            return queries
        hidden, cell = queries, torch.zeros_like(queries)
        for _ in range(self.reads):
            read = (hidden @ support.T).softmax(1) @ support
            hidden, cell = self.reader(torch.cat([queries, read], 1), (hidden, cell))
            hidden = hidden + queries
        return hidden


class RidgeScale(nn.Module):
    """λ = exp(·) of the ridge regression, and the scale a of its answers."""

    def __init__(self, strength: float, scale: float) -> None:
        super().__init__()
        self.strength = Scale(strength)
        self.scale = nn.Parameter(torch.tensor(scale))


class CosineHead(nn.Module):
    """Baseline++'s head of all training classes: s · cos(feature, direction of the class)."""

    of_classes = "directions"

    def __init__(self, features: int, classes: int, scale: float) -> None:
        super().__init__()
        self.directions = nn.Parameter(F.normalize(torch.randn(classes, features), dim=1))
        self.scale = Scale(scale)

    def forward(self, features: Tensor) -> Tensor:
        """[n, d] -> [n, classes]."""
        cosines = F.normalize(features, dim=1) @ F.normalize(self.directions, dim=1).T
        return self.scale() * cosines


class CentredHead(nn.Module):
    """SimpleShot's linear head of all training classes, and the mean [d] of so many features of their images."""

    of_classes = "classes."
    mean: Tensor
    images: Tensor

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.classes = nn.Linear(features, classes)
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("images", torch.tensor(0))

    def forward(self, features: Tensor) -> Tensor:
        """[n, d] -> [n, classes]."""
        logits: Tensor = self.classes(features)
        return logits

    @torch.no_grad()
    def centre_on(self, parts: Iterable[Tensor]) -> None:
        """Take the mean over features [n, d], given in parts."""
        total, count = torch.zeros_like(self.mean), 0
        for part in parts:
            total, count = total + part.sum(0), count + len(part)
        self.mean.copy_(total / max(1, count))
        self.images.fill_(count)


class TwoStages(nn.Module):
    """What episodes need besides the embedding, and the linear head of the classifier that came before them, if any."""

    of_classes = "classes."

    def __init__(self, episodic: nn.Module, features: int, classes: int | None) -> None:
        super().__init__()
        self.episodic = episodic
        self.classes = nn.Identity() if classes is None else nn.Linear(features, classes)

    def forward(self, features: Tensor) -> Tensor:
        """[n, d] -> [n, classes] of the first stage."""
        logits: Tensor = self.classes(features)
        return logits


class RelationModule(nn.Module):
    """How well two images' maps go together: two convolutions with batch norm over the maps laid on each other, and a
    small network to one score (Sung et al. 2018). Maps of one position make it a perceptron.

    The first convolution of maps laid on each other is the sum of one of each, so that it is taken once per image
    instead of once per pair.
    """

    def __init__(self, channels: int, width: int = 64, hidden: int = 8) -> None:
        super().__init__()
        self.of_support = nn.Conv2d(channels, width, 3, padding=1)
        self.of_query = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU())
        self.score = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, support: Tensor, queries: Tensor) -> Tensor:
        """support: [way, c, h, w], queries: [m, c, h, w] -> [m, way] scores before the sigmoid."""
        way, many = len(support), len(queries)
        pairs = self.of_query(queries)[:, None] + self.of_support(support)[None]
        maps = F.relu(self.norm(pairs.flatten(0, 1)))
        if maps.shape[-1] > 3:
            maps = F.max_pool2d(maps, 2)
        score: Tensor = self.score(self.second(maps).amax((2, 3)))
        return score.view(many, way)


def maps(model: Backbone, images: Tensor) -> Tensor:
    """[n, c, h, w]: what the backbone gives before the poolings at its end, at most 7 x 7; 1 x 1 where it has none."""
    if model.whole is not None:
        return model.embed(images)[:, :, None, None]
    *_, last = model.blocks.values()
    layers = list(last) if isinstance(last, nn.Sequential) else [last]
    while len(layers) > 1 and isinstance(layers[-1], POOLINGS):
        layers.pop()
    values = model.through(images, 0, len(model.blocks) - 1)
    for layer in layers:
        values = layer(values)
    if values.dim() == 2:
        return values[:, :, None, None]
    return F.adaptive_avg_pool2d(values, LARGEST_SIDE) if values.shape[-1] > LARGEST_SIDE else values


def with_ones(features: Tensor) -> Tensor:
    """[..., d] -> [..., d + 1]: the last column meets the bias."""
    return F.pad(features, (0, 1), value=1.0)


def squared(features: Tensor, centres: Tensor) -> Tensor:
    """Squared distances [m, way] of features [m, d] to centres [way, d]."""
    return (features[:, None] - centres[None]).square().sum(2)


def class_means(values: Tensor, targets: Tensor, way: int) -> Tensor:
    """Means [way, …] of values [n, …] with targets [n] in 0..way-1, each class with one at least."""
    sums = values.new_zeros(way, *values.shape[1:]).index_add(0, targets, values)
    counts = values.new_zeros(way).index_add(0, targets, values.new_ones(len(targets)))
    return sums / counts.view(-1, *[1] * (values.dim() - 1))


class Dropout(nn.Dropout):
    """Draws from a generator of its own, so that a run repeats whatever else runs beside it."""

    def __init__(self, share: float) -> None:
        super().__init__(share)
        self.draws = torch.Generator().manual_seed(int(torch.randint(1 << 31, ())))

    def forward(self, input: Tensor) -> Tensor:
        if not self.training or not self.p:
            return input
        kept = torch.rand(input.shape, generator=self.draws) >= self.p
        return input * sent(kept, input.device).to(input.dtype) / (1 - self.p)


class SetToSet(nn.Module):
    """One head of scaled dot-product attention among the rows, its output added to them, and layer norm.

    LN(X + W_o (softmax(X W_q (X W_k)ᵀ / √d) X W_v)); another order of the rows gives the same in that order.
    """

    def __init__(self, features: int, dropout: float, attention_dropout: float) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(features, features, bias=False) for _ in range(3))
        for layer in (self.query, self.key, self.value):
            nn.init.normal_(layer.weight, std=1 / math.sqrt(features))
        self.output = nn.Linear(features, features)
        nn.init.xavier_normal_(self.output.weight)
        self.norm = nn.LayerNorm(features)
        self.dropout, self.attention_dropout = Dropout(dropout), Dropout(attention_dropout)

    def forward(self, rows: Tensor, seen: Tensor | None = None) -> Tensor:
        """[n, d] -> [n, d]. seen: bool [n, n], which rows each row looks at; all if None."""
        scores = self.query(rows) @ self.key(rows).T / math.sqrt(rows.shape[1])
        if seen is not None:
            scores = scores.masked_fill(~seen, -torch.inf)
        read = self.attention_dropout(scores.softmax(1)) @ self.value(rows)
        found: Tensor = self.norm(rows + self.dropout(self.output(read)))
        return found
