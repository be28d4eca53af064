"""A real window on a real workspace, closed and joined after each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from storage.workspace import Workspace
from ui import theme
from ui.main_window import NEW, MainWindow
from ui.pages.new_experiment import NewExperimentPage


@pytest.fixture
def workspace(own_workspace: Path) -> Workspace:
    return Workspace(own_workspace).open()


@pytest.fixture
def window(qtbot: QtBot, qapp, workspace: Workspace) -> Iterator[MainWindow]:
    theme.apply(qapp, "light")
    made = MainWindow(workspace)
    qtbot.addWidget(made, before_close_func=lambda shown: shown.closing.decide_to_quit())
    made.resize(1280, 800)
    made.show()
    yield made
    made.close()
    made.parts.background.wait()


@pytest.fixture
def page(qtbot: QtBot, window: MainWindow) -> NewExperimentPage:
    """New experiment, once its data set is read and checked."""
    shown = window.page(NEW)
    wait_until_checked(qtbot, shown)
    return shown


def wait_until_checked(qtbot: QtBot, page: NewExperimentPage, timeout: int = 60_000) -> None:
    """Until the images are read and the checks have answered."""
    qtbot.waitUntil(page.is_settled, timeout=timeout)
