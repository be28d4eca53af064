"""The figure of a study: curves over the label counts, or bars by shift or by arm, with 95 % intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from ui import theme
from ui.figures.painted import PaintedFigure
from ui.studies.against import paint_against
from ui.studies.bars import paint_bars
from ui.studies.curves import paint_curves
from ui.studies.view import View, rows_of, unit

NOTHING = "No results yet. They appear here run by run."


class StudyFigure(PaintedFigure):
    """Copied, saved and read out like every figure."""

    usual, least = QSize(640, 340), QSize(300, 140)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Results of the study", parent)
        self.view: View | None = None

    def show_view(self, view: View) -> None:
        self.view = view
        asked = view.table.study.title
        self.title = f"{asked} {unit(view)}" if asked.endswith("?") else f"{asked}: {unit(view).lower()}"
        self.setAccessibleDescription("; ".join(f"{row[0]}, {row[1]}: {row[7]}" for row in rows_of(view)))
        self.update()

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        self.marks = []
        if self.view is not None:
            self.marks = paint_study(painter, size, self.view)

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        heads = ["arm", "column", "value", "low", "high", "seeds", "scores by seed", "in words"]
        return heads, rows_of(self.view) if self.view else []


def paint_study(painter: QPainter, size: QSizeF, view: View) -> list[tuple[QRectF, str]]:
    """Draw the figure into 0, 0, size; returns where its tooltips are."""
    paint = {"labels": paint_curves, "tasks": paint_against}.get(view.kind, paint_bars)
    places = paint(painter, size, view)
    if not places:
        painter.setFont(theme.font())
        painter.setPen(theme.colour("muted"))
        painter.drawText(QRectF(0, 0, size.width(), size.height()), Qt.AlignmentFlag.AlignCenter, NOTHING)
    return places
