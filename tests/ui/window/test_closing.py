"""Closing during a run, runs left by a program that died, and the start of the engine."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from engine.events import RESUME_FILE, Event, Metrics, RunStarted, RunState
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.machine.warm import load_torch
from engine.remote.desk import ClusterDesk
from engine.work.process import Process
from engine.work.queue import RunQueue, new_run
from engine.work.worker import Here
from storage.lending import Stores
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from ui.pages import PAGES
from ui.window.app import open_window
from ui.window.engine_loading import EngineLoading
from ui.window.leaving import ASKED, Leaving
from ui.window.left_over import tell_left_over
from ui.window.main_window import MainWindow
from ui.window_memory import WindowMemory

REPOSITORY = Path(__file__).resolve().parents[3]
LONG = Experiment(
    dataset=DatasetChoice(name="digits", labels_per_class=5),
    backbone=BackboneChoice(name="conv4"),
    method=MethodChoice(name="scratch", hyperparameters={"epochs": 2000}),
)


@pytest.fixture
def training(qtbot: QtBot, window: MainWindow) -> int:
    """The id of a run that trains."""
    load_torch()
    started: list[int] = []
    window.parts.live.state.connect(lambda run_id, state: started.append(run_id) if state is RunState.RUNNING else None)
    window.parts.submit([LONG])
    qtbot.waitUntil(lambda: bool(started))
    qtbot.waitUntil(lambda: len(window.parts.live.buffer(started[0]).curves) > 0)
    return started[0]


def press(title: str) -> Callable[[], None]:
    """Press this button of the question when it appears."""

    def look() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(20, look)
            return
        next(button for button in box.buttons() if button.text() == title).click()

    return look


def state(workspace: Workspace, run_id: int) -> RunState:
    with RunStore(workspace) as store:
        return store.run(run_id).state


def test_keep_training_keeps_the_window(qtbot: QtBot, window: MainWindow, training: int) -> None:
    QTimer.singleShot(0, press("Keep training"))
    window.close()
    assert window.isVisible()
    assert window.parts.queue.active() == [training]


def test_a_question_about_runs_that_have_ended_is_taken_back(
    qtbot: QtBot, window: MainWindow, workspace: Workspace, training: int
) -> None:
    QTimer.singleShot(0, lambda: window.parts.queue.stop(training))
    window.close()  # returns when the question is gone
    assert not window.isVisible()
    assert state(workspace, training) is RunState.STOPPED


def test_stop_and_save_tests_the_run_then_closes_also_where_waiting_for_it_breaks(
    qtbot: QtBot, window: MainWindow, workspace: Workspace, training: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, close = window.parts.queue, window.parts.queue.close

    def broken_while_it_waits(how: str, patience: float = 0.0) -> None:
        close(how, patience)
        if patience and how == "stop":
            raise ZeroDivisionError

    monkeypatch.setattr(queue, "close", broken_while_it_waits)
    QTimer.singleShot(0, press("Stop and save"))
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert state(workspace, training) is RunState.STOPPED
    with RunStore(workspace) as store:
        assert store.run(training).test is not None


def test_quit_and_resume_later_keeps_where_it_is_and_what_waits(
    qtbot: QtBot, window: MainWindow, workspace: Workspace, training: int
) -> None:
    window.parts.submit([LONG.with_seed(1)])
    qtbot.waitUntil(lambda: len(window.parts.queue.active()) == 2)
    QTimer.singleShot(0, press("Quit and resume later"))
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    with RunStore(workspace) as store:
        assert [row.id for row in store.waiting()] == [training, training + 1]
        assert (store.directory(store.run(training)) / RESUME_FILE).is_file()
        assert len(store.curve(training, "train/loss").values) > 0


@pytest.mark.skipif(os.name == "nt", reason="Windows ends the process")
@pytest.mark.parametrize("name", [name for name in ASKED if hasattr(signal, name)])
def test_a_signal_makes_the_window_quit_for_later(
    qtbot: QtBot, qapp: QApplication, window: MainWindow, workspace: Workspace, training: int, name: str
) -> None:
    leaving = Leaving(qapp, window.closing.quit_for_later, window.closing.quit_at_once)
    os.kill(os.getpid(), getattr(signal, name))
    qtbot.waitUntil(lambda: not window.isVisible())
    leaving.restore()
    with RunStore(workspace) as store:
        assert [row.id for row in store.waiting()] == [training]


def test_the_next_start_asks_and_the_run_goes_on_with_its_curve(
    qtbot: QtBot, window: MainWindow, workspace: Workspace
) -> None:
    load_torch()
    queue = RunQueue(Stores(workspace))
    with RunStore(workspace) as store:
        row = queue.submit(new_run(LONG), store)
    wait_for(lambda: any(isinstance(said, Metrics) for said in queue.drain().get(row.id, [])))
    assert queue.close("later", 60)
    with RunStore(workspace) as store:
        kept = len(store.curve(row.id, "train/loss"))
    tell_left_over(window.parts)
    qtbot.waitUntil(lambda: bool(window.parts.toasts.shown()))
    toast = window.parts.toasts.shown()[0]
    assert toast.label.text() == f"“{row.name}” waits: continue?"
    toast.button.click()
    qtbot.waitUntil(lambda: (live := window.parts.live.buffer(row.id)) is not None and live.started is not None)
    live = window.parts.live.buffer(row.id)
    assert live is not None
    qtbot.waitUntil(lambda: len(live.curves.get("train/loss", ())) > kept)
    curve = live.curves["train/loss"]
    assert (np.diff(curve.steps) == 1).all(), "the earlier points are there, and nothing is missing between"
    assert (np.diff(curve.times) >= 0).all()
    assert live.elapsed() >= curve.times[kept - 1]


def test_a_study_that_was_going_on_is_asked_about(qtbot: QtBot, window: MainWindow, workspace: Workspace) -> None:
    with RunStore(workspace) as store:
        study = store.create_study("Few labels", "{}")
    window.memory.set_studies_at_work([study.id, 77])
    asked: list[object] = []
    window.parts.navigator.opened.disconnect()
    window.parts.navigator.opened.connect(lambda page, request: asked.append((page, request)))
    tell_left_over(window.parts)
    qtbot.waitUntil(lambda: bool(window.parts.toasts.shown()))
    toast = window.parts.toasts.shown()[0]
    assert toast.label.text() == "“Few labels” is unfinished: continue?"
    toast.button.click()
    assert asked == [("studies", study.id)]


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 200
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def stuck(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The id of a run in the middle of a step that does not end before the test does."""
    step = threading.Event()

    def execute(*given: object, **more: object) -> Iterator[Event]:
        yield RunStarted(total_steps=10, steps_per_epoch=1, examples_per_step=1)
        step.wait(60)

    monkeypatch.setattr("engine.execute.execute", execute)
    window.parts.submit([LONG])
    qtbot.waitUntil(lambda: bool(window.parts.queue.active()))
    (run_id,) = window.parts.queue.active()
    qtbot.waitUntil(lambda: window.parts.queue.state(run_id) is RunState.RUNNING)
    yield run_id
    step.set()


