"""What a run is computed by: measured once, recorded with it, and the same for whoever runs the experiment again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.errors import InvalidExperiment
from engine.events import (
    Event,
    Formulation,
    Metrics,
    Notice,
    Preparing,
    ResumePoint,
    RunFailed,
    RunFinished,
    RunStarted,
    RunStopped,
)
from engine.execute import execute
from engine.experiment import BackboneChoice, Experiment, MethodChoice, SearchChoice
from engine.machine import choices
from engine.machine.choices import CACHED, FILE, FIRST, MEASURED, RECORDED, Choices, Timing, Way
from engine.machine.files import cache_folder
from engine.meta import training
from engine.meta.batch import formulation
from engine.meta.batch.formulation import SIZE
from engine.tuning import precision
from engine.work.process import Process
from engine.work.queue import RunQueue, new_run
from engine.work.worker import Here, Job
from storage.connection import writing
from storage.formulations import MOST, heard, write
from storage.lending import Stores
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.engine.meta.ways import ended
from tests.engine.work.small_runs import small, until

SHORT = {"way": 3, "steps": 3, "meta_batch": 4, "query": 1, "validate_every": 3, "validation_episodes": 10,
         "test_episodes": 10, "inner_steps": 1}  # fmt: skip
MAML = Experiment(backbone=BackboneChoice(image_size=16), method=MethodChoice(name="maml", hyperparameters=SHORT))
AUTOMATIC = small(1).model_copy(update={"precision": "automatic"})
WAYS: list[Way] = [{SIZE: 2, "threads": 1}, {SIZE: 4, "threads": 1}, {SIZE: 4, "threads": 2}]


@pytest.fixture
def quickest(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """So many tasks at once shall be what a trial finds to be the quickest from now on; every run is worth one, and
    what was measured is forgotten."""
    monkeypatch.setattr(training, "WORTH_TIMING", 1)

    def chosen(size: int) -> None:
        found = partial(_as_if, size)
        monkeypatch.setattr(formulation, "trial_of", found)
        (cache_folder() / FILE).unlink(missing_ok=True)

    return chosen


def _as_if(size: int, plain: Any, tasks: Any, ways: Sequence[Way]) -> Timing:
    assert len({way[SIZE] for way in ways}) > 2
    yield Preparing("Timing")
    return [1.0 if way[SIZE] == size else 2.0 for way in ways]


def ran(workspace: Workspace, experiment: Experiment = MAML, forced: Mapping[str, Any] = {}) -> RunRow:
    """As saved by the queue, to its end."""
    queue = RunQueue(Stores(workspace))
    with RunStore(workspace) as store:
        run = queue.submit(new_run(experiment, forced=forced), store)
        until(lambda: queue.drain() is None or not queue.is_busy())
        assert queue.close("abandon", 60)
        return store.run(run.id)


def computed_by(workspace: Workspace, run: RunRow) -> Mapping[str, Any]:
    with RunStore(workspace) as store:
        return store.environment(run.id)["formulation"]["values"]


def weights(folder: Path) -> bytes:
    return (folder / "last.safetensors").read_bytes()


def test_a_run_goes_on_as_it_began(tmp_path: Path, quickest: Callable[[int], None]) -> None:
    quickest(2)
    whole = [*execute(MAML, tmp_path / "whole")]
    assert isinstance(whole[-1], RunFinished)
    stop = threading.Event()
    for event in execute(MAML, tmp_path / "cut", stop.is_set):
        if isinstance(event, ResumePoint) and stop.is_set():
            event.write({"started": 0.0, "seconds": 0.0})
            break
        if isinstance(event, Metrics):
            stop.set()
    quickest(4)
    rest = [*execute(MAML, tmp_path / "cut", resume=True)]
    (started,) = (event for event in rest if isinstance(event, RunStarted))
    assert started.step == 1
    assert started.formulation["values"][SIZE] == 2
    assert weights(tmp_path / "cut") == weights(tmp_path / "whole")
    assert not [event for event in rest if isinstance(event, Notice) and "are computed" in event.text]


def test_a_trial_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A timed run and one that knew what the trial would find: equal to the last bit."""
    monkeypatch.setattr(training, "WORTH_TIMING", 1)
    timed = [*execute(MAML, tmp_path / "timed")]
    (started,) = (event for event in timed if isinstance(event, RunStarted))
    told = Formulation.heard(started.formulation)
    (said,) = (event.text for event in timed if isinstance(event, Notice) and "are computed" in event.text)
    assert " ms " in said
    again = [*execute(MAML, tmp_path / "again", known=[told])]
    assert any(isinstance(event, Notice) and event.text.endswith(": as recorded.") for event in again)
    assert weights(tmp_path / "timed") == weights(tmp_path / "again")


