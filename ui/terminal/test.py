"""`test`: saved runs tested once more, on another folder of images whose classes are matched with theirs by name."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.experiment import DatasetChoice
from storage.other_sets import looked_words
from storage.store import RunRow, RunStore
from ui.command.flags import dataset_from
from ui.terminal.display import result_words
from ui.terminal.output import print_json, say
from ui.terminal.workspaces import open_workspace

if TYPE_CHECKING:
    from engine.using.other_sets import Tested


def test_from_command_line(chosen: argparse.Namespace) -> int:
    """Exit code 1 where a run had no image left to be tested on. Raises `ExperimentError`, before anything is tested
    where a name is wrong."""
    choice = DatasetChoice(**dataset_from(chosen.data))
    with RunStore(open_workspace(chosen.workspace)) as store:
        runs = list({run.id: run for run in map(store.run, chosen.runs)}.values())
        found = [(run, tested(store, run, choice, chosen.device or "cpu")) for run in runs]
        looks = store.looked_at()
    (print_objects if chosen.json else print_lines)(found, looks)
    return int(any(not one.figures for _, one in found))


def tested(store: RunStore, run: RunRow, choice: DatasetChoice, device: str) -> Tested:
    """Test one run and keep its figures."""
    from engine.artifacts.saved import SavedModel
    from engine.using.other_sets import evaluate_on

    folder = store.directory(run)
    model = SavedModel.open(folder, run.experiment, store.class_names(run.id), device=device)
    found = evaluate_on(model, folder, choice)
    store.keep_tested(run.id, found.figures)
    return found


def print_lines(found: Sequence[tuple[RunRow, Tested]], looks: dict[str, int]) -> None:
    for run, one in found:
        told = [result_words(figure) for figure in one.figures] or ["nothing is left to test it on"]
        for words in told:
            say(f"Run {run.id}, {run.name}: {words}")
        for note in one.notes:
            say(f"  {note}")
    prints = dict.fromkeys(str(figure.conditions["data"]) for _, one in found for figure in one.figures)
    for words in filter(None, (looked_words(looks.get(fingerprint, 0)) for fingerprint in prints)):
        say(words)


def print_objects(found: Sequence[tuple[RunRow, Tested]], looks: dict[str, int]) -> None:
    for run, one in found:
        for figure in one.figures:
            print_json({
                "run": run.id, "metric": figure.metric, "value": figure.value, "low": figure.low, "high": figure.high,
                "images": figure.n, "test set": figure.notes["test set"], "notes": one.notes,
                "candidates": looks.get(str(figure.conditions["data"]), 0),
            })  # fmt: skip
        if not one.figures:
            print_json({"run": run.id, "images": 0, "notes": one.notes})
