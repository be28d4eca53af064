"""Weights to start from, published or of a saved run: what they were trained on, and whether they are here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from engine.backbones.info import WeightsInfo
from engine.comparison.wording import figure, marked, size
from engine.events import RunState
from engine.naming import data_title
from ui.downloads.line import DownloadLine
from ui.widgets.card import ChoiceCard

if TYPE_CHECKING:
    from storage.store import RunRow, RunStore

STATES = {
    "none needed": ("", "muted"), "bundled": ("bundled", "good"), "on this machine": ("on this machine", "good"),
    "installed": ("came with the installation", "good"),
}  # fmt: skip


class WeightsCard(ChoiceCard):
    """download: the line with the button, of weights that are not here."""

    def __init__(self, key: str, title: str, facts: str, badge: str, parent: QWidget | None = None) -> None:
        super().__init__(key, title, facts, "", parent)
        words, role = STATES.get(badge, (badge, "muted"))
        self.set_badge(words, role)
        self.download: DownloadLine | None = None

    @classmethod
    def of(cls, info: WeightsInfo) -> WeightsCard:
        """The card of published weights."""
        if info.kind == "random":
            return cls(info.name, info.title, "Nothing was learned before.", info.state)
        if info.kind == "own":
            return cls(info.name, info.title, f"Your file: {info.how}", "yours")
        how = "Meta-learned" if info.kind == "meta-learned" else "Trained with labels"
        weight = f" · {size(info.bytes)}".replace(" kB", "\u00a0kB").replace(" MB", "\u00a0MB") if info.bytes else ""
        facts = f"{how} on {info.trained_on} · {info.licence}{weight}"
        badge = info.state if info.here else f"needs {info.needs}" if info.needs else "not here"
        return cls(info.name, info.title, facts, badge)

    def offer(self, line: DownloadLine) -> None:
        """They can be downloaded."""
        self.download = line
        self.body.addWidget(line)


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
