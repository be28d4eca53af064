"""Questions to the store and work in threads: nothing blocks the window, answers arrive in its thread."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.errors import Cancelled, ExperimentError, StorageError
from engine.events import Metrics, RunStarted, RunState
from engine.experiment import Experiment
from engine.studies.study import Study, StudyArm
from storage.record import record
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.ui.late import stored_late
from ui import background as background_module
from ui import library as library_module
from ui.background import Background
from ui.library import Library


@pytest.fixture
def library(qtbot: QtBot, workspace: Workspace) -> Iterator[Library]:
    made = Library(workspace)
    yield made
    made.close()


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others' changes are looked for more often than once a second."""
    monkeypatch.setattr(library_module, "LOOK_EVERY", 0.05)


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    made = Background(2)
    yield made
    made.close()
    made.wait()


def test_answers_come_back_in_the_asking_thread(qtbot: QtBot, library: Library) -> None:
    seen: list[tuple[str, str]] = []
    asked: list[str] = []

    def question(store: object) -> str:
        asked.append(threading.current_thread().name)
        return "answer"

    library.read(question, lambda words: seen.append((words, threading.current_thread().name)))
    assert seen == []
    qtbot.waitUntil(lambda: bool(seen))
    assert asked == ["library"]
    assert seen == [("answer", threading.current_thread().name)]


def test_a_write_says_what_changed_before_it_answers(qtbot: QtBot, library: Library) -> None:
    order: list[object] = []
    library.changed.connect(order.append)
    library.write(lambda store: store.create(new_run(Experiment())).id, lambda run_id: order.append(run_id))
    qtbot.waitUntil(lambda: len(order) == 2)
    assert order == [frozenset(), 1]
    library.write(lambda store: store.rename(1, "first"), runs=[1])
    qtbot.waitUntil(lambda: len(order) == 3)
    assert order[-1] == frozenset({1})


def test_mendable_errors_go_to_the_caller_or_the_signal(qtbot: QtBot, library: Library) -> None:
    to_signal: list[ExperimentError] = []
    to_caller: list[ExperimentError] = []
    library.failed.connect(to_signal.append)
    library.read(lambda store: store.run(99), print)
    library.read(lambda store: store.run(98), print, failed=to_caller.append)
    qtbot.waitUntil(lambda: bool(to_signal) and bool(to_caller))
    assert isinstance(to_signal[0], StorageError)
    assert "98" in str(to_caller[0])


