"""A support vector machine as the head, solved and differentiated for each task: MetaOptNet (Lee et al. 2019,
arXiv 1904.03758).

The machine of Crammer and Singer for all classes at once is fitted to the support features, and the embedding learns
through its solution: few images, the support vectors, decide, and the margin resists a single odd one. Logits are
s · Σ α_i k(x_i, query) with the plain product as kernel and a learnt scale s.

As in the authors' code, 1 is added to the kernel's diagonal while solving, which the paper does not say; it keeps the
solution unique where there are more images than features. Theirs is a solver of general quadratic programmes with at
most 15 steps; here it goes to the end. They train with SGD, augmentation and label smoothing, of which nothing is here.
Cost grows with the third power of the support images and with the classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.method import Classifier, hyper
from engine.methods.meta.embedding_based import WAY_AS_PUBLISHED, EmbeddingBased, EmbeddingHyperparameters

if TYPE_CHECKING:
    from torch import Tensor

    from engine.backbones.backbone import Backbone

AT_ONCE = 1 << 22  # numbers in the systems of equations that are solved together


class MachineHyperparameters(EmbeddingHyperparameters):
    training_way: int = WAY_AS_PUBLISHED
    bound: float = hyper(
        0.1, "Bound C", "The most that one support image can weigh; small is a wide margin.", low=1e-4, high=100.0,
        log=True,
    )  # fmt: skip
    softening: float = hyper(
        1.0, "Added to the kernel", "On its diagonal, while solving: 1 as in the authors' code.", low=1e-6, high=1e3,
        log=True, advanced=True,
    )  # fmt: skip
    scale: float = hyper(
        1.0, "Scale at first", "Factor on the scores before the softmax; learnt from here.", low=0.01, high=100.0,
        log=True, advanced=True,
    )  # fmt: skip


class MetaOptNet(EmbeddingBased):
    name = "metaoptnet"
    order = 210
    title = "SVM head (MetaOptNet)"
    group = "Closed form"
    idea = "Learn features on which a support vector machine, solved exactly for each task, separates the classes."
    paper = "Lee et al. 2019, Meta-Learning with Differentiable Convex Optimization, arXiv 1904.03758"
    differs = (
        "The machine is solved to the end; the authors' solver takes at most 15 steps. They train with SGD, "
        "augmentation and label smoothing."
    )
    Hyperparameters = MachineHyperparameters
    quicker = 10.0  # one number with far to go
    presets = {
        "Minutes on a laptop": {},
        "Paper's values": {
            "training_way": 5, "training_shot": 15, "query": 6, "meta_batch": 8, "steps": 60_000, "halve_every": 20_000,
            "test_episodes": 2000,
        },
    }  # fmt: skip

    def prepare(self, model: Backbone, way: int) -> None:
        from engine.adaptation.comparing import Scale

        model.meta = Scale(self.hyperparameters.scale)

    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        weights = self._weights(features[None], targets, way)[0]
        return lambda queries: model.meta() * (queries @ weights)

    def classify_episodes(self, model: Backbone, support: Tensor, targets: Tensor, query: Tensor, way: int) -> Tensor:
        import torch

        size = max(1, AT_ONCE // (way * support.shape[1] ** 2))
        weights = torch.cat([self._weights(part, targets, way) for part in support.split(size)])
        logits: Tensor = model.meta() * (query @ weights)
        return logits

    def _weights(self, support: Tensor, targets: Tensor, way: int) -> Tensor:
        """[e, d, way]: one column Σ α_i x_i per class, of support features [e, n, d]."""
        import torch

        from engine.adaptation.svm import svm_duals
        from engine.machine.devices import doubled

        known = doubled(support)
        softer = self.hyperparameters.softening * torch.eye(known.shape[1], dtype=known.dtype, device=known.device)
        duals = svm_duals(known @ known.mT + softer, targets, way, self.hyperparameters.bound)
        return (known.mT @ duals).to(support.dtype).to(support.device)
