"""Runs one experiment and says what happens. Knows no thread, no window and no database."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import torch

from engine.artifacts.bookmark import Bookmark
from engine.backbones import catalog
from engine.data.sources import kind_of
from engine.errors import Cancelled, ExperimentError, cause_of, is_out_of_memory
from engine.events import (
    Evaluated,
    Event,
    Formulation,
    Notice,
    Preparing,
    RunFailed,
    RunFinished,
    RunStarted,
    RunStopped,
)
from engine.experiment import Experiment
from engine.families import family
from engine.machine.allocator import freed_memory, keep_freed_memory
from engine.machine.choices import Choices
from engine.machine.devices import computing, device_words, return_gpu_memory, torch_device
from engine.machine.environment import environment
from engine.machine.files import write_text
from engine.machine.limits import Limits, never
from engine.machine.memory import remarks
from engine.machine.uncompiled import steps_as_they_are
from engine.preflight.problems import problems
from engine.preparation.inputs import prepared_words
from engine.provenance.noted import in_run_folder
from engine.registry import complete, with_method
from engine.spoken import refusal_of, said_of


def execute(
    experiment: Experiment,
    directory: Path,
    stop: Callable[[], bool] = never,
    resume: bool = False,
    known: Sequence[Formulation] = (),
) -> Iterator[Event]:
    """Seed, build, train, evaluate; yields `RunStarted`, …, then exactly one of the last events.

    directory: the run's own folder, made if missing; its siblings are other runs, whose weights may be asked for.
    resume: go on from the last `ResumePoint` that was written there, as if the run had never ended; from the start
    where there is none.
    known: what this experiment was computed by before, its own first; so it is again, to the last bit, where the
    processor and torch are the same.
    Pausing is not asking for the next event. When `stop()` turns true the loop ends at the next step, the best weights
    so far are tested and the last event is `RunStopped`. Closing the generator abandons the run.
    Never raises for a run's own errors: they come as `RunFailed`.
    """
    keep_freed_memory()
    steps_as_they_are()
    what = kind_of(experiment.dataset)
    try:
        with computing():
            for event in _run(experiment, directory, stop, resume, known):
                yield _told(event, what)
    except ExperimentError as error:
        yield RunFailed("experiment", *refusal_of(error.message, error.advice, what), cause=cause_of(error))
    except Exception as error:  # noqa: BLE001 the boundary: a bug becomes a failed run that keeps its traceback
        yield _out_of_memory(experiment) if is_out_of_memory(error) else _bug(error)
    finally:
        freed_memory.give_back()
        return_gpu_memory()


def _told(event: Event, what: str) -> Event:
    """The event in words about `what`, "images" or "texts"."""
    if what != "texts":
        return event
    if isinstance(event, Notice | Preparing):
        return replace(event, text=said_of(event.text, what))
    if isinstance(event, Evaluated):
        notes = {key: said_of(one, what) if isinstance(one, str) else one for key, one in event.notes.items()}
        return replace(event, notes=notes)
    return event


def _run(
    experiment: Experiment, directory: Path, stop: Callable[[], bool], resume: bool, known: Sequence[Formulation]
) -> Iterator[Event]:
    faults = problems(experiment)
    if faults:
        raise faults[0]
    torch_device(experiment.device)  # before anybody is asked what it computed by there
    experiment, method = with_method(experiment)
    with in_run_folder(directory):
        write_text(directory / "experiment.json", experiment.model_dump_json(indent=2) + "\n")
    torch.manual_seed(experiment.seed)  # for what layers of published networks draw, such as stochastic depth
    limits = Limits(stop, experiment.budget.minutes, experiment.budget.instead_of_epochs)
    bookmark = Bookmark(directory, experiment)
    if resume:
        bookmark.read()
    bookmark.choices = Choices((*bookmark.computed_by, *known), experiment.device)
    bookmark.choices.set_threads()
    remarks.begin()
    begun = False
    try:
        with closing(_runner(experiment)(experiment, method, directory, limits, bookmark)) as events:
            for event in events:
                freed_memory.hold()
                given = time.monotonic()
                if isinstance(event, RunStarted):
                    facts = {**event.facts, **_prepared(experiment), "device": device_words(experiment.device)}
                    bookmark.choices.check()
                    told = bookmark.choices.formulation.told()
                    event = replace(event, facts=facts, environment=environment(), formulation=told)
                yield bookmark.started(event)
                begun = begun or isinstance(event, RunStarted)
                if begun:
                    yield from map(Notice, remarks.new())
                limits.paused_for(time.monotonic() - given)
                if isinstance(event, RunFinished):  # after it was saved: until then the run may have to go on
                    bookmark.remove()
    except Cancelled:
        yield RunStopped(bookmark.step, f"by hand before {'it went on' if bookmark.found else 'the first step'}")


def _prepared(experiment: Experiment) -> dict[str, str]:
    """How images come to the network; nothing of numbers."""
    if catalog.backbone(experiment.backbone.name).form.kind != "images":
        return {}
    return {"preparation": prepared_words(experiment.backbone)}


def _runner(experiment: Experiment) -> Callable[..., Generator[Event, None, None]]:
    if experiment.search is not None:
        from engine.search.run import run_searched  # Optuna takes a while to load

        return run_searched
    return family(experiment).run


def _out_of_memory(experiment: Experiment) -> RunFailed:
    values = complete(experiment).method.hyperparameters
    names = {"batch_size": "a batch size", "meta_batch": "a meta-batch"}
    smaller = next((f"{words} of {values[name] // 2}" for name, words in names.items() if values.get(name, 1) > 1), "")
    return RunFailed(
        "experiment",
        f"There was not enough memory on {experiment.device}.",
        f"Try again with {smaller}{', or with ' * bool(smaller)}smaller images or a smaller backbone.",
        cause="memory",
    )


def _bug(error: Exception) -> RunFailed:
    return RunFailed(
        "bug",
        f"Something went wrong inside Warmstart: {type(error).__name__}: {error}",
        "Please copy the details and report them; nothing that was saved is lost.",
        traceback.format_exc(),
    )
