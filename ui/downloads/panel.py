"""All downloads in one place: what is at work, waits, was stopped or failed, and where everything goes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QWidget

from ui.downloads.card import DownloadCard
from ui.downloads.downloads import OFFLINE_WORDS, Downloads
from ui.widgets.buttons import button
from ui.widgets.folders import show_folder
from ui.widgets.frame import SlimArea
from ui.widgets.layouts import in_column, in_row
from ui.widgets.place import fit
from ui.widgets.text import Text

NOTHING = "Nothing was asked for. Data sets and weights that are not on this machine have a button to download them."


class DownloadsPanel(QWidget):
    """A card for each, the newest last. Follows `downloads` for as long as it lives."""

    def __init__(self, downloads: Downloads, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._downloads = downloads
        self.cards: dict[str, DownloadCard] = {}
        self.offline = Text(OFFLINE_WORDS, role="warning")
        self.empty = Text(NOTHING, role="muted")
        self.clear = button("Clear finished", tip="Off the list; the files stay", clicked=self._clear)
        inner = QWidget()
        self._list = in_column(gap=8)
        in_column(self.empty, self._list, ..., owner=inner, edges=(0, 0, 8, 0))
        in_column(self.offline, (SlimArea(inner), 1), in_row(..., self.clear), owner=self, gap=8)
        downloads.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Cards for what is on the list now, each as it is now."""
        entries = {one.key: one for one in self._downloads.entries()}
        for key in [key for key in self.cards if key not in entries]:
            card = self.cards.pop(key)
            self._list.removeWidget(card)
            card.hide()
            card.deleteLater()
        for key, one in entries.items():
            if key not in self.cards:
                self._add(key)
            self.cards[key].show_download(one, self._downloads.offline)
        self.offline.setVisible(self._downloads.offline)
        self.empty.setVisible(not entries)
        self.clear.setEnabled(any(one.state == "done" for one in entries.values()))

    def _add(self, key: str) -> None:
        card = self.cards[key] = DownloadCard()
        card.acted.connect(lambda: self._act(key))
        card.removed.connect(lambda: self._downloads.remove(key))
        self._list.addWidget(card)

    def _act(self, key: str) -> None:
        """What the card's button says."""
        one = self._downloads.entry(key)
        if one is None:
            return
        if one.state in ("waiting", "at work"):
            self._downloads.cancel(key)
        elif one.state == "done":
            show_folder(one.wanted.folder)
        else:
            self._downloads.ask(one.wanted)

    def _clear(self) -> None:
        for one in self._downloads.entries():
            if one.state == "done":
                self._downloads.remove(one.key)


class DownloadsDialog(QDialog):
    """The panel in a window of its own, beside which one goes on working."""

    def __init__(self, downloads: Downloads, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Downloads")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.panel = DownloadsPanel(downloads)
        buttons = QDialogButtonBox()
        buttons.addButton("Close", QDialogButtonBox.ButtonRole.RejectRole)
        buttons.rejected.connect(self.reject)
        in_column((self.panel, 1), buttons, owner=self, gap=8, edges=16)
        fit(self, 620, 440)


def show_downloads(downloads: Downloads, window: QWidget) -> None:
    """In a window of its own; one is enough."""
    (window.findChild(DownloadsDialog) or DownloadsDialog(downloads, window)).show()
