"""Runs that are worked elsewhere, by a worker whose words are given: what the queue shows of them, and what it says."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from engine.events import (
    CLUSTER,
    IN_LINE,
    Event,
    Heard,
    Metrics,
    Preparing,
    ResumePoint,
    RunFinished,
    RunStarted,
    RunState,
    RunStopped,
)
from engine.studies.study import Study, StudyArm
from engine.work.queue import RunQueue, new_run
from engine.work.recorder import Now
from engine.work.study import StudyRunner
from engine.work.worker import Job, Word
from storage.lending import Stores
from storage.store import RunStore
from storage.workspace import Workspace
from tests.engine.work.small_runs import small, until


class Told:
    """A worker elsewhere. say_next: what it says, and whether that came from a machine."""

    host = CLUSTER

    def __init__(self) -> None:
        self.words: list[Word] = []
        self._next: SimpleQueue[tuple[Event, bool]] = SimpleQueue()
        self._place: Heard | None = None
        self.jobs: list[Job] = []

    def say_next(self, event: Event, of_machine: bool = True) -> None:
        self._next.put((event, of_machine))

    def heard(self) -> Heard | None:
        return self._place

    def say(self, word: Word) -> None:
        self.words.append(word)
        self.say_next(RunStopped(1) if word == "stop" else ResumePoint.nothing(0), word == "stop")

    def start(self, job: Job) -> Iterator[Event]:
        self._place = job.heard
        self.jobs.append(job)
        while True:
            event, of_machine = self._next.get()
            if of_machine:
                number = 0 if self._place is None else self._place.number
                self._place = Heard("1-a", number + 1, 1_800_000_000.0 + number)
            yield event
            if isinstance(event, RunFinished | RunStopped):
                return


class ToldCluster:
    def __init__(self) -> None:
        self.made: list[Told] = []
        self.closed = threading.Event()

    def worker(self) -> Told:
        self.made.append(Told())
        return self.made[-1]

    def places(self) -> int:
        return 2

    def close(self, wait: bool = True) -> None:
        self.closed.set()


@pytest.fixture
def cluster() -> ToldCluster:
    return ToldCluster()


@pytest.fixture
def workspace(own_workspace: Path) -> Workspace:
    return Workspace(own_workspace)


@pytest.fixture
def queue(workspace: Workspace, cluster: ToldCluster) -> Iterator[RunQueue]:
    made = RunQueue(Stores(workspace), cluster=cluster)
    yield made
    assert made.close("abandon", 60)


def submit(queue: RunQueue, workspace: Workspace) -> int:
    with RunStore(workspace) as store:
        return queue.submit(new_run(small(2, CLUSTER)), store).id


def test_it_is_in_line_until_a_machine_says_something(
    queue: RunQueue, cluster: ToldCluster, workspace: Workspace
) -> None:
    run_id = submit(queue, workspace)
    told = cluster.made[0]
    told.say_next(Preparing("Asking the cluster"), False)
    told.say_next(Preparing(IN_LINE), False)
    shown: list[object] = []

    def hear() -> list[object]:
        shown.extend(queue.drain().get(run_id, ()))
        return shown

    until(lambda: Preparing(IN_LINE) in hear())
    assert queue.state(run_id) is RunState.QUEUED
    told.say_next(Preparing("Getting ready on office"))
    until(lambda: queue.state(run_id) is RunState.RUNNING)
    told.say_next(Preparing(IN_LINE), False)  # its machine is lost
    until(lambda: queue.state(run_id) is RunState.QUEUED)
    for event in (RunStarted(2, 1, 8), Metrics(1, {"train/loss": 1.0}), RunFinished(2)):
        told.say_next(event)
    until(lambda: not queue.is_busy())
    states = [said.state for said in hear() if isinstance(said, Now)]
    queued, running = RunState.QUEUED, RunState.RUNNING
    assert states == [queued, running, queued, running]
    assert queue.here() == []


@pytest.mark.parametrize("at_work", [False, True])
def test_what_is_put_off_by_hand_is_taken_back_and_what_is_left_goes_on(
    queue: RunQueue, cluster: ToldCluster, workspace: Workspace, at_work: bool
) -> None:
    taken_back, left = submit(queue, workspace), submit(queue, workspace)
    for told in cluster.made if at_work else ():
        told.say_next(RunStarted(2, 1, 8))
    until(lambda: not at_work or queue.state(left) is queue.state(taken_back) is RunState.RUNNING)
    queue.put_off(taken_back)
    until(lambda: queue.state(taken_back) is None)
    assert not cluster.closed.is_set()
    assert queue.close("later", 60)
    assert [told.words for told in cluster.made] == [["withdraw"], ["later"]]
    assert cluster.closed.is_set()
    with RunStore(workspace) as store:
        assert [row.id for row in store.waiting()] == [taken_back, left]


def test_one_that_is_abandoned_waits_for_the_next_start(
    queue: RunQueue, cluster: ToldCluster, workspace: Workspace
) -> None:
    """It may be worked meanwhile."""
    run_id = submit(queue, workspace)
    cluster.made[0].say_next(RunStarted(2, 1, 8))
    until(lambda: queue.state(run_id) is RunState.RUNNING)
    assert queue.close("abandon", 60)
    assert cluster.made[0].words == ["abandon"]
    with RunStore(workspace) as store:
        assert [row.id for row in store.waiting()] == [run_id]


def test_a_close_that_does_not_end_all_leaves_the_cluster_connected(
    queue: RunQueue, cluster: ToldCluster, workspace: Workspace
) -> None:
    """It is needed until the last run has been stopped there."""
    run_id = submit(queue, workspace)
    told = cluster.made[0]
    told.say_next(RunStarted(2, 1, 8))
    until(lambda: queue.state(run_id) is RunState.RUNNING)
    told.say = told.words.append  # type: ignore[method-assign]  # it takes its time
    assert not queue.close("stop", 0.0)
    assert not cluster.closed.is_set()
    told.say_next(RunStopped(1))
    assert queue.close("stop", 60)
    assert cluster.closed.is_set()


def test_a_study_has_as_many_at_work_as_there_are_places_and_takes_them_back(
    queue: RunQueue, cluster: ToldCluster, workspace: Workspace
) -> None:
    """Paused, what waits in line there; stopped, what is at work there too."""
    one = small(1, CLUSTER)
    arm = StudyArm(title="Scratch", backbone=one.backbone, method=one.method)
    study = Study(title="Few", dataset=one.dataset, arms=(arm,), labels=(5,), seeds=(0, 1, 2, 3, 4), device=CLUSTER)
    with RunStore(workspace) as store:
        row = store.create_study(study.title, study.canonical())
        runner = StudyRunner(queue, row.id, study)
        runner.start()
        runner.feed(store)
        first, second, waiting = cluster.made  # and one that stands in line for the first place that is free
        for told in (first, second):
            told.say_next(RunStarted(2, 1, 8))
        waiting.say_next(Preparing(IN_LINE), False)
        states = RunState.RUNNING, RunState.RUNNING, RunState.QUEUED
        until(lambda: tuple(map(queue.state, runner.active())) == states)
        runner.pause()
        until(lambda: len(runner.active()) == 2)
        assert [told.words for told in cluster.made] == [[], [], ["withdraw"]]
        assert len(runner.cells) - runner.feed(store).left == 2
        runner.stop()
        until(lambda: not runner.active())
        assert [told.words for told in cluster.made] == [["withdraw"]] * 3
        assert {run.state for run in store.study_runs(row.id)} == {RunState.INTERRUPTED}


def test_a_run_keeps_its_place_in_line_over_a_restart_and_one_that_a_person_ended_comes_last(
    queue: RunQueue, cluster: ToldCluster, workspace: Workspace
) -> None:
    stopped, waiting = submit(queue, workspace), submit(queue, workspace)
    queue.stop(stopped)
    until(lambda: queue.active() == [waiting])
    assert queue.close("later", 60)
    other = RunQueue(Stores(workspace), cluster=cluster)
    with RunStore(workspace) as store:
        made = {run.id: run.created for run in store.runs()}
        before = time.time()
        for run_id in (waiting, stopped):
            other.go_on(run_id, store)
    until(lambda: all(told.jobs for told in cluster.made[2:]))
    assert other.close("abandon", 60)
    first, last = (told.jobs[0].since for told in cluster.made[2:])
    assert first == made[waiting]
    assert last >= before
