"""What a folder held when runs learnt from it, and what has changed in it since."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QStringListModel, Signal
from PySide6.QtWidgets import QListView, QWidget

from engine.comparison.wording import count
from ui.background import Background
from ui.data.left_out import APART, LineDelegate
from ui.listing.card_list import OnCard
from ui.widgets.buttons import button
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text

if TYPE_CHECKING:
    from engine.data.labelled_set import LabelledSet
    from storage.data_sets import DataSeen

KEY = "data page history"
NOTHING = "No run has learnt from it yet. Each will keep the list of what it had."
AS_NOW, NOT_KEPT, OTHERWISE = "as it is now", "its list was not kept", "its classes or parts were told otherwise"


@dataclass(frozen=True, slots=True)
class RunsHad:
    """What runs had. seen: the runs, the latest first. images: how many there were, None where no list was kept. words:
    what has changed since."""

    seen: DataSeen
    images: int | None
    words: str


class HistoryView(QWidget):
    """wanted(fingerprint): New experiment is to be set up with that list. changed(words): since the latest run, "" for
    nothing."""

    wanted = Signal(str)
    changed = Signal(str)

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self.past: list[RunsHad] = []
        self.words = Text(NOTHING)
        self.lines = QStringListModel()
        self.list = QListView()
        self.list.setModel(self.lines)
        self.list.setItemDelegate(LineDelegate(self.list))
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        OnCard(self.list, "What runs had")
        tip = "Set New experiment to exactly what this run had, as far as they are there"
        self.use = button("Repeat on this list", "redo", tip, self._use)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._adjust())
        in_column(in_row((self.words, 1), self.use, gap=8), (self.list, 1), (..., 0), owner=self, gap=8)
        self._what = ""
        self.show_past([])

    def look(self, data: LabelledSet, seen: Sequence[DataSeen]) -> None:
        """Compare what lies there now with what runs had, in the background."""

        def work(cancelled: Callable[[], bool]) -> list[RunsHad]:
            return [past_of(one, data) for one in seen if not cancelled()]

        self._what = data.what
        failed = self._background.saying(self.words.setText, "The lists could not be compared.")
        self._background.run(work, self.show_past, failed, key=KEY)

    def expect(self) -> None:
        self._background.cancel(KEY)
        self.show_past([])

    def show_past(self, past: list[RunsHad]) -> None:
        self.past = past
        self.lines.setStringList([line_of(one, self._what) for one in past])
        self.words.setText("What runs had, the latest first, and what has changed since." if past else NOTHING)
        self.list.setVisible(bool(past))
        self.use.setVisible(bool(past))
        self.list.setCurrentIndex(self.lines.index(0))
        self._adjust()
        latest = past[0] if past else None
        told = latest is not None and latest.words not in (AS_NOW, NOT_KEPT, OTHERWISE)
        self.changed.emit(f"Changed since {runs_of(latest.seen)}: {latest.words}." if latest and told else "")

    def _adjust(self) -> None:
        row = self.list.currentIndex().row()
        self.use.setEnabled(0 <= row < len(self.past) and self.past[row].images is not None)

    def _use(self) -> None:
        self.wanted.emit(self.past[self.list.currentIndex().row()].seen.fingerprint)


def past_of(seen: DataSeen, data: LabelledSet) -> RunsHad:
    """Reads a list; in the background."""
    from engine.data.lists import changes, kept, list_of

    before = kept(seen.fingerprint)
    if seen.fingerprint == data.fingerprint:
        return RunsHad(seen, len(data), AS_NOW)
    if before is None:
        return RunsHad(seen, None, NOT_KEPT)
    if seen.otherwise:
        return RunsHad(seen, len(before.names), OTHERWISE)
    return RunsHad(seen, len(before.names), changes(before, list_of(data)).words or "other names or another order")


def runs_of(seen: DataSeen) -> str:
    """ "run 12", "runs 12 and 11", "runs 12, 11 and 4 more"."""
    more = f" and {len(seen.runs) - 2} more" if len(seen.runs) > 2 else ""
    named = (", " if more else " and ").join(map(str, seen.runs[:2]))
    return f"run {named}" if len(seen.runs) == 1 else f"runs {named}{more}"


def line_of(past: RunsHad, what: str) -> str:
    """ "Run 3, 24 texts" and what has changed, for the list."""
    said = runs_of(past.seen)
    images = f", {count(past.images, what)}" if past.images is not None else ""
    return f"{said[0].upper()}{said[1:]}{images}{APART}{past.words}"
