"""What cannot be computed on several devices together. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from engine.backbones import catalog
from engine.errors import InvalidExperiment
from engine.events import EVERY_GPU
from engine.experiment import Experiment
from engine.families import FINE_TUNING, PRETRAINING, Family
from engine.method import Method
from engine.pretraining.method import TextPretrainMethod
from engine.tuning.method import FineTuneMethod

ADVICE = "Choose one device, such as cuda:0."


def together_faults(experiment: Experiment, kind: Family, built: Method | None) -> Iterator[InvalidExperiment]:
    """Passes that learn of fine-tuning, and of pretraining with images alone, are shared out."""
    if experiment.device != EVERY_GPU and not experiment.device.startswith("cpu:"):
        return
    if experiment.search is not None:
        yield InvalidExperiment("A search is computed on one device.", ADVICE, "device")
    elif kind not in (FINE_TUNING, PRETRAINING):
        yield InvalidExperiment(f"{kind.title} is computed on one device.", ADVICE, "device")
    elif isinstance(built, TextPretrainMethod):
        yield InvalidExperiment(f"{built.title} is computed on one device.", ADVICE, "device")
    elif isinstance(built, FineTuneMethod) and not _is_shared(experiment, built):
        does = "trains the head alone, on features that are" if built.stages() else "trains nothing, and is"
        yield InvalidExperiment(f"{built.title} {does} computed on one device.", ADVICE, "device")


def _is_shared(experiment: Experiment, built: FineTuneMethod) -> bool:
    """Whether any of its stages passes images or texts again and again; true where its table is wrong, which is told
    elsewhere."""
    try:
        table = built.table(catalog.backbone(experiment.backbone.name).block_names)
    except InvalidExperiment:
        return True
    begins = accumulate((stage.epochs for stage in built.stages()), initial=0)
    return any(not built.on_features(table, *one) for one in zip(built.stages(), begins, strict=False))
