"""`run`: the experiments of a plan one after another, each saved while it is shown."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.comparison.wording import known_words
from engine.events import CLUSTER, LAST_EVENTS, LIVE_STATES, RunFailed, RunState
from engine.experiment import Experiment
from engine.naming import run_name
from engine.plan import Plan, plan_as_json
from engine.preflight.problems import problems
from engine.remote.desk import ClusterDesk
from engine.studies.study import names_study
from engine.work.process import WORKERS
from engine.work.queue import RunQueue, new_run
from engine.work.recorder import Left, Now, SavedPast
from storage.lending import Stores
from storage.store import RunRow, RunStore
from ui.command.arguments import program
from ui.command.flags import plan_from
from ui.terminal.checks import check, check_computed, check_file, with_exact_weights
from ui.terminal.display import Display, make_display, make_display_beside
from ui.terminal.downloads import fetch_missing_weights
from ui.terminal.interrupts import Interrupts
from ui.terminal.output import print_file
from ui.terminal.verdicts import load_comparison, print_comparison
from ui.terminal.workspaces import open_workspace
from ui.window.awake import Awake

if TYPE_CHECKING:
    from storage.workspace import Workspace

DONE, RUN_FAILED, INTERRUPTED = 0, 1, 130
POLL = 0.01  # seconds between two looks at the queue
LEAVING = 0.5  # seconds that a run has to save what it can when the program leaves at once


def run_from_command_line(chosen: argparse.Namespace) -> int:
    if chosen.plan and names_study(chosen.plan):
        from ui.terminal.study import new_study

        return new_study(argparse.Namespace(**vars(chosen), what=chosen.plan, figure=None))
    plan = plan_from(chosen)
    forced = dict(chosen.compute)
    check_file(fault for experiment in plan.experiments for fault in problems(experiment))
    check_computed(plan.experiments, forced)
    if chosen.dry_run:
        print_file(plan_as_json(plan))
        return DONE
    workspace = open_workspace(chosen.workspace)
    plan = replace(plan, experiments=with_exact_weights(plan.experiments, workspace))
    fetch_missing_weights(plan.experiments, chosen.json)
    check(plan.experiments)
    if len(plan.experiments) > 1 and all(one.device == CLUSTER for one in plan.experiments):
        rows, code = run_beside(plan, workspace, chosen.json, chosen.name or "", forced)
    else:
        rows, code = run_plan(plan, workspace, make_display(chosen.json), chosen.name or "", chosen.worker, forced)
    tested = [row.id for row in rows if row.test is not None]
    if len(tested) > 1:
        print_comparison(load_comparison(workspace, tested), chosen.json)
    return code


def run_plan(
    plan: Plan,
    workspace: Workspace,
    display: Display,
    name: str = "",
    worker: str = "thread",
    forced: Mapping[str, int | str] = {},
) -> tuple[list[RunRow], int]:
    """Run every experiment; returns the rows as saved and the exit code. forced: what they are computed by."""
    rows: list[RunRow] = []
    failed = False
    count = len(plan.experiments)
    queue_here = queue_in(workspace, worker)
    with RunStore(workspace) as store, display, Interrupts() as interrupts, Awake(), queue_here as queue:
        store.mark_interrupted()
        for position, experiment in enumerate(plan.experiments, 1):
            place = f" ({position} of {count})" if count > 1 else ""
            run = store.create(new_run(experiment, name_in(plan, experiment, name), plan.name, forced=forced))
            row, kept = work_one(queue, store, run, display, interrupts, place)
            rows.append(row)
            failed = failed or not kept
            if interrupts.stopping():
                break
    return rows, INTERRUPTED if interrupts.stopping() else RUN_FAILED if failed else DONE


def run_beside(
    plan: Plan, workspace: Workspace, as_json: bool, name: str, forced: Mapping[str, int | str]
) -> tuple[list[RunRow], int]:
    """Give all experiments to the cluster at once, which works as many at a time as it has places; see `run_plan`."""
    shown: dict[int, Display] = {}
    with RunStore(workspace) as store, Interrupts() as interrupts, Awake(), queue_in(workspace, "thread") as queue:
        store.mark_interrupted()
        for position, experiment in enumerate(plan.experiments, 1):
            run = store.create(new_run(experiment, name_in(plan, experiment, name), plan.name, forced=forced))
            display = shown[run.id] = make_display_beside(as_json)
            display.begin(run, f" ({position} of {len(plan.experiments)})")
            queue.enqueue(run, store)
        follow_all(queue, shown, interrupts)
        rows = [tell_how_to_go_on(store, run_id, display) for run_id, display in shown.items()]
    kept = all(row.state not in (*LIVE_STATES, RunState.FAILED) for row in rows)
    return rows, INTERRUPTED if interrupts.stopping() else DONE if kept else RUN_FAILED


def follow_all(queue: RunQueue, shown: Mapping[int, Display], interrupts: Interrupts) -> None:
    """Show what the runs say until all have ended. A second Ctrl+C leaves them: the cluster goes on with them."""
    open_ = set(shown)
    while open_:
        for run_id, news in queue.drain().items():
            for said in news:
                if isinstance(said, Left):
                    open_.discard(run_id)
                elif not isinstance(said, Now | SavedPast):
                    shown[run_id].show(said)
        if interrupts.stopping():
            for run_id in open_:
                queue.stop(run_id)
        time.sleep(POLL)


@contextmanager
def queue_in(workspace: Workspace, worker: str) -> Iterator[RunQueue]:
    """A queue for this terminal, worker: of `WORKERS`; what it still works at the end is left as interrupted."""
    queue = RunQueue(Stores(workspace), WORKERS[worker], ClusterDesk(workspace.root))
    try:
        yield queue
    finally:
        queue.close("abandon", LEAVING)


def name_in(plan: Plan, experiment: Experiment, name: str) -> str:
    """The name that was given, told apart by seed or arm where the plan has several; empty for the usual name."""
    if not name or len(plan.experiments) == 1:
        return name
    arms = {member.group_hash() for member in plan.experiments}
    return f"{name}, seed {experiment.seed}" if len(arms) == 1 else f"{name}, {run_name(experiment)}"


def work_one(
    queue: RunQueue, store: RunStore, run: RunRow, display: Display, interrupts: Interrupts, place: str
) -> tuple[RunRow, bool]:
    """Put the run in line and show it; the run as saved, and whether it came to its end and that is saved.

    A second Ctrl+C leaves the run interrupted with what was saved.
    """
    display.begin(run, place)
    if run.started is None and (twin := store.twin(run)) is not None:
        display.say(known_words([(twin.id, twin.state.value)]))
    try:
        ended = follow(queue, queue.enqueue(run, store).id, display, interrupts)
    except KeyboardInterrupt:
        queue.close("abandon", LEAVING)
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


def follow(queue: RunQueue, run_id: int, display: Display, interrupts: Interrupts) -> bool:
    """Show what the run says; False when it says that it failed, whatever could be saved of that."""
    ended = False
    while True:
        for said in queue.drain().get(run_id, ()):
            if isinstance(said, Left):
                return ended
            if not isinstance(said, Now | SavedPast):
                display.show(said)
            ended = ended or (isinstance(said, LAST_EVENTS) and not isinstance(said, RunFailed))
        if interrupts.stopping():
            queue.stop(run_id)
        time.sleep(POLL)
