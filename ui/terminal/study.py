"""`study`: run, continue, list and show studies. Progress on standard output, then the table with what it says."""

from __future__ import annotations

import argparse
import time
from contextlib import closing
from pathlib import Path

from engine.comparison.wording import count, duration
from engine.data.sources import load
from engine.errors import ExperimentError, InvalidExperiment
from engine.experiment import Experiment, parse_experiment
from engine.given import is_file
from engine.remote.desk import ClusterDesk
from engine.studies.cells import cells, count_runs, study_as_json
from engine.studies.checks import check_study, faults, one_of_each
from engine.studies.study import Study, completed, load_study, study_preset, study_presets
from engine.work.process import WORKERS
from engine.work.queue import RunQueue
from engine.work.study import StudyRunner
from storage.lending import Stores
from storage.store import RunStore, StudyRow
from storage.workspace import Workspace
from ui.command.arguments import program
from ui.command.flags import dataset_from, seeds_from
from ui.studies.reading import StudyNow, progress_words, read_study, saved_study, study_now
from ui.terminal.checks import check_computed, check_device, check_file, exact
from ui.terminal.downloads import fetch_missing_weights
from ui.terminal.interrupts import Interrupts
from ui.terminal.output import print_file, print_json, print_table, say
from ui.terminal.study_display import StudyDisplay, make_study_display, print_study
from ui.terminal.study_figure import save_study_figure
from ui.terminal.workspaces import open_workspace
from ui.window.awake import Awake

DONE, RUN_FAILED, INTERRUPTED = 0, 1, 130
STOPPING = "\nStopping: what is finished is kept and can be continued. Press Ctrl+C again to leave at once.\n"
POLL = 0.01  # seconds between two looks at the queue
LOOK_AGAIN = 1.0  # seconds between two looks at what other programs do
WORDS = ("list", "show", "continue")


def study_from_command_line(chosen: argparse.Namespace) -> int:
    if chosen.what not in WORDS:
        return new_study(chosen)
    if chosen.what == "list":
        return list_studies(chosen)
    if chosen.data is not None:
        raise InvalidExperiment(
            f"“study {chosen.what}” is of a saved study, whose data are known.", "Leave --data out."
        )
    if not chosen.key:
        raise InvalidExperiment(f"“study {chosen.what}” needs a study.", f"{program()} study list shows them.")
    return show_study(chosen) if chosen.what == "show" else continue_study(chosen)


def new_study(chosen: argparse.Namespace) -> int:
    """Check the study, save it and run it to the end."""
    study = named_study(chosen.what)
    seeds = seeds_from(chosen)
    study = study.with_seeds(seeds) if seeds else study
    study = study if chosen.data is None else on_data(study, chosen.data)
    study = completed(study if chosen.device is None else study.model_copy(update={"device": chosen.device}))
    check_file(faults(study))
    check_computed((experiment for _, experiment in one_of_each(study)), dict(chosen.compute))
    if chosen.dry_run:
        print_file(study_as_json(study))
        say_cost(study)
        return DONE
    workspace = open_workspace(chosen.workspace)
    study = with_exact_weights(study, workspace)
    fetch_missing_weights([experiment for _, experiment in one_of_each(study)], chosen.json)
    check_study(study)
    check_device(cells(study)[0].experiment)
    with RunStore(workspace) as store:
        display = make_study_display(chosen.json)
        row, shared = store.begin_study(study.title, study.canonical())
        if shared:
            display.say("Another program has just begun the same study: its runs are shared.")
        else:
            point_at_unfinished(store, row, study, display)
        return work(store, row, study.device, display, chosen)


def named_study(text: str) -> Study:
    """The preset or the file that was named; raises `InvalidExperiment` with the nearest spelling."""
    is_preset = text in {study.name for study in study_presets()}
    if not is_preset and (text.endswith(".json") or is_file(text)):
        return load_study(Path(text))
    return study_preset(text)


def on_data(study: Study, data: str) -> Study:
    """The same question, asked of other data. Raises `ExperimentError` where there are none of this name."""
    choice = parse_experiment({"dataset": dataset_from(data)}).dataset
    of = load(choice).title[:40]
    return study.model_copy(update={
        "dataset": choice, "title": f"{study.title[:76]} ({of})", "description": f"As “{study.title}”, on {of}.",
    })  # fmt: skip


def say_cost(study: Study) -> None:
    """About how long it would take, on standard error; why that cannot be told where its data or weights are not
    here."""
    from engine.studies.expected import study_seconds  # loads torch

    try:
        words = f"about {duration(study_seconds(study))} on this machine, one after the other"
    except ExperimentError as error:
        words = f"how long they take cannot be told: {error}"
    say(f"{count(count_runs(study), 'runs')}, {words}", error=True)


