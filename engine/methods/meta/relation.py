"""Relation network: learn not only the embedding but also how to compare (Sung et al. 2018, arXiv 1711.06025).

The maps of a query are laid on those of each class, and a relation module of two convolutions gives a score between 0
and 1. A class's maps are the mean over its support images; the paper takes their sum, which differs by a factor that
the convolution takes up, but would be of another size at other shots than those trained with. The score is drawn to 1
for the right class and to 0 for the others by squared error. Maps are taken before the poolings at the backbone's end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.method import Classifier
from engine.methods.meta.embedding_based import EmbeddingBased

if TYPE_CHECKING:
    from torch import Tensor

    from engine.backbones.backbone import Backbone
    from engine.meta.task import Task


class Relation(EmbeddingBased):
    name = "relation"
    order = 180
    title = "Relation network"
    idea = "Learn a small network that says how well a new image goes together with a class."
    paper = "Sung et al. 2018, Learning to Compare: Relation Network for Few-Shot Learning, arXiv 1711.06025"
    differs = (
        "What one pooling of 2x2 leaves is brought to its maximum; the authors pool 2x2 again and drop the "
        "rest, which is something else for maps of 6x6 and 7x7. Their maps of Omniglot are 5x5, those of "
        "Conv-4 here 3x3, and they normalise test images by their batch."
    )
    presets = {
        "Minutes on a laptop": {},
        "Paper's values, Omniglot 5-way": {
            "training_way": 5, "query": 19, "steps": 200_000, "halve_every": 100_000, "test_episodes": 1000,
        },
    }  # fmt: skip

    def prepare(self, model: Backbone, way: int) -> None:
        from engine.adaptation.comparing import RelationModule

        model.meta = RelationModule(model.features)

    def embed(self, model: Backbone, inputs: Tensor) -> Tensor:
        """Maps [n, c, h, w]."""
        from engine.adaptation.comparing import maps

        return maps(model, inputs)

    def loss(self, model: Backbone, features: Tensor, logits: Tensor, task: Task) -> Tensor:
        from torch.nn.functional import mse_loss

        return mse_loss(logits.sigmoid(), wanted(task.query_targets, task.way).to(logits))

    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        """Scores before the sigmoid, which leaves their order as it is."""
        from engine.adaptation.comparing import class_means

        classes = class_means(features, targets, way)
        return lambda queries: model.meta(classes, queries)


def wanted(targets: Tensor, way: int) -> Tensor:
    """[m, way]: 1 for the right class, 0 for the others."""
    from torch.nn.functional import one_hot

    return one_hot(targets, way)
