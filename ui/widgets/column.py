"""One of the page's columns: a heading, and content that scrolls when it does not fit."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from ui import theme
from ui.widgets.frame import SlimArea
from ui.widgets.text import Text


class Column(QWidget):
    """`body` takes the scrolled content, `foot` what always stays visible under it."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(title)
        self.heading = Text(title, "heading", bold=True, wrap=False)
        self.heading.setContentsMargins(16, 12, 16, 4)
        self._content = QWidget()
        # The height comes from the width the column has, not from the least width its text could have.
        self._content.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        self.body = QVBoxLayout(self._content)
        self.body.setContentsMargins(16, 8, 16, 16)
        self.body.setSpacing(theme.GRID)
        self.area = SlimArea(self._content)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.foot = QVBoxLayout()
        self.foot.setContentsMargins(16, 0, 16, 16)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.heading)
        column.addWidget(self.area, 1)
        column.addLayout(self.foot)
        self.area.viewport().installEventFilter(self)

    def finish(self) -> None:
        """Call after the last widget was added: content stays at the top."""
        self.body.addStretch(1)

    def reveal(self, widget: QWidget) -> None:
        """Scroll to this widget once everything has its place."""

        def scroll() -> None:
            self.body.activate()
            self.area.ensureWidgetVisible(widget)

        QTimer.singleShot(0, widget, scroll)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Content is exactly as wide as its view, so that text wraps instead of being cut."""
        if event.type() == QEvent.Type.Resize:
            self._content.setMaximumWidth(self.area.viewport().width())
        return False


def chain(*widgets: QWidget) -> None:
    """Make Tab go through these in order; needed where some are made later than others."""
    for before, after in pairwise(widgets):
        QWidget.setTabOrder(before, after)


def caption(text: str) -> Text:
    """A small heading inside a column."""
    result = Text(text, "small", "muted", bold=True, wrap=False)
    result.setContentsMargins(0, 8, 0, 0)
    return result
