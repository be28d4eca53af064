"""What a run that has ended still knows of the run it started from: as it was tested, whatever was kept of its way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from engine.artifacts.saved import SavedModel
from engine.data.images import Cancel, Progress, check
from engine.errors import InvalidExperiment
from engine.events import Evaluated
from engine.forgetting.measured import SourceWatch
from engine.forgetting.source import NO_SOURCE, read_source
from engine.provenance.seen import RUN, images_learnt


def kept_of_source(
    folder: Path, device: str = "cpu", progress: Progress | None = None, cancelled: Cancel | None = None
) -> tuple[Evaluated, ...]:
    """What is left of the source, and what is forgotten, by its old head and by a fresh probe. folder: of the run.

    Raises `InvalidExperiment` for a run that started from no saved one with a head, `DataError` where the images of
    that one are not there any more, `WeightsError`, `Cancelled`.
    """
    model = SavedModel.open(folder, device=device)
    model.refuse_tasks()
    choice = model.experiment.backbone
    if not model.method.uses_pretrained or not choice.weights.startswith(RUN):
        raise InvalidExperiment(
            f"Run {folder.name} did not start from the weights of a saved run, which alone come with a head and test "
            "examples.", NO_SOURCE,
        )  # fmt: skip
    reading = read_source(choice, folder.parent, np.unique(images_learnt(folder)), torch.device(device))
    while True:
        check(cancelled)
        try:
            said = next(reading)
        except StopIteration as end:
            return tuple(SourceWatch(end.value).figures(model.network))
        if progress and said.fraction is not None:
            progress(said.fraction)
