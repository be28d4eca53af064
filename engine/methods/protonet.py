"""Prototypical networks: classify by the nearest class mean in a learnt space (Snell et al. 2017, arXiv 1703.05175).

The prototype of a class is the mean of its embedded support images; logits are minus the *squared* Euclidean
distances. Training uses more classes per episode than the test (60-way in the paper) and halves its rate as it goes.
Batch norm runs on its running statistics at test, so nothing leaks between query images.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.layers import HEAD, Treatment
from engine.methods.base import Classifier, EpisodeHyperparameters, MetaLearner, hyper

if TYPE_CHECKING:
    from torch import Tensor

    from engine.backbones.backbone import Backbone
    from engine.meta.task import Task


class ProtoNetHyperparameters(EpisodeHyperparameters):
    training_way: int = hyper(
        20, "Way in training", "Classes per training episode; more than at test helps.", unit="classes", low=2, high=200
    )
    steps: int = hyper(
        1000, "Meta-steps", "Updates of the embedding; 0 tests the weights as they are.", low=0, high=200_000
    )
    halve_every: int = hyper(
        500, "Halve the rate every", "The learning rate is halved after this many steps.", unit="steps", low=1,
        advanced=True,
    )  # fmt: skip


class ProtoNet(MetaLearner):
    name = "protonet"
    title = "Prototypical network"
    idea = "Learn a space where a class is the mean of its few examples and new images go to the nearest mean."
    paper = "Snell, Swersky & Zemel 2017, Prototypical Networks for Few-shot Learning, arXiv 1703.05175"
    Hyperparameters = ProtoNetHyperparameters
    frozen_at_test = True
    has_head = False
    presets = {
        "Minutes on a laptop": {},
        "Paper's values, Omniglot": {"training_way": 60, "steps": 10_000, "halve_every": 2000, "test_episodes": 1000},
    }

    def treatments(self, blocks: tuple[str, ...]) -> dict[str, Treatment]:
        """The embedding is trained; the class means take the place of a head and follow each support set."""
        return {block: "adapted" if block == HEAD else "trained" for block in blocks}

    @property
    def training_way(self) -> int:
        return int(self.hyperparameters.training_way)

    @property
    def batch_norm_mode(self) -> str:
        return "running statistics"

    def rate_factor(self, step: int) -> float:
        return float(0.5 ** (step // self.hyperparameters.halve_every))

    def meta_gradient(self, model: Backbone, tasks: Sequence[Task]) -> dict[str, float]:
        import torch
        from torch.nn.functional import cross_entropy

        model.train()
        loss_sum, hits = 0.0, 0.0
        for task in tasks:
            features = model.embed(torch.cat([task.support_images, task.query_images]))
            support, query = features.split([len(task.support_labels), len(task.query_labels)])
            logits = nearest_prototype(support, task.support_labels, task.way)(query)
            loss = cross_entropy(logits, task.query_labels)
            (loss / len(tasks)).backward()
            loss_sum += float(loss.detach())
            hits += float((logits.argmax(1) == task.query_labels).float().mean())
        return {"loss": loss_sum / len(tasks), "accuracy": hits / len(tasks)}

    def adapt(self, model: Backbone, images: Tensor, labels: Tensor, way: int) -> Classifier:
        import torch

        model.eval()
        with torch.no_grad():
            classify = nearest_prototype(model.embed(images), labels, way)

        @torch.no_grad()
        def on_images(queries: Tensor) -> Tensor:
            return classify(model.embed(queries))

        return on_images

    def classify_features(self, features: Tensor, labels: Tensor, way: int) -> Classifier:
        """The same on features [n, d] that were embedded before."""
        return nearest_prototype(features, labels, way)


def nearest_prototype(features: Tensor, labels: Tensor, way: int) -> Classifier:
    """features [n, d], labels [n] in 0..way-1 -> function from features [m, d] to logits [m, way] = -‖f - c_k‖²."""
    sums = features.new_zeros(way, features.shape[1]).index_add_(0, labels, features)
    counts = features.new_zeros(way).index_add_(0, labels, features.new_ones(len(labels)))
    prototypes = sums / counts[:, None]

    def classify(queries: Tensor) -> Tensor:
        return -(queries[:, None, :] - prototypes[None]).square().sum(2)

    return classify
