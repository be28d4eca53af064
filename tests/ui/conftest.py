"""A real window on a real workspace, closed and joined after each test."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.machine.warm import load_torch
from storage.workspace import Workspace
from ui import theme
from ui.pages.new_experiment import NewExperimentPage
from ui.window.main_window import FIRST, MainWindow
from ui.window_memory import open_settings

PATIENCE = 60_000  # milliseconds


@pytest.fixture(autouse=True, scope="module")
def what_is_loaded_stays() -> None:
    """What torch, libraries imported since and earlier modules left is not looked through after every test."""
    load_torch()
    importlib.import_module("pyqtgraph")
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def clipboard_is_empty_at_the_end(qapp: QApplication) -> Iterator[None]:
    """Qt deletes what lies there after Python has ended, and what Python made with it: a segmentation fault."""
    yield
    qapp.clipboard().clear()


@pytest.fixture(autouse=True)
def garbage_waits() -> Iterator[None]:
    """What a test leaves is deleted after it, and garbage collected then: in the middle of the next one's events the
    collector now and then met what was half deleted, and the process ended with a segmentation fault."""
    gc.disable()
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.enable()
    gc.collect()


@pytest.fixture(autouse=True)
def no_pressed_button(qapp) -> Iterator[None]:
    """No button of the mouse stays pressed: the scroll bars of later tests would not hear another one."""
    yield
    if left := let_go():
        pytest.fail(f"mouse buttons left pressed: {', '.join(left)}", pytrace=False)


def let_go() -> list[str]:
    """The names of the buttons that were pressed, which are released."""
    pressed = [button for button in Qt.MouseButton if button & QApplication.mouseButtons()]
    for button in pressed:
        QTest.mouseRelease(QWidget(), button)
    return [button.name for button in pressed]


class PatientBot(QtBot):
    """What is waited for comes at once on a quiet machine, and within a minute on one that others keep busy."""

    @staticmethod
    def mouseDClick(widget: QWidget, button: Qt.MouseButton, *where: Any, **more: Any) -> None:
        """Let go of at its end, which Qt's own is not on a widget."""
        QTest.mouseDClick(widget, button, *where, **more)
        QTest.mouseRelease(widget, button, *where, **more)

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE) -> None:
        super().waitUntil(callback, timeout=max(timeout, PATIENCE))

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE, **more: Any) -> Any:
        return super().waitSignal(signal, timeout=timeout, **more)


def activate(qtbot: QtBot, widget: QWidget) -> None:
    """Show it and give it the keyboard. Asked for again until it is so: off-screen, a window that another one has just
    left may miss the first word."""

    def has_keyboard() -> bool:
        if not widget.isActiveWindow():
            widget.activateWindow()
        return widget.isActiveWindow()

    widget.show()
    qtbot.waitUntil(has_keyboard)


@pytest.fixture
def qtbot(qapp, request: pytest.FixtureRequest) -> QtBot:
    return PatientBot(request)


@pytest.fixture
def workspace(own_workspace: Path) -> Workspace:
    return Workspace(own_workspace).open()


@pytest.fixture
def first_page(request: pytest.FixtureRequest) -> str:
    """The page that the window begins with. New experiment takes four times as much as another, and is meant where a
    test asks for its `page`; folders of tests about another page begin with that."""
    return FIRST if "page" in request.fixturenames else "data"


@pytest.fixture
def window(qtbot: QtBot, qapp, workspace: Workspace, first_page: str) -> Iterator[MainWindow]:
    theme.apply(qapp, "light")
    if first_page != FIRST:
        open_settings(workspace.root).setValue("window/page", first_page)
    made = MainWindow(workspace)
    qtbot.addWidget(made, before_close_func=lambda shown: shown.closing.decide_to_quit())
    made.resize(1280, 800)
    made.show()
    qtbot.waitUntil(lambda: bool(made.pages))
    yield made
    made.close()
    made.parts.background.wait()
    made.parts.downloads.wait()


@pytest.fixture
def page(qtbot: QtBot, window: MainWindow) -> NewExperimentPage:
    """New experiment, once its data set is read and checked."""
    shown = window.page("new_experiment")
    wait_until_checked(qtbot, shown)
    return shown


def wait_until_checked(qtbot: QtBot, page: NewExperimentPage) -> None:
    """Until the images are read and the checks have answered."""
    qtbot.waitUntil(page.is_settled)
