"""Building a page shows nothing but the window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from storage.workspace import Workspace
from ui.pages import PAGES
from ui.pages.studies import StudiesPage
from ui.studies.builder import OWN
from ui.window.main_window import MainWindow


class WindowsSeen(QObject):
    """Widgets that were shown as windows of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.seen.append(f"{type(watched).__name__} {watched.accessibleName()}")
        return False


def test_no_part_of_a_study_flashes_as_a_window_while_it_is_made(qtbot: QtBot, workspace: Workspace) -> None:
    windows = WindowsSeen()
    window = MainWindow(workspace)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: bool(window.pages))
    window.show_page("studies")
    page = window.pages["studies"]
    assert isinstance(page, StudiesPage)
    QApplication.instance().installEventFilter(windows)  # type: ignore[union-attr]
    page.deeds.actions["new"].trigger()
    assert page.builder is not None
    page.builder.choose(OWN)
    QApplication.instance().removeEventFilter(windows)  # type: ignore[union-attr]
    assert windows.seen == ["StudyBuilder "]
    page.builder.reject()
    window.close()
    window.parts.background.wait()


def test_no_part_of_a_page_flashes_as_a_window_while_pages_are_built(qtbot: QtBot, workspace: Workspace) -> None:
    windows = WindowsSeen()
    QApplication.instance().installEventFilter(windows)  # type: ignore[union-attr]
    window = MainWindow(workspace)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: bool(window.pages))
    for name in PAGES:
        window.show_page(name)
        qtbot.wait(20)
    QApplication.instance().removeEventFilter(windows)  # type: ignore[union-attr]
    assert windows.seen == ["MainWindow "]
    window.close()
    window.parts.background.wait()
