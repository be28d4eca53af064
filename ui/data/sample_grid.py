"""All images of a set by class, as many as there may be: only what is seen is laid out, decoded and painted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from engine.comparison.wording import count
from ui import theme
from ui.background import Background
from ui.data.grid_rows import GAP, HEAD, GridRows
from ui.data.laid_tiles import LaidTiles
from ui.data.thumbnails import Picture, Thumbnails
from ui.widgets.frame import SlimScrollBar
from ui.widgets.text import show_tip
from ui.widgets.text_tile import is_text

if TYPE_CHECKING:
    from engine.data.labelled_set import LabelledSet

SIDE = 96  # pixels of a tile
AT_A_TIME = 6  # texts that are laid out in one painting, a third of a millisecond each
FRAME = 2  # pixels around a tile, at most, that the frame of the chosen one takes
STEPS = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1),
}  # fmt: skip


class SampleGrid(QAbstractScrollArea):
    """pointed(index): an image was chosen, -1 for none. opened(index): it is to be shown large."""

    pointed = Signal(int)
    opened = Signal(int)

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self.thumbnails = Thumbnails(background, self)
        self.thumbnails.arrived.connect(self._show_arrived)
        self._laid, self._may_lay = LaidTiles(), AT_A_TIME
        self.order = np.zeros(0, dtype=np.int64)  # image indices as they stand
        self.names: tuple[str, ...] = ()
        self.current = -1  # place of the chosen image
        self._data: LabelledSet | None = None
        self._counts, self._what = np.zeros(0, dtype=np.int64), "images"
        self.rows = GridRows(np.zeros(0, dtype=np.int64), SIDE, 1)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBar(SlimScrollBar())
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Examples by class")
        self.viewport().setMouseTracking(True)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)

    def show_set(self, data: LabelledSet, chosen: np.ndarray | None = None, names: tuple[str, ...] | None = None,
                 sections: np.ndarray | None = None, picture: Picture | None = None) -> None:  # fmt: skip
        """All images of a set by class; or those `chosen`, int64, in the `sections` called `names`. picture: of each,
        cut from its middle if None."""
        self._data = data
        labels = data.labels if sections is None else sections
        indices = np.arange(len(data), dtype=np.int64) if chosen is None else chosen
        placed = np.argsort(labels, kind="stable")
        self.order, self.names = indices[placed], names or data.class_names
        self._what = data.what
        self._counts = np.bincount(labels, minlength=len(self.names)).astype(np.int64)
        self.current = -1
        self.thumbnails.show_set(data, round(SIDE * self.devicePixelRatioF()), picture)
        self._arrange()
        self.verticalScrollBar().setValue(0)

    def clear(self) -> None:
        self.lay_none()
        self._data = None
        self.thumbnails.show_set(None, SIDE)

    def lay_none(self) -> None:
        """No image is asked for; what is decoded of the set stays."""
        self.order, self._counts, self.current = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), -1
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

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """What is seen already is moved and not painted again; the heading that stays in sight is."""
        self._background.make_way()
        view = self.viewport()
        if abs(dy) < view.height():
            view.scroll(0, dy)
            view.update(0, 0, view.width(), HEAD + max(dy, 0))
        else:
            view.update()

    def _show_arrived(self, indices: Collection[int]) -> None:
        top = self.verticalScrollBar().value()
        for place in self.rows.places(*self._seen()):
            if int(self.order[place]) in indices:
                self.viewport().update(self.rows.rect(place).translated(0, -top))

    def _seen(self) -> tuple[int, int]:
        """The pixels that are in sight, from the top of all."""
        top = self.verticalScrollBar().value()
        return top, top + self.viewport().height()

    def paintEvent(self, event: QPaintEvent) -> None:
        top, bottom = self._seen()
        painter, region = QPainter(self.viewport()), event.region()
        parts = [(top + part.top() - FRAME, top + part.bottom() + 1 + FRAME) for part in _parts(region)]
        tiles = {tile.place: tile.rect for part in dict.fromkeys(parts) for tile in self.rows.tiles(*part)}
        with self._background.painting():
            self._paint_tiles(painter, {place: rect.translated(0, -top) for place, rect in tiles.items()})
        for section, above in self.rows.heads(top, bottom):
            line = self._heading(section, above - top)
            if region.intersects(line):
                self._paint_head(painter, section, line)
        seen = map(int, self.order[list(self.rows.places(top, bottom))])
        self.thumbnails.want([index for index in seen if self.thumbnails.get(index) is None])

    def _paint_tiles(self, painter: QPainter, tiles: Mapping[int, QRect]) -> None:
        """tiles: where the image of each place stands. Few calls: at each of them another thread may take its turn."""
        missing, waiting = [], list[int]()
        self._may_lay = AT_A_TIME
        for place, rect in tiles.items():
            image = self.thumbnails.get(int(self.order[place]))
            if image is None:
                missing.append(rect)
            elif image.isNull():
                self._paint_unread(painter, rect)
            elif is_text(image):
                waiting += [] if self._paint_text(painter, image, rect) else [place]
            else:
                painter.drawImage(rect, image)
        if waiting:
            missing += [tiles[place] for place in waiting]
            indices = {int(self.order[place]) for place in waiting}
            QTimer.singleShot(0, self, lambda: self._show_arrived(indices))
        if missing:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("hover"))
            painter.drawRects(missing)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.current in tiles:
            painter.setPen(QPen(theme.colour("accent"), 3))
            painter.drawRect(QRectF(tiles[self.current]).adjusted(-1.5, -1.5, 1.5, 1.5))

    def _paint_text(self, painter: QPainter, image: QImage, rect: QRect) -> bool:
        """False where it is not laid out yet and others were for this time: a hand that scrolls is not kept waiting."""
        ratio = self.devicePixelRatioF()
        drawn = self._laid.get(image, rect, ratio)
        if drawn is None and self._may_lay > 0:
            self._may_lay -= 1
            drawn = self._laid.lay(image, rect, ratio)
        if drawn is not None:
            painter.drawPixmap(rect.topLeft(), drawn)
        return drawn is not None

    def _paint_unread(self, painter: QPainter, rect: QRect) -> None:
        painter.fillRect(rect, theme.colour("grid"))
        painter.setPen(theme.colour("bad"))
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), "cannot\nbe read")

    def _heading(self, section: int, above: int) -> QRect:
        """Where a section's heading stands, which stays in sight as long as its images are."""
        end = above + self._height_of(section)
        return QRect(0, min(max(above, 0), end - HEAD - GAP), self.viewport().width(), HEAD)

    def _paint_head(self, painter: QPainter, section: int, line: QRect) -> None:
        painter.fillRect(line, theme.colour("page"))
        painter.setFont(theme.font(bold=True))
        painter.setPen(theme.colour("text"))
        said = count(int(self._counts[section]), self._what)
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
            self._laid.clear()
            self.viewport().update()


def _parts(region: QRegion) -> Iterable[QRect]:
    return region  # type: ignore[return-value]  # which PySide's stubs do not know
