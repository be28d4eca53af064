"""What pretraining without labels refuses. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator

from engine.backbones import catalog
from engine.errors import InvalidExperiment
from engine.experiment import Experiment
from engine.method import Method
from engine.pretraining.method import PretrainMethod


def pretraining_faults(experiment: Experiment, built: Method | None) -> Iterator[InvalidExperiment]:
    """What is wrong whatever the images are."""
    if isinstance(built, PretrainMethod) and built.learns_labels and not experiment.dataset.labelled:
        yield InvalidExperiment(
            f"{built.title} learns from labels, which these images do not have.", "Choose SimCLR.", "dataset"
        )
    if experiment.search is not None:
        yield InvalidExperiment(
            "A search judges settings by labels of folds, which pretraining does not learn from.",
            "Take the search away, or choose a fine-tuning method.", "search",
        )  # fmt: skip
    if built is not None and catalog.backbone(experiment.backbone.name).form.kind != "images":
        yield InvalidExperiment("Pretraining is for networks of images.", "Choose another backbone.", "backbone")
