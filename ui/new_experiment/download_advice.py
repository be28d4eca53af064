"""Under the advice: the one download that would be worth trying, and why. Nothing is fetched without a click."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.advice.adviser import DataFacts, Score
from engine.downloads.wanted import Wanted
from ui.downloads.line import DownloadLine
from ui.parts import Parts
from ui.widgets.layouts import in_column
from ui.widgets.text import Text

if TYPE_CHECKING:
    from engine.advice.worth_fetching import Fetch

WORTH, ASKED = "advice download", "advice wanted"  # keys of the background's work


class DownloadAdvice(QWidget):
    """Hidden where no download is likely to help. Looked up anew once something has arrived. listed: another one."""

    listed = Signal()

    def __init__(self, parts: Parts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._asked: tuple[DataFacts, Sequence[Score]] | None = None
        self.found: Fetch | None = None
        self.line: DownloadLine | None = None
        self.words = Text("", "small", "muted")
        self.column = in_column(self.words, owner=self, gap=4)
        self.hide()
        parts.downloads.arrived.connect(lambda _: self._look())

    def tab_order(self) -> tuple[QWidget, ...]:
        return () if self.line is None else (self.line.button,)

    def advise(self, facts: DataFacts, scores: Sequence[Score]) -> None:
        """For these images, as far as the networks that are here were measured on them."""
        asked = facts, scores
        if self._asked != asked:
            self._asked = asked
            self._look()

    def _look(self) -> None:
        if self._asked is None:
            return
        facts, scores = self._asked

        def look(cancelled: object) -> Fetch | None:
            from engine.advice.worth_fetching import worth_fetching
            from engine.backbones.shelf import rows

            return worth_fetching(facts, scores, rows())

        self._parts.background.run(look, self._show, lambda error: self._show(None), WORTH)

    def _show(self, found: Fetch | None) -> None:
        if found != self.found:
            self._drop()
            self.found = found
            if found is not None:
                self._offer(found)
            self.listed.emit()
        self.setVisible(found is not None)

    def _drop(self) -> None:
        if self.line is not None:
            self.column.removeWidget(self.line)
            self.line.hide()
            self.line.deleteLater()
            self.line = None

    def _offer(self, found: Fetch) -> None:
        from engine.backbones.download import key

        row = found.row
        self.line = DownloadLine(
            self._parts.downloads, key(row.backbone, row.weights), row.title, row.bytes,
            lambda: self._ask(row.backbone, row.weights),
        )  # fmt: skip
        self.column.insertWidget(0, self.line)  # above the words, whose length changes
        self.words.setText(found.why)

    def _ask(self, backbone: str, weights: str) -> None:
        def look(cancelled: object) -> Wanted | None:
            from engine.backbones.download import wanted

            return wanted(backbone, weights)

        def ask(found: Wanted | None) -> None:
            if found is not None:
                self._parts.downloads.ask(found)

        self._parts.background.run(look, ask, key=ASKED)
