"""A head on frozen features as a graph holds it: features brought into shape, then one linear layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.errors import InvalidExperiment
from engine.heads.head import Head, Scorer
from engine.using.by_hand import fitted

Values = NDArray[np.float64]
Shape = Callable[[Tensor], Tensor]


def unit(features: Tensor) -> Tensor:
    length = features.norm(dim=1, keepdim=True)
    return features / torch.where(length > 0, length, 1.0)


def rooted(features: Tensor) -> Tensor:
    return unit(features.sign() * features.abs().sqrt())


def as_it_is(features: Tensor) -> Tensor:
    return features


SHAPES: dict[str, Shape] = {
    "nearest_mean": as_it_is, "logistic": as_it_is, "ridge": as_it_is,
    "nearest_mean_cosine": unit, "nearest_mean_centred": unit, "cosine_classifier": unit, "nearest_mean_power": rooted,
}  # fmt: skip
CENTRED = "nearest_mean_centred"  # which subtracts the mean of its examples first


def fixed(values: Values) -> nn.Parameter:
    """Numbers that stay."""
    return nn.Parameter(torch.from_numpy(values).float(), requires_grad=False)


class HeadGraph(nn.Module):
    """Features [n, d] -> scores [n, classes], of mean 0 over the classes: softmax and answers do not see the rest."""

    def __init__(self, shape: Shape, scale: Values, offset: Values, weights: Values, bias: Values) -> None:
        super().__init__()
        self._shape = shape
        self.scale, self.offset, self.weights, self.bias = map(fixed, (scale, offset, weights, bias))

    def forward(self, features: Tensor) -> Tensor:
        return self._shape(features * self.scale + self.offset) @ self.weights + self.bias

    @classmethod
    def of(cls, head: Head, known: NDArray[np.float32], labels: NDArray[np.int64], classes: int) -> Self:
        """Fitted to these features [n, d]. Raises `InvalidExperiment` for a head that is no linear one."""
        if head.name not in SHAPES:
            linear = "Choose another head, such as nearest mean."
            raise InvalidExperiment(f"{head.title} draws curved borders, which the graph does not hold.", linear)
        prepare, score = fitted(head, known, labels, classes)
        start = prepare(np.zeros((1, known.shape[1])))[0]
        scale = prepare(np.ones((1, known.shape[1])))[0] - start
        centre = prepare(known).mean(0) if head.name == CENTRED else np.zeros_like(start)
        weights, bias = linear_part(score, centre)
        return cls(SHAPES[head.name], scale, start - centre, weights, bias)


def linear_part(score: Scorer, centre: Values) -> tuple[Values, Values]:
    """Weights [d, classes] and bias [classes] of what a head does with features in shape: its scores of the axes, less
    those of the centre. An axis and the centre are in shape already."""
    at_centre = relative(score(centre[None]))[0]
    return relative(score(np.eye(len(centre)) + centre)) - at_centre, at_centre


def relative(scores: Values) -> Values:
    """Less their mean over the classes, in which the squares of the features cancel."""
    found: Values = scores - scores.mean(1, keepdims=True)
    return found
