"""`compare`: saved runs side by side, seeds grouped, each side judged against the base, as in the window."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from engine.comparison.differences import shown
from engine.comparison.wording import duration
from engine.errors import ExperimentError
from engine.metrics import words
from storage.store import RunStore
from storage.workspace import Workspace
from ui.comparison.sides import Comparison, Side, compare, load, sentences
from ui.terminal.output import print_json, print_table, say
from ui.terminal.workspaces import open_workspace


def compare_from_command_line(chosen: argparse.Namespace) -> int:
    workspace = open_workspace(chosen.workspace)
    with RunStore(workspace) as store:
        ids = list(dict.fromkeys(store.run(text).id for text in chosen.runs))
    if len(ids) < 2:
        raise ExperimentError("One run alone cannot be compared.", "Name two or more; “list runs” shows them.")
    comparison = load_comparison(workspace, ids)
    print_comparison(comparison, chosen.json)
    if chosen.output:
        from ui.terminal.display import make_display
        from ui.terminal.picture import save_picture

        save_picture(workspace, ids, Path(chosen.output), make_display(chosen.json))
    return 0


def load_comparison(workspace: Workspace, run_ids: Sequence[int]) -> Comparison:
    """The comparison of at least two saved runs."""
    with RunStore(workspace) as store:
        comparison = compare(load(store, run_ids))
    assert comparison is not None, "two different runs always have two sides"
    return comparison


def print_comparison(comparison: Comparison, as_json: bool) -> None:
    """The table, what differs, and the verdicts; or the same as JSON lines."""
    if as_json:
        print_objects(comparison)
        return
    print_sides(comparison.sides)
    print_differences(comparison)
    say()
    for sentence in sentences(comparison):
        say(sentence)


def print_sides(sides: Sequence[Side]) -> None:
    rows = [(side.title, figure(side), side.basis, mean_time(side), run_numbers(side)) for side in sides]
    figures = {words(side.metric) for side in sides if side.tested} or {"test"}
    heading = figures.pop() if len(figures) == 1 else "test"
    print_table(("arm", f">{heading}", "based on", ">time per run", ">run"), rows)


def figure(side: Side) -> str:
    """ "81.2 % (79.8 to 82.6)", or "0.352 (0.331 to 0.373)" of an error."""
    return side.figure or "–"


def run_numbers(side: Side) -> str:
    return ", ".join(str(run.row.id) for run in side.runs)


def mean_time(side: Side) -> str:
    rows = [run.row for run in side.runs]
    seconds = [row.took for row in rows if row.took is not None]
    return duration(sum(seconds) / len(seconds)) if seconds else "–"


def print_differences(comparison: Comparison) -> None:
    if not comparison.differences:
        return
    say()
    rows = [(row.label, *(shown(value) for value in row.values)) for row in comparison.differences]
    print_table(("differs in", *(side.title for side in comparison.sides)), rows)


def print_objects(comparison: Comparison) -> None:
    for side in comparison.sides:
        interval = asdict(side.interval.told()) if side.interval else {}
        scores = {run.row.experiment.seed: result.value for run, result in side.tested}
        uids = [run.row.uid for run in side.runs]
        print_json(
            {
                "event": "arm",
                "title": side.title,
                "metric": side.metric,
                **interval,
                "scores": scores,
                "basis": side.basis,
                "caveats": side.caveats,
                "runs": uids,
            }
        )
    for row in comparison.differences:
        print_json({"event": "difference", "key": row.key, "label": row.label, "values": row.values})
    for side in comparison.others:
        if judged := comparison.verdicts.get(side.key):
            print_json({"event": "verdict", "a": side.title, "b": comparison.base.title, **asdict(judged)})
    if comparison.best_two:
        first, second, judged = comparison.best_two
        print_json({"event": "verdict", "a": first.title, "b": second.title, **asdict(judged)})
    if comparison.correction:
        print_json({"event": "correction", "text": comparison.correction})
    if comparison.summary:
        print_json({"event": "summary", "text": comparison.summary})
