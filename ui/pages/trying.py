"""Try it: a saved run at work on a person's own images and texts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QButtonGroup, QWidget

from engine.families import named
from storage.rows import RunRow
from ui.parts import Page, Parts
from ui.trying.hand.pane import HandPane
from ui.trying.images_pane import ImagesPane
from ui.trying.panes import PANES
from ui.widgets.frame import Segment
from ui.widgets.layouts import in_column, in_row, one_of, set_shown


class TryingPage(Page):
    """The panes beside each other, one of them seen; a single one needs no choice."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self.panes = {title: build(parts) for title, build in PANES.items()}
        self.stack = one_of(*self.panes.values())
        self.segments = QWidget()
        self._group = QButtonGroup(self)
        choices = [Segment(title) for title in self.panes]
        for place, choice in enumerate(choices):
            self._group.addButton(choice, place)
        choices[0].setChecked(True)
        self._group.idClicked.connect(self.stack.setCurrentIndex)
        in_row(*choices, ..., owner=self.segments, gap=8, edges=(16, 12, 16, 0))
        set_shown(self.segments, len(choices) > 1)
        in_column(self.segments, (self.stack, 1), owner=self, gap=0)
        self.addActions(list(self.images.deeds.actions.values()))

    @property
    def images(self) -> ImagesPane:
        pane = self.panes["Images and texts"]
        assert isinstance(pane, ImagesPane)
        return pane

    @property
    def by_hand(self) -> HandPane:
        pane = self.panes["Classes by hand"]
        assert isinstance(pane, HandPane)
        return pane

    def receive(self, request: Sequence[RunRow]) -> None:
        """Try these runs; one that has no classes of its own is given them by hand."""
        fixed = [row.id for row in request if named(row.family).divides == "images"]
        self._show(self.images if fixed else self.by_hand)
        if fixed:
            self.images.reading.choose(tuple(fixed))
        elif request:
            self.by_hand.want(request[0].uid)

    def _show(self, pane: QWidget) -> None:
        self._group.button(self.stack.indexOf(pane)).setChecked(True)
        self.stack.setCurrentWidget(pane)

    def find(self) -> None:  # type: ignore[override]
        self.images.runs.focus_filter()

    def is_settled(self) -> bool:
        return self.images.is_settled()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.images.reading.refresh()

    def leave(self) -> None:
        self.images.leave()

    def reset_layout(self) -> None:
        self.images.reset_layout()
