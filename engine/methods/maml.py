"""MAML: learn initial weights from which a few gradient steps solve a new task (Finn et al. 2017, arXiv 1703.03400).

Inner loop: φ = θ - α ∇L(θ, support), a few steps. Outer loop: θ follows the gradient of L(φ, query) through those
steps; in first order (FOMAML) the gradient at φ is applied to θ as it is. As in the authors' code batch norm uses the
statistics of the current batch, in training and at test: the query images of a test episode are normalised together
(transductive). With running statistics instead, accuracy drops to near chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from engine.layers import Treatment
from engine.methods.base import Classifier, EpisodeHyperparameters, MetaLearner, hyper

if TYPE_CHECKING:
    from torch import Tensor

    from engine.backbones.backbone import Backbone
    from engine.meta.inner_loop import InnerLoop
    from engine.meta.task import Task


class MAMLHyperparameters(EpisodeHyperparameters):
    order: Literal["second order", "first order"] = hyper(
        "second order", "Meta-gradient", "Second order differentiates through the inner steps; first order is faster."
    )
    inner_rate: float = hyper(
        0.4, "Inner learning rate", "Step size α of the adaptation.", low=1e-5, high=10.0, log=True
    )
    inner_steps: int = hyper(1, "Inner steps", "Gradient steps on the support set while meta-training.", low=1, high=20)
    test_steps: int = hyper(3, "Inner steps at test", "Gradient steps on a new task.", low=1, high=100)
    meta_batch: int = hyper(8, "Episodes per step", "Tasks averaged in one meta-update.", low=1, high=64)
    steps: int = hyper(
        1500, "Meta-steps", "Updates of the shared initial weights; 0 tests them as they are.", low=0, high=200_000
    )
    batch_norm: Literal["transductive", "running statistics"] = hyper(
        "transductive",
        "Batch norm at test",
        "Transductive normalises the query images of an episode together, as the paper's code does.",
        advanced=True,
    )
    gradient_clip: float = hyper(
        10.0, "Largest meta-gradient", "Each value of the meta-gradient is clipped to this.", low=1e-3, advanced=True
    )


class MAML(MetaLearner):
    name = "maml"
    title = "MAML"
    idea = "Learn initial weights from which a few gradient steps solve a new task."
    paper = "Finn, Abbeel & Levine 2017, Model-Agnostic Meta-Learning, arXiv 1703.03400"
    Hyperparameters = MAMLHyperparameters
    presets = {
        "Minutes on a laptop": {},
        "Paper's values, Omniglot 5-way": {"meta_batch": 32, "query": 1, "steps": 60_000},
        "Paper's values, Omniglot 20-way": {
            "way": 20, "meta_batch": 16, "query": 1, "inner_rate": 0.1, "inner_steps": 5, "test_steps": 5,
            "steps": 60_000,
        },
        "First order (FOMAML)": {"order": "first order"},
    }  # fmt: skip

    def treatments(self, blocks: tuple[str, ...]) -> dict[str, Treatment]:
        return dict.fromkeys(blocks, "adapted")

    @property
    def batch_norm_mode(self) -> str:
        transductive = self.hyperparameters.batch_norm == "transductive"
        return "transductive (query batch)" if transductive else "running statistics"

    def inner_loop(self, model: Backbone, steps: int, second_order: bool) -> InnerLoop:
        from engine.meta.inner_loop import InnerLoop, adaptable

        return InnerLoop(self.hyperparameters.inner_rate, steps, second_order, adaptable(model))

    def meta_gradient(self, model: Backbone, tasks: Sequence[Task]) -> dict[str, float]:
        """Mean over tasks of the query loss's gradient, left in `.grad`, clipped by value."""
        from torch.nn.utils import clip_grad_value_

        model.train()
        losses, hits = [], []
        for task in tasks:
            loss, hit = self._query_loss(model, task)
            (loss / len(tasks)).backward()
            losses.append(float(loss.detach()))
            hits.append(hit)
        clip_grad_value_(model.parameters(), self.hyperparameters.gradient_clip)
        return {"loss": sum(losses) / len(tasks), "accuracy": sum(hits) / len(tasks)}

    def _query_loss(self, model: Backbone, task: Task) -> tuple[Tensor, float]:
        from torch.func import functional_call
        from torch.nn.functional import cross_entropy

        inner = self.inner_loop(model, self.hyperparameters.inner_steps, self.hyperparameters.order == "second order")
        adapted = inner.run(model, dict(model.named_parameters()), task.support_images, task.support_labels)
        logits = functional_call(model, adapted, (task.query_images,))
        hit = float((logits.argmax(1) == task.query_labels).float().mean())
        return cross_entropy(logits, task.query_labels), hit

    def adapt(self, model: Backbone, images: Tensor, labels: Tensor, way: int) -> Classifier:
        return self.adapt_steps(model, images, labels, self.hyperparameters.test_steps)

    def adapt_steps(self, model: Backbone, images: Tensor, labels: Tensor, steps: int) -> Classifier:
        """Adapt by `steps` inner steps (0 for none) with the chosen batch-norm mode."""
        import torch
        from torch.func import functional_call

        from engine.backbones.backbone import still_statistics

        transductive = self.hyperparameters.batch_norm == "transductive"
        model.eval()
        start = {name: p.detach().requires_grad_() for name, p in model.named_parameters()}
        inner = self.inner_loop(model, steps, second_order=False)
        if not transductive:
            adapted = inner.run(model, start, images, labels)
        else:
            with still_statistics(model):
                adapted = inner.run(model, start, images, labels)

        @torch.no_grad()
        def classify(queries: Tensor) -> Tensor:
            if not transductive:
                return functional_call(model, adapted, (queries,))
            with still_statistics(model):
                return functional_call(model, adapted, (queries,))

        return classify
