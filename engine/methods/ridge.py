"""Ridge regression as the head, solved and differentiated in closed form: R2-D2 (Bertinetto et al. 2019,
arXiv 1805.08136).

W = Xᵀ (X Xᵀ + λI)⁻¹ Y on the support features X [n, d] and one-hot labels Y: a system of as many equations as there are
support images. Logits are a · Z W + b; λ, a and b are learnt with the embedding, through the solution. Without the
scale a the cross-entropy would hardly see answers that lie between 0 and 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.methods.base import Classifier, hyper
from engine.methods.embedding_based import EmbeddingBased, EmbeddingHyperparameters

if TYPE_CHECKING:
    from torch import Tensor

    from engine.backbones.backbone import Backbone


class RidgeHyperparameters(EmbeddingHyperparameters):
    strength: float = hyper(
        1.0, "Ridge λ at first", "Pulls the head's weights towards zero; learnt from here.", low=1e-6, high=1e6,
        log=True, advanced=True,
    )  # fmt: skip
    scale: float = hyper(
        10.0, "Scale a at first", "Multiplies the answers before the softmax; learnt from here.", low=0.1, high=100.0,
        log=True, advanced=True,
    )  # fmt: skip


class Ridge(EmbeddingBased):
    name = "ridge"
    title = "Ridge head (R2-D2)"
    group = "Closed form"
    idea = "Learn features on which ridge regression, solved exactly for each task, separates the classes."
    paper = "Bertinetto et al. 2019, Meta-learning with differentiable closed-form solvers, arXiv 1805.08136"
    Hyperparameters = RidgeHyperparameters
    has_meta = True
    quicker = 10.0  # λ, a and b are three numbers with far to go
    presets = {
        "Minutes on a laptop": {},
        "Long, Omniglot": {"training_way": 60, "steps": 10_000, "halve_every": 2000, "test_episodes": 1000},
    }

    def prepare(self, model: Backbone, way: int) -> None:
        from engine.meta.comparing import Ridge as Learnt

        model.meta = Learnt(self.hyperparameters.strength, self.hyperparameters.scale)

    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        from torch.nn.functional import one_hot

        from engine.meta.comparing import Ridge as Learnt

        head = model.meta
        assert isinstance(head, Learnt)
        weights = ridge_weights(features, one_hot(targets, way).to(features), head.strength())
        return lambda queries: head.scale * (queries @ weights) + head.shift


def ridge_weights(features: Tensor, wanted: Tensor, strength: Tensor) -> Tensor:
    """W [d, way] = Xᵀ (X Xᵀ + λI)⁻¹ Y of features X [n, d], wanted Y [n, way] and a scalar λ > 0."""
    import torch

    size = torch.eye(len(features), dtype=features.dtype, device=features.device)
    return features.T @ torch.linalg.solve(features @ features.T + strength * size, wanted)
