"""`resume`: saved runs that were cut off, stopped or left waiting go on where they were, one after another."""

from __future__ import annotations

import argparse

from engine.errors import InvalidExperiment, RunTaken, StorageError
from storage.store import RunRow, RunStore
from ui.command.arguments import program
from ui.terminal.checks import check_computed
from ui.terminal.display import Display, make_display
from ui.terminal.interrupts import Interrupts
from ui.terminal.output import complain
from ui.terminal.run import DONE, INTERRUPTED, RUN_FAILED, queue_in, work_one
from ui.terminal.workspaces import open_workspace
from ui.unfinished import unfinished
from ui.window.awake import Awake


def resume_from_command_line(chosen: argparse.Namespace) -> int:
    if bool(chosen.runs) == chosen.all:
        raise InvalidExperiment("“resume” needs runs, or --all.", f"{program()} list runs shows them.")
    display = make_display(chosen.json)
    with RunStore(open_workspace(chosen.workspace)) as store:
        store.mark_interrupted()
        runs = unfinished(store) if chosen.all else [store.run(key) for key in dict.fromkeys(chosen.runs)]
        if not runs:
            display.say("Nothing waits or was cut off.")
            return DONE
        check_computed((run.experiment for run in runs), dict(chosen.compute))
        store.wish([run.id for run in runs], dict(chosen.compute))
        return resume(store, runs, display, chosen.all, chosen.worker)


def resume(store: RunStore, runs: list[RunRow], display: Display, everything: bool, worker: str) -> int:
    """Take each run when its turn comes, so that several programs may share the work; returns the exit code."""
    failed = False
    with display, Interrupts() as interrupts, Awake(), queue_in(store.workspace, worker) as queue:
        for position, run in enumerate(runs, 1):
            try:
                taken = store.put_in_line(run.id)
            except StorageError as error:
                if everything and isinstance(error, RunTaken):
                    continue
                if len(runs) == 1:
                    raise
                complain(error)
                failed = True
                continue
            place = f" ({position} of {len(runs)})" if len(runs) > 1 else ""
            failed = not work_one(queue, store, taken, display, interrupts, place)[1] or failed
            if interrupts.stopping():
                return INTERRUPTED
    return RUN_FAILED if failed else DONE
