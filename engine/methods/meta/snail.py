"""SNAIL: a network reads the support set as a sequence and answers for the image that comes last (Mishra et al. 2018).

Temporal convolutions bring together neighbouring moments, causal attention finds the one that matters among all before.
Every moment is an embedded image beside its label; the query comes last with its label hidden. Training shows the
support set of every episode in an order of its own, so that labels have to be read; at test any order does, though
another order gives somewhat other answers. (MANN, Santoro et al.
2016, hides every label by one moment instead: it reads x_t beside y_{t-1} and has to answer at every moment; here only
the last one is asked.) The way is fixed, as the labels are one-hot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.data.target import NUMBERS, asked
from engine.meta.roles import Embeds
from engine.method import Classifier, hyper
from engine.methods.meta.embedding_based import EmbeddingBased, EmbeddingHyperparameters

if TYPE_CHECKING:
    from torch import Tensor

    from engine.backbones.backbone import Backbone


class SNAILHyperparameters(EmbeddingHyperparameters):
    filters: int = hyper(
        32, "Filters", "Values that each convolution and attention adds.", unit="values", low=4, high=256
    )  # fmt: skip
    training_way: int = hyper(
        0, "Way in training", "That of the test always: the network has one label slot per class.", low=0, high=0,
        advanced=True,
    )  # fmt: skip
    meta_batch: int = hyper(4, "Episodes per step", "Episodes averaged in one update.", low=1, high=64)


class SNAIL(EmbeddingBased):
    name = "snail"
    order = 400
    title = "SNAIL"
    group = "Black box"
    idea = "Read the support set as a sequence with convolutions and attention; the query comes last, its label hidden."
    paper = "Mishra, Rohaninejad, Chen & Abbeel 2018, A Simple Neural Attentive Meta-Learner, arXiv 1707.03141"
    differs = (
        "Embedded images are standardised, and the first attention starts with its keys equal to its queries; "
        "32 filters, the paper has 128 on Omniglot."
    )
    suits = frozenset({"classification", "regression"})
    Hyperparameters = SNAILHyperparameters
    presets = {
        "Minutes on a laptop": {},
        "Sinusoid": {
            "shot": 5, "query": 10, "meta_batch": 25, "steps": 20_000, "halve_every": 5000, "validate_every": 1000,
        },
    }  # fmt: skip

    @property
    def meets(self) -> Embeds:
        return Embeds(in_order=True)

    @property
    def training_way(self) -> int:
        return int(self.hyperparameters.way)

    def prepare(self, model: Backbone, way: int) -> None:
        from engine.adaptation.temporal import Reader

        settings = self.hyperparameters
        longest = way * max(int(settings.shot), self.training_shot) + 1
        model.meta = Reader(model.features, way, longest, settings.filters)

    def fixed_way(self, model: Backbone) -> int:
        from engine.adaptation.temporal import Reader

        assert isinstance(model.meta, Reader)
        return model.meta.answer.out_features

    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        from torch.nn.functional import one_hot

        known = targets if asked(targets) == NUMBERS else one_hot(targets, way).to(features.dtype)
        return lambda queries: model.meta(features, known, queries)
