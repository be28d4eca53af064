"""SimpleShot: an ordinary classifier, then the nearest class mean on centred features of length 1 (Wang et al. 2019,
arXiv 1911.04623).

"CL2N": minus the mean of the training classes' features, then of length 1; "L2N" leaves the mean out, "UN" takes the
features as they are. The mean is taken over images of the meta-training classes alone, drawn anew before each
validation, and is kept with the run's weights: no validation or test image enters it. The authors take it over all
training images and train with SGD and augmentation; here it is over 2,048 drawn ones at the usual batch size.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Literal

from engine.method import hyper
from engine.methods.meta.baseline import Pretrained, PretrainingHyperparameters

if TYPE_CHECKING:
    from torch import Tensor

    from engine.adaptation.comparing import CentredHead
    from engine.backbones.backbone import Backbone
    from engine.events import Notice, Preparing
    from engine.meta.learner import MetaLearner
    from engine.meta.task import Tasks


class SimpleShotHyperparameters(PretrainingHyperparameters):
    features: Literal["CL2N", "L2N", "UN"] = hyper(
        "CL2N", "Features", "Centred on the training classes and of length 1, of length 1, or as they are."
    )


class SimpleShot(Pretrained):
    name = "simple_shot"
    order = 240
    title = "SimpleShot"
    idea = "Train an ordinary classifier, centre its features and scale them to length 1, take the nearest class mean."
    paper = "Wang et al. 2019, SimpleShot: Revisiting Nearest-Neighbor Classification, arXiv 1911.04623"
    differs = (
        "The mean is over 32 minibatches of training images; the authors take all of them. They train with SGD and "
        "augmentation."
    )
    Hyperparameters = SimpleShotHyperparameters
    presets = {
        "Minutes on a laptop": {},
        "Without training": {"steps": 0},
        "Paper's values": {"steps": 13_500, "batch_size": 256, "query": 15, "validate_every": 500,
                           "test_episodes": 10_000},
    }  # fmt: skip
    refresh_batches = 32

    def prepare(self, model: Backbone, way: int) -> None:
        from engine.adaptation.comparing import CentredHead

        model.meta = CentredHead(model.features, way)

    def refresh(self, model: Backbone, batches: Iterable[Tensor]) -> None:
        model.eval()
        head(model).centre_on(model.embed(inputs) for inputs in batches)

    def settle(self, model: Backbone, tasks: Tasks) -> Generator[Preparing | Notice, None, MetaLearner]:
        """Where nothing was trained the mean is still to be taken."""
        from engine.meta.evaluation import refreshed

        if not int(head(model).images):
            refreshed(self, model, tasks, 0)
        return (yield from super().settle(model, tasks))

    def classify_episodes(self, model: Backbone, support: Tensor, targets: Tensor, query: Tensor, way: int) -> Tensor:
        import torch

        from engine.adaptation.episode_heads import episode_means

        support, query = (self._shaped(model, part) for part in (support, query))
        return -torch.cdist(query, episode_means(support, targets, way)).square()

    def _shaped(self, model: Backbone, features: Tensor) -> Tensor:
        from torch.nn.functional import normalize

        kind = self.hyperparameters.features
        if kind == "UN":
            return features
        return normalize(features - head(model).mean if kind == "CL2N" else features, dim=-1)


def head(model: Backbone) -> CentredHead:
    """What the run learnt besides the network."""
    from engine.adaptation.comparing import CentredHead

    assert isinstance(model.meta, CentredHead)
    return model.meta
