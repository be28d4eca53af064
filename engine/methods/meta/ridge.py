"""Ridge regression as the head, solved and differentiated in closed form: R2-D2 (Bertinetto et al. 2019,
arXiv 1805.08136).

W = Xᵀ (X Xᵀ + nλI)⁻¹ Y on the support features X [n, d + 1], whose last column of ones gives each class an intercept,
and one-hot labels Y: a system of as many equations as there are support images. λ counts for each of them, as in the
authors' code, so that what is learnt at one number of ways and shots suits another. Logits are a · Z W; λ and a are
learnt with the embedding, through the solution. Without the scale a the cross-entropy would hardly see answers that lie
between 0 and 1. The authors also add one learnt number to all logits, which changes no probability and never learns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.method import Classifier, hyper
from engine.methods.meta.embedding_based import EmbeddingBased, EmbeddingHyperparameters

if TYPE_CHECKING:
    from torch import Tensor

    from engine.backbones.backbone import Backbone


class RidgeHyperparameters(EmbeddingHyperparameters):
    strength: float = hyper(
        1.0, "Ridge λ at first", "Pulls the head's weights towards zero, per support image; learnt from here.",
        low=1e-6, high=1e6, log=True, advanced=True,
    )  # fmt: skip
    scale: float = hyper(
        10.0, "Scale a at first", "Multiplies the answers before the softmax; learnt from here.", low=0.1, high=100.0,
        log=True, advanced=True,
    )  # fmt: skip


class MetaRidge(EmbeddingBased):
    name = "ridge"
    order = 200
    title = "Ridge head (R2-D2)"
    group = "Closed form"
    idea = "Learn features on which ridge regression, solved exactly for each task, separates the classes."
    paper = "Bertinetto et al. 2019, Meta-learning with differentiable closed-form solvers, arXiv 1805.08136"
    Hyperparameters = RidgeHyperparameters
    quicker = 10.0  # λ and a are two numbers with far to go
    presets = {
        "Minutes on a laptop": {},
        "Long, Omniglot": {"training_way": 60, "steps": 10_000, "halve_every": 2000, "test_episodes": 1000},
    }

    def prepare(self, model: Backbone, way: int) -> None:
        from engine.adaptation.comparing import RidgeScale as Learnt

        model.meta = Learnt(self.hyperparameters.strength, self.hyperparameters.scale)

    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        from torch.nn.functional import one_hot

        from engine.adaptation.comparing import RidgeScale as Learnt
        from engine.adaptation.comparing import with_ones

        head = model.meta
        assert isinstance(head, Learnt)
        weights = ridge_weights(with_ones(features), one_hot(targets, way).to(features), head.strength())
        return lambda queries: head.scale * (with_ones(queries) @ weights)


def ridge_weights(features: Tensor, wanted: Tensor, strength: Tensor) -> Tensor:
    """W [d, way] = Xᵀ (X Xᵀ + nλI)⁻¹ Y of features X [n, d], wanted Y [n, way] and a scalar λ > 0."""
    import torch

    size = torch.eye(len(features), dtype=features.dtype, device=features.device)
    return features.T @ torch.linalg.solve(features @ features.T + len(features) * strength * size, wanted)