def test_only_a_click_on_quit_now_leaves_before_the_weights_are_saved(
    qtbot: QtBot, window: MainWindow, workspace: Workspace, stuck: int
) -> None:
    QTimer.singleShot(0, press("Stop and save"))
    window.close()
    waiting = window.closing._waiting
    assert waiting is not None
    qtbot.waitUntil(waiting.isVisible)
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
        qtbot.keyClick(waiting.focusWidget() or waiting, key)  # off-screen another window may stay the active one
    waiting.close()
    assert waiting.isVisible()
    assert window.isVisible()
    assert state(workspace, stuck) is RunState.RUNNING
    begin = time.monotonic()
    (leave,) = waiting.findChildren(QPushButton)
    qtbot.mouseClick(leave, Qt.MouseButton.LeftButton)
    assert time.monotonic() - begin < 45, "the step takes a minute"
    assert not window.isVisible()
    assert state(workspace, stuck) is RunState.INTERRUPTED


def test_quitting_does_not_wait_for_a_long_step(
    qtbot: QtBot, window: MainWindow, workspace: Workspace, stuck: int
) -> None:
    QTimer.singleShot(0, press("Quit and resume later"))
    window.close()
    waiting = window.closing._waiting
    assert waiting is not None
    begin = time.monotonic()
    (leave,) = waiting.findChildren(QPushButton)
    qtbot.mouseClick(leave, Qt.MouseButton.LeftButton)
    assert time.monotonic() - begin < 45, "the step takes a minute"
    assert not window.isVisible()
    with RunStore(workspace) as store:
        assert [row.id for row in store.waiting()] == [stuck], "it goes on from where it was kept last"