def test_a_bug_is_told_and_the_thread_lives_on(qtbot: QtBot, library: Library) -> None:
    bugs: list[Exception] = []
    answers: list[int] = []
    library.crashed.connect(bugs.append)
    told: list[ExperimentError] = []
    library.read(lambda store: 1 // 0, print)
    library.read(lambda store: 1 // 0, print, told.append)
    library.read(lambda store: 2, answers.append)
    qtbot.waitUntil(lambda: bool(answers))
    assert [type(one) for one in bugs] == [ZeroDivisionError] * 2
    assert [type(one) for one in told] == [StorageError]  # who waits for an answer waits no more


def test_who_asks_a_workspace_that_cannot_be_opened_is_told(
    workspace: Workspace, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object) -> None:
        raise StorageError("It is of a newer version.", "Update Warmstart.")

    monkeypatch.setattr("storage.store.RunStore.__init__", broken)
    library, told = Library(workspace), list[ExperimentError]()
    said: list[ExperimentError] = []
    library.failed.connect(said.append)
    for _ in range(3):
        library.read(lambda store: store.runs(), print, told.append)
    qtbot.waitUntil(lambda: len(told) == 3)
    library.close()
    assert "newer version" in str(told[0])
    assert len(said) == 1  # and not after each question, and each second


def test_closing_finishes_what_was_asked(workspace: Workspace, qtbot: QtBot) -> None:
    library = Library(workspace)
    done: list[int] = []
    for number in range(20):
        library.write(lambda store, number=number: done.append(number))
    library.close()
    library.close()
    assert done == list(range(20))


def test_a_newer_call_with_the_same_key_wins(qtbot: QtBot, background: Background) -> None:
    answers: list[str] = []
    stopped = threading.Event()

    def slow(cancelled: Callable[[], bool]) -> str:
        while not cancelled():
            time.sleep(0.005)
        stopped.set()
        return "old"

    background.run(slow, answers.append, key="same")
    background.run(lambda cancelled: "new", answers.append, key="same")
    qtbot.waitUntil(lambda: bool(answers) and stopped.is_set())
    qtbot.wait(50)
    assert answers == ["new"]


def test_what_is_looked_at_does_not_wait_for_work_that_waits(qtbot: QtBot, background: Background) -> None:
    imported, answers = threading.Event(), list[str]()

    def wait_for_engine(cancelled: Callable[[], bool]) -> str:
        imported.wait(20)
        return "engine"

    for _ in range(4):
        background.run(wait_for_engine, answers.append)
    background.run(lambda cancelled: "list", answers.append, at_once=True)
    qtbot.waitUntil(lambda: bool(answers))
    assert answers == ["list"]
    imported.set()
    qtbot.waitUntil(lambda: len(answers) == 5)


def test_work_that_makes_way_goes_on_afterwards_and_is_cancelled_meanwhile(
    qtbot: QtBot, background: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[bool] = []
    background.make_way()
    background.run(lambda cancelled: cancelled(), answers.append)
    qtbot.waitUntil(lambda: answers == [False])
    background._way_until += 3600
    monkeypatch.setattr(background_module, "AT_MOST", 0.01)
    background.run(lambda cancelled: cancelled(), answers.append)
    qtbot.waitUntil(lambda: answers == [False, False])  # it goes on a step now and then
    monkeypatch.setattr(background_module, "AT_MOST", 3600)
    began, stopped = threading.Event(), threading.Event()

    def stand_still(cancelled: Callable[[], bool]) -> None:
        began.set()
        if cancelled():
            stopped.set()

    background.run(stand_still, print, key="one")
    qtbot.waitUntil(began.is_set)
    background.cancel("one")
    qtbot.waitUntil(stopped.is_set)
    background.run(lambda cancelled: cancelled(), answers.append, at_once=True)
    qtbot.waitUntil(lambda: answers == [False, False, False])


def test_work_of_all_kinds_stands_still_while_something_is_painted(
    qtbot: QtBot, background: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background_module, "FRAME", 3600)
    counted = {"at_once": 0, "long": 0, "": 0}
    ended = threading.Event()

    def count(kind: str) -> Callable[[Callable[[], bool]], str]:
        def work(cancelled: Callable[[], bool]) -> str:
            while not cancelled() and not ended.is_set():
                counted[kind] += 1
            return kind

        return work

    answers: list[str] = []
    for kind in counted:
        background.run(count(kind), answers.append, at_once=kind == "at_once", long=kind == "long")
    qtbot.waitUntil(lambda: all(counted.values()))
    with background.painting():
        before = dict(counted)
        qtbot.wait(50)
        assert all(counted[kind] <= before[kind] + 1 for kind in counted)  # each may be in the middle of a step
        before = dict(counted)
    qtbot.waitUntil(lambda: all(counted[kind] > before[kind] for kind in counted))
    ended.set()
    qtbot.waitUntil(lambda: len(answers) == 3)
    monkeypatch.setattr(background_module, "FRAME", 0.01)
    background.make_way()  # and nothing is painted after it
    background.run(lambda cancelled: str(cancelled()), answers.append, at_once=True)
    qtbot.waitUntil(lambda: answers[3:] == ["False"])


def test_failures_and_cancellation(qtbot: QtBot, background: Background) -> None:
    failures: list[Exception] = []
    crashes: list[Exception] = []
    background.crashed.connect(crashes.append)

    def raise_(error: Exception) -> Callable[[object], None]:
        def work(cancelled: object) -> None:
            raise error

        return work

    background.run(raise_(ValueError("a")), print, failures.append)
    background.run(raise_(ValueError("b")), print)
    background.run(raise_(Cancelled()), print)
    qtbot.waitUntil(lambda: bool(failures) and bool(crashes))
    assert [str(error) for error in (*failures, *crashes)] == ["a", "b"]
    background.run(raise_(MemoryError()), print, failures.append)
    qtbot.waitUntil(lambda: len(failures) == 2)
    assert "not enough memory" in str(failures[1])


@pytest.mark.usefixtures("often")
def test_what_other_processes_change_is_noticed(qtbot: QtBot, library: Library, own_workspace: Path) -> None:
    """A renamed run is named; one that came or went means everything. What a run at work adds is no news."""
    told: list[frozenset[int]] = []
    library.changed.connect(told.append)

    def after(change: Callable[[RunStore], object]) -> list[frozenset[int]]:
        told.clear()
        change(other)
        qtbot.waitUntil(lambda: bool(told))
        return list(told)

    with RunStore(Workspace(own_workspace)) as other:
        runs = [other.create(new_run(Experiment(), f"run {number}")) for number in range(2)]
        other.set_state(1, RunState.INTERRUPTED)
        qtbot.waitUntil(lambda: library._others._looks == other.looks())
        with stored_late(qtbot, library):
            pass  # what is told of these two came
        assert after(lambda store: store.rename(2, "theirs")) == [frozenset({2})]
        assert after(lambda store: store.delete([1])) == [frozenset({1})]
        assert after(lambda store: store.purge([1])) == [frozenset()]
        assert after(lambda store: store.create(new_run(Experiment()))) == [frozenset()]
        study = Study(title="Q", arms=(StudyArm(title="A"),))
        assert after(lambda store: store.create_study("Q", study.canonical())) == [frozenset()]
        assert after(lambda store: library.write(lambda own: own.star(2, True), runs=[2])) == [frozenset({2})]
        told.clear()
        other.set_state(runs[1].id, RunState.RUNNING)
        qtbot.waitUntil(lambda: told == [frozenset({2})])
        for _ in record(other, 3, iter([RunStarted(9, 3, 1), Metrics(1, {"val/loss": 1.0})])):
            other.beat(2)
        qtbot.waitUntil(lambda: frozenset({3}) in told)
        told.clear()
        other.beat(2)
        qtbot.wait(300)
        assert told == []


@pytest.mark.usefixtures("often")
def test_a_database_that_goes_away_is_told_once(qtbot: QtBot, library: Library, own_workspace: Path) -> None:
    told, read = list[ExperimentError](), list[object]()
    library.failed.connect(told.append)
    library.read(lambda store: store.runs(), read.append)
    qtbot.waitUntil(lambda: bool(read))
    (own_workspace / "warmstart.db").rename(own_workspace / "elsewhere.db")
    qtbot.waitUntil(lambda: bool(told))
    qtbot.wait(300)
    assert [error.message for error in told] == [
        "The workspace's database was removed or replaced while it was in use."
    ]


@pytest.mark.parametrize(("error", "words"), [(ExperimentError("No images.", "Add some."), "No images. Add some."),
                                              (ZeroDivisionError(), "It broke.")])  # fmt: skip
def test_what_can_be_mended_is_said_and_a_bug_crashes_too(
    qtbot: QtBot, background: Background, error: Exception, words: str
) -> None:
    said: list[str] = []
    crashed: list[object] = []
    background.crashed.connect(crashed.append)

    def fails(cancelled: object) -> None:
        raise error

    background.run(fails, print, background.saying(said.append, "It broke."))
    qtbot.waitUntil(lambda: bool(said))
    assert said == [words]
    assert crashed == ([] if isinstance(error, ExperimentError) else [error])


def test_what_takes_long_holds_up_nothing_short(qtbot: QtBot, background: Background) -> None:
    """Threads of what is long are all busy."""
    free, answered = threading.Event(), list[str]()
    for _ in range(3):
        background.run(lambda cancelled: free.wait(60), lambda _: answered.append("long"), long=True)
    background.run(lambda cancelled: "short", answered.append)
    qtbot.waitUntil(lambda: bool(answered))
    assert answered == ["short"]
    free.set()
    qtbot.waitUntil(lambda: len(answered) == 4)
