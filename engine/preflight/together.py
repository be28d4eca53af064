"""What cannot be computed on several devices together. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import InvalidExperiment
from engine.events import EVERY_GPU
from engine.experiment import Experiment
from engine.families import FINE_TUNING, PRETRAINING, Family
from engine.method import Method
from engine.pretraining.method import TextPretrainMethod

ADVICE = "Choose one device, such as cuda:0."


def together_faults(experiment: Experiment, kind: Family, built: Method | None) -> Iterator[InvalidExperiment]:
    """The batches of fine-tuning and of pretraining with images alone are shared out."""
    if experiment.device != EVERY_GPU and not experiment.device.startswith("cpu:"):
        return
    if experiment.search is not None:
        yield InvalidExperiment("A search is computed on one device.", ADVICE, "device")
    elif kind not in (FINE_TUNING, PRETRAINING):
        yield InvalidExperiment(f"{kind.title} is computed on one device.", ADVICE, "device")
    elif isinstance(built, TextPretrainMethod):
        yield InvalidExperiment(f"{built.title} is computed on one device.", ADVICE, "device")
