"""Siamese network: learn whether two images show the same class (Koch, Zemel & Salakhutdinov 2015).

A pair's score is a weighted sum of |f(a) - f(b)|, read through a sigmoid. All pairs of a training episode are used;
those of one class are far fewer, so both kinds count half. A new image takes the class of the support image it most
resembles, or of the class whose images it resembles most on the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engine.method import Classifier, hyper
from engine.methods.meta.embedding_based import EmbeddingBased, EmbeddingHyperparameters

if TYPE_CHECKING:
    from torch import Tensor

    from engine.backbones.backbone import Backbone
    from engine.meta.task import Task


class SiameseHyperparameters(EmbeddingHyperparameters):
    decision: Literal["nearest image", "mean over the class"] = hyper(
        "nearest image", "Decision", "With several shots: by the one most similar image, or by a class's mean score."
    )


class Siamese(EmbeddingBased):
    name = "siamese"
    order = 190
    title = "Siamese network"
    idea = "Learn to tell whether two images show the same class; a new image goes where it matches best."
    paper = "Koch, Zemel & Salakhutdinov 2015, Siamese Neural Networks for One-shot Image Recognition"
    Hyperparameters = SiameseHyperparameters
    presets = {"Minutes on a laptop": {}, "Mean over the class": {"decision": "mean over the class"}}

    def prepare(self, model: Backbone, way: int) -> None:
        from torch import nn

        model.meta = nn.Linear(model.features, 1)

    def loss(self, model: Backbone, features: Tensor, logits: Tensor, task: Task) -> Tensor:
        """Over the pairs of all images of the episode."""
        import torch

        return pair_loss(pair_scores(model, features, features), torch.cat([task.support_targets, task.query_targets]))

    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        import torch

        mean = self.hyperparameters.decision == "mean over the class"

        def classify(queries: Tensor) -> Tensor:
            scores = pair_scores(model, queries, features)
            places = targets[None, :].expand_as(scores)
            start = scores.new_full((len(scores), way), -torch.inf)
            return start.scatter_reduce(1, places, scores, "mean" if mean else "amax", include_self=False)

        return classify


def pair_scores(model: Backbone, first: Tensor, second: Tensor) -> Tensor:
    """[n, m]: log-odds that images with features [n, d] and [m, d] show the same class."""
    scores: Tensor = model.meta((first[:, None] - second[None]).abs()).squeeze(2)
    return scores


def pair_loss(scores: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy over all pairs of different images, scores [n, n] and labels [n]; those of the same class count
    half in all, and those of different classes half."""
    import torch
    from torch.nn.functional import softplus

    same = labels[:, None] == labels[None, :]
    later = torch.ones_like(same).triu(1)
    halves = ((same & later, softplus(-scores)), (~same & later, softplus(scores)))
    # Sums over all, not a choice of some: a GPU would have to be waited for until it knows how many.
    means = [torch.where(counts, values, 0.0).sum() / counts.sum() for counts, values in halves]
    return (means[0] + means[1]) / 2
