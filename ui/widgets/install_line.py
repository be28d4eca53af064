"""A line that installs what one thing needs by a click, and says how far that is."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from engine.machine.extras import Extra
from ui.background import Background
from ui.widgets.buttons import button
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Elided

INSTALL = "Install {}"
FAILED = "It could not be installed."


class InstallVoice(QObject):
    """Speaks from the thread at work, also when nobody listens any more."""

    said = Signal(str)


class InstallLine(QWidget):
    """installed: by the click. refused(sentence): why not. into: where it comes, and how large it is."""

    installed, refused = Signal(), Signal(str)

    def __init__(self, extra: Extra, package: str, into: str, background: Background) -> None:
        super().__init__()
        self._extra, self._background, self._key = extra, background, f"installing {id(self)}"
        self.go = button(INSTALL.format(package), "", into, self._install)
        self.status, self.busy = Elided("", role="muted"), QWidget()
        bar = QProgressBar(minimum=0, maximum=0, textVisible=False)
        cancel = button("Cancel", "stop", "Nothing is left of it", self.cancel)
        in_row((self.status, 1), bar, cancel, owner=self.busy, gap=8)
        in_column(in_row(self.go, ..., gap=8), self.busy, owner=self, gap=8)
        self.cancel()

    def cancel(self) -> None:
        """pip is ended, where it runs."""
        self._background.cancel(self._key)
        self._show(False)

    def _install(self) -> None:
        voice, extra = InstallVoice(), self._extra
        voice.said.connect(self.status.setText)

        def work(cancelled: Callable[[], bool]) -> None:
            extra.install(voice.said.emit, cancelled)

        self.status.setText("Installing")
        self._show(True)
        self.refused.emit("")
        failed = self._background.saying(self._refuse, FAILED)
        self._background.run(work, lambda _: self._end(), failed, self._key, long=True)

    def _end(self) -> None:
        self._show(False)
        self.installed.emit()

    def _refuse(self, words: str) -> None:
        self._show(False)
        self.refused.emit(words)

    def _show(self, busy: bool) -> None:
        self.busy.setVisible(busy)
        self.go.setEnabled(not busy)
