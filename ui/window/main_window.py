"""The window: navigation rail, pages, menus. Wiring only; what a page does is decided in the page."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMessageBox, QWidget

from engine.machine.places import settle
from engine.remote.desk import ClusterDesk
from engine.work.queue import RunQueue
from storage.lending import Stores
from ui import theme
from ui.about import about
from ui.background import Background
from ui.downloads.downloads import Downloads
from ui.elsewhere import Machines
from ui.library import Library
from ui.live import Live
from ui.pages import PAGES, build_page
from ui.parts import History, Navigator, Page, Parts
from ui.widgets.dialogs import ShortcutsDialog
from ui.widgets.drops import Drops
from ui.widgets.folders import show_folder
from ui.widgets.frame import Pages, SlimArea
from ui.widgets.layouts import in_row
from ui.widgets.nav_rail import NavRail
from ui.widgets.place import sizes, within
from ui.widgets.saving import remember_folders
from ui.widgets.text import plain
from ui.widgets.toasts import Toast, Toasts
from ui.window.closing import Closing
from ui.window.crashes import Crashes
from ui.window.menus import Menus
from ui.window.surroundings import SWITCHES, Shell
from ui.window_memory import WindowMemory, open_settings

if TYPE_CHECKING:
    from storage.workspace import Workspace


FIRST, RUNS, DATA = "new_experiment", "runs", "data"
PATIENCE, SOON_MS = 8.0, 10  # seconds that a page may take to be usable before heavy imports; between two looks at it


class MainWindow(QMainWindow):
    """Owns the parts and the pages. painted: the first paint is over and the page can be used, heavy imports may begin.
    closed: for good.

    The frame is painted first: what a page needs is imported while there is something to see.
    """

    painted = Signal()
    closed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.setWindowTitle("Warmstart")
        least, usual = sizes(self.screen().availableSize())
        self.setMinimumSize(least)
        self.parts = build_parts(workspace, self)
        self.memory = WindowMemory(self.parts.settings)
        self.crashes = Crashes(self, self.parts.toasts)
        self.closing = Closing(self, self.parts)
        self.pages: dict[str, Page] = {}
        self._page = ""
        self._undone: Toast | None = None  # what was said of the last undoing
        self._has_painted, self._patient_until = False, 0.0
        self._look_again = QTimer(self, singleShot=True, interval=SOON_MS)
        self._look_again.timeout.connect(self._wait_for_page)
        self._build()
        self._connect()
        self.resize(usual)
        if self.memory.restore_window(self) and not self.isMaximized():
            self.setGeometry(within(self.geometry(), self.screen().availableGeometry()))
        self._page = kept if (kept := self.memory.page()) in PAGES else FIRST
        self.rail.show_chosen(self._page)

    def _build(self) -> None:
        self.rail = NavRail({name: (page.title, page.icon, page.shortcut) for name, page in PAGES.items()})
        self.stack = Pages()
        centre = QWidget()
        in_row(self.rail, (SlimArea(self.stack), 1), owner=centre, gap=0)
        self.setCentralWidget(centre)
        self.menus = Menus(self, self._deeds(), PAGES, self.show_page, self._page_actions)
        self.menus.check_scheme(theme.scheme())
        self.drops = Drops(self)
        self.shell = Shell(self, self.parts, self.menus, self.memory)

    def _connect(self) -> None:
        parts, go = self.parts, self.parts.navigator
        self.rail.chosen.connect(self.show_page)
        go.opened.connect(self._open)
        go.told.connect(lambda name, request: self.page(name).receive(request))
        go.explain.connect(self._explain)
        self.drops.dropped.connect(lambda path: self._open(DATA if self._page == DATA else FIRST, Path(path)))
        self.drops.refused.connect(lambda words: parts.toasts.show(words, level="warning"))
        parts.live.state.connect(self._count_active)
        for source in (
            parts.library.failed, parts.library.crashed, parts.background.crashed, parts.downloads.crashed,
        ):  # fmt: skip
            source.connect(self.crashes.report)

    def _deeds(self) -> dict[str, Callable[[], object]]:
        """What each menu entry does."""
        deeds: dict[str, Callable[[], object]] = {
            "new": lambda: self.show_page(FIRST),
            "open workspace": lambda: self.shell.workspaces.choose(),
            "show workspace": lambda: show_folder(self.parts.workspace.root),
            "downloads": lambda: self.shell.status.show_downloads(),
            "machines": lambda: self.shell.show_machines(),
            "several machines": lambda: self.shell.show_machines(explained=True),
            "quit": self.close,
            "undo": self._undo,
            "redo": self._redo,
            "find": lambda: self.page(self._page).find(),
            "example": self._run_example,
            "reset layout": self._reset_layout,
            "meta-learning": self._explain,
            "lectures": self._answer_lectures,
            "shortcuts": lambda: ShortcutsDialog(self.menus.listed(), self).open(),
            "about": self._about,
        }
        for name in ("open folder", "open zip", "start", "queue"):
            deeds[name] = partial(self._do, name)
        for name in SWITCHES:
            deeds[name] = partial(self._switch, name)
        for name in theme.SCHEMES:
            deeds[name] = partial(self._use_scheme, name)
        return deeds

    # Pages

    def show_page(self, name: str) -> Page:
        """Show a page, building it when it is needed for the first time; returns it."""
        page = self.page(name)
        self.rail.show_chosen(name)
        self.stack.setCurrentWidget(page)
        self._page = name
        page.focus_list()
        return page

    def page(self, name: str) -> Page:
        """The page, built if need be."""
        if name not in self.pages:
            page = self.pages[name] = build_page(name, self.parts)
            self.stack.addWidget(page)
            self.memory.restore_splitters(page)
        return self.pages[name]

    def build_all(self) -> None:
        """Build the pages that nobody asked for yet, one per turn of the event loop."""
        missing = next((name for name in PAGES if name not in self.pages), None)
        if missing is not None:
            self.page(missing)
            QTimer.singleShot(0, self, self.build_all)

    def _open(self, name: str, request: object) -> None:
        page = self.show_page(name)
        if request is not None:
            page.receive(request)

    def _do(self, name: str) -> None:
        """What only the first page can do, from the menu."""
        self.show_page(FIRST).does[name]()

    def _page_actions(self) -> list[QAction]:
        return list(self.pages[self._page].actions()) if self._page in self.pages else []

    # Deeds

    def _run_example(self) -> None:
        from engine.plan import preset
        from ui.demo import start_demo

        parts = self.parts
        parts.background.run(lambda cancelled: preset("demo"), lambda plan: start_demo(parts, plan), key="example")

    def _undo(self) -> None:
        """The last change of the form while it is shown and was changed; else that of the saved runs."""
        if (form := self._changed_form()) is not None:
            self._say_undone("Undone", form.undo())
            return
        self.parts.library.write(lambda store: store.undo(), lambda done: self._say_undone("Undone", done))

    def _redo(self) -> None:
        if (form := self._changed_form()) is not None:
            self._say_undone("Done again", form.redo())
            return
        self.parts.library.write(lambda store: store.redo(), lambda done: self._say_undone("Done again", done))

    def _changed_form(self) -> History | None:
        history = self.page(self._page).history
        return history if history is not None and history.is_used() else None

    def _say_undone(self, word: str, done: str | None) -> None:
        self.parts.toasts.withdraw_undo()
        if self._undone is not None and self._undone in self.parts.toasts.shown():
            self._undone.close()  # one word at a time
        nothing = "There is nothing to undo." if word == "Undone" else "There is nothing to do again."
        self._undone = self.parts.toasts.show(f"{word}: {done}." if done else nothing, seconds=4)

    def _use_scheme(self, name: str) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, name)
        self.memory.set_scheme(name)

    def _switch(self, name: str) -> None:
        self.shell.switch(name, self.menus.actions[name].isChecked())

    def _reset_layout(self) -> None:
        self.memory.forget_layout()
        for page in self.pages.values():
            page.reset_layout()

    def _explain(self) -> None:
        from ui.help.two_views import TwoViewsDialog

        TwoViewsDialog(self).show()

    def _answer_lectures(self) -> None:
        from ui.help.lectures import LecturesDialog

        opened = (one for one in self.findChildren(LecturesDialog) if one.isVisible())
        page = next(opened, None) or LecturesDialog(self.parts.navigator, self)
        page.show()
        page.activateWindow()  # Escape is for it from the first moment on

    def _about(self) -> None:
        QMessageBox.about(self, "About Warmstart", plain(about(self.parts.workspace.root)))

    def _count_active(self) -> None:
        self.rail.buttons[RUNS].set_count(len(self.parts.live.active()))

    # Beginning and end

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._has_painted:
            self._has_painted = True
            QTimer.singleShot(0, self, self.begin)

    def begin(self) -> None:
        """The frame is there: now the page that it is around, and once that is painted too what takes longer."""
        if self.isVisible():  # and not closed before there was anything in it
            self.show_page(self._page)
            self._patient_until = time.monotonic() + PATIENCE
            self._wait_for_page()

    def _wait_for_page(self) -> None:
        """Heavy imports hold up every other thread: a form whose Start is judged is worth more than torch a little
        sooner."""
        if self.pages[self._page].is_settled() or time.monotonic() > self._patient_until:
            self.painted.emit()
        else:
            self._look_again.start()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.closing.may_close():
            event.ignore()
            return
        self.memory.save_window(self, self._page)
        for page in self.pages.values():
            page.leave()
        self._look_again.stop()
        self.crashes.uninstall()
        self.shell.close()
        self.closing.close_parts()
        event.accept()
        self.closed.emit()


def build_parts(workspace: Workspace, window: QMainWindow) -> Parts:
    """The parts of the program, all owned by the window."""
    settle(workspace.root)
    settings, toasts = open_settings(workspace.root), Toasts(window)
    remember_folders(settings)
    library = Library(workspace, window)
    desk, background = ClusterDesk(workspace.root), Background(4, window)
    queue = RunQueue(Stores(workspace), cluster=desk)
    return Parts(
        workspace=workspace,
        library=library,
        background=background,
        queue=queue,
        navigator=Navigator(window),
        live=Live(queue, library, window),
        toasts=toasts,
        settings=settings,
        downloads=Downloads(workspace.root / "downloads.json", settings, toasts, window),
        machines=Machines(desk, workspace.root, background, window),
    )
