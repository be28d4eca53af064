"""What stands in a row while there is room, and below each other where there is not."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLayout, QLayoutItem, QWidget

from ui.widgets.layouts import in_row


class FlowLayout(QLayout):
    """Items in lines as words in a text: each has the width it asks for, and what does not fit begins a line."""

    def __init__(self, *widgets: QWidget, owner: QWidget | None = None, spacing: int = 8) -> None:
        super().__init__(owner)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)
        for widget in widgets:
            self.addWidget(widget)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def add_row(self, *widgets: QWidget) -> None:
        """Widgets that stay together, such as a field and its label."""
        row = in_row(*widgets, gap=8)
        self.addChildLayout(row)
        self.addItem(row)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        lines = self._lines(width)
        return sum(height for _, height in lines) + self.spacing() * max(0, len(lines) - 1)

    def minimumSize(self) -> QSize:
        """That of the widest item, which is never divided."""
        size = QSize()
        for item in self._items:
            size = size if item.isEmpty() else size.expandedTo(item.minimumSize())
        return size

    def sizeHint(self) -> QSize:
        shown = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(size.width() for size in shown) + self.spacing() * max(0, len(shown) - 1)
        return QSize(width, max((size.height() for size in shown), default=0))

    def setGeometry(self, box: QRect) -> None:
        super().setGeometry(box)
        top = box.top()
        for line, height in self._lines(box.width()):
            left = box.left()
            for item in line:
                size = item.sizeHint()
                size.setWidth(min(size.width(), box.width()))
                item.setGeometry(QRect(QPoint(left, top + (height - size.height()) // 2), size))
                left += size.width() + self.spacing()
            top += height + self.spacing()

    def _lines(self, width: int) -> list[tuple[list[QLayoutItem], int]]:
        """(items, height) of each line."""
        lines: list[tuple[list[QLayoutItem], int]] = []
        left = 0
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint()
            if not lines or left + size.width() > width:
                lines.append(([], 0))
                left = 0
            line, height = lines[-1]
            line.append(item)
            lines[-1] = line, max(height, size.height())
            left += size.width() + self.spacing()
        return lines


class Beside(QWidget):
    """Widgets beside each other where each has `least` pixels, else below each other."""

    def __init__(self, *widgets: QWidget, least: int, spacing: int = 16) -> None:
        super().__init__()
        self._widgets, self._least = widgets, least
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(spacing)
        for widget in widgets:
            self._box.addWidget(widget, 1)

    def minimumSizeHint(self) -> QSize:
        """As narrow as the widest of them: they can always stand below each other."""
        shown = [
            place for widget in self._shown() if (place := self._box.itemAt(self._box.indexOf(widget))) is not None
        ]
        width = max((place.minimumSize().width() for place in shown), default=0)
        return QSize(width, self._box.totalMinimumSize().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        shown = len(self._shown())
        fits = event.size().width() >= shown * self._least + (shown - 1) * self._box.spacing()
        way = QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom
        if way != self._box.direction():
            self._box.setDirection(way)

    def _shown(self) -> list[QWidget]:
        return [widget for widget in self._widgets if not widget.isHidden()]
