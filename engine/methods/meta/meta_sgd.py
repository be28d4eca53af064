"""Meta-SGD: MAML with a learnt inner rate for every single parameter (Li et al. 2017, arXiv 1707.09835).

φ = θ - a ∘ ∇L(θ, support), where a has θ's shape, is learnt with it and may turn negative: direction and step size of
the adaptation are meta-learned. One step, second order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.method import hyper
from engine.methods.meta.maml import MAML, MAMLHyperparameters

if TYPE_CHECKING:
    from engine.adaptation.inner_loop import Rate
    from engine.backbones.backbone import Backbone


class MetaSGDHyperparameters(MAMLHyperparameters):
    inner_rate: float = hyper(
        0.1, "Inner rate at the start", "Every parameter's own step size begins near here, between a half and one and "
        "a half times as much.", low=1e-5, high=10.0, log=True,
    )  # fmt: skip
    test_steps: int = hyper(1, "Inner steps at test", "Steps with the learnt rates on a new task.", low=1, high=100)


class MetaSGD(MAML):
    name = "meta_sgd"
    order = 340
    title = "Meta-SGD"
    idea = "Learn the initial weights together with one inner learning rate for every weight."
    paper = "Li, Zhou, Chen & Li 2017, Meta-SGD: Learning to Learn Quickly for Few-Shot Learning, arXiv 1707.09835"
    Hyperparameters = MetaSGDHyperparameters
    presets = {
        "Minutes on a laptop": {},
        "Sinusoid": {
            "shot": 5, "query": 10, "inner_rate": 0.01, "meta_batch": 25, "steps": 20_000, "over_steps": 10,
            "validate_every": 2000,
        },
        "Paper's values, sinusoid": {
            "shot": 5, "query": 5, "inner_rate": 0.01, "meta_batch": 4, "steps": 60_000, "test_steps": 10,
        },
    }  # fmt: skip

    def prepare(self, model: Backbone, way: int) -> None:
        from engine.adaptation.learnt_rates import LearntRates

        adapts = self.adapts(model)
        model.meta = LearntRates(
            {name: p for name, p in model.named_parameters() if adapts(name)}, self.hyperparameters.inner_rate
        )

    def rate(self, model: Backbone) -> Rate:
        rates = model.meta
        return lambda name, step: rates.of(name)  # type: ignore[operator]

    def inner_rates(self, model: Backbone) -> dict[str, float]:
        return model.meta.by_block()  # type: ignore[operator]
