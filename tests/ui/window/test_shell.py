"""The status bar, news to the desktop, keeping awake, and the change to another workspace."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.errors import StorageError
from engine.events import Metrics, RunFinished, RunStarted, RunState
from engine.experiment import Experiment
from storage.workspace import Workspace
from tests.new_runs import new_run
from ui.live import LiveRun
from ui.window import desktop_news, endings, machine, workspaces
from ui.window.app import Desk
from ui.window.at_work import AtWork
from ui.window.awake import Awake
from ui.window.endings import Endings
from ui.window.engine_loading import EngineLoading
from ui.window.main_window import MainWindow
from ui.window.status_bar import SELDOM_MS

LONG_NAME = "ネットワーク " * 20 + "<b>&amp; seed 2"


def make_live(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, name: str = LONG_NAME) -> LiveRun:
    """A saved run, and what its thread would have said: 30 of 60 steps done. No thread works it."""
    saved: list[int] = []
    window.parts.library.write(lambda store: store.create(new_run(Experiment(), name)).id, saved.append)
    qtbot.waitUntil(lambda: bool(saved))
    live = window.parts.live
    run = live._runs.setdefault(saved[0], LiveRun(saved[0]))
    run.add(RunStarted(60, 20, 8))
    for step in (10, 30):
        run.started = (run.started or 0.0) - 45
        run.add(Metrics(step, {"train/loss": 1.0}))
    live.state.emit(saved[0], RunState.RUNNING)
    return run


def test_the_status_bar_tells_the_run_the_machine_and_the_workspace(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name of any length moves nothing, and is whole for a screen reader."""
    bar = window.shell.status
    assert bar.run.accessibleName() == "No run at work"
    assert not bar.run.isEnabled()
    assert window.parts.workspace.root.name in bar.workspace.accessibleName()
    QApplication.processEvents()
    places = [widget.geometry() for widget in (bar.run, bar.usage, bar.workspace)]
    run = make_live(qtbot, window, monkeypatch)
    qtbot.waitUntil(lambda: LONG_NAME in bar.run.accessibleName())
    assert bar.run.accessibleName().startswith(f"Run {run.run_id} · ")
    assert "epoch 2 of 3 · " in bar.run.accessibleName()
    assert bar.run.accessibleName().endswith(" left")
    assert bar.bar.isVisible()
    assert bar.bar.value() == 57  # 90 s for 30 steps, the last 20 of them in 45 s: 67.5 s are left
    QApplication.processEvents()
    assert [widget.geometry() for widget in (bar.run, bar.usage, bar.workspace)] == places
    assert "MB" in bar.usage.text() or "GB" in bar.usage.text()
    qtbot.mouseClick(bar.run, Qt.MouseButton.LeftButton)
    assert window.stack.currentIndex() == 1
    run.add(RunFinished(60))
    bar.refresh()
    assert bar.run.accessibleName() == "No run at work"
    assert bar._timer.interval() == SELDOM_MS


def test_usage_is_that_of_this_process() -> None:
    usage = machine.Machine().usage()
    assert 0 <= usage.load <= 1
    assert 20e6 < usage.memory < usage.total
    assert [machine.gigabytes(size) for size in (300 << 20, 3 << 29)] == ["300 MB", "1.5 GB"]


@pytest.mark.parametrize(
    "seconds, away, wanted, told", [(90, True, True, 1), (90, False, True, 0), (90, True, False, 0), (1, True, True, 0)]
)
def test_a_long_run_that_nobody_watched_is_told(
    qtbot: QtBot,
    window: MainWindow,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    away: bool,
    wanted: bool,
    told: int,
) -> None:
    said: list[str] = []
    watching = Endings(window, window.parts, lambda: wanted, lambda title, words: said.append(words), lambda: away)
    run = make_live(qtbot, window, monkeypatch, "LP-FT, seed 2")
    monkeypatch.setattr(LiveRun, "elapsed", lambda self: seconds)
    run.add(RunFinished(60))
    window.parts.live.state.emit(run.run_id, RunState.FINISHED)
    qtbot.waitUntil(lambda: len(said) == told)
    assert said == [f"Run {run.run_id} · LP-FT, seed 2: finished after 1 min 30 s."] * told
    watching.close()


def test_several_endings_are_one_word() -> None:
    ended = {1: RunState.FINISHED, 2: RunState.FAILED, 3: RunState.FINISHED}
    assert endings.words(SimpleNamespace(), ended, 65.0) == "3 runs ended after 1 min 5 s: 2 finished, 1 failed."


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the system is asked for, in place of the system."""
    words: list[str] = []

    @contextmanager
    def running(on_fail: str) -> Iterator[SimpleNamespace]:
        words.append("hold")
        yield SimpleNamespace(active=True)
        words.append("let go")

    fake = types.ModuleType("wakepy")
    fake.keep = SimpleNamespace(running=running)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "wakepy", fake)
    return words


def test_the_computer_is_kept_awake_while_a_run_works(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    """And the window's title says how far it is; both end with the run."""
    at_work = window.shell.at_work
    run = make_live(qtbot, window, monkeypatch)
    at_work.look()
    at_work.look()
    qtbot.waitUntil(lambda: at_work.awake.held is True)
    assert asked == ["hold"]
    assert window.windowTitle().endswith(" % · Warmstart")
    run.add(RunFinished(60))
    at_work.look()
    assert (asked, window.windowTitle()) == (["hold", "let go"], "Warmstart")


def test_a_short_or_unwanted_run_keeps_nothing_awake(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    make_live(qtbot, window, monkeypatch)
    AtWork(window, window.parts, lambda: False).look()
    monkeypatch.setattr(LiveRun, "elapsed", lambda self: 3.0)
    AtWork(window, window.parts, lambda: True).look()
    assert asked == []


def test_a_desktop_that_does_not_listen_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    assert desktop_news.by_message("Warmstart", "Run 1: finished.") is False


def test_a_system_without_such_a_service_is_no_error() -> None:
    with Awake() as awake:
        assert awake.held in (None, True, False)


def test_another_workspace_takes_the_place_of_this_one(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EngineLoading, "start", lambda self: None)
    first, second = Workspace(tmp_path / "one").open(), tmp_path / "two & <b>more</b>"
    desk = Desk(qapp)
    window = desk.open(first, EngineLoading())
    qtbot.addWidget(window)
    window.shell.workspaces.open(second)
    qtbot.waitUntil(lambda: len(desk.windows) == 2)
    assert not window.isVisible()
    assert desk.windows[1].parts.workspace.root == second
    assert workspaces.recent() == [second, first.root]
    qtbot.addWidget(desk.windows[1])
    menu = desk.windows[1].shell.workspaces.menu
    menu.aboutToShow.emit()
    assert [entry.text() for entry in menu.actions() if not entry.isSeparator()][2:] == [str(first.root)]
    for shown in desk.windows:
        shown.close()
        shown.parts.background.wait()


def test_a_folder_of_other_things_is_no_workspace(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(StorageError, match="holds other files and no workspace"):
        workspaces.opened(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