DIES = """
import os, sys
from engine.experiment import Experiment
from engine.events import RESUME_FILE, Event, Metrics, RunStarted, RunState
from storage.store import NewRun, RunStore
from storage.workspace import Workspace
store = RunStore(Workspace(sys.argv[1]))
store.set_state(store.create(NewRun(Experiment(), 'finetune', "left behind")).id, RunState.RUNNING)
os._exit(9)
"""


def test_a_run_of_a_dead_program_is_told(qtbot: QtBot, window: MainWindow, workspace: Workspace) -> None:
    subprocess.run([sys.executable, "-c", DIES, str(workspace.root)], cwd=REPOSITORY, check=False, timeout=200)
    shown: list[int] = []
    window.parts.navigator.opened.connect(lambda _, run: shown.append(run))
    tell_left_over(window.parts)
    qtbot.waitUntil(lambda: bool(window.parts.toasts.shown()))
    toast = window.parts.toasts.shown()[0]
    assert "“left behind” was interrupted" in toast.label.text()
    assert state(workspace, 1) is RunState.INTERRUPTED
    toast.button.click()
    assert shown == [1]
    qtbot.waitUntil(lambda: window.parts.queue.active() == [1])


def test_after_the_first_paint_the_engine_is_loaded(
    qtbot: QtBot, qapp: QApplication, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(ClusterDesk, "settle", lambda desk: bool(said.append("owed")))
    window = open_window(qapp, workspace, EngineLoading(), lambda parts: said.append("then"))
    qtbot.addWidget(window)
    window.parts.live.engine_ready.connect(lambda: said.append("engine"))
    qtbot.waitUntil(lambda: len(said) == 3, timeout=120_000)
    assert (said[0], set(said[1:])) == ("then", {"engine", "owed"}), "what is owed to the cluster is told by then"
    qtbot.waitUntil(lambda: set(window.pages) == set(PAGES))
    window.close()
    window.parts.background.wait()


def test_a_broken_engine_is_told(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    loading = EngineLoading()
    told: list[Exception] = []
    loading.failed.connect(told.append)
    monkeypatch.setitem(sys.modules, "engine.machine.warm", None)
    loading.start().join(30)
    qtbot.waitUntil(lambda: bool(told))
    assert isinstance(told[0], ImportError)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_a_crash_in_a_process_of_its_own_leaves_the_window(
    qtbot: QtBot, window: MainWindow, workspace: Workspace
) -> None:
    """It is a choice of the Run menu, kept for the next start; the run ends in a sentence."""
    assert window.parts.queue.worker is Here
    window.menus.actions["apart"].trigger()
    assert window.parts.queue.worker is Process
    assert WindowMemory(window.parts.settings).is_on("apart", False)
    rows: list[RunRow] = []
    window.parts.submit([LONG], then=rows.extend)
    qtbot.waitUntil(lambda: bool(rows) and bool(window.parts.live.buffer(rows[0].id).curves))
    (child,) = (one for one in psutil.Process().children() if "engine.work.child" in one.cmdline())
    child.send_signal(signal.SIGSEGV)
    qtbot.waitUntil(lambda: not window.parts.live.active())
    run = window.parts.live.buffer(rows[0].id)
    assert run.state is RunState.FAILED
    assert "SIGSEGV" in run.failure.message
    assert window.isVisible()
