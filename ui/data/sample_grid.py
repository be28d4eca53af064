"""All images of a set by class, as many as there may be: only what is seen is laid out, decoded and painted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from engine.comparison.wording import count
from ui import theme
from ui.background import Background
from ui.data.grid_rows import GAP, HEAD, GridRows
from ui.data.thumbnails import Thumbnails
from ui.widgets.frame import SlimScrollBar
from ui.widgets.text import show_tip

if TYPE_CHECKING:
    from engine.data.images import ImageSet

SIDE = 96  # pixels of a tile
STEPS = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1),
}  # fmt: skip


class SampleGrid(QAbstractScrollArea):
    """pointed(index): an image was chosen, -1 for none. opened(index): it is to be shown large."""

    pointed = Signal(int)
    opened = Signal(int)

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.thumbnails = Thumbnails(background, self)
        self.thumbnails.arrived.connect(self.viewport().update)
        self.order = np.zeros(0, dtype=np.int64)  # image indices as they stand
        self.names: tuple[str, ...] = ()
        self.current = -1  # place of the chosen image
        self._data: ImageSet | None = None
        self._counts = np.zeros(0, dtype=np.int64)
        self.rows = GridRows(np.zeros(0, dtype=np.int64), SIDE, 1)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBar(SlimScrollBar())
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Images by class")
        self.viewport().setMouseTracking(True)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)

    def show_set(self, data: ImageSet, chosen: np.ndarray | None = None, names: tuple[str, ...] | None = None,
                 sections: np.ndarray | None = None) -> None:  # fmt: skip
        """All images of a set by class; or those `chosen`, int64, in the `sections` called `names`."""
        self._data = data
        labels = data.labels if sections is None else sections
        indices = np.arange(len(data), dtype=np.int64) if chosen is None else chosen
        placed = np.argsort(labels, kind="stable")
        self.order, self.names = indices[placed], names or data.class_names
        self._counts = np.bincount(labels, minlength=len(self.names)).astype(np.int64)
        self.current = -1
        self.thumbnails.show_set(data, round(SIDE * self.devicePixelRatioF()))
        self._arrange()
        self.verticalScrollBar().setValue(0)

    def clear(self) -> None:
        self._data, self.order, self._counts = None, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        self.thumbnails.show_set(None, SIDE)
        self._arrange()

    def _arrange(self) -> None:
        self.rows = GridRows(self._counts, SIDE, self.viewport().width() - GAP)
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, self.rows.height - self.viewport().height()))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(self.rows.step // 2)
        self.viewport().update()

    def index_at(self, point: QPoint) -> int:
        """The image under a point of the viewport, -1 for none."""
        place = self.rows.at(point + QPoint(0, self.verticalScrollBar().value()))
        return int(self.order[place]) if place >= 0 else -1

    def scroll_to_class(self, section: int) -> None:
        self.verticalScrollBar().setValue(self.rows.top_of(section))

    def choose(self, place: int) -> None:
        """Mark the image at a place of the order and bring it into sight."""
        if not 0 <= place < len(self.order):
            return
        self.current = place
        rect, bar = self.rows.rect(place), self.verticalScrollBar()
        if rect.top() < bar.value() + HEAD:
            bar.setValue(rect.top() - HEAD)
        elif rect.bottom() > bar.value() + self.viewport().height():
            bar.setValue(rect.bottom() + GAP - self.viewport().height())
        index = int(self.order[place])
        assert self._data is not None
        self.setAccessibleDescription(self._data.image_name(index))
        self.pointed.emit(index)
        self.viewport().update()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        top = self.verticalScrollBar().value()
        bottom = top + self.viewport().height()
        painter = QPainter(self.viewport())
        wanted = [self._paint_tile(painter, tile.place, tile.rect.translated(0, -top))
                  for tile in self.rows.tiles(top, bottom)]  # fmt: skip
        for section, above in self.rows.heads(top, bottom):
            self._paint_head(painter, section, above - top)
        self.thumbnails.want([index for index in wanted if index >= 0])

    def _paint_tile(self, painter: QPainter, place: int, rect: QRect) -> int:
        """Paints an image; its index where it is not there yet, else -1."""
        index = int(self.order[place])
        image = self.thumbnails.get(index)
        if image is None or image.isNull():
            painter.fillRect(rect, theme.colour("hover" if image is None else "grid"))
            if image is not None:
                painter.setPen(theme.colour("bad"))
                painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), "cannot\nbe read")
        else:
            painter.drawImage(rect, image)
        if place == self.current:
            painter.setPen(QPen(theme.colour("accent"), 3))
            painter.drawRect(QRectF(rect).adjusted(-1.5, -1.5, 1.5, 1.5))
        return index if image is None else -1

    def _paint_head(self, painter: QPainter, section: int, above: int) -> None:
        """A section's heading, which stays in sight as long as its images are."""
        end = above + self._height_of(section)
        line = QRect(0, min(max(above, 0), end - HEAD - GAP), self.viewport().width(), HEAD)
        painter.fillRect(line, theme.colour("page"))
        painter.setFont(theme.font(bold=True))
        painter.setPen(theme.colour("text"))
        said = count(int(self._counts[section]), "images")
        metrics = painter.fontMetrics()
        room = line.width() - metrics.horizontalAdvance(said) - 24
        name = metrics.elidedText(self.names[section], Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter), name)
        painter.setFont(theme.font("small", tabular=True))
        painter.setPen(theme.colour("muted"))
        painter.drawText(line.adjusted(metrics.horizontalAdvance(name) + 12, 0, 0, 0),
                         int(Qt.AlignmentFlag.AlignVCenter), said)  # fmt: skip

    def _height_of(self, section: int) -> int:
        return self.rows.top_of(section + 1) - self.rows.top_of(section)

    # Hands

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.rows.at(event.position().toPoint() + QPoint(0, self.verticalScrollBar().value()))
        if place >= 0:
            self.choose(place)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if (index := self.index_at(event.position().toPoint())) >= 0:
            self.opened.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = STEPS.get(Qt.Key(event.key()))
        if step is not None and len(self.order):
            self.choose(self.rows.moved(self.current, *step) if self.current >= 0 else 0)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.current >= 0:
            self.opened.emit(int(self.order[self.current]))
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.index_at(event.pos())
            show_tip(event.globalPos(), self._data.image_name(index) if self._data and index >= 0 else "", self)
            return True
        return super().viewportEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.viewport().update()
