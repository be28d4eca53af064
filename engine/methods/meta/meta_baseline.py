"""Meta-Baseline: an ordinary classifier first, then episodes by the cosine to class means (Chen et al. 2021,
arXiv 2003.04390).

Logits are t · cos(feature, class mean) in training and at test, with a learnt t that starts at 10. The paper's point is
that this simple pair of stages does as well as methods made for few examples; the episodes help most where the classes
of the test are like those of training.

The authors' t is the parameter itself, here it is exp of one and so stays positive. They train both stages with SGD
and weight decay at falling rates, here it is Adam; they keep the episodes' network of the best validation, as here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.method import Classifier, hyper
from engine.methods.meta.warmed_up import WarmedUp, WarmedUpHyperparameters

if TYPE_CHECKING:
    from torch import Tensor, nn

    from engine.backbones.backbone import Backbone


class MetaBaselineHyperparameters(WarmedUpHyperparameters):
    temperature: float = hyper(
        10.0, "Temperature at first", "Factor on the cosines before the softmax; learnt from here.", low=0.1,
        high=100.0, log=True, advanced=True,
    )  # fmt: skip


class MetaBaseline(WarmedUp):
    name = "meta_baseline"
    order = 250
    title = "Meta-Baseline"
    idea = "Train a classifier of all training classes, then go on with episodes, by the angle to the class means."
    paper = "Chen et al. 2021, Meta-Baseline: Exploring Simple Meta-Learning for Few-Shot Learning, arXiv 2003.04390"
    differs = (
        "Both stages learn by Adam in one run; the authors train them apart, with SGD, weight decay and augmentation. "
        "The temperature stays positive here."
    )
    Hyperparameters = MetaBaselineHyperparameters
    presets = {
        "Minutes on a laptop": {},
        "From random weights": {"warm_up": 0.5},
        "Without episodes": {"warm_up": 1.0},
        "Paper's values": {
            "steps": 34_000, "warm_up": 0.88, "batch_size": 128, "query": 15, "meta_batch": 4, "learning_rate": 1e-3,
            "halve_every": 200_000, "test_episodes": 800,
        },
    }  # fmt: skip

    def episodic(self, features: int) -> nn.Module:
        from engine.adaptation.comparing import Scale

        return Scale(self.hyperparameters.temperature)

    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        from engine.adaptation.comparing import TwoStages, class_means
        from engine.adaptation.prototype_tuning import cosine_logits

        assert isinstance(model.meta, TwoStages)
        centres, temperature = class_means(features, targets, way), model.meta.episodic()
        return lambda queries: cosine_logits(queries, centres, temperature)
