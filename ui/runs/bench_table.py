"""Heads by label counts: test accuracy with its interval, the best bold, cross-validation in small print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QPointF, QSize, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.bench_figures import BenchFigure
from ui import theme
from ui.comparison.painted import PaintedFigure, draw_elided, line_height
from ui.runs.bench_words import accuracy_words, best_at, by_head, columns, folds_words, tip
from ui.studies import drawing
from ui.widgets.text import show_tip

TITLE = "Heads by labels per class"
PAD = 6.0
SWATCH = 34.0
NAME = 186.0  # pixels of a head's name with its swatch


class BenchTable(PaintedFigure):
    """As high as it has heads."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(TITLE, parent)
        self._figures: list[BenchFigure] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_figures(self, figures: Sequence[BenchFigure]) -> None:
        self._figures = list(figures)
        self.setAccessibleDescription("; ".join(tip(figure) for figure in figures))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(560, round(head_height() + len(by_head(self._figures)) * row_height()) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(360, self.sizeHint().height())

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        counts = columns(self._figures)
        rows = []
        for head, line in by_head(self._figures).items():
            found = {figure.position: figure for figure in line}
            cells = [(accuracy_words(found[p]), folds_words(found[p])) if p in found else ("", "") for p, _ in counts]
            rows.append([head, *(text for cell in cells for text in cell)])
        return ["head", *(text for _, words in counts for text in (words, f"{words}, cross-validation"))], rows

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        counts = columns(self._figures)
        if not counts:
            return
        width = (size.width() - NAME) / len(counts)
        paint_heading(painter, size.width(), width, [words for _, words in counts])
        for row, (head, line) in enumerate(by_head(self._figures).items()):
            top = head_height() + row * row_height()
            paint_name(painter, row, top, head)
            for figure in line:
                column = [position for position, _ in counts].index(figure.position)
                best = figure.accuracy == best_at(self._figures, figure.position)
                paint_cell(painter, NAME + column * width, top, width, figure, best)
            painter.setPen(theme.colour("grid"))
            painter.drawLine(QPointF(0, top + row_height()), QPointF(size.width(), top + row_height()))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            show_tip(event.globalPos(), self.words_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def words_at(self, at: QPointF) -> str:
        """What the cell there says in full, "" where there is none."""
        counts, lines = columns(self._figures), list(by_head(self._figures).values())
        row = int((at.y() - head_height()) // row_height())
        if not counts or at.x() < NAME or not 0 <= row < len(lines):
            return ""
        column = min(len(counts) - 1, int((at.x() - NAME) / ((self.width() - NAME) / len(counts))))
        return next((tip(figure) for figure in lines[row] if figure.position == counts[column][0]), "")


def head_height() -> float:
    return line_height("small") + 2 * PAD


def row_height() -> float:
    return line_height() + line_height("small") + 2 * PAD


def paint_heading(painter: QPainter, whole: float, width: float, counts: Sequence[str]) -> None:
    painter.setFont(theme.font("small", bold=True))
    painter.setPen(theme.colour("muted"))
    baseline = PAD + QFontMetricsF(painter.font()).ascent()
    for place, words in enumerate(counts):
        right_aligned(painter, NAME + place * width, baseline, width, words)
    painter.setPen(theme.colour("border"))
    painter.drawLine(QPointF(0, head_height()), QPointF(whole, head_height()))


def paint_name(painter: QPainter, place: int, top: float, head: str) -> None:
    """The head's line, as in the figure above, and its name."""
    middle = top + row_height() / 2
    painter.setPen(drawing.arm_pen(place, 2.5))
    painter.drawLine(QPointF(0, middle), QPointF(SWATCH - 6, middle))
    painter.setFont(theme.font())
    painter.setPen(theme.colour("text"))
    baseline = middle + QFontMetricsF(painter.font()).capHeight() / 2
    draw_elided(painter, SWATCH, baseline, NAME - SWATCH - PAD, head)


def paint_cell(painter: QPainter, left: float, top: float, width: float, figure: BenchFigure, best: bool) -> None:
    painter.setFont(theme.font(bold=best, tabular=True))
    painter.setPen(theme.colour("text"))
    baseline = top + PAD + QFontMetricsF(painter.font()).ascent()
    right_aligned(painter, left, baseline, width, accuracy_words(figure))
    painter.setFont(theme.font("small", tabular=True))
    painter.setPen(theme.colour("muted"))
    below = top + PAD + line_height() + QFontMetricsF(painter.font()).ascent()
    right_aligned(painter, left, below, width, folds_words(figure))


def right_aligned(painter: QPainter, left: float, baseline: float, width: float, text: str) -> None:
    """Figures end under each other."""
    metrics = QFontMetricsF(painter.font())
    said = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width - PAD)
    painter.drawText(QPointF(left + width - metrics.horizontalAdvance(said), baseline), said)
