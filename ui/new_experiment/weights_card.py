"""One set of weights to start from: what it was trained on, its licence, and whether it is on this machine."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QProgressBar, QPushButton, QWidget

from engine.backbones.info import WeightsInfo
from engine.comparison.wording import size
from ui import icons
from ui.widgets.card import ChoiceCard
from ui.widgets.layouts import in_row

STATES = {"none needed": ("", "muted"), "bundled": ("bundled", "good"), "on this machine": ("on this machine", "good")}


class WeightsCard(ChoiceCard):
    """With a button to download when the weights are not here. progressed: a fraction, from any thread."""

    progressed = Signal(float)

    def __init__(
        self, key: str, title: str, facts: str, badge: str, download_bytes: int = 0, parent: QWidget | None = None
    ) -> None:
        super().__init__(key, title, facts, "", parent)
        words, role = STATES.get(badge, (badge, "muted"))
        self.set_badge(words, role)
        self._bytes = download_bytes
        self.download: QPushButton | None = None
        self.is_loading = False
        if download_bytes:
            self._add_download()
        self.progressed.connect(self.show_progress, Qt.ConnectionType.QueuedConnection)

    @classmethod
    def of(cls, info: WeightsInfo) -> WeightsCard:
        """The card of published weights."""
        if info.kind == "random":
            return cls(info.name, info.title, "Nothing was learned before.", info.state)
        how = "Meta-learned" if info.kind == "meta-learned" else "Trained with labels"
        weight = f" · {size(info.bytes)}".replace(" kB", "\u00a0kB").replace(" MB", "\u00a0MB") if info.bytes else ""
        facts = f"{how} on {info.trained_on} · {info.licence}{weight}"
        needed = info.bytes if info.state == "download" else 0
        return cls(info.name, info.title, facts, "not here" if needed else info.state, needed)

    def _add_download(self) -> None:
        row = QWidget(self)
        self.download = QPushButton(f"Download {size(self._bytes)}", row)
        self.download.setAccessibleName(f"Download {self.title.text()}, {size(self._bytes)}")
        icons.dress(self.download, "download")
        self.bar = QProgressBar(row)
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Download progress")
        self.bar.hide()
        in_row((self.bar, 1), self.download, owner=row, edges=(0, 4, 0, 0))
        self.body.addWidget(row)

    def show_progress(self, fraction: float | None) -> None:
        """None: nothing is being downloaded."""
        if self.download is None or (fraction and not self.is_loading):
            return
        self.is_loading = fraction is not None
        self.bar.setVisible(self.is_loading)
        self.bar.setValue(round((fraction or 0.0) * 1000))
        self.download.setText("Cancel" if self.is_loading else f"Download {size(self._bytes)}")
