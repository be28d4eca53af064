"""Starting the window: first paint, then pyqtgraph and torch in a thread, while the window already answers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from ui.window.qt_check import display_problem, import_plainly

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from storage.workspace import Workspace
    from ui.parts import Parts
    from ui.window.engine_loading import EngineLoading
    from ui.window.main_window import MainWindow

PATIENCE = 5.0  # seconds in which a run may end its step and save the last points of its curve after the window is gone


def run_window(workspace: Workspace, then: Callable[[Parts], None] | None = None) -> int:
    """Open the workbench and stay until it is closed; returns the exit code.

    workspace: opened already, so that a bad one is told before any window. then: called with the parts after the first
    paint. Without a display or Qt's libraries: one sentence on stderr and 2.
    """
    if problem := display_problem():
        print(problem, file=sys.stderr)
        return 2
    app = make_application()
    from ui.window.engine_loading import EngineLoading
    from ui.window.garbage import Garbage
    from ui.window.leaving import Leaving

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
        from ui.window.engine_loading import EngineLoading

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

    from engine.machine.allocator import share_one_arena
    from ui import icons

    import_plainly()
    share_one_arena()
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
    from ui.window.left_over import tell_left_over
    from ui.window.main_window import MainWindow
    from ui.window_memory import WindowMemory, open_settings

    theme.apply(app, WindowMemory(open_settings(workspace.root)).scheme())
    window = MainWindow(workspace)
    loading.setParent(window)
    loading.plots.connect(window.build_all)
    loading.engine.connect(window.parts.live.engine_ready)
    loading.failed.connect(window.crashes.report)

    def after_paint() -> None:
        tell_left_over(window.parts)
        window.parts.downloads.load()
        window.parts.machines.load()
        window.parts.live.when_ready(window.parts.machines.settle)
        loading.start()
        if then is not None:
            then(window.parts)

    window.painted.connect(after_paint)
    window.show()
    return window
