"""What is shown is drawn again when something of it has changed, and not when another run has."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter
from pytestqt.qtbot import QtBot

from storage.store import RunStore
from storage.workspace import Workspace
from tests.ui.late import stored_late
from tests.ui.new_experiment.test_backbone_column import save_runs
from ui.comparison.pane import ComparisonPane
from ui.new_experiment.weights_list import WeightsList
from ui.runs.detail import RunDetail
from ui.runs.run_delegate import RunDelegate
from ui.runs.run_now import RunNow
from ui.window.main_window import MainWindow

Count = Callable[[type, str], list[str]]


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Count:
    """The calls of a method from now on."""

    def counted(owner: type, name: str) -> list[str]:
        own, calls = getattr(owner, name), list[str]()

        def called(*given: object, **more: object) -> object:
            calls.append(name)
            return own(*given, **more)

        monkeypatch.setattr(owner, name, called)
        return calls

    return counted


@pytest.fixture
def ids(workspace: Workspace) -> list[int]:
    save_runs(workspace, 2)
    with RunStore(workspace) as store:
        return [row.id for row in store.runs()]


def another(qtbot: QtBot, window: MainWindow, workspace: Workspace) -> None:
    """A further run is saved and told as a new one is: everything is read again."""
    save_runs(workspace, 1)
    window.parts.library.announce(frozenset())


def listed(window: MainWindow, page: int) -> int:
    model = window.page("runs").model if page == "runs" else window.page("compare").table.runs
    return len(model.rows())


@pytest.mark.parametrize("which", ["runs", "compare"])
def test_a_page_is_drawn_again_only_for_the_runs_it_shows(
    qtbot: QtBot, window: MainWindow, workspace: Workspace, ids: list[int], count: Count, which: int
) -> None:
    window.show_page(which)
    page = window.page(which)
    page.choose(ids[0] if which == "runs" else ids)
    qtbot.waitUntil(lambda: page._chosen == ids[0] if which == "runs" else page.pane.comparison is not None)
    qtbot.waitUntil(page.is_settled)
    drawn = count(RunDetail, "show_content") if which == "runs" else count(ComparisonPane, "show_runs")
    for further in (3, 4):
        another(qtbot, window, workspace)
        qtbot.waitUntil(lambda: listed(window, which) == further)  # noqa: B023
        qtbot.waitUntil(page.is_settled)
    assert drawn == []
    window.parts.library.write(lambda store: store.rename(ids[0], "Another name"), runs=[ids[0]])
    qtbot.waitUntil(lambda: len(drawn) == 1)


def test_weights_to_start_from_are_listed_anew_once_somebody_looks(
    qtbot: QtBot, window: MainWindow, workspace: Workspace, ids: list[int], count: Count
) -> None:
    page = window.show_page("new_experiment")
    qtbot.waitUntil(page.is_settled)
    before = set(page.backbone.rows)
    window.show_page("runs")
    with stored_late(qtbot, window.parts.library):
        pass  # what was asked while it was looked at is answered
    made = count(WeightsList, "show_offers")
    another(qtbot, window, workspace)
    qtbot.waitUntil(lambda: listed(window, "runs") == 3)
    assert made == []
    window.show_page("new_experiment")
    qtbot.waitUntil(lambda: len(set(page.backbone.rows) - before) == 1)


def test_news_of_a_run_draw_its_line_alone(
    qtbot: QtBot, window: MainWindow, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    window.show()
    qtbot.waitExposed(window)
    window.show_page("runs")
    page, painted = window.page("runs"), []
    qtbot.waitUntil(lambda: len(page.model.rows()) == len(ids))
    qtbot.waitUntil(page.is_settled)
    paint = RunDelegate._paint_words

    def watched(delegate: RunDelegate, painter: QPainter, box: QRect, now: RunNow) -> None:
        painted.append(now.row.id)
        paint(delegate, painter, box, now)

    monkeypatch.setattr(RunDelegate, "_paint_words", watched)
    page.list.viewport().update()
    qtbot.waitUntil(lambda: set(painted) == set(ids))
    for run_id in ids:
        painted.clear()
        page.model.touch(run_id)
        qtbot.waitUntil(lambda: bool(painted))
        assert set(painted) == {run_id}
