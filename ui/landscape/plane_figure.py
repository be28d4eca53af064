"""Loss or accuracy on a plane of networks: bands of colour, the networks that it goes through, the ways of runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from engine.comparison.wording import number, percent
from engine.landscape.barriers import PARTS
from engine.landscape.grids import LossPlane, Trail
from ui import theme
from ui.figures.drawing import paint_mark
from ui.figures.painted import PaintedFigure, line_height
from ui.figures.painted_axes import Plot, paint_axes, plot_in
from ui.landscape.contours import BandScale, axes_of, image_of, paint_scale, scale_of

GAP, SCALE_ROOM = 16.0, 64.0  # pixels between two planes; of the scale beside them
INK, HALO = QColor("#10131a"), QColor("#ffffff")  # on the bands, whatever the theme is
NEAR, CLOSE = 9.0, 5.0  # pixels around the mark of a network, and around a place on the way to it
NO_NUMBER = "At no point is the loss a number."
DISTANCE, LENGTHS = "distance between weights", "steps of each filter's own length"


class PlaneFigure(PaintedFigure):
    """`show_planes` draws one or two beside each other, of equal span and on one scale."""

    usual, least = QSize(640, 420), QSize(300, 260)

    def __init__(self) -> None:
        super().__init__("A plane of networks")
        self.planes: list[LossPlane] = []
        self.figure, self.part = "loss", "test"
        self._scale: BandScale | None = None
        self._images: list[QImage | None] = []
        self.setMouseTracking(True)

    def show_planes(self, planes: Sequence[LossPlane], figure: str, part: str) -> None:
        """As far as they are known; nothing is drawn of one until it is known coarsely all over."""
        self.planes, self.figure, self.part = list(planes), figure, part
        self._scale = scale_of(self.planes, figure, part)
        self._images = [
            image_of(plane.whole(figure, part), self._scale) if self._scale is not None and plane.coarse else None
            for plane in self.planes
        ]
        names = " and ".join(", ".join(plane.titles) for plane in self.planes)
        kind = "Around" if self.planes and self.planes[0].random else "The plane through"
        self.title = f"{kind} {names}: {figure} on {'test' if part == 'test' else 'training'} examples"
        self.setAccessibleName(self.title)
        self.update()

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        heads = ["plane", "x", "y", *(f"{part} {figure}" for part in PARTS for figure in ("loss", "accuracy"))]
        return heads, (row for plane in self.planes for row in _rows(plane))

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        self.marks = []
        if self._scale is None:
            if any(plane.coarse for plane in self.planes):
                painter.setPen(theme.colour("muted"))
                painter.drawText(QRectF(QPointF(0, 0), size), int(Qt.AlignmentFlag.AlignCenter), NO_NUMBER)
            return
        count = len(self.planes)
        width = (size.width() - SCALE_ROOM - GAP * count) / count
        top = line_height("small") + 8
        for place, (plane, image) in enumerate(zip(self.planes, self._images, strict=True)):
            painter.save()
            left = place * (width + GAP)
            painter.translate(left, top)
            self._paint_plane(painter, QSizeF(width, size.height() - top), plane, image, QPointF(left, top))
            painter.restore()
        below = 2.6 * line_height("small") + 18
        box = QRectF(size.width() - SCALE_ROOM + 4, top + 14, SCALE_ROOM, size.height() - top - below)
        paint_scale(painter, box, self._scale, self.figure)

    def _paint_plane(
        self, painter: QPainter, size: QSizeF, plane: LossPlane, image: QImage | None, origin: QPointF
    ) -> None:
        plot = square(plot_in(size.width(), size.height(), *axes_of(plane)), plane)
        if len(self.planes) > 1:
            self._paint_name(painter, plot, plane.titles[0])
        paint_axes(painter, plot, LENGTHS if plane.random else DISTANCE)
        if image is None:
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(plot.area, image)
        for trail in plane.trails:
            self._paint_trail(painter, plot, trail, origin)
        dots = [plot.point(*(float(one) for one in corner)) for corner in plane.corners]
        for place, at in enumerate(dots):
            self._paint_corner(painter, plane, place, at, origin)
        if not plane.random:
            paint_labels(painter, plot.area, dots, plane.titles)

    def _paint_name(self, painter: QPainter, plot: Plot, title: str) -> None:
        painter.setFont(theme.font("small", bold=True))
        painter.setPen(theme.colour("text"))
        metrics = QFontMetricsF(painter.font())
        said = metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, plot.area.width())
        painter.drawText(QPointF(plot.area.left(), plot.area.top() - 4), said)

    def _paint_trail(self, painter: QPainter, plot: Plot, trail: Trail, origin: QPointF) -> None:
        """The way of a run, a dot for every place that was kept."""
        places = [plot.point(float(x), float(y)) for x, y in trail.places]
        for colour, width in ((HALO, 4.0), (INK, 1.6)):
            painter.setPen(QPen(colour, width))
            painter.drawPolyline(places)
        for at, name, off in zip(places, trail.names, trail.off, strict=True):
            paint_mark(painter, at, INK, size=2.0)
            box = QRectF(at.x() - CLOSE, at.y() - CLOSE, 2 * CLOSE, 2 * CLOSE).translated(origin)
            self.marks.append((box, f"{name}, {float(off):.2g} away from this plane"))

    def _paint_corner(self, painter: QPainter, plane: LossPlane, place: int, at: QPointF, origin: QPointF) -> None:
        painter.setPen(QPen(HALO, 2))
        painter.setBrush(INK)
        painter.drawEllipse(at, 5, 5)
        loss, accuracy = (plane.ends[figure, self.part][place] for figure in ("loss", "accuracy"))
        words = f"{plane.titles[place]}: loss {number(float(loss), 3)}, accuracy {percent(float(accuracy))}"
        box = QRectF(at.x() - NEAR, at.y() - NEAR, 2 * NEAR, 2 * NEAR).translated(origin)
        self.marks.insert(0, (box, words))  # found before a place on a way


def paint_labels(painter: QPainter, area: QRectF, dots: Sequence[QPointF], titles: Sequence[str]) -> list[QRectF]:
    """Each title beside its dot on a light ground, clear of the other dots and titles; where they were written."""
    painter.setFont(theme.font("small", bold=True))
    metrics = QFontMetricsF(painter.font())
    ground = QColor(HALO)
    ground.setAlphaF(0.75)
    taken = [QRectF(at.x() - 7, at.y() - 7, 14, 14) for at in dots]
    for at, title in zip(dots, titles, strict=True):
        said = metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, area.width() * 0.45)
        box = beside(at, QSizeF(metrics.horizontalAdvance(said) + 4, metrics.height()), area, taken)
        taken.append(box)
        painter.fillRect(box, ground)
        painter.setPen(INK)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), said)
    return taken[len(dots) :]


def beside(at: QPointF, size: QSizeF, area: QRectF, taken: Sequence[QRectF]) -> QRectF:
    """A box of this size right of a dot, left, above or below it: the first that lies in the area and is free."""
    wide, high = size.width(), size.height()
    level, under = at.y() - high / 2, min(max(at.x() - wide / 2, area.left()), area.right() - wide)
    corners = ((at.x() + 7, level), (at.x() - 7 - wide, level), (under, at.y() - 9 - high), (under, at.y() + 9))
    boxes = [QRectF(left, top, wide, high) for left, top in corners]
    inside = [box for box in boxes if area.contains(box)] or boxes
    return next((box for box in inside if not any(box.intersects(other) for other in taken)), inside[0])


def square(plot: Plot, plane: LossPlane) -> Plot:
    """The plot with one length for a unit of both axes, in the middle of its room."""
    wide, high = plane.xs[-1] - plane.xs[0], plane.ys[-1] - plane.ys[0]
    unit = min(plot.area.width() / wide, plot.area.height() / high)
    area = QRectF(0, 0, unit * wide, unit * high)
    area.moveTopLeft(QPointF(plot.area.left() + (plot.area.width() - area.width()) / 2, plot.area.top()))
    return Plot(area, plot.x, plot.y, plot.up)


def _rows(plane: LossPlane) -> Iterable[Sequence[object]]:
    grids = [kind[part] for part in PARTS for kind in (plane.loss, plane.accuracy)]
    for row, y in enumerate(plane.ys.tolist()):
        for column, x in enumerate(plane.xs.tolist()):
            found = (float(grid[row, column]) for grid in grids)
            yield [", ".join(plane.titles), x, y, *(None if np.isnan(value) else value for value in found)]
