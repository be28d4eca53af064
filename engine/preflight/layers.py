"""What is wrong with a layer table before a run starts. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator

from engine.backbones import catalog
from engine.errors import InvalidExperiment
from engine.experiment import Experiment
from engine.layers import HEAD, WORD_PIECES, LayerRow, too_late
from engine.method import Method
from engine.tuning.method import FineTuneMethod

TABLE = "hyperparameters.layers"
Table = dict[str, LayerRow]


def table_faults(experiment: Experiment, built: Method | None) -> Iterator[InvalidExperiment]:
    """Blocks that are not there, a new head that never learns. Of a method that has a layer table."""
    if not isinstance(built, FineTuneMethod):
        return
    try:
        blocks = catalog.backbone(experiment.backbone.name).block_names
        table = built.table(blocks)
    except InvalidExperiment as fault:
        if fault.field in (TABLE, "hyperparameters.block"):
            yield fault
        return
    yield from _what_learns(experiment, built, table)
    yield from _follows(experiment, built)
    yield from _one_at_a_time(experiment, built, table)
    yield from _too_late(experiment, built, table)
    yield from _random_words(experiment, built, table)
    yield from _solved(built, table)


def _what_learns(experiment: Experiment, chosen: FineTuneMethod, table: Table) -> Iterator[InvalidExperiment]:
    head_learns = any(table[HEAD].learns(epoch) for epoch in (0, chosen.epochs - 1))
    if not chosen.stages():
        if experiment.backbone.head == "new":
            yield InvalidExperiment(
                f"{chosen.title} tests the head that came with the weights, but a new head is chosen.",
                "Choose a saved run as weights and keep its head, or another method.", "backbone",
            )  # fmt: skip
    elif not chosen.groups(tuple(table), 0):
        yield InvalidExperiment(
            "Nothing learns at first: every block is frozen or begins later.",
            "Let at least one block learn from the first epoch.", TABLE,
        )  # fmt: skip
    elif not head_learns and experiment.backbone.head == "new":
        yield InvalidExperiment(
            "The new head never learns, so that it would stay random.",
            "Let the head learn, or keep the head of a saved run.", TABLE,
        )  # fmt: skip


def _solved(chosen: FineTuneMethod, table: Table) -> Iterator[InvalidExperiment]:
    """A head is fitted to the end on features that stay."""
    if chosen.stages() and chosen.stage_at(0).solved and set(chosen.groups(tuple(table), 0)) != {HEAD}:
        yield InvalidExperiment(
            "The head is to be fitted to the end, but it does not learn alone at first.",
            "Let other blocks begin after the first epoch, or train the head by steps.", TABLE,
        )  # fmt: skip


def _follows(experiment: Experiment, chosen: FineTuneMethod) -> Iterator[InvalidExperiment]:
    """What follows the test images has nothing but batch norm to change."""
    info = catalog.backbone(experiment.backbone.name)
    if chosen.follows and not info.batch_norm:
        yield InvalidExperiment(
            f"{chosen.title} changes batch norm alone, and {info.title} has none.",
            "Choose a backbone with batch norm, or a method that trains.", "backbone",
        )  # fmt: skip


def _one_at_a_time(experiment: Experiment, chosen: FineTuneMethod, table: Table) -> Iterator[InvalidExperiment]:
    """Batch norm cannot follow images that come one at a time."""
    info = catalog.backbone(experiment.backbone.name)
    searched = experiment.search is not None and "batch_norm" in experiment.search.parameters
    follows = any(
        row.rate > 0 and (searched or row.batch_norm == "batch statistics")
        for block, row in table.items()
        if block != HEAD
    )
    if info.batch_norm and follows and chosen.hyperparameters.batch_size == 1:
        yield InvalidExperiment(
            f"The batch norm of {info.title} cannot be trained on one image at a time.",
            "Choose a batch size of 2 or more, or pretrained statistics for the blocks that learn.",
            "hyperparameters.batch_size",
        )


def _too_late(experiment: Experiment, chosen: FineTuneMethod, table: Table) -> Iterator[InvalidExperiment]:
    """A person's own beginning of a block that lies after the end; a method's own is told when the run starts."""
    if experiment.budget.instead_of_epochs or not chosen.stages():
        return
    edits = chosen.hyperparameters.layers
    for block in (block for block in too_late(table, chosen.epochs) if "from_epoch" in edits.get(block, {})):
        yield InvalidExperiment(
            f"Block {block} begins in epoch {table[block].from_epoch + 1}, and the run has {chosen.epochs}.",
            "Let it begin earlier, train longer, or freeze it with rate 0.", TABLE,
        )  # fmt: skip


def _random_words(experiment: Experiment, chosen: FineTuneMethod, table: Table) -> Iterator[InvalidExperiment]:
    """A person's own table that keeps word vectors which nothing has learnt, while what reads them learns."""
    kept = chosen.hyperparameters.layers.get(WORD_PIECES, {}).get("rate") == 0
    others = any(row.rate > 0 for block, row in table.items() if block not in (WORD_PIECES, HEAD))
    texts = catalog.backbone(experiment.backbone.name).form.kind == "texts"
    if texts and kept and others and experiment.backbone.weights == "random":
        yield InvalidExperiment(
            "The word vectors are random, and would stay so.", "Let them learn, or choose pretrained weights.", TABLE
        )
