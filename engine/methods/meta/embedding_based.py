"""Meta-learners that compare embedded images: one embedding for all tasks, and something small on top per task.

A subclass says `classify_features`; training with more classes per episode than at test, a rate that is halved as it
goes, and meeting a new task are the same for all. Batch norm runs on its running statistics at test, so nothing leaks
between query images.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.meta.learner import EpisodeHyperparameters, MetaLearner, Outcome, learnt
from engine.meta.roles import Embeds, MetaRun, Steps, knows
from engine.method import Classifier, hyper

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from engine.backbones.backbone import Backbone
    from engine.meta.task import Task


WAY_AS_PUBLISHED: int = hyper(
    0, "Way in training", "Classes per training episode; 0 is the way of the test, as published.", unit="classes",
    low=0, high=200,
)  # fmt: skip


class EmbeddingHyperparameters(EpisodeHyperparameters):
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


class EmbeddingBased(MetaLearner):
    group = "Metric"
    quicker: ClassVar[float] = 1.0  # the rate of what is learnt besides the embedding, against that of the embedding
    Hyperparameters: ClassVar[type[EpisodeHyperparameters]] = EmbeddingHyperparameters

    @property
    def _own(self) -> EmbeddingHyperparameters:
        """Its hyperparameters; who has others says what follows from them."""
        assert isinstance(self.hyperparameters, EmbeddingHyperparameters)
        return self.hyperparameters

    @property
    def meets(self) -> Embeds | Steps:
        return Embeds()

    @property
    def training_way(self) -> int:
        return self._own.training_way or self._own.way

    @property
    def batch_norm_mode(self) -> str:
        return "running statistics"

    def rate_factor(self, run: MetaRun) -> float:
        return float(0.5 ** (run.step // self._own.halve_every))

    def quick(self, model: Backbone) -> list[Tensor]:
        """What learns `quicker` times as fast as the rest."""
        return [value for value in model.meta.parameters() if value.requires_grad]

    def optimiser(self, model: Backbone) -> torch.optim.Optimizer:
        import torch

        quick = self.quick(model)
        others = [value for value in learnt(model) if all(value is not one for one in quick)]
        groups = [{"params": others, "factor": 1.0}, {"params": quick, "factor": self.quicker}]
        return torch.optim.Adam([group for group in groups if group["params"]], fused=True)

    @property
    def embeds_first(self) -> bool:
        return knows(type(self), "embeds_first", "query_loss", "task_gradient", "embed")

    def query_loss(self, model: Backbone, task: Task, run: MetaRun) -> Outcome:
        """The support and the query images go through the network together. A minibatch is a task without support
        images, whose classes are those of all training images."""
        import torch

        if not len(task.support_targets):
            return self.from_features(model, model.embed(task.query_inputs), task)
        return self.from_features(model, self.embed(model, torch.cat([task.support_inputs, task.query_inputs])), task)

    def from_features(self, model: Backbone, features: Tensor, task: Task) -> Outcome:
        from torch.nn.functional import cross_entropy

        if not len(task.support_targets):
            logits = model.meta(features)
            return Outcome(cross_entropy(logits, task.query_targets), logits.detach())
        support, query = features.split([len(task.support_targets), len(task.query_targets)])
        logits = self.classify_features(model, support, task.support_targets, task.way)(query)
        return Outcome(self.loss(model, features, logits, task), logits.detach())

    def loss(self, model: Backbone, features: Tensor, logits: Tensor, task: Task) -> Tensor:
        """Scalar. features: of the support and then the query images. logits: of the query images, [m, way]."""
        from engine.adaptation.objective import loss

        return loss(logits, task.query_targets)

    def adapt(self, model: Backbone, inputs: Tensor, targets: Tensor, way: int) -> Classifier:
        import torch

        model.eval()
        with torch.no_grad():
            support = self.embed(model, inputs)
        classify = self.classify_features(model, support, targets, way)

        @torch.no_grad()
        def on_images(queries: Tensor) -> Tensor:
            return classify(self.embed(model, queries))

        return on_images