def with_exact_weights(study: Study, workspace: Workspace) -> Study:
    """Arms that start from "run:4" or "run:my best" start from "run:<uid>"; raises `StorageError` for no such run."""
    with RunStore(workspace) as store:
        arms = [
            arm.model_copy(update={"backbone": exact(Experiment(backbone=arm.backbone), store).backbone})
            for arm in study.arms
        ]
    return study.model_copy(update={"arms": tuple(arms)})


def point_at_unfinished(store: RunStore, new: StudyRow, study: Study, display: StudyDisplay) -> None:
    """Say that the same study was begun before."""
    for row in store.studies():
        if row.id != new.id and row.question == new.question and len(row.finished) < count_runs(study):
            display.say(f"The same study was begun before; to go on with it: {program()} study continue {row.uid}")
            return


def continue_study(chosen: argparse.Namespace) -> int:
    with RunStore(open_workspace(chosen.workspace)) as store:
        row = store.study(chosen.key)
        study = saved_study(row)
        check_study(study)
        check_computed((experiment for _, experiment in one_of_each(study)), dict(chosen.compute))
        return work(store, row, study.device, make_study_display(chosen.json), chosen)


def work(store: RunStore, row: StudyRow, device: str, display: StudyDisplay, chosen: argparse.Namespace) -> int:
    """Run what is missing of a saved study on this device, then print its table; returns the exit code."""
    store.mark_interrupted()
    study = saved_study(row).model_copy(update={"device": device})
    queue = RunQueue(Stores(store.workspace), WORKERS[chosen.worker], ClusterDesk(store.workspace.root))
    runner = StudyRunner(queue, row.id, study, forced=dict(chosen.compute))
    with display, Interrupts(STOPPING) as interrupts, Awake(), closing(runner):
        follow(runner, store, row, display, interrupts)
    now = read_study(store, row.id)
    print_study(now, chosen.json)
    draw(now, chosen)
    if interrupts.stopping():
        display.say(f"Stopped. To go on: {program()} study continue {row.uid}")
        return INTERRUPTED
    return RUN_FAILED if now.failed else DONE


def follow(runner: StudyRunner, store: RunStore, row: StudyRow, display: StudyDisplay, interrupts: Interrupts) -> None:
    """Feed the queue and tell what ends, until nothing is left or somebody asks to stop. Other programs may work on the
    same study, and what a killed one leaves is done here."""
    runner.start()
    display.begin(row, runner, store.study_runs(row.id))
    while True:
        store.mark_interrupted()
        now = runner.feed(store)
        display.show(store.study_runs(row.id), now)
        if runner.is_over(now) or not (runner.feeding or runner.active()):
            return
        wait(runner, interrupts)
        if interrupts.stopping():
            runner.stop()


def wait(runner: StudyRunner, interrupts: Interrupts) -> None:
    """Until one of the runs here has ended, or a while, in which others may have done something."""
    before, until = runner.active(), time.monotonic() + LOOK_AGAIN
    while runner.active() == before and time.monotonic() < until and not (runner.feeding and interrupts.stopping()):
        time.sleep(POLL)
        runner.drain()


def show_study(chosen: argparse.Namespace) -> int:
    with RunStore(open_workspace(chosen.workspace)) as store:
        store.mark_interrupted()
        now = read_study(store, chosen.key)
    print_study(now, chosen.json)
    draw(now, chosen)
    return DONE


def draw(now: StudyNow, chosen: argparse.Namespace) -> None:
    if chosen.figure:
        save_study_figure(now, Path(chosen.figure))


def list_studies(chosen: argparse.Namespace) -> int:
    """The saved studies, then the bundled ones that can be started."""
    with RunStore(open_workspace(chosen.workspace)) as store:
        store.mark_interrupted()
        saved = [study_now(row, store.study_runs(row.id)) for row in store.studies()]
    if chosen.json:
        for now in saved:
            print_json({"id": now.row.id, "uid": now.row.uid, "title": now.row.title, "created": now.row.created,
                        "finished": now.progress.finished, "total": now.progress.total,
                        "failed": now.progress.failed})  # fmt: skip
        for study in study_presets():
            print_json({"preset": study.name, "title": study.title, "runs": count_runs(study)})
        return DONE
    if saved:
        rows = [(now.row.id, now.row.title, progress_words(now.progress), now.row.uid) for now in saved]
        print_table((">study", "title", "progress", "uid"), rows)
    else:
        say("No studies are saved yet.")
    say()
    presets = [(study.name, count_runs(study), study.title) for study in study_presets()]
    print_table(("preset", ">runs", "question"), presets)
    return DONE
