"""The window's quiet furniture: thin scroll bars and splitters, and buttons of which one is chosen."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QEnterEvent, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QPushButton,
    QScrollArea,
    QScrollBar,
    QSizePolicy,
    QSplitter,
    QSplitterHandle,
    QStackedWidget,
    QWidget,
)

from ui import theme
from ui.widgets.card import RADIUS, paint_focus


class SlimScrollBar(QScrollBar):
    """A scroll bar that is narrower than the style's."""

    WIDTH = 10

    def __init__(self, orientation: Qt.Orientation = Qt.Orientation.Vertical, parent: QWidget | None = None) -> None:
        super().__init__(orientation, parent)
        upright = orientation == Qt.Orientation.Vertical
        (self.setFixedWidth if upright else self.setFixedHeight)(self.WIDTH)


class SlimArea(QScrollArea):
    """A view without a frame: what is in it has the view's size, and scrolls where it needs more."""

    def __init__(self, widget: QWidget | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the focus of what is in it
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBar(SlimScrollBar())
        self.setHorizontalScrollBar(SlimScrollBar(Qt.Orientation.Horizontal))
        if widget is not None:
            self.setWidget(widget)


class WordsArea(SlimArea):
    """Scrolls up and down only: what is in it is as wide as the view, so that words wrap instead of being cut."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._content = widget
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._content.setMaximumWidth(self.viewport().width())
        super().resizeEvent(event)


class Pages(QStackedWidget):
    """Several pages of which one is shown; it asks for the room that this one needs, whatever the others do."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(lambda _: self.updateGeometry())

    def minimumSizeHint(self) -> QSize:
        page = self.currentWidget()
        return page.minimumSizeHint().expandedTo(page.minimumSize()) if page is not None else QSize()

    sizeHint = minimumSizeHint

    def heightForWidth(self, width: int) -> int:
        page = self.currentWidget()
        inside = page.layout() if page is not None else None
        least = self.minimumSizeHint().height()
        return max(least, inside.minimumHeightForWidth(width)) if inside is not None else least


class _Handle(QSplitterHandle):
    """A thin line with a wide grip."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        role = "accent" if self.underMouse() else "border"
        middle = self.rect().center()
        if self.orientation() == Qt.Orientation.Horizontal:
            painter.fillRect(QRect(middle.x(), 0, 1, self.height()), theme.colour(role))
        else:
            painter.fillRect(QRect(0, middle.y(), self.width(), 1), theme.colour(role))

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()


class ThinSplitter(QSplitter):
    """A splitter whose handles are thin lines. The window remembers its sizes under its name; the last part stretches
    unless another does."""

    def __init__(self, name: str, *parts: QWidget, orientation: Qt.Orientation = Qt.Orientation.Horizontal) -> None:
        super().__init__(orientation)
        self.setObjectName(name)
        self.setChildrenCollapsible(False)
        self.setHandleWidth(7)
        for part in parts:
            self.addWidget(part)
        if parts:
            self.setStretchFactor(len(parts) - 1, 1)

    def createHandle(self) -> QSplitterHandle:
        return _Handle(self.orientation(), self)


class Segment(QPushButton):
    """One of a row of buttons of which exactly one is chosen (put them in a QButtonGroup). narrow: its words in two
    lines, for where they do not fit into one of small letters either; all of its group are written alike."""

    def __init__(self, text: str, parent: QWidget | None = None, narrow: str = "") -> None:
        super().__init__(text, parent)
        self._narrow = narrow
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)  # else the longest is cut first

    def sizeHint(self) -> QSize:
        """As wide when it is chosen, and so bold, as when it is not."""
        return QSize(
            QFontMetrics(theme.font(bold=True)).horizontalAdvance(self.text()) + 24, 36 if self._narrow else 32
        )

    def minimumSizeHint(self) -> QSize:
        least, small = self.sizeHint() - QSize(14, 0), QFontMetrics(theme.font("small", bold=True))
        lines = [small.horizontalAdvance(line) + 8 for line in self._narrow.splitlines()]
        return QSize(max(lines, default=least.width()), least.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = self.isChecked()
        painter.setPen(QPen(theme.colour("accent" if chosen else "border"), 1.5 if chosen else 1.0))
        ground = "selected" if chosen else ("hover" if self.underMouse() else "card")
        painter.setBrush(theme.colour(ground))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        self._paint_words(painter, chosen)
        if self.hasFocus():
            paint_focus(self)

    def _paint_words(self, painter: QPainter, chosen: bool) -> None:
        size, words = self.written()
        painter.setFont(theme.font(size, bold=chosen))
        painter.setPen(theme.colour("text"))
        if words == self.text():
            words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, self.width() - 8)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, words)

    def written(self) -> tuple[str, str]:
        """The size of its letters, and its words as they stand there."""
        group = self.group()
        beside = group.buttons() if group is not None else [self]
        step = max((one._step() for one in beside if isinstance(one, Segment)), default=0)
        return "small" if step else "body", self._narrow if step > 1 else self.text()

    def _step(self) -> int:
        """0: its words fit; 1: in small letters; 2: in two lines."""
        if not self._narrow or self.width() >= self.sizeHint().width() - 14:
            return 0
        small = QFontMetrics(theme.font("small", bold=True))
        return 1 if self.width() >= small.horizontalAdvance(self.text()) + 6 else 2