@pytest.mark.parametrize("asked", [MAML, AUTOMATIC, AUTOMATIC.model_copy(update={"search": SearchChoice(trials=1)})])
def test_a_trial_is_told_and_ends_when_it_is_asked_to(
    asked: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a meta-learner's tasks, and of fine-tuning's precision: after the step that is being timed."""
    for module in (training, precision):
        monkeypatch.setattr(module, "WORTH_TIMING", 1)
    monkeypatch.setattr(precision, "has_bf16", lambda device: True)
    stop, said, threads = threading.Event(), list[Event](), torch.get_num_threads()
    for event in execute(asked, tmp_path / "run", stop.is_set):
        said.append(event)
        if isinstance(event, Preparing) and event.text.startswith("Timing "):
            stop.set()
    assert said[-1] == RunStopped(0, "by hand before the first step")
    assert sum(isinstance(event, Preparing) and event.text.startswith("Timing ") for event in said) == 1
    assert not (cache_folder() / FILE).exists()
    assert torch.get_num_threads() == threads


def test_a_person_can_force_a_way_which_others_do_not_follow(
    own_workspace: Path, quickest: Callable[[int], None]
) -> None:
    workspace = Workspace(own_workspace)
    quickest(2)
    forced, free = ran(workspace, forced={SIZE: 4}), ran(workspace)
    assert [computed_by(workspace, run)[SIZE] for run in (forced, free)] == [4, 2]
    back = ran(workspace, forced={SIZE: 4})
    assert weights(workspace.runs / back.uid) == weights(workspace.runs / forced.uid)


@pytest.mark.parametrize(
    ("experiment", "forced", "said"),
    [
        (MAML, {SIZE: 3}, "This run cannot be computed with “tasks at once” 3 here. Choose one of: 1, 2, 4."),
        (MAML, {"task at once": 2}, "There is no “task at once” to choose that this run is computed by. Did you mean "),
        (small(1), {SIZE: 2}, "There is no “tasks at once” to choose that this run is computed by. Choose one of: "),
        (small(1), {"torch threads": 0}, "This run cannot be computed with “torch threads” 0 here. Choose one of: 1"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    experiment: Experiment, forced: dict[str, Any], said: str, tmp_path: Path
) -> None:
    before = torch.get_num_threads()
    last = [*execute(experiment, tmp_path / "run", known=[Formulation(forced, forced=tuple(forced))])][-1]
    assert isinstance(last, RunFailed)
    assert last.kind == "experiment"
    assert f"{last.message} {last.advice}".startswith(said)
    assert torch.get_num_threads() == before


def test_a_process_of_its_own_is_told(tmp_path: Path) -> None:
    known = (Formulation({SIZE: 4}, forced=(SIZE,)),)
    started: list[RunStarted] = []
    for worker, name in ((Here(), "a"), (Process(), "b")):
        said: Iterator[Event] = worker.start(Job(MAML, tmp_path / name, known))
        started += [event for event in said if isinstance(event, RunStarted)]
    assert started[0].formulation == started[1].formulation
    assert started[0].formulation["values"][SIZE] == 4
    assert weights(tmp_path / "a") == weights(tmp_path / "b")


def test_what_was_measured_holds_for_its_torch_processor_and_shapes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def trial(ways: Sequence[Way]) -> Timing:
        asked.append(len(ways))
        return (yield from timed(3.0, 1.0, 2.0))

    def chosen(of: str = "maml", known: Sequence[Formulation] = ()) -> tuple[Way, str]:
        found = ended(Choices(known, cache=tmp_path / "kept.json").choose(of, WAYS, trial))
        return found.way, found.why

    assert chosen() == (WAYS[1], MEASURED)
    assert chosen() == (WAYS[1], CACHED)
    assert chosen("anil") == (WAYS[1], MEASURED)
    (tmp_path / "kept.json").write_text("{damaged")
    assert chosen() == (WAYS[1], MEASURED)
    here = choices.machine()
    recorded = [Formulation(WAYS[2], "another machine"), Formulation(WAYS[0], here)]
    assert chosen(known=recorded) == (WAYS[0], RECORDED)
    monkeypatch.setattr(torch, "__version__", "99.0")
    assert chosen(known=recorded) == (WAYS[1], MEASURED)
    monkeypatch.setattr(choices, "processor", lambda: "another processor")
    assert chosen() == (WAYS[1], MEASURED)
    monkeypatch.setattr(choices, "sharing_threads", lambda: 64)
    assert chosen() == (WAYS[1], MEASURED)
    assert asked == [3] * 6


def test_noise_makes_no_choice_and_nothing_is_timed_where_there_is_none(tmp_path: Path) -> None:
    made = Choices(cache=tmp_path / "kept.json")
    assert ended(made.choose("a", WAYS, lambda ways: timed(1.0, 0.99, 0.98))).way == WAYS[0]
    assert ended(made.choose("b", WAYS)).why == FIRST
    assert ended(made.choose("c", WAYS[:1], lambda ways: pytest.fail("timed"))).why == FIRST
    partly = Choices([Formulation({SIZE: 4}, forced=(SIZE,))], cache=tmp_path / "kept.json")
    assert ended(partly.choose("a", WAYS, lambda ways: timed(*[1.0, 0.5][: len(ways)]))).way == WAYS[2]
    with pytest.raises(InvalidExperiment, match="Choose one of: 2, 4"):
        ended(Choices([Formulation({SIZE: 8}, forced=(SIZE,))]).choose("a", WAYS))


@pytest.mark.parametrize("count", ["many", 0, -1, [1], 1.5, None, True])
def test_a_damaged_record_chooses_nothing(count: object) -> None:
    kept = {"values": {"torch threads": count}, "machine": choices.machine(), "forced": []}
    made = Choices(heard(json.dumps(kept)))
    now = torch.get_num_threads()
    made.set_threads()
    assert made.formulation.values == {"torch threads": now}


def test_many_twins_that_were_forced_hide_none_that_chose(tmp_path: Path) -> None:
    chose = [Formulation({"torch threads": count}, "here") for count in (3, 2)]
    with RunStore(Workspace(tmp_path).open()) as store:
        for one in reversed(chose):
            twin = store.create(new_run(small(1)))
            with writing(store._connection) as connection:
                write(connection, twin.id, one.told())
        for _ in range(MOST + 1):
            store.create(new_run(small(1), forced={"torch threads": 1}))
        assert store.formulations(store.create(new_run(small(1))).id) == chose


def timed(*seconds: float) -> Timing:
    yield Preparing("Timing")
    return list(seconds)
