"""Pictures of the data: a strip of samples, the balance of the classes, and one episode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.comparison.wording import thousands
from ui import theme
from ui.widgets.text import Pointed, plain
from ui.widgets.text_tile import draw_text_tile, is_text, text_image, text_of

Sample: TypeAlias = "np.ndarray | str"  # as `engine.data.samples` hands them over


def to_image(pixels: Sample) -> QImage:
    """A QImage of its own from uint8 [height, width], [height, width, 1] or [height, width, 3]; of a text what stands
    for it among images."""
    if isinstance(pixels, str):
        return text_image(pixels)
    pixels = np.ascontiguousarray(pixels if pixels.ndim == 3 else pixels[:, :, None], dtype=np.uint8)
    height, width, channels = pixels.shape
    kind = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_Grayscale8
    return QImage(pixels.data, width, height, width * channels, kind).copy()


def draw_tile(painter: QPainter, image: QImage, place: QRect) -> None:
    """Draw an image into a square: small ones with crisp pixels, photos smoothed and cut to the square; or a text."""
    if is_text(image):
        draw_text_tile(painter, text_of(image), place)
        return
    ratio = painter.device().devicePixelRatioF()
    side = round(place.width() * ratio)
    small = max(image.width(), image.height()) <= 64
    how = Qt.TransformationMode.FastTransformation if small and side >= image.width() * 2 else (
        Qt.TransformationMode.SmoothTransformation
    )  # fmt: skip
    scaled = image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatioByExpanding, how)
    left, top = (scaled.width() - side) // 2, (scaled.height() - side) // 2
    painter.drawImage(place, scaled, QRect(left, top, side, side))
    painter.setPen(QPen(theme.colour("border"), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(QRectF(place).adjusted(0.5, 0.5, -0.5, -0.5))


class ImageStrip(Pointed):
    """Samples in as many columns as fit and at most `rows` rows."""

    def __init__(self, tile: int = 40, rows: int = 2, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tile, self._rows = tile, rows
        self._images: list[QImage] = []
        self._names: tuple[str, ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Samples")

    def set_images(self, images: Sequence[Sample], names: Sequence[str] = ()) -> None:
        self._images = [to_image(pixels) for pixels in images]
        self._names = tuple(names)
        self.setAccessibleDescription(f"{len(images)} sample images" + (f": {', '.join(names)}" if names else ""))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(6 * (self._tile + 4), self.heightForWidth(6 * (self._tile + 4)))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._tile, self._tile)

    def heightForWidth(self, width: int) -> int:
        columns = max(1, (width + 4) // (self._tile + 4))
        rows = min(self._rows, -(-len(self._images) // columns)) if self._images else 0
        return max(1, rows) * (self._tile + 4) - 4

    def _places(self) -> list[QRect]:
        columns = max(1, (self.width() + 4) // (self._tile + 4))
        step = self._tile + 4
        count = min(len(self._images), columns * self._rows)
        return [QRect(i % columns * step, i // columns * step, self._tile, self._tile) for i in range(count)]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for image, place in zip(self._images, self._places(), strict=False):
            draw_tile(painter, image, place)

    def words_at(self, at: QPointF) -> str:
        named = zip(self._places(), self._names, strict=False)
        return next((name for place, name in named if place.contains(at.toPoint())), "")


class ClassBars(QWidget):
    """How many images each class has: named bars for up to ten classes, a row of columns for more."""

    NAMED = 10
    ROW = 20

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._classes: tuple[tuple[str, int], ...] = ()
        self.setFont(theme.font("small", tabular=True))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Examples per class")

    def set_classes(self, classes: Sequence[tuple[str, int]]) -> None:
        self._classes = tuple(classes)
        shown = ", ".join(f"{name} {thousands(count)}" for name, count in self._classes[:30])
        self.setAccessibleDescription(shown)
        self.setToolTip(plain(shown) if len(self._classes) > self.NAMED else "")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        few = 0 < len(self._classes) <= self.NAMED
        return QSize(200, len(self._classes) * self.ROW if few else 48)

    minimumSizeHint = sizeHint

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._classes:
            return
        painter = QPainter(self)
        if len(self._classes) <= self.NAMED:
            self._paint_rows(painter)
        else:
            self._paint_columns(painter)

    def _paint_rows(self, painter: QPainter) -> None:
        metrics = self.fontMetrics()
        most = max(1, max(count for _, count in self._classes))
        names = min(self.width() // 2, max(metrics.horizontalAdvance(name) for name, _ in self._classes) + 8)
        figures = metrics.horizontalAdvance(thousands(most)) + 8
        room = max(8, self.width() - names - figures)
        for index, (name, count) in enumerate(self._classes):
            line = QRect(0, index * self.ROW, self.width(), self.ROW)
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.setPen(theme.colour("text"))
            short = metrics.elidedText(name, Qt.TextElideMode.ElideRight, names - 8)
            painter.drawText(line.adjusted(0, 0, 0, 0), middle, short)
            bar = QRect(names, line.top() + 5, max(2, round(room * count / most)), self.ROW - 10)
            painter.fillRect(bar, theme.curve_colour(5))
            painter.setPen(theme.colour("muted"))
            painter.drawText(QRect(bar.right() + 6, line.top(), figures, self.ROW), middle, thousands(count))

    def _paint_columns(self, painter: QPainter) -> None:
        counts = np.sort(np.array([count for _, count in self._classes]))[::-1]
        most, step = max(1, int(counts[0])), self.width() / len(counts)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.curve_colour(5))
        room, gap = self.height() - 2, 1 if step >= 3 else 0
        for index, count in enumerate(counts):
            height = max(1.0, room * count / most)
            painter.drawRect(QRectF(index * step, room - height, max(0.75, step - gap), height))
        painter.setPen(theme.colour("border"))
        painter.drawLine(QPointF(0, self.height() - 1), QPointF(self.width(), self.height() - 1))


class EpisodePicture(QWidget):
    """One episode: a row per class, support images left of a line, query images right of it."""

    TILE = 28
    ROWS = 6

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._support: list[list[QImage]] = []
        self._query: list[list[QImage]] = []
        self.setFont(theme.font("small"))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("A sampled episode")

    def set_episode(
        self, support: Sequence[Sequence[Sample]], query: Sequence[Sequence[Sample]], names: Sequence[str]
    ) -> None:
        """support [way][shot] and query [way][query] arrays, names of the classes [way]."""
        self._support = [[to_image(pixels) for pixels in row] for row in support[: self.ROWS]]
        self._query = [[to_image(pixels) for pixels in row] for row in query[: self.ROWS]]
        self._way = len(support)
        self.setAccessibleDescription(f"{len(support)} classes: {', '.join(names)}")
        self.setToolTip(plain("\n".join(names)))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        rows = len(self._support)
        more = rows > 0 and self._way > rows
        return QSize(200, 20 + rows * (self.TILE + 4) + (20 if more else 0))

    minimumSizeHint = sizeHint

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._support:
            return
        painter = QPainter(self)
        step = self.TILE + 4
        fits = max(2, (self.width() - 16) // step)
        shots = min(len(self._support[0]), max(1, fits - 2), max(1, fits // 2))
        queries = min(len(self._query[0]), fits - shots)
        line = max(shots * step, self.fontMetrics().horizontalAdvance("Support") + 8) + 4
        self._paint_headings(painter, line)
        for row, (support, query) in enumerate(zip(self._support, self._query, strict=True)):
            top = 20 + row * step
            for column, image in enumerate(support[:shots]):
                draw_tile(painter, image, QRect(column * step, top, self.TILE, self.TILE))
            for column, image in enumerate(query[:queries]):
                draw_tile(painter, image, QRect(line + 8 + column * step, top, self.TILE, self.TILE))
        painter.setPen(QPen(theme.colour("faint"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(line, 2, line, 20 + len(self._support) * step - 4)

    def _paint_headings(self, painter: QPainter, line: int) -> None:
        painter.setPen(theme.colour("muted"))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRect(0, 0, line, 18), middle, "Support")
        painter.drawText(QRect(line + 8, 0, self.width() - line - 8, 18), middle, "Query")
        if self._way > len(self._support):
            below = 20 + len(self._support) * (self.TILE + 4)
            rest = self._way - len(self._support)
            painter.drawText(QRect(0, below, self.width(), 18), middle, f"and {rest} more classes")
