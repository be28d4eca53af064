"""Closing the window while runs are active: keep training, quit and resume later, or stop and save."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QMainWindow, QProgressBar, QWidget

from ui.parts import Parts
from ui.widgets.buttons import button
from ui.widgets.dialogs import ask_about_runs
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text

PATIENCE = {"stop": 600.0, "later": 30.0}  # seconds that an answer may take
SESSION = 10.0  # seconds that the end of a session may wait for
SAID = {
    "stop": ("Testing and saving the best weights…", "The window closes when this is done."),
    "later": ("Keeping where the runs are…", "The window closes when this is done, as a rule after the present step."),
}
WIDTH = 400  # pixels of the dialog meanwhile


def quit_words(how: str, active: int, here: int) -> str:
    """What Quit now makes of the runs. here: of the active ones, those that this machine works and not the cluster."""
    if how == "later":
        return "Quit now lets them go on from where they were kept last."
    there = "the cluster stops and tests {}, and the next start shows it."
    if not here:
        return f"Quit now does not wait: {there.format('it' if active == 1 else 'them')}"
    if here == active:
        return "Quit now leaves the runs interrupted, without a test."
    rest = "the other one" if active - here == 1 else "the others"
    return f"Quit now leaves what runs here interrupted, without a test; {there.format(rest)}"


class Waiting(QDialog):
    """Shown while runs are saved. how: a key of `SAID`. leaving: see `quit_words`. quit_now: the button was pressed; no
    key and no closing of the dialog does that."""

    quit_now = Signal()

    def __init__(self, how: str, leaving: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Stopping")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        title, words = SAID[how]
        bar.setAccessibleName(title.rstrip("…"))
        tip = "Leave now: curves and what was kept so far stay"
        leave = button("Quit now", tip=tip, clicked=self.quit_now.emit)
        leave.setAutoDefault(False)
        leave.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._lay_out(title, bar, f"{words} {leaving}", leave)
        self.setFocus()

    def _lay_out(self, title: str, bar: QProgressBar, words: str, leave: QWidget) -> None:
        row = in_row(..., leave)
        column = in_column(
            Text(title, wrap=False), bar, Text(words, "small", "muted"), row, owner=self, gap=12, edges=16
        )
        self.setFixedSize(WIDTH, column.heightForWidth(WIDTH))

    def reject(self) -> None:
        """Esc: the weights are still being saved."""

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()


class Closing(QObject):
    """Asked by the window's closeEvent. The waiting happens in the background: the window stays alive."""

    def __init__(self, window: QMainWindow, parts: Parts) -> None:
        super().__init__(window)
        self._window, self._parts = window, parts
        self._decided = False
        self._waiting: Waiting | None = None
        self._done = False

    def decide_to_quit(self) -> None:
        """Close without asking."""
        self._decided = True

    def is_waiting(self) -> bool:
        """True while the window stays only until its runs are saved."""
        return self._waiting is not None

    def may_close(self) -> bool:
        """True when nothing is lost by closing now; otherwise asks, and closes later if that was the answer."""
        if self._decided or not self._parts.queue.is_busy():
            return True
        if self._waiting is None:
            queue = self._parts.queue
            answer = ask_about_runs(len(queue.active()), len(queue.here()), queue.is_busy, self._window)
            if answer == "over":
                return True
            if answer in PATIENCE:
                self._end(answer)
        return self._decided

    def quit_for_later(self) -> None:
        """The session ends, or the program was asked to: where the runs are is kept without a question."""
        if self._parts.queue.is_busy() and not self._decided and self._waiting is None:
            self._end("later")
        elif self._waiting is None:
            self._window.close()

    def quit_at_once(self) -> None:
        """The desktop waits for this program before the session ends: kept before this returns."""
        self._parts.queue.close("later", SESSION)
        self._leave()

    def _end(self, how: str) -> None:
        queue = self._parts.queue
        leaving = quit_words(how, len(queue.active()), len(queue.here()))
        self._waiting = Waiting(how, leaving, self._window)
        self._waiting.quit_now.connect(self._leave)
        self._waiting.show()
        queue.close(how, 0.0)  # said at once, because Quit now may come before the background has a thread to wait in
        self._parts.background.run(lambda cancelled: queue.close(how, PATIENCE[how]), self._leave, self._leave)

    def _leave(self, ended: object = None) -> None:
        self.decide_to_quit()
        if self._waiting is not None:
            self._waiting.hide()
        self._window.close()

    def close_parts(self) -> None:
        """End every thread, waiting for none. What still trains is left as interrupted or, after "later", in line; its
        curve is saved up to now. Once only."""
        if self._done:
            return
        self._done = True
        parts = self._parts
        parts.live.stop()
        parts.machines.close()
        parts.background.close()
        parts.downloads.close()
        parts.queue.close("abandon", 0.0)
        parts.library.close()
        parts.settings.sync()
