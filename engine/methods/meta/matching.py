"""Matching networks: a query takes its label from the support images it resembles (Vinyals et al. 2016,
arXiv 1606.04080).

P(class) is the attention that goes to the class's support images, a softmax of t · cos(f(query), g(support)) over the
whole support set. The paper takes t = 1; learning it makes the attention as sharp as the data allow. Training episodes
have as many classes as those of the test unless told otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engine.meta.roles import Embeds
from engine.method import Classifier, hyper
from engine.methods.meta.embedding_based import WAY_AS_PUBLISHED, EmbeddingBased, EmbeddingHyperparameters

if TYPE_CHECKING:
    from torch import Tensor

    from engine.backbones.backbone import Backbone


class MatchingHyperparameters(EmbeddingHyperparameters):
    training_way: int = WAY_AS_PUBLISHED
    temperature: Literal["learnt", "fixed"] = hyper(
        "learnt", "Temperature", "Whether the sharpness of the attention is learnt or stays where it starts."
    )
    sharpness: float = hyper(
        10.0, "Sharpness at first", "Factor on the cosines before the softmax; the paper has 1.", low=0.1, high=100.0,
        log=True, advanced=True,
    )  # fmt: skip
    full_context: bool = hyper(
        False, "Full context", "Each image is embedded in the light of the whole support set, by two LSTMs."
    )
    reads: int = hyper(
        5, "Readings", "How often the LSTM of a query reads the support set.", low=1, high=20, advanced=True
    )


class Matching(EmbeddingBased):
    name = "matching"
    order = 170
    title = "Matching network"
    idea = "Give a new image the labels of the support images it resembles, weighted by attention."
    paper = "Vinyals et al. 2016, Matching Networks for One Shot Learning, arXiv 1606.04080"
    differs = (
        "Full context reads the support set 5 times unless told otherwise, public code as often as it has "
        "images; and the temperature is learnt, in the paper it is 1."
    )
    Hyperparameters = MatchingHyperparameters
    presets = {
        "Minutes on a laptop": {},
        "More classes in training": {"training_way": 20},
        "Full context embeddings": {"full_context": True},
        "Paper's values": {"temperature": "fixed", "sharpness": 1.0, "steps": 10_000, "halve_every": 4000},
    }

    @property
    def meets(self) -> Embeds:
        return Embeds(in_order=self.hyperparameters.full_context)

    def prepare(self, model: Backbone, way: int) -> None:
        from engine.adaptation.comparing import Attention

        chosen = self.hyperparameters
        learns = chosen.temperature == "learnt"
        model.meta = Attention(model.features, chosen.sharpness, learns, chosen.full_context, chosen.reads)

    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        from engine.adaptation.comparing import Attention

        attention = model.meta
        assert isinstance(attention, Attention)
        support = attention.support(features)

        def classify(queries: Tensor) -> Tensor:
            seen = attention.query(queries, support)
            return attended(seen, support, targets, way, attention.temperature())

        return classify


def attended(queries: Tensor, support: Tensor, targets: Tensor, way: int, temperature: Tensor) -> Tensor:
    """[m, way]: logarithm of the attention that each query [m, d] pays to the support [n, d] of each class."""
    import torch
    from torch.nn.functional import normalize

    attention = (temperature * normalize(queries, dim=1) @ normalize(support, dim=1).T).log_softmax(1)
    others = targets[None, :] != torch.arange(way, device=targets.device)[:, None]
    return attention[:, None, :].masked_fill(others[None], -torch.inf).logsumexp(2)
