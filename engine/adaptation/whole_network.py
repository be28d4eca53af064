"""Fine-tuning every weight of a network on a support set, from a linear head fitted on its frozen features."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from engine.adaptation.episode_heads import linear_heads
from engine.adaptation.inner_loop import InnerLoop, Parameters
from engine.backbones.backbone import Backbone, applied, still_statistics
from engine.method import Classifier


def tuned_path(
    model: Backbone, inputs: Tensor, targets: Tensor, way: int, iterations: int, steps: int, rate: float,
    transductive: bool,
) -> Iterator[Classifier]:  # fmt: skip
    """The classifier after 0, 1, …, `steps` gradient steps on all weights; 0 is the head of `iterations` alone.

    The model stays as it is. transductive: batch norm uses the batch's own statistics instead of the running ones.
    """
    model.eval()
    whole = with_head(model, way)

    def statistics() -> AbstractContextManager[None]:
        return still_statistics(model) if transductive else nullcontext()

    with statistics(), torch.no_grad():
        features = model.embed(inputs)
    start = start_with(whole, *(part[0] for part in linear_heads(features[None], targets, way, iterations)))
    path = InnerLoop(lambda name, step: rate, steps, second_order=False).path(whole, start, inputs, targets)
    for _ in range(steps + 1):
        with statistics():
            adapted = next(path)
        yield _classifier(whole, adapted, statistics)


def with_head(model: Backbone, way: int) -> Backbone:
    """The same blocks, not copied, under a head whose weights are still to be given."""
    whole = Backbone(model.trunk, model.features, None)
    whole.head = nn.Linear(model.features, way, device="meta")
    return whole.eval()


def start_with(whole: Backbone, weight: Tensor, bias: Tensor) -> Parameters:
    start = {name: p.detach() for name, p in whole.named_parameters() if not name.startswith("head.")}
    start |= {"head.weight": weight.contiguous(), "head.bias": bias.contiguous()}
    return {name: value.clone().requires_grad_() for name, value in start.items()}


def _classifier(whole: Backbone, adapted: Parameters, statistics: object) -> Classifier:
    @torch.no_grad()
    def classify(queries: Tensor) -> Tensor:
        with statistics():  # type: ignore[operator]
            return applied(whole, adapted, queries)

    return classify
