"""One of the page's columns: a heading, and content that scrolls when it does not fit."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QStyle, QVBoxLayout, QWidget

from ui import theme
from ui.widgets.frame import SlimArea, SlimScrollBar
from ui.widgets.layouts import in_column, in_row
from ui.widgets.notice import NoticeBar
from ui.widgets.text import Text


class StepMark(QWidget):
    """A number in a circle."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self._step = step
        self.setFixedSize(22, 22)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("selected"))
        painter.drawEllipse(self.rect())
        painter.setPen(theme.colour("accent"))
        painter.setFont(theme.font("small", bold=True))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, str(self._step))


class Column(QWidget):
    """`body` takes the scrolled content, `foot` what always stays visible under it, `notice` what has to be said about
    it. step: its place among the columns."""

    def __init__(self, title: str, step: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(f"Step {step}: {title}")
        self.heading = Text(title, "heading", bold=True, wrap=False)
        head = in_row(StepMark(step), (self.heading, 1), gap=8, edges=(16, 12, 16, 4))
        self._content = QWidget()
        # The height comes from the width the column has, not from the least width its text could have.
        self._content.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        self.body = in_column(owner=self._content, gap=theme.GRID, edges=(16, 8, 8, 16))
        self.area = SlimArea(self._content)
        self.area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # its place does not come and go
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.notice = NoticeBar(self.area, self.body)
        self.foot = QVBoxLayout()
        beside = self.area.style().pixelMetric(QStyle.PixelMetric.PM_ScrollView_ScrollBarSpacing, None, self.area)
        self.foot.setContentsMargins(16, 0, 8 + SlimScrollBar.WIDTH + beside, 16)  # as wide as the content
        in_column(head, (self.area, 1), self.foot, owner=self, gap=0)
        self.area.viewport().installEventFilter(self)
        self.area.verticalScrollBar().valueChanged.connect(lambda _: self._hold())

    def finish(self) -> None:
        """Call after the last widget was added: content stays at the top."""
        self.body.addStretch(1)

    def reveal(self, widget: QWidget) -> None:
        """Scroll to this widget once everything has its place."""

        def scroll() -> None:
            self.body.activate()
            self.area.ensureWidgetVisible(widget)

        QTimer.singleShot(0, widget, scroll)

    def _hold(self) -> None:
        """What is scrolled to stays where it is when words below it become fewer."""
        self._content.setMinimumHeight(self.area.verticalScrollBar().value() + self.area.viewport().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Content is exactly as wide as its view, so that text wraps instead of being cut."""
        if event.type() == QEvent.Type.Resize:
            self._content.setMaximumWidth(self.area.viewport().width())
            self._hold()
        return False


def chain(*widgets: QWidget) -> None:
    """Make Tab go through these in order, each followed by its mark; needed where some are made later than others."""
    marked = [(widget, getattr(widget, "reset_mark", None)) for widget in widgets]
    for before, after in pairwise(one for pair in marked for one in pair if one is not None):
        QWidget.setTabOrder(before, after)


def caption(text: str) -> Text:
    """A small heading inside a column."""
    result = Text(text, "small", "muted", bold=True)
    result.setContentsMargins(0, 8, 0, 0)
    return result
