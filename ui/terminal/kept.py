"""`kept`: what fine-tuned runs still know of the run they started from, by its old head and by a fresh probe."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from engine import metrics
from engine.comparison.intervals import Interval
from engine.comparison.wording import with_interval
from engine.events import Evaluated
from storage.store import RunRow, RunStore
from ui.terminal.ended_runs import ended_runs
from ui.terminal.output import print_json, print_table, result_object, say
from ui.terminal.workspaces import open_workspace

COLUMNS = ("Run", ">Its own test", ">Old head", ">forgotten, points", ">Fresh probe", ">forgotten, points")
ASKED = tuple(part + reader for reader in (metrics.OLD_HEAD, metrics.FRESH_PROBE)
              for part in (metrics.SOURCE, metrics.FORGOTTEN))  # fmt: skip

Kept = tuple[RunRow, Evaluated | None, Sequence[Evaluated]]  # a run, the figure it is known by, what it keeps


def kept_from_command_line(chosen: argparse.Namespace) -> int:
    """Measures every run and keeps the figures. Raises `ExperimentError`."""
    from engine.forgetting.afterwards import kept_of_source

    with RunStore(open_workspace(chosen.workspace)) as store:
        runs = ended_runs(store, chosen.runs)
        found = []
        for run in runs:
            figures = kept_of_source(store.directory(run), chosen.device or "cpu")
            store.keep_beside(run.id, figures)
            found.append((run, run.test, figures))
    (print_objects if chosen.json else print_lines)(found)
    return 0


def print_lines(found: Sequence[Kept]) -> None:
    rows = []
    for run, own, figures in found:
        by_name = {one.metric: one for one in figures}
        rows.append((f"{run.id} {run.name}", *(told(one) for one in (own, *(by_name[name] for name in ASKED)))))
    print_table(COLUMNS, rows)
    for words in dict.fromkeys(said(figures) for *_, figures in found):
        say(words)


def told(figure: Evaluated | None) -> str:
    if figure is None:
        return "–"
    text = with_interval(Interval(figure.value, figure.low, figure.high, figure.n), figure.metric)
    return text.replace(" points", "")


def said(figures: Sequence[Evaluated]) -> str:
    """What the figures rest on."""
    notes = {one.metric: one.notes for one in figures}
    before = ", ".join(f"{notes[metrics.SOURCE + reader]['before']} by {article} {reader}"
                       for article, reader in (("the", metrics.OLD_HEAD), ("a", metrics.FRESH_PROBE)))  # fmt: skip
    first = figures[0].notes
    return f"On {first['test images of the source']}; before: {before}. Batch norm: {first['batch norm']}."


def print_objects(found: Sequence[Kept]) -> None:
    for run, _, figures in found:
        for one in figures:
            print_json({"run": run.id} | result_object(one))
