"""Prototypical networks: classify by the nearest class mean in a learnt space (Snell et al. 2017, arXiv 1703.05175).

The prototype of a class is the mean of its embedded support images; logits are minus the *squared* Euclidean
distances. Training uses more classes per episode than the test (60-way in the paper) and halves its rate as it goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.method import ENCODERS, Classifier
from engine.methods.meta.embedding_based import EmbeddingBased

if TYPE_CHECKING:
    from torch import Tensor

    from engine.backbones.backbone import Backbone


class ProtoNet(EmbeddingBased):
    name = "protonet"
    order = 160
    title = "Prototypical network"
    idea = "Learn a space where a class is the mean of its few examples and new images go to the nearest mean."
    paper = "Snell, Swersky & Zemel 2017, Prototypical Networks for Few-shot Learning, arXiv 1703.05175"
    presets = {
        "Minutes on a laptop": {},
        "Paper's values, Omniglot": {"training_way": 60, "steps": 10_000, "halve_every": 2000, "test_episodes": 1000},
        ENCODERS: {"learning_rate": 1e-4},
    }

    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        return nearest_prototype(features, targets, way)


def nearest_prototype(features: Tensor, targets: Tensor, way: int) -> Classifier:
    """features [n, d], targets [n] in 0..way-1 -> function from features [m, d] to logits [m, way] = -‖f - c_k‖²."""
    from engine.adaptation.comparing import class_means, squared

    centres = class_means(features, targets, way)
    return lambda queries: -squared(queries, centres)
