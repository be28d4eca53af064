"""Starting the window: first paint, then pyqtgraph and torch in a thread, while the window already answers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ui.qt_check import display_problem

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from storage.store import RunRow, RunStore
    from storage.workspace import Workspace
    from ui.engine_loading import EngineLoading
    from ui.main_window import MainWindow
    from ui.parts import Parts

LONG = 3600.0  # seconds that the word about unfinished runs stays
PATIENCE = 5.0  # seconds in which a run may end its step and save the last points of its curve after the window is gone


def run_window(workspace: Workspace, then: Callable[[Parts], None] | None = None) -> int:
    """Open the workbench and stay until it is closed; returns the exit code.

    workspace: opened already, so that a bad one is told before any window. then: called with the parts after the first
    paint. Without a display or Qt's libraries: one sentence on stderr and 2.
    """
    if problem := display_problem():
        print(problem, file=sys.stderr)
        return 2
    from ui.engine_loading import EngineLoading
    from ui.garbage import Garbage
    from ui.leaving import Leaving

    app = make_application()
    loading = EngineLoading()
    Garbage(loading)
    desk = Desk(app)
    desk.open(workspace, loading, then)
    leaving = Leaving(app, desk.leave, desk.commit)
    code = int(app.exec())
    leaving.restore()
    desk.wait()
    return code


class Desk:
    """The window that is open, and those of other workspaces that were before it."""

    def __init__(self, app: QApplication) -> None:
        self._app = app
        self.windows: list[MainWindow] = []

    def open(
        self, workspace: Workspace, loading: EngineLoading, then: Callable[[Parts], None] | None = None
    ) -> MainWindow:
        window = open_window(self._app, workspace, loading, then)
        window.crashes.install()
        window.shell.workspaces.wanted.connect(lambda other: self._change(window, other))
        self.windows.append(window)
        return window

    def _change(self, window: MainWindow, workspace: Workspace) -> None:
        """Another workspace in place of this one; a window whose runs are asked about may stay, or close later."""
        from ui.engine_loading import EngineLoading

        self._app.setQuitOnLastWindowClosed(False)
        window.closed.connect(lambda: self._succeed(workspace, EngineLoading()))
        if not window.close() and not window.closing.is_waiting():
            window.closed.disconnect()
        self._app.setQuitOnLastWindowClosed(True)

    def _succeed(self, workspace: Workspace, loading: EngineLoading) -> None:
        self.open(workspace, loading)

    def leave(self) -> None:
        """Somebody ends the program or the session: runs are kept where they are."""
        for window in self.windows:
            if window.isVisible():
                window.closing.quit_for_later()

    def commit(self) -> None:
        for window in self.windows:
            if window.isVisible():
                window.closing.quit_at_once()

    def wait(self) -> None:
        """For the last step of what still trains; nobody waits for a window any more."""
        for window in self.windows:
            window.parts.queue.close("abandon", PATIENCE)


def make_application() -> QApplication:
    """The QApplication with the program's name and icon; the one there is, if there is one."""
    from PySide6.QtGui import QIcon
    from PySide6.QtWidgets import QApplication

    from ui import icons

    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("Warmstart")
    app.setDesktopFileName("warmstart")
    app.setWindowIcon(QIcon(str(icons.FOLDER / "warmstart.svg")))
    return app


def open_window(
    app: QApplication, workspace: Workspace, loading: EngineLoading, then: Callable[[Parts], None] | None = None
) -> MainWindow:
    """Show the window; after its first paint: interrupted runs are told, `then`, and the engine is imported."""
    from ui import theme
    from ui.main_window import MainWindow
    from ui.window_memory import WindowMemory, open_settings

    theme.apply(app, WindowMemory(open_settings(workspace.root)).scheme())
    window = MainWindow(workspace)
    loading.setParent(window)
    loading.plots.connect(window.build_all)
    loading.engine.connect(window.parts.live.engine_ready)
    loading.failed.connect(window.crashes.report)

    def after_paint() -> None:
        tell_interrupted(window.parts)
        loading.start()
        if then is not None:
            then(window.parts)

    window.painted.connect(after_paint)
    window.show()
    return window


def tell_interrupted(parts: Parts) -> None:
    """Mark the runs of a process that died; what was cut off or waits is told, with a button that lets it go on."""

    def look(store: RunStore) -> tuple[list[RunRow], list[RunRow]]:
        dead = store.mark_interrupted()
        return dead, store.waiting()

    def tell(found: tuple[list[RunRow], list[RunRow]]) -> None:
        dead, waiting = found
        rows = [row for row in (*dead, *waiting) if row.study_id is None and not row.archived]
        if rows:
            ids = sorted(row.id for row in rows)
            parts.toasts.show(
                left_words(dead, waiting), "Continue", lambda: go_on(ids), "warning" if dead else "info", LONG
            )
        elif dead:  # cells of a study, which goes on by itself
            show = parts.navigator.page
            parts.toasts.show(left_words(dead, []), "Show studies", lambda: show.emit("Studies"), "warning", LONG)

    def go_on(ids: list[int]) -> None:
        parts.go_on(ids)
        parts.navigator.show_run.emit(ids[0])

    parts.library.write(look, tell)


def left_words(dead: Sequence[RunRow], waiting: Sequence[RunRow]) -> str:
    """ "“a” was interrupted when the program ended. 3 runs wait: continue?" """
    said = []
    if dead:
        what = f"“{dead[0].name}” was" if len(dead) == 1 else f"{len(dead)} runs were"
        said.append(f"{what} interrupted when the program ended. What was saved is kept.")
    if waiting:
        what = f"“{waiting[0].name}” waits" if len(waiting) == 1 else f"{len(waiting)} runs wait"
        said.append(f"{what}: continue?")
    return " ".join(said)
