"""Images to hand in, and saved meta-learners that never trained."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from engine.artifacts.saved import InputReader, SavedModel
from engine.artifacts.weights import build_backbone
from engine.experiment import BackboneChoice, Experiment, MethodChoice
from engine.meta.learner import MetaLearner
from engine.using.bins import Bin, Bins, HandedImage
from tests.engine.methods.fitting import fitting

CLASSES = ("cross", "ring", "bars")
SMALL = {
    "way": len(CLASSES), "shot": 2, "training_way": len(CLASSES), "inner_steps": 2, "test_steps": 2,
    "test_iterations": 5, "copies": 1, "context": 4, "filters": 4, "width": 8,
}  # fmt: skip


def image(kind: int, number: int, truth: str = "") -> HandedImage:
    """uint8 [28, 28, 1]: a cross, a ring or bars, each somewhat moved and with noise."""
    rng = np.random.default_rng([kind, number])
    y, x = (axis - 14 + rng.integers(-2, 3) for axis in np.mgrid[:28, :28])
    ink = ((abs(x) < 2) | (abs(y) < 2), abs(np.hypot(x, y) - 8) < 2, x % 6 < 2)[kind % 3]
    pixels = np.clip(220 * ink + rng.normal(0, 20, (28, 28)), 0, 255).astype(np.uint8)
    return HandedImage(f"{CLASSES[kind % 3]} {number}", pixels[..., None], truth)


def bins(*shots: int) -> Bins:
    """So many examples of each class, unequal if wished."""
    return Bins(
        tuple(
            Bin(CLASSES[kind], tuple(image(kind, number) for number in range(shot))) for kind, shot in enumerate(shots)
        )
    )


def asked(each: int = 4) -> list[HandedImage]:
    """Of every class so many, with what is right."""
    return [image(kind, 100 + number, CLASSES[kind]) for kind in range(3) for number in range(each)]


def saved(kind: type[MetaLearner], **values: Any) -> SavedModel:
    """As a run leaves it, with random weights."""
    hyperparameters = fitting(kind, SMALL) | values
    experiment = Experiment(
        backbone=BackboneChoice(name="conv4"), method=MethodChoice(name=kind.name, hyperparameters=hyperparameters)
    )
    method = kind.from_values(hyperparameters).supposed()
    torch.manual_seed(0)
    network = build_backbone(experiment.backbone, len(CLASSES) if method.meets.head else None, 0)
    method.prepare(network, len(CLASSES))
    return SavedModel(experiment, method, network.eval(), (), InputReader(experiment, torch.device("cpu")))
