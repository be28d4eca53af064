"""`show`: one saved run in full."""

from __future__ import annotations

import argparse
import time

from engine.comparison.differences import flatten, label, shown
from engine.comparison.wording import duration, figure
from engine.events import Evaluated
from engine.metrics import VALIDATION, words
from engine.provenance import left_out
from storage.rows import Message
from storage.store import RunRow, RunStore
from ui.made_with import made_with
from ui.terminal.display import result_words
from ui.terminal.listing import run_object
from ui.terminal.output import print_json, print_table, result_object, say
from ui.terminal.workspaces import open_workspace

LEFT_OUT_SHOWN = 100


def show_run(chosen: argparse.Namespace) -> int:
    with RunStore(open_workspace(chosen.workspace)) as store:
        run = store.run(chosen.run)
        results, messages = store.results(run.id), store.messages(run.id)
        environment, directory = store.environment(run.id), store.directory(run)
    left = left_out.read(directory)
    if chosen.json:
        figures = [result_object(result) for result in results]
        notes = [{"time": m.time, "level": m.level, "text": m.text} for m in messages]
        print_json({**run_object(run), "results": figures, "messages": notes, "made_with": environment,
                    "left_out": [{"path": path, "reason": reason} for path, reason in left],
                    "directory": str(directory)})  # fmt: skip
        return 0
    print_heading(run)
    print_settings(run)
    print_results(run, results)
    print_messages(messages)
    print_left_out(left)
    say()
    print_table(("made with", ""), made_with(run, environment))
    say(f"\nFiles: {directory}")
    return 0


def print_heading(run: RunRow) -> None:
    star = " ★" if run.starred else ""
    say(f"Run {run.id}: {run.name}{star}")
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.created))
    took = "" if run.took is None else f", took {duration(run.took)}"
    ending = f" {run.ending}" if run.ending else ""
    say(f"{run.state}{ending}, {run.step:,} of {run.total_steps:,} steps{took}, created {when}, uid {run.uid}")
    if run.archived:
        say("In the archive: lists leave it out")
    if run.tags:
        say(f"Tags: {' '.join(run.tags)}")
    if run.note:
        say(f"Note: {run.note}")
    for place, note in run.cell_notes.items():
        say(f"Note on {place}: {note.text}")


def print_settings(run: RunRow) -> None:
    say()
    settings = flatten(run.experiment)
    facts = [(name, value) for name, value in run.facts.items()]
    rows = [(label(key, [run.experiment]), shown(value)) for key, value in settings.items()]
    print_table(("setting", "value"), [*rows, *facts])


def print_results(run: RunRow, results: list[Evaluated]) -> None:
    say()
    for result in results:
        say(result_words(result))
        print_table(("", ""), [(f"  {name}", value) for name, value in result.protocol.items()])
    for name, (value, step) in run.best.items():
        if name.startswith(VALIDATION):
            say(f"best {words(name)} {figure(name, value)} after {step:,} steps")
    if run.failure:
        say(f"Failed: {run.failure.message} {run.failure.advice}".rstrip())
        if run.failure.traceback:
            say(run.failure.traceback.rstrip())


def print_messages(messages: list[Message]) -> None:
    if messages:
        say("\nMessages")
    for message in messages:
        say(f"  {time.strftime('%H:%M:%S', time.localtime(message.time))}  {message.text}")


def print_left_out(skipped: list[tuple[str, str]]) -> None:
    if skipped:
        say(f"\nLeft out of the data set: {len(skipped):,} {'file' if len(skipped) == 1 else 'files'}")
    for path, reason in skipped[:LEFT_OUT_SHOWN]:
        say(f"  {path}: {reason}")
    if len(skipped) > LEFT_OUT_SHOWN:
        say(f"  and {len(skipped) - LEFT_OUT_SHOWN:,} more, in {left_out.FILE}")
