"""Shifts to choose several of: a row for each kind, a box for each severity."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from engine.data.shifts import ALL_OR_NOTHING, KINDS, NAMES, SEVERITIES, describe
from engine.experiment import Shift, ShiftKind
from ui import theme

BOX = 24  # height of a box's cell
LEAST, WIDEST = 18, 24  # width
USUAL = 3  # severity of a shift that has none of its own
Cell = tuple[int, int]


class PlainHeader(QHeaderView):
    """Names beside or above the boxes, without the look of buttons."""

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:
        text = self.model().headerData(logicalIndex, self.orientation())
        sideways = self.orientation() == Qt.Orientation.Vertical
        across = Qt.AlignmentFlag.AlignLeft if sideways else Qt.AlignmentFlag.AlignHCenter
        painter.setPen(theme.colour("text" if sideways else "muted"))
        painter.drawText(rect, across | Qt.AlignmentFlag.AlignVCenter, str(text))


class Box(QStyledItemDelegate):
    """A box alone: the style's own mark of the current cell would stand beside it."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        option.state &= ~QStyle.StateFlag.State_HasFocus


class SeverityTable(QTableWidget):
    """Arrow keys move, Space and a click switch. changed: by a person, not by `set_chosen`."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(len(KINDS), len(SEVERITIES), parent)
        self._chosen: list[Shift] = []
        self.setAccessibleName("Also test on")
        self.setFont(theme.font("small"))
        self._dress()
        for row, kind in enumerate(KINDS):
            self.setVerticalHeaderItem(row, QTableWidgetItem(NAMES[kind]))
            for column, severity in enumerate(SEVERITIES):
                if kind not in ALL_OR_NOTHING or column == 0:
                    self._add(row, column, Shift(kind=kind, severity=severity))
            if kind in ALL_OR_NOTHING:
                self.setSpan(row, 0, 1, len(SEVERITIES))
        self.itemChanged.connect(self._switch)

    def _dress(self) -> None:
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setTabKeyNavigation(False)
        self.setItemDelegate(Box(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.viewport().setAutoFillBackground(False)
        self.setHorizontalHeader(PlainHeader(Qt.Orientation.Horizontal))
        self.setVerticalHeader(PlainHeader(Qt.Orientation.Vertical))
        for corner in self.findChildren(QAbstractButton):  # between the headers
            corner.installEventFilter(self)
        self.setHorizontalHeaderLabels([str(severity) for severity in SEVERITIES])
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.viewport().setAutoFillBackground(False)
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setMinimumSectionSize(LEAST)
            header.setDefaultSectionSize(BOX)

    def _add(self, row: int, column: int, shift: Shift) -> None:
        item = QTableWidgetItem()
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Unchecked)
        item.setToolTip(describe(shift))
        item.setData(Qt.ItemDataRole.AccessibleTextRole, describe(shift))
        self.setItem(row, column, item)

    def show_kinds(self, kinds: Sequence[ShiftKind]) -> None:
        """Rows of these kinds, and of what is chosen already."""
        shown = {*kinds, *(shift.kind for shift in self._chosen)}
        for row, kind in enumerate(KINDS):
            self.setRowHidden(row, kind not in shown)
        self.updateGeometry()

    def chosen(self) -> tuple[Shift, ...]:
        """In the order in which they were chosen."""
        return tuple(self._chosen)

    def set_chosen(self, shifts: Sequence[Shift]) -> None:
        """Show these, whatever was chosen before."""
        blocker = QSignalBlocker(self)
        self._chosen = list(shifts)
        for row in range(self.rowCount()):
            for column in range(self.columnCount()):
                if item := self.item(row, column):
                    held = any(_place(shift) == (row, column) for shift in shifts)
                    item.setCheckState(Qt.CheckState.Checked if held else Qt.CheckState.Unchecked)
        blocker.unblock()

    def _switch(self, item: QTableWidgetItem) -> None:
        place = (item.row(), item.column())
        self._chosen = [shift for shift in self._chosen if _place(shift) != place]
        if item.checkState() == Qt.CheckState.Checked:
            kind = KINDS[place[0]]
            severity = USUAL if kind in ALL_OR_NOTHING else SEVERITIES[place[1]]
            self._chosen.append(Shift(kind=kind, severity=severity))
        self.changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.viewport().width() // self.columnCount()
        self.horizontalHeader().setDefaultSectionSize(max(LEAST, min(WIDEST, room)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The corner stays empty."""
        return event.type() == QEvent.Type.Paint

    def sizeHint(self) -> QSize:
        return QSize(200, self.horizontalHeader().sizeHint().height() + self._rows() * BOX + 2)

    minimumSizeHint = sizeHint

    def _rows(self) -> int:
        """That are shown."""
        return sum(not self.isRowHidden(row) for row in range(self.rowCount()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The boxes, and a ring around the one that the keyboard is on."""
        super().paintEvent(event)
        if self.hasFocus() and self.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange):
            painter = QPainter(self.viewport())
            painter.setPen(QPen(theme.colour("accent"), 1.0, Qt.PenStyle.DotLine))
            painter.drawRect(self.visualRect(self.currentIndex()).adjusted(1, 1, -2, -2))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the column scrolls


def _place(shift: Shift) -> Cell:
    return KINDS.index(shift.kind), 0 if shift.kind in ALL_OR_NOTHING else SEVERITIES.index(shift.severity)
