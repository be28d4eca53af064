"""A button to download one thing where it is offered, with its bar; it follows what the list of downloads says."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QProgressBar, QWidget

from engine.comparison.wording import size
from engine.downloads.entries import Download
from ui.downloads.downloads import OFFLINE_WORDS, Downloads
from ui.downloads.words import progress
from ui.widgets.buttons import button
from ui.widgets.layouts import in_row

DEEDS = {"waiting": "Cancel", "at work": "Cancel", "stopped": "Go on", "failed": "Try again"}


class DownloadLine(QWidget):
    """key: what it is called on the list. octets: of all its files, 0 when not stated. ask: puts it in line; called
    by a click alone."""

    def __init__(
        self, downloads: Downloads, key: str, title: str, octets: int, ask: Callable[[], object],
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._downloads, self.key, self._title, self._ask = downloads, key, title, ask
        self._first = f"Download {size(octets)}" if octets else "Download"
        self.button = button(self._first, "download", clicked=self._act)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Download progress")
        in_row((self.bar, 1), self.button, owner=self, edges=(0, 4, 0, 0))
        downloads.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """As it is now; nothing may be asked of a network while the window works offline."""
        one = self._downloads.entry(self.key)
        deed = DEEDS.get(one.state, self._first) if one is not None else self._first
        under_way = one is not None and one.state in DEEDS
        self.bar.setVisible(under_way)
        if one is not None and under_way:
            self._show_far(one)
        closed = self._downloads.offline and deed != "Cancel"
        tip = OFFLINE_WORDS if closed else progress(one) if one is not None and under_way else ""
        self.button.setText(deed)
        self.button.setAccessibleName(f"{deed}: {self._title}")
        self.button.setEnabled(not closed)
        self.button.setToolTip(tip)
        self.button.setAccessibleDescription(tip)

    def _show_far(self, one: Download) -> None:
        self.bar.setRange(0, 1000 if one.fraction is not None or one.state != "at work" else 0)
        self.bar.setValue(round(1000 * (one.fraction or 0.0)))

    def _act(self) -> None:
        one = self._downloads.entry(self.key)
        if one is not None and one.state in ("waiting", "at work"):
            self._downloads.cancel(self.key)
        elif one is not None and one.state in ("stopped", "failed"):
            self._downloads.ask(one.wanted)
        else:
            self._ask()
