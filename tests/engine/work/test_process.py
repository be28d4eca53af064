"""A run in a process of its own: the same figures, the same four words, and a crash that is nobody else's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine.events import (
    Evaluated,
    Event,
    Metrics,
    Preparing,
    ResumePoint,
    RunFailed,
    RunFinished,
    RunState,
    RunStopped,
)
from engine.experiment import Experiment
from engine.work.process import Process
from engine.work.queue import RunQueue, new_run
from engine.work.recorder import Said, SavedPast
from engine.work.worker import Here, Job
from storage.lending import Stores
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.engine.work.small_runs import small, until

BY_TIME = Preparing | ResumePoint  # how many there are depends on the clock
REPOSITORY = Path(__file__).resolve().parents[3]


class Watched:
    """A queue whose runs work in processes, and all that they said."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.queue = RunQueue(Stores(workspace), Process)
        self.said: list[Said] = []

    def submit(self, experiment: Experiment) -> RunRow:
        with RunStore(self.workspace) as store:
            return self.queue.submit(new_run(experiment), store)

    def heard(self, kind: type) -> int:
        for news in self.queue.drain().values():
            self.said.extend(news)
        return sum(isinstance(said, kind) for said in self.said)

    def is_over(self) -> bool:
        self.heard(Event)
        return not self.queue.is_busy()

    def child(self) -> psutil.Process:
        (child,) = (one for one in psutil.Process().children() if "engine.work.child" in one.cmdline())
        return child


@pytest.fixture
def watched(own_workspace: Path) -> Iterator[Watched]:
    made = Watched(Workspace(own_workspace))
    yield made
    assert made.queue.close("abandon", 60)
    assert not [one for one in psutil.Process().children() if one.status() != psutil.STATUS_ZOMBIE]


def test_both_workers_say_the_same_bit_for_bit(tmp_path: Path) -> None:
    """Values, figures with what is behind them, and weights; the next run finds nothing of the one before."""
    here, there = (
        [event for event in worker.start(Job(small(), tmp_path / name)) if not isinstance(event, BY_TIME)]
        for worker, name in ((Here(), "a"), (Process(), "b"))
    )
    assert [type(event) for event in there] == [type(event) for event in here]
    assert isinstance(there[-1], RunFinished)
    assert [event for event in there if isinstance(event, Metrics)] == [e for e in here if isinstance(e, Metrics)]
    for one, other in zip(here, there, strict=True):
        if isinstance(one, Evaluated) and isinstance(other, Evaluated):
            assert (one.metric, one.value, one.low, one.high, one.n) == (
                other.metric, other.value, other.low, other.high, other.n
            )  # fmt: skip
            for name in ("ids", "truth", "predicted"):
                assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
    for name in ("best.safetensors", "last.safetensors"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert not (tmp_path / "b" / "resume.safetensors").exists()


class Overheard(Process):
    """Somebody says stop in another thread as soon as there is a child."""

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "_child" and value is not None:
            said = threading.Thread(target=self.say, args=("stop",))
            said.start()
            said.join(0.1)


def test_a_word_said_while_the_child_begins_does_not_come_before_the_job(tmp_path: Path) -> None:
    said = list(Overheard().start(Job(small(), tmp_path / "run")))
    assert [event for event in said if isinstance(event, RunFailed)] == []
    assert isinstance(said[-1], RunStopped)


def is_quiet(count: Callable[[], int]) -> bool:
    """Nothing that was said before is on its way any more."""
    before = count()
    time.sleep(0.1)
    return count() == before


def test_it_hears_pause_resume_and_stop(watched: Watched) -> None:
    row = watched.submit(small(2000))
    until(lambda: watched.heard(Metrics))
    watched.queue.pause(row.id)
    until(lambda: watched.queue.state(row.id) is RunState.PAUSED)
    child = watched.child()
    until(lambda: child.status() == psutil.STATUS_SLEEPING and is_quiet(lambda: watched.heard(Metrics)))
    used, before = child.cpu_times().user, watched.heard(Metrics)
    time.sleep(0.5)
    assert (child.cpu_times().user - used, watched.heard(Metrics)) == (pytest.approx(0, abs=0.1), before)
    watched.queue.resume(row.id)
    until(lambda: watched.heard(Metrics) > before)
    watched.queue.stop(row.id)
    until(watched.is_over)
    assert watched.heard(RunStopped) == 1
    with RunStore(watched.workspace) as store:
        saved = store.run(row.id)
        assert (saved.state, saved.test is not None) == (RunState.STOPPED, True)


def test_one_that_is_abandoned_is_gone_at_once(watched: Watched) -> None:
    row = watched.submit(small(2000))
    until(lambda: watched.heard(Metrics))
    child = watched.child()
    assert watched.queue.close("abandon", 10)
    assert not child.is_running()
    assert watched.heard(RunFailed) == 0
    with RunStore(watched.workspace) as store:
        assert store.run(row.id).state is RunState.INTERRUPTED


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGKILL", pytest.param("SIGSEGV", marks=pytest.mark.slow)])
def test_a_crash_ends_the_run_in_a_sentence_and_it_goes_on_where_it_was(watched: Watched, name: str) -> None:
    row = watched.submit(small(2000))
    until(lambda: watched.heard(ResumePoint))
    watched.child().send_signal(getattr(signal, name))
    until(watched.is_over)
    (failed,) = (said for said in watched.said if isinstance(said, RunFailed))
    assert failed.message == f"The process that trained this run ended in the middle of it ({name})."
    assert (failed.kind, failed.traceback) == ("experiment", "")
    with RunStore(watched.workspace) as store:
        saved = store.run(row.id)
        assert (saved.state, store.is_resumable(saved)) == (RunState.FAILED, True)
        watched.queue.go_on(row.id, store)
    until(lambda: watched.heard(SavedPast))
    before = watched.heard(Metrics)
    until(lambda: watched.heard(Metrics) > before)
    watched.queue.stop(row.id)
    until(watched.is_over)
    with RunStore(watched.workspace) as store:
        curve = store.curve(row.id, "train/loss")
        assert store.run(row.id).state is RunState.STOPPED
        assert curve.steps.tolist() == sorted(set(curve.steps.tolist()))


ALONE = """
import sys, time
from pathlib import Path
from engine.experiment import parse_experiment
from engine.work.process import Process
from engine.work.worker import Job
worker = Process()
for event in worker.start(Job(parse_experiment({body}), Path(sys.argv[1]))):
    print(type(event).__name__, worker._child.pid, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a matter of POSIX systems")
def test_it_does_not_outlive_its_parent(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ALONE.format(body=small(2000).model_dump()), str(tmp_path / "run")]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(next(line for line in parent.stdout if "Metrics" in line).split()[1]))
        assert child.is_running()
        parent.kill()
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 10)
