"""What a run began its changes of the trunk with: the trunk as it was, and a head that had learnt on it already."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from copy import deepcopy

import numpy as np
from torch import nn

from engine.artifacts.checkpoints import Checkpoints
from engine.backbones.backbone import snapshot
from engine.errors import InvalidExperiment
from engine.events import CheckpointSaved, Notice, Preparing
from engine.landscape.corners import Corner, begun
from engine.machine.limits import Limits
from engine.search.fits import part
from engine.tuning.material import Material
from engine.tuning.method import FineTuneMethod
from engine.tuning.training import FineTuning, StageTraining

ADVICE = "Train with LP-FT; or probe first, then fine-tune from that run with its head kept."


def start_of(end: Corner, material: Material) -> Generator[Preparing, None, Corner]:
    """Yields `Preparing`, returns the start with its head: the one that was kept, or the probe's of a method that lets
    the head learn first, which is learnt again here as the run learnt it. Raises `InvalidExperiment` where the head
    began at random: between such a start and the result lies nothing of use."""
    title = f"{end.title}, start"
    start = begun(end, title)
    if end.model.experiment.backbone.head == "kept":
        return start
    method = end.model.method
    assert isinstance(method, FineTuneMethod)
    training = head_training(start, end, method, material)
    stages = method.stages()
    if len(stages) < 2 or not training.on_features(stages[0], 0):
        words = f"“{end.title}” began with a random head, so nothing can be mixed with its start."
        raise InvalidExperiment(words, ADVICE)
    for _ in StageTraining(training, stages[0], 0, False).events():
        yield Preparing("Learning the head of the start again")
    return Corner(title, end.model, snapshot(training.model), end.folder, start=True)


class KeepsNothing(Checkpoints):
    """Validation only tells when patience is over: the folder is that of a run that has ended."""

    def offer(
        self, model: nn.Module, step: int, accuracy: float, loss: float, shown: float | None = None
    ) -> Iterator[CheckpointSaved | Notice]:
        yield from ()


def head_training(start: Corner, end: Corner, method: FineTuneMethod, material: Material) -> FineTuning:
    """The run's training at its start, which keeps no weights; validated only where patience may have ended it.
    Raises `InvalidExperiment` for rates that were searched for: the run's folder does not tell them."""
    if end.model.experiment.search is not None:
        words = f"The rates of “{end.title}” were searched for, so the head of its start cannot be learnt again."
        raise InvalidExperiment(words, "Run it again with the rates that were found.")
    model = deepcopy(end.model.network).requires_grad_(True)
    model.load_state_dict(start.state)
    validation = material.validation if method.hyperparameters.patience else part(material.train, np.arange(0))
    return FineTuning(
        model, method, material.train, validation, material.shape, KeepsNothing(end.folder), Limits(),
        seed=end.model.experiment.seed, bf16=end.model.bf16, background=material.background,
    )  # fmt: skip
