"""Before a host is asked for the first time: what, how much, from where, under which terms, where to."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QMessageBox, QWidget

from engine.downloads.wanted import Wanted

KNOWN = "downloads/hosts"


class Consent:
    """Asks once for each host, in a dialog that the window does not wait for; what was answered is remembered."""

    def __init__(self, settings: QSettings, window: QWidget) -> None:
        self._settings, self._window = settings, window
        self.box: QMessageBox | None = None

    def is_given(self, wanted: Wanted) -> bool:
        return set(wanted.hosts) <= self._known()

    def ask(self, wanted: Wanted, then: Callable[[], object]) -> None:
        """`then` follows at once, after a yes, or never."""
        if self.is_given(wanted):
            then()
            return
        from ui.downloads import words

        box = self.box = QMessageBox(self._window, icon=QMessageBox.Icon.Question)
        box.setWindowTitle("Download")
        box.setText(f"Download {wanted.title}?")
        box.setInformativeText(f"{words.before(wanted)} You are asked once for each host.")
        yes = box.addButton("Download", QMessageBox.ButtonRole.AcceptRole)
        box.setEscapeButton(box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole))
        box.setDefaultButton(yes)
        box.accepted.connect(lambda: self._agree(wanted, then))
        box.finished.connect(box.deleteLater)
        box.open()

    def _agree(self, wanted: Wanted, then: Callable[[], object]) -> None:
        self._settings.setValue(KNOWN, " ".join(sorted(self._known() | set(wanted.hosts))))
        then()

    def _known(self) -> set[str]:
        return set(str(self._settings.value(KNOWN, "")).split())
