"""A workspace with saved runs, written the way a run writes them, and the Compare page over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.ui.comparison.saved_runs import experiment, save
from ui import theme
from ui.pages.compare import ComparePage
from ui.window.main_window import build_parts


@pytest.fixture
def workspace(own_workspace: Path) -> Workspace:
    return Workspace(own_workspace).open()


@pytest.fixture
def saved(workspace: Workspace) -> dict[str, list[RunRow]]:
    """Three seeds of LP-FT, three of full fine-tuning (one point below), two from scratch, one that failed."""
    with RunStore(workspace) as store:
        return {
            "lp_ft": [save(store, experiment("lp_ft", seed), 12 + seed) for seed in range(3)],
            "full_ft": [save(store, experiment("full_ft", seed), 13 + 2 * ((seed + 1) % 3)) for seed in range(3)],
            "scratch": [save(store, experiment("scratch", seed), 60 + 2 * seed) for seed in range(2)],
            "failed": [save(store, experiment("full_ft", 0, 5), 0, "A run that failed", tested=False)],
        }


@pytest.fixture
def open_page(qtbot: QtBot, qapp, workspace: Workspace) -> Iterator[Callable[[], ComparePage]]:
    """Open the page as often as wanted; every one is closed with its threads."""
    theme.apply(qapp, "light")
    made: list[tuple[ComparePage, QMainWindow]] = []

    def opened() -> ComparePage:
        window = QMainWindow()
        qtbot.addWidget(window)
        parts = build_parts(workspace, window)
        page = ComparePage(parts)
        qtbot.addWidget(page)
        page.resize(1200, 760)
        page.show()
        qtbot.waitUntil(page.is_settled)
        made.append((page, window))
        return page

    yield opened
    for page, _ in made:
        page.parts.library.close()
        page.parts.live.stop()
        page.parts.queue.close("abandon")
        page.parts.background.close()
        page.parts.background.wait()
        page.close()


@pytest.fixture
def page(saved: dict[str, list[RunRow]], open_page: Callable[[], ComparePage]) -> ComparePage:
    return open_page()
