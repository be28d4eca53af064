"""`run`: the experiments of a plan one after another, each saved while it is shown."""

from __future__ import annotations

import argparse
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.comparison.wording import known_words
from engine.events import LAST_EVENTS, LIVE_STATES, Event, RunFailed, RunState
from engine.experiment import Experiment
from engine.families import family
from engine.naming import run_name
from engine.plan import Plan, plan_as_json
from engine.studies.study import names_study
from storage.record import record
from storage.store import NewRun, RunRow, RunStore
from ui.command.arguments import program
from ui.command.flags import plan_from
from ui.terminal.checks import check, with_exact_weights
from ui.terminal.display import Display, make_display
from ui.terminal.downloads import fetch_missing_weights
from ui.terminal.interrupts import Interrupts
from ui.terminal.output import print_file
from ui.terminal.verdicts import load_comparison, print_comparison
from ui.terminal.workspaces import open_workspace
from ui.window.awake import Awake

if TYPE_CHECKING:
    from storage.workspace import Workspace

DONE, RUN_FAILED, INTERRUPTED = 0, 1, 130


def run_from_command_line(chosen: argparse.Namespace) -> int:
    if chosen.plan and names_study(chosen.plan):
        from ui.terminal.study import new_study

        return new_study(argparse.Namespace(**vars(chosen), what=chosen.plan))
    plan = plan_from(chosen)
    if chosen.dry_run:
        print_file(plan_as_json(plan))
        return DONE
    workspace = open_workspace(chosen.workspace)
    plan = replace(plan, experiments=with_exact_weights(plan.experiments, workspace))
    fetch_missing_weights(plan.experiments, make_display(chosen.json))
    check(plan.experiments)
    rows, code = run_plan(plan, workspace, make_display(chosen.json), chosen.name or "")
    tested = [row.id for row in rows if row.test is not None]
    if len(tested) > 1:
        print_comparison(load_comparison(workspace, tested), chosen.json)
    return code


def run_plan(plan: Plan, workspace: Workspace, display: Display, name: str = "") -> tuple[list[RunRow], int]:
    """Run every experiment; returns the rows as saved and the exit code."""
    rows: list[RunRow] = []
    failed = False
    count = len(plan.experiments)
    with RunStore(workspace) as store, display, Interrupts() as interrupts, Awake():
        store.mark_interrupted()
        for position, experiment in enumerate(plan.experiments, 1):
            place = f" ({position} of {count})" if count > 1 else ""
            called = name_in(plan, experiment, name)
            row, kept = run_one(store, experiment, display, interrupts, called, plan.name, place)
            rows.append(row)
            failed = failed or not kept
            if interrupts.stopping():
                break
    return rows, INTERRUPTED if interrupts.stopping() else RUN_FAILED if failed else DONE


def name_in(plan: Plan, experiment: Experiment, name: str) -> str:
    """The name that was given, told apart by seed or arm where the plan has several; empty for the usual name."""
    if not name or len(plan.experiments) == 1:
        return name
    arms = {member.group_hash() for member in plan.experiments}
    return f"{name}, seed {experiment.seed}" if len(arms) == 1 else f"{name}, {run_name(experiment)}"


def run_one(
    store: RunStore, experiment: Experiment, display: Display, interrupts: Interrupts, name: str, plan: str, place: str
) -> tuple[RunRow, bool]:
    """Save a new run and work it; see `work_one`."""
    run = store.create(NewRun(experiment, family(experiment).key, name or run_name(experiment), plan))
    return work_one(store, run, display, interrupts, place)


def work_one(
    store: RunStore, run: RunRow, display: Display, interrupts: Interrupts, place: str
) -> tuple[RunRow, bool]:  # fmt: skip
    """execute -> record -> display; the run as saved, and whether it came to its end and that is saved.

    A second Ctrl+C leaves the run interrupted with what was saved.
    """
    display.begin(run, place)
    if run.started is None and (twin := store.twin(run)) is not None:
        display.say(known_words([(twin.id, twin.state.value)]))
    try:
        ended = drain(store, run, display, interrupts)
    except KeyboardInterrupt:
        if store.run(run.id).state in (RunState.QUEUED, RunState.RUNNING):
            store.set_state(run.id, RunState.INTERRUPTED)
        tell_how_to_go_on(store, run.id, display)
        raise
    saved = tell_how_to_go_on(store, run.id, display)
    return saved, ended and saved.state not in LIVE_STATES


def tell_how_to_go_on(store: RunStore, run_id: int, display: Display) -> RunRow:
    """The run as saved; how it goes on is said where it can."""
    saved = store.run(run_id)
    if store.is_resumable(saved):
        display.say(f"  To go on from there: {program()} resume {run_id}")
    return saved


def drain(store: RunStore, run: RunRow, display: Display, interrupts: Interrupts) -> bool:
    """Show what the run says; False when it says that it failed, whatever could be saved of that."""
    from engine.execute import execute

    events = execute(run.experiment, store.directory(run), interrupts.stopping, resume=True)
    with closing(record(store, run.id, events)) as recorded:
        last: Event | None = None
        for event in recorded:
            display.show(event)
            last = event if isinstance(event, LAST_EVENTS) else last
    return last is not None and not isinstance(last, RunFailed)
