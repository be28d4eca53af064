"""A row of segments, and pages of which the chosen one is seen."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QWidget

from ui.widgets.frame import Segment
from ui.widgets.layouts import one_of
from ui.widgets.reflow import FlowLayout


class Tabbed:
    """row, pages: to be laid out by the owner. segments: by title."""

    def __init__(self, owner: QWidget) -> None:
        self.row, self.pages = FlowLayout(spacing=4), one_of()
        self.segments: dict[str, Segment] = {}
        self._group = QButtonGroup(owner)

    def add(self, title: str, page: QWidget) -> None:
        """The first is seen until another is chosen."""
        segment = Segment(title)
        segment.clicked.connect(lambda _=False: self.pages.setCurrentWidget(page))
        segment.setChecked(not self.segments)
        self._group.addButton(segment)
        self.row.addWidget(segment)
        self.pages.addWidget(page)
        self.segments[title] = segment

    def show(self, title: str) -> None:
        self.segments[title].click()

    def count(self, title: str, number: int) -> None:
        """How many its page holds, behind its title; nothing of none."""
        self.segments[title].setText(f"{title} ({number:,})" if number else title)
        self.segments[title].updateGeometry()
