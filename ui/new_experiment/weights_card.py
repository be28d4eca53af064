"""Weights to start from, published or of a saved run: what they were trained on, and whether they are here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QProgressBar, QPushButton, QWidget

from engine.backbones.info import WeightsInfo
from engine.comparison.wording import figure, marked, size
from engine.events import RunState
from engine.naming import data_title
from ui import icons
from ui.widgets.card import ChoiceCard
from ui.widgets.layouts import in_row

if TYPE_CHECKING:
    from storage.store import RunRow, RunStore

STATES = {
    "none needed": ("", "muted"), "bundled": ("bundled", "good"), "on this machine": ("on this machine", "good"),
    "installed": ("came with the installation", "good"),
}  # fmt: skip


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
        badge = info.state if info.here else f"needs {info.needs}" if info.needs else "not here"
        return cls(info.name, info.title, facts, badge, needed)

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


@dataclass(frozen=True)
class OwnWeights:
    """A saved run whose network can be started from."""

    key: str
    title: str
    facts: str


def own_weights(store: RunStore, backbone: str) -> list[OwnWeights]:
    """Every run of this backbone that has ended and whose weights are there, newest first."""
    return [_own(run) for run in store.runs() if _can_be_started_from(store, run, backbone)]


def _can_be_started_from(store: RunStore, run: RunRow, backbone: str) -> bool:
    ended = run.state in (RunState.FINISHED, RunState.STOPPED)
    if not ended or run.experiment.backbone.name != backbone:
        return False
    return any((store.directory(run) / file).is_file() for file in ("best.safetensors", "last.safetensors"))


def _own(run: RunRow) -> OwnWeights:
    side = run.experiment.backbone.image_size
    at = f" at {side} px" if side else ""
    test = run.test
    result = f", {marked(figure(test.metric, test.value), test.notes)} in its test" if test is not None else ""
    return OwnWeights(f"run:{run.uid}", run.name, f"Trained on {data_title(run.experiment)}{at}{result}")
