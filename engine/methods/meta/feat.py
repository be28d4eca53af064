"""FEAT: class means that are adapted to the task by attention among them (Ye et al. 2020, arXiv 1812.03664).

The means of a task's classes go through one layer of self-attention, whose output is added to them and normalised: what
tells five dogs apart is not what tells a dog from a car. A query stays as it is and goes to the nearest adapted mean.
In training a second loss, weighted by the balance, has every image of the episode attend to those of its class and
draws all of them to the means of what comes out; the labels of the query images are used there too, as in any loss.

As in the authors' code the layer has one head, queries, keys and values of the embedding's width without bias and an
output with one, and it learns ten times as fast as the embedding, which begins as a classifier. They train with SGD,
here it is Adam. Their temperatures, which divide squared distances, and their balance differ from setting to setting:
16 to 64 and 0.01 to 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.method import Classifier, hyper
from engine.methods.meta.warmed_up import WarmedUp, WarmedUpHyperparameters

if TYPE_CHECKING:
    from torch import Tensor, nn

    from engine.adaptation.comparing import SetToSet
    from engine.backbones.backbone import Backbone
    from engine.meta.task import Task


class FEATHyperparameters(WarmedUpHyperparameters):
    balance: float = hyper(0.1, "Balance", "Weight of the contrastive loss among a class's images.", low=0.0, high=10.0)
    temperature: float = hyper(
        64.0, "Temperature", "Divides the squared distances to the adapted means.", low=0.1, high=1000.0, log=True
    )
    contrast_temperature: float = hyper(
        16.0, "Contrast temperature", "Divides the squared distances in the contrastive loss.", low=0.1, high=1000.0,
        log=True, advanced=True,
    )  # fmt: skip
    dropout: float = hyper(
        0.5, "Dropout", "Share of the layer's outputs that is left out at random in training.", low=0.0, high=0.9
    )
    attention_dropout: float = hyper(
        0.1, "Attention dropout", "Share of the attention that is left out at random in training.", low=0.0, high=0.9,
        advanced=True,
    )  # fmt: skip


class FEAT(WarmedUp):
    name = "feat"
    order = 260
    title = "FEAT"
    idea = "Let the class means of a task look at each other before new images go to the nearest."
    paper = "Ye et al. 2020, Few-Shot Learning via Embedding Adaptation with Set-to-Set Functions, arXiv 1812.03664"
    differs = (
        "It learns by Adam, and begins as a plain classifier of all training classes; the authors train with SGD and "
        "choose their pretrained network by its accuracy on episodes."
    )
    Hyperparameters = FEATHyperparameters
    quicker = 10.0
    presets = {
        "Minutes on a laptop": {},
        "From random weights": {"warm_up": 0.5},
        "Paper's values, Conv-4 1-shot": {
            "balance": 1.0, "query": 15, "steps": 20_000, "learning_rate": 1e-4, "halve_every": 2000,
            "validate_every": 1000, "test_episodes": 10_000,
        },
        "Paper's values, Conv-4 5-shot": {
            "shot": 5, "temperature": 32.0, "contrast_temperature": 64.0, "query": 15, "steps": 20_000,
            "learning_rate": 1e-4, "halve_every": 2000, "validate_every": 1000, "test_episodes": 10_000,
        },
    }  # fmt: skip

    def episodic(self, features: int) -> nn.Module:
        from engine.adaptation.comparing import SetToSet

        chosen = self.hyperparameters
        return SetToSet(features, chosen.dropout, chosen.attention_dropout)

    def layer(self, model: Backbone) -> SetToSet:
        from engine.adaptation.comparing import SetToSet

        found = model.meta.episodic
        assert isinstance(found, SetToSet)
        return found

    def loss(self, model: Backbone, features: Tensor, logits: Tensor, task: Task) -> Tensor:
        """That of the queries, and that of all images against the adapted means of their own class."""
        import torch

        plain, balance = super().loss(model, features, logits, task), self.hyperparameters.balance
        labels = torch.cat([task.support_targets, task.query_targets])
        return plain + balance * self._contrast(model, features, labels, task.way) if balance else plain

    def _contrast(self, model: Backbone, features: Tensor, labels: Tensor, way: int) -> Tensor:
        from torch.nn.functional import cross_entropy

        from engine.adaptation.comparing import class_means, squared

        adapted = self.layer(model)(features, labels[:, None] == labels[None])
        logits = -squared(features, class_means(adapted, labels, way)) / self.hyperparameters.contrast_temperature
        return cross_entropy(logits, labels)

    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        from engine.adaptation.comparing import class_means, squared

        centres = self.layer(model)(class_means(features, targets, way))
        return lambda queries: -squared(queries, centres) / self.hyperparameters.temperature
