"""What is wrong with a layer table before a run starts. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.backbones import catalog
from engine.errors import InvalidExperiment
from engine.experiment import Experiment
from engine.layers import HEAD, LayerRow
from engine.methods.fine_tune import FineTuneMethod
from engine.registry import build_method

TABLE = "hyperparameters.layers"


def table_faults(experiment: Experiment) -> Iterator[InvalidExperiment]:
    """Blocks that are not there, a new head that never learns, a time that is missing."""
    budget = experiment.budget
    if budget.instead_of_epochs and budget.minutes is None:
        yield InvalidExperiment("Training for a time needs the minutes.", "Say how many minutes.", "budget")
    try:
        blocks = catalog.backbone(experiment.backbone.name).block_names
        method = build_method(experiment)
        table = method.table(blocks) if isinstance(method, FineTuneMethod) else None
    except InvalidExperiment as fault:
        if fault.field in (TABLE, "hyperparameters.block"):
            yield fault
        return
    if table is not None:
        yield from _what_learns(experiment, method, table)


def _what_learns(experiment: Experiment, method: Any, table: dict[str, LayerRow]) -> Iterator[InvalidExperiment]:
    head_learns = any(table[HEAD].learns(epoch) for epoch in (0, method.epochs - 1))
    if not method.stages():
        if experiment.backbone.head == "new":
            yield InvalidExperiment(
                "No adaptation tests the head that came with the weights, but a new head is chosen.",
                "Choose a saved run as weights and keep its head, or another method.", "backbone",
            )  # fmt: skip
    elif not any(row.learns(method.epochs - 1) for row in table.values()):
        yield InvalidExperiment("Nothing learns: every block is frozen.", "Let at least one block learn.", TABLE)
    elif not head_learns and experiment.backbone.head == "new":
        yield InvalidExperiment(
            "The new head never learns, so that it would stay random.",
            "Let the head learn, or keep the head of a saved run.", TABLE,
        )  # fmt: skip
