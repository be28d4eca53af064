"""The Runs page over a workspace with recorded runs, closed with all its threads after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.ui.runs.recorded import crashed, failed, finished, save, stopped
from ui import theme
from ui.pages.runs import RunsPage
from ui.window.main_window import build_parts


@pytest.fixture
def saved(workspace: Workspace) -> dict[str, RunRow]:
    with RunStore(workspace) as store:
        return {
            "failed": save(store, failed(), "Out of memory"),
            "crashed": save(store, crashed(), "Crashed"),
            "stopped": save(store, stopped(), "Stopped early", "full_ft"),
            "finished": save(store, finished(), "Warm start"),
        }


@pytest.fixture
def open_page(qtbot: QtBot, qapp, workspace: Workspace) -> Iterator[Callable[[], RunsPage]]:
    theme.apply(qapp, "light")
    made: list[RunsPage] = []

    def opened() -> RunsPage:
        window = QMainWindow()
        qtbot.addWidget(window)
        page = RunsPage(build_parts(workspace, window))
        window.setCentralWidget(page)
        window.resize(1280, 800)
        window.show()
        made.append(page)
        qtbot.waitUntil(page.is_settled)
        return page

    yield opened
    for page in made:
        parts = page.parts
        parts.live.stop()
        parts.queue.close("abandon", 60)
        parts.library.close()
        parts.background.close()
        page.window().close()
