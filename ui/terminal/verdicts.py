"""`compare`: saved runs side by side, seeds grouped, with a verdict for every pair of arms."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path

from engine.comparison.arms import Arm, arm
from engine.comparison.differences import Difference, differences, flatten, shown
from engine.comparison.intervals import Interval, mean_interval
from engine.comparison.verdict import Verdict, verdict
from engine.errors import ExperimentError
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from ui.terminal.output import duration, print_json, print_table, with_interval
from ui.terminal.show import run_key
from ui.terminal.workspaces import open_workspace

AGAINST_BASE = 4  # with more arms than this, each is only compared with the first


@dataclass(frozen=True)
class Side:
    """Seeds of one configuration: the arm of the comparison and the runs behind it."""

    arm: Arm
    runs: tuple[RunRow, ...]

    def accuracy(self) -> Interval:
        """Mean over seeds with its interval; of a single seed, the interval over its test items."""
        if len(self.arm.scores) > 1:
            return mean_interval(self.arm.scores.values())
        test = self.runs[-1].test
        assert test is not None
        return Interval(test.value, test.low, test.high, test.n)


def compare_from_command_line(chosen: argparse.Namespace) -> int:
    workspace = open_workspace(chosen.workspace)
    with RunStore(workspace) as store:
        ids = [store.run(run_key(text)).id for text in chosen.runs]
    print_comparison(workspace, ids, chosen.json)
    if chosen.output:
        from ui.terminal.picture import save_picture

        save_picture(workspace, ids, Path(chosen.output), chosen.json)
    return 0


def print_comparison(workspace: Workspace, run_ids: Sequence[int], as_json: bool) -> None:
    """The table, what differs, and the verdicts; raises `ExperimentError` when fewer than one run was tested."""
    with RunStore(workspace) as store:
        sides = make_sides(store, run_ids)
    changed = differences([side.runs[0].experiment for side in sides], grouped=True)
    verdicts = [(a, b, verdict(a.arm, b.arm)) for a, b in pairs(sides)]
    if as_json:
        print_objects(sides, changed, verdicts)
        return
    print_sides(sides)
    print_differences(sides, changed)
    print()
    for _, _, judged in verdicts:
        print(judged.sentence)


def make_sides(store: RunStore, run_ids: Iterable[int]) -> list[Side]:
    """One side per configuration, in the order the runs were named; every run needs a test figure."""
    groups: dict[str, list[RunRow]] = {}
    for run_id in dict.fromkeys(run_ids):
        run = store.run(run_id)
        if run.test is None:
            raise ExperimentError(
                f"Run {run.id} ({run.name}) is {run.state} and has no test result.", "Choose runs that were tested."
            )
        groups.setdefault(run.group, []).append(run)
    titles = side_titles([runs[0] for runs in groups.values()])
    return [make_side(store, title, runs) for title, runs in zip(titles, groups.values(), strict=True)]


def make_side(store: RunStore, title: str, runs: Sequence[RunRow]) -> Side:
    figures = [(run.experiment, result) for run in runs for result in store.results(run.id)[-1:]]
    return Side(arm(title, figures), tuple(runs))


def side_titles(runs: Sequence[RunRow]) -> list[str]:
    """Short names that tell the arms apart: the method, then whatever else differs."""
    flats = [flatten(run.experiment) for run in runs]
    titles = [str(flat["method.name"]) for flat in flats]
    for difference in differences([run.experiment for run in runs], grouped=True):
        if len(set(titles)) == len(titles):
            break
        if difference.key != "method.name":
            titles = [
                f"{title}, {difference.label.lower()} {shown(value)}"
                for title, value in zip(titles, difference.values, strict=True)
            ]
    return titles


def pairs(sides: Sequence[Side]) -> list[tuple[Side, Side]]:
    """Every two arms while they are few; more than that, each against the first."""
    if len(sides) <= AGAINST_BASE:
        return list(combinations(sides, 2))
    return [(sides[0], other) for other in sides[1:]]


def print_sides(sides: Sequence[Side]) -> None:
    rows = []
    for side in sides:
        figure = side.accuracy()
        test = side.runs[-1].test
        assert test is not None
        seconds = [run.ended - run.started for run in side.runs if run.ended and run.started]
        took = duration(sum(seconds) / len(seconds)) if seconds else "–"
        names = ", ".join(str(run.id) for run in side.runs)
        seeds = len(side.arm.scores)
        rows.append(
            (
                side.arm.title,
                with_interval(figure.value, figure.low, figure.high),
                seeds,
                f"{test.n:,} {test.unit}",
                took,
                names,
            )
        )
    print_table(("arm", ">test accuracy (95 % interval)", ">seeds", ">tested on", ">time per run", "runs"), rows)


def print_differences(sides: Sequence[Side], changed: Sequence[Difference]) -> None:
    if not changed:
        return
    print()
    rows = [(row.label, *(shown(value) for value in row.values)) for row in changed]
    print_table(("differs in", *(side.arm.title for side in sides)), rows)


def print_objects(
    sides: Sequence[Side], changed: Sequence[Difference], verdicts: Sequence[tuple[Side, Side, Verdict]]
) -> None:
    for side in sides:
        print_json({
            "event": "arm", "title": side.arm.title, **asdict(side.accuracy()), "scores": side.arm.scores,
            "unit": side.arm.unit, "runs": [run.uid for run in side.runs], "conditions": side.arm.conditions,
        })  # fmt: skip
    for row in changed:
        print_json({"event": "difference", "key": row.key, "label": row.label, "values": row.values})
    for a, b, judged in verdicts:
        print_json({"event": "verdict", "a": a.arm.title, "b": b.arm.title, **asdict(judged)})
