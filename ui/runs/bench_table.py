"""Heads by label counts: test accuracy with its interval, the best bold, cross-validation in small print."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.bench.figures import BenchFigure
from engine.comparison.wording import number
from ui import theme
from ui.figures import drawing
from ui.figures.painted import PaintedFigure, draw_elided, line_height
from ui.runs.bench_words import accuracy_words, best_at, by_head, columns, folds_words, tip

TITLE = "Heads by labels per class"
PAD = 6.0
SWATCH = 34.0
NAME = 186.0  # pixels of a head's name with its swatch, beside its figures
LEAST_CELL = 52.0  # pixels of a figure


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
        name = name_width(self.width(), len(columns(self._figures)))
        return QSize(560, round(head_height() + len(by_head(self._figures)) * row_height(name)) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(300, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()  # names that went above their figures make it higher

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
        name = name_width(size.width(), len(counts))
        width = (size.width() - name) / len(counts)
        said = cell_words(self._figures, width)
        paint_heading(painter, size.width(), name, counts)
        for row, (head, line) in enumerate(by_head(self._figures).items()):
            top = head_height() + row * row_height(name)
            below = top + row_height(name)
            paint_name(painter, row, QRectF(0, top, name or size.width(), row_height()), head)
            for figure in line:
                column = [position for position, _ in counts].index(figure.position)
                best = figure.accuracy == best_at(self._figures, figure.position)
                box = QRectF(name + column * width, below - row_height(), width, row_height())
                paint_cell(painter, box, said(figure), figure, best)
            painter.setPen(theme.colour("grid"))
            painter.drawLine(QPointF(0, below), QPointF(size.width(), below))

    def words_at(self, at: QPointF) -> str:
        """What the cell there says in full, "" where there is none."""
        counts, lines = columns(self._figures), list(by_head(self._figures).values())
        name = name_width(self.width(), len(counts))
        row = int((at.y() - head_height()) // row_height(name))
        if not counts or at.x() < name or not 0 <= row < len(lines):
            return ""
        column = min(len(counts) - 1, int((at.x() - name) / ((self.width() - name) / len(counts))))
        return next((tip(figure) for figure in lines[row] if figure.position == counts[column][0]), "")


def head_height() -> float:
    return line_height("small") + 2 * PAD


def row_height(name: float = NAME) -> float:
    """Two lines of figures; a third above them for the name that has no place beside them."""
    return line_height() + line_height("small") + 2 * PAD + (0 if name else line_height())


def name_width(whole: float, columns: int) -> float:
    """Pixels of the names beside the figures; 0 where they have a line of their own."""
    return NAME if whole >= NAME + columns * LEAST_CELL else 0.0


def cell_words(figures: Sequence[BenchFigure], width: float) -> Callable[[BenchFigure], str]:
    """What is said in cells of this width: the figures with their intervals, or without where one would be cut."""
    metrics = QFontMetricsF(theme.font(bold=True, tabular=True))
    fits = all(metrics.horizontalAdvance(accuracy_words(figure)) <= width - PAD for figure in figures)
    return accuracy_words if fits else lambda figure: number(100 * figure.accuracy)


def paint_heading(painter: QPainter, whole: float, name: float, counts: Sequence[tuple[int, str]]) -> None:
    """How many labels each column has, without the word where there is no room for it."""
    width = (whole - name) / len(counts)
    painter.setFont(theme.font("small", bold=True))
    painter.setPen(theme.colour("muted"))
    metrics = QFontMetricsF(painter.font())
    fits = all(metrics.horizontalAdvance(words) <= width - PAD for _, words in counts)
    for place, (position, words) in enumerate(counts):
        said = words if fits else "all" if words.startswith("all") else str(position)
        right_aligned(painter, name + place * width, PAD + metrics.ascent(), width, said)
    painter.setPen(theme.colour("border"))
    painter.drawLine(QPointF(0, head_height()), QPointF(whole, head_height()))


def paint_name(painter: QPainter, place: int, box: QRectF, head: str) -> None:
    """The head's line, as in the figure above, and its name: in the middle of its figures, or above them."""
    beside = box.width() <= NAME
    middle = box.center().y() if beside else box.top() + PAD + line_height() / 2
    painter.setPen(drawing.arm_pen(place, 2.5))
    painter.drawLine(QPointF(0, middle), QPointF(SWATCH - 6, middle))
    painter.setFont(theme.font())
    painter.setPen(theme.colour("text"))
    baseline = middle + QFontMetricsF(painter.font()).capHeight() / 2
    draw_elided(painter, SWATCH, baseline, box.width() - SWATCH - PAD, head)


def paint_cell(painter: QPainter, box: QRectF, said: str, figure: BenchFigure, best: bool) -> None:
    painter.setFont(theme.font(bold=best, tabular=True))
    painter.setPen(theme.colour("text"))
    baseline = box.top() + PAD + QFontMetricsF(painter.font()).ascent()
    right_aligned(painter, box.left(), baseline, box.width(), said)
    painter.setFont(theme.font("small", tabular=True))
    painter.setPen(theme.colour("muted"))
    below = box.top() + PAD + line_height() + QFontMetricsF(painter.font()).ascent()
    right_aligned(painter, box.left(), below, box.width(), folds_words(figure))


def right_aligned(painter: QPainter, left: float, baseline: float, width: float, text: str) -> None:
    """Figures end under each other."""
    metrics = QFontMetricsF(painter.font())
    said = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width - PAD)
    painter.drawText(QPointF(left + width - metrics.horizontalAdvance(said), baseline), said)
