"""Conditional neural process: a network reads the whole support set and answers at once (Garnelo et al. 2018).

r = mean of h(x, y) over the support set, and (μ, σ) = g(r, x): no gradient step on a new task, and a deviation that
says how sure it is. Curves are learnt by likelihood and judged by the squared error of μ. Images are embedded first;
each class has an r of its own. It tends to under-fit: the mean of few numbers has to hold all that was given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.data.target import CLASSES, asked
from engine.meta.learner import Outcome, WholeBatch
from engine.meta.roles import Embeds, MetaRun
from engine.method import Classifier, hyper
from engine.methods.meta.embedding_based import EmbeddingBased, EmbeddingHyperparameters

if TYPE_CHECKING:
    from torch import Tensor

    from engine.backbones.backbone import Backbone
    from engine.meta.task import Task


class CNPHyperparameters(EmbeddingHyperparameters):
    width: int = hyper(128, "Width", "Units in each layer of h and g.", unit="units", low=8, high=1024)
    training_way: int = hyper(
        5, "Way in training", "Classes per training episode.", unit="classes", low=2, high=200
    )  # fmt: skip


class CNP(EmbeddingBased):
    name = "cnp"
    order = 390
    title = "Conditional neural process"
    group = "Black box"
    idea = "A network reads the support set and answers with a mean and how sure it is; nothing is trained at test."
    paper = "Garnelo et al. 2018, Conditional Neural Processes, arXiv 1807.01613"
    differs = "For images each class has a summary r of its own, in the paper one r holds all of them."
    suits = frozenset({"classification", "regression"})
    Hyperparameters = CNPHyperparameters
    presets = {
        "Minutes on a laptop": {},
        "Sinusoid": {
            "shot": 5, "query": 20, "meta_batch": 25, "steps": 20_000, "halve_every": 5000, "validate_every": 1000,
        },
    }  # fmt: skip

    @property
    def meets(self) -> Embeds:
        """`adapt` differs for curves alone."""
        return Embeds()

    def prepare(self, model: Backbone, way: int) -> None:
        """h and g; a single output is a number to predict."""
        from engine.adaptation.conditional import ConditionalNetworks

        model.meta = ConditionalNetworks(model.features, way == 1, self.hyperparameters.width)

    def query_loss(self, model: Backbone, task: Task, run: MetaRun) -> Outcome:
        from engine.adaptation.conditional import negative_likelihood

        if not task.is_regression:
            return super().query_loss(model, task, run)
        asked = model.embed(task.query_inputs)
        mean, deviation = model.meta.curve(model.embed(task.support_inputs), task.support_targets, asked)  # type: ignore[operator]
        return Outcome(negative_likelihood(mean, deviation, task.query_targets), mean.detach())

    def joins(self, task: Task) -> bool:
        """Curves go through the networks together."""
        return task.is_regression

    def in_one(self, model: Backbone, tasks: Sequence[Task], run: MetaRun) -> WholeBatch:
        from engine.adaptation.conditional import negative_likelihood
        from engine.meta.task import together

        x, y, asked, wanted = together(tasks)
        known, new = (model.embed(part.flatten(0, 1)).unflatten(0, part.shape[:2]) for part in (x, asked))
        mean, deviation = model.meta.curve(known, y, new)  # type: ignore[operator]
        value = negative_likelihood(mean, deviation, wanted)
        return WholeBatch(value, {"loss": (mean.detach() - wanted).square().mean(), "likelihood": -value.detach()})

    def adapt(self, model: Backbone, inputs: Tensor, targets: Tensor, way: int) -> Classifier:
        import torch

        from engine.adaptation.conditional import Bands

        if asked(targets) == CLASSES:
            return super().adapt(model, inputs, targets, way)
        model.eval()
        with torch.no_grad():
            return Bands(model.meta, model.embed, model.embed(inputs), targets)  # type: ignore[arg-type]

    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        summaries = model.meta.summaries(features, targets, way)  # type: ignore[operator]
        return lambda queries: model.meta.scores(summaries, queries)  # type: ignore[operator]
