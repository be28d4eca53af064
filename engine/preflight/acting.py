"""What learning from rewards refuses. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import InvalidExperiment
from engine.experiment import Experiment
from engine.method import Method


def acting_faults(experiment: Experiment, _: Method | None) -> Iterator[InvalidExperiment]:
    """What is wrong whatever the goals are."""
    if experiment.precision == "bfloat16":
        yield InvalidExperiment(
            "Policies are computed in float32 alone.", "Choose float32 as precision.", "precision",
        )  # fmt: skip
    if experiment.search is not None:
        yield InvalidExperiment(
            "A search divides labelled examples into folds, and a policy learns from rewards.",
            "Take the search away, or choose a fine-tuning method.", "search",
        )  # fmt: skip
