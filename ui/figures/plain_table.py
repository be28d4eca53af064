"""A table that lies on the page like text: no frame, no grid, as high as its rows."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractItemModel, QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QMenu, QSizePolicy, QWidget

from ui.figures.figure_export import FigureActions
from ui.widgets.frame import SlimScrollBar
from ui.widgets.quiet import QuietTable
from ui.widgets.text import plain

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()


class HeadedModel(QAbstractTableModel):
    """Headings over columns of words."""

    def __init__(self) -> None:
        super().__init__()
        self.heads: list[str] = []

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or section >= len(self.heads):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return said(self.heads[section], role)


def said(words: str, role: int) -> str | None:
    """What a cell shows, also where it is cut and the whole text is its tooltip."""
    if role == Qt.ItemDataRole.ToolTipRole:
        return plain(words)
    return words if role == Qt.ItemDataRole.DisplayRole else None


class PlainTable(QuietTable):
    """most_rows: it scrolls beyond so many. A subclass says in `copy` what Ctrl+C does."""

    most_rows = 1000

    def __init__(self, model: QAbstractItemModel, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBar(SlimScrollBar())
        self.setHorizontalScrollBar(SlimScrollBar(Qt.Orientation.Horizontal))
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.horizontalHeader().setHighlightSections(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def content_width(self) -> int:
        """Pixels that all columns take."""
        return self.horizontalHeader().length()

    def sizeHint(self) -> QSize:
        rows = min(max(1, self.model().rowCount()), self.most_rows)
        line, head = self.verticalHeader().defaultSectionSize(), self.horizontalHeader().sizeHint().height()
        bar = self.horizontalScrollBar().sizeHint().height() if self.content_width() > self.width() else 0
        return QSize(320, head + rows * line + bar + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def copy(self) -> None:
        """What Ctrl+C does; nothing unless a subclass says it."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)


class FigureTable(PlainTable):
    """One that can be copied and saved like a figure; a subclass is a `figure_export.Figure`."""

    def __init__(self, model: QAbstractItemModel, name: str, parent: QWidget | None = None) -> None:
        super().__init__(model, name, parent)
        self.menu = QMenu(self)
        self._exports = FigureActions(self, self)  # type: ignore[arg-type]
        self.menu.addActions(self._exports.actions)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(lambda at: self.menu.popup(self.viewport().mapToGlobal(at)))

    def copy(self) -> None:
        self._exports.copy_numbers()
