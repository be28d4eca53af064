"""Baseline: train an ordinary classifier of all training classes, then a new linear head on each support set
(Chen et al. 2019, arXiv 1904.04232). What meta-learning has to beat.

Training is by minibatches with cross-entropy over all training classes; a step is one minibatch. At test the network
is frozen and a linear head is fitted on the support features; or it is only where fine-tuning of everything starts.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from engine.meta.learner import EpisodeHyperparameters
from engine.meta.roles import Embeds, MetaRun, Minibatches, Steps
from engine.method import REGULAR, Classifier, Classifiers, hyper
from engine.methods.meta.embedding_based import EmbeddingBased

if TYPE_CHECKING:
    from torch import Tensor

    from engine.backbones.backbone import Backbone


class PretrainingHyperparameters(EpisodeHyperparameters):
    steps: int = hyper(
        1000, "Training steps", "Minibatches of all training classes; 0 tests the weights as they are.",
        low=0, high=200_000,
    )  # fmt: skip
    batch_size: int = hyper(64, "Batch size", "Images in a minibatch.", unit="images", low=2, high=1024)
    learning_rate: float = hyper(
        2e-3, "Learning rate", "Step size of Adam; it falls to 0 along a cosine.", low=1e-6, high=1.0, log=True
    )
    meta_batch: int = hyper(1, "Minibatches per step", "Always one.", low=1, high=1)


class FittedHyperparameters(PretrainingHyperparameters):
    test_iterations: int = hyper(
        100, "Head iterations", "Gradient steps on the new head of each test episode.", low=1, high=1000
    )


class BaselineHyperparameters(FittedHyperparameters):
    adapts: Literal["head", "everything"] = hyper(
        "head", "Adapts at test", "Only the new head, or after it every weight of the network."
    )
    test_steps: int = hyper(20, "Fine-tuning steps", "Steps on all weights, where everything adapts.", low=0, high=200)
    tuning_rate: float = hyper(
        0.01, "Fine-tuning rate", "Step size on all weights, where everything adapts.", low=1e-6, high=1.0, log=True
    )
    batch_norm: Literal["running statistics", "transductive"] = hyper(
        "running statistics", "Batch norm at test",
        "Where everything adapts: transductive normalises the query images of an episode together.", fold=REGULAR,
    )  # fmt: skip


class Pretrained(EmbeddingBased):
    """Trained on minibatches of all training classes with the head `model.meta`."""

    group = "Baselines"
    unused = frozenset({"meta_batch"})
    Hyperparameters = PretrainingHyperparameters
    becomes = "trained", "new"

    @property
    def trains(self) -> Minibatches:
        return Minibatches(self.hyperparameters.batch_size)

    @property
    def training_way(self) -> int:
        return int(self.hyperparameters.way)

    def rate_factor(self, run: MetaRun) -> float:
        return 0.5 * (1 + math.cos(math.pi * run.progress))

    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        return lambda queries: self.classify_episodes(model, features[None], targets, queries[None], way)[0]


class Baseline(Pretrained):
    name = "baseline"
    order = 220
    title = "Baseline"
    idea = "Train an ordinary classifier of all training classes, then fit a new linear head on each support set."
    paper = "Chen et al. 2019, A Closer Look at Few-shot Classification, arXiv 1904.04232"
    differs = (
        "The new head is fitted by full-batch steps with momentum, close to the optimum; the authors' takes "
        "100 epochs of SGD at 0.01 on batches of 4."
    )
    Hyperparameters = BaselineHyperparameters
    presets = {
        "Minutes on a laptop": {},
        "Five epochs of Omniglot": {"steps": 7000, "validate_every": 500},
        "Fine-tuning everything": {"adapts": "everything"},
        "Without training": {"adapts": "everything", "steps": 0},
    }

    @property
    def everything(self) -> bool:
        return bool(self.hyperparameters.adapts == "everything")

    @property
    def meets(self) -> Embeds | Steps:
        return Steps(self.hyperparameters.test_steps, head=False) if self.everything else Embeds()

    @property
    def batch_norm_mode(self) -> str:
        transductive = self.everything and self.hyperparameters.batch_norm == "transductive"
        return "transductive (query batch)" if transductive else "running statistics"

    def prepare(self, model: Backbone, way: int) -> None:
        from torch import nn

        model.meta = nn.Linear(model.features, way)

    def classify_episodes(self, model: Backbone, support: Tensor, targets: Tensor, query: Tensor, way: int) -> Tensor:
        from engine.adaptation.episode_heads import linear_heads

        weights, bias = linear_heads(support, targets, way, self.hyperparameters.test_iterations)
        return query @ weights.mT + bias[:, None]

    def classifiers(self, model: Backbone, inputs: Tensor, targets: Tensor, way: int, steps: int) -> Classifiers:
        from engine.adaptation.whole_network import tuned_path

        if not self.everything:
            yield self.adapt(model, inputs, targets, way)
            return
        chosen = self.hyperparameters
        transductive = chosen.batch_norm == "transductive"
        yield from tuned_path(
            model, inputs, targets, way, chosen.test_iterations, steps, chosen.tuning_rate, transductive
        )

    def adapt(self, model: Backbone, inputs: Tensor, targets: Tensor, way: int) -> Classifier:
        if not self.everything:
            return super().adapt(model, inputs, targets, way)
        *_, last = self.classifiers(model, inputs, targets, way, self.test_steps)
        return last
