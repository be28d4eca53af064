"""The likeliest classes of one image, a bar each, the true one marked."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.comparison.wording import percent
from ui import theme
from ui.widgets.text import Pointed

ROWS = 5
TRUE_MARK = " ✓"


class ChanceBars(Pointed):
    """Room for so many lines, whatever is shown, so that nothing moves from image to image."""

    def __init__(self, rows: int = ROWS, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = rows
        self.lines: tuple[tuple[str, float], ...] = ()
        self.truth = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Answers with their confidence")

    def show_chances(self, lines: Sequence[tuple[str, float]], truth: str = "") -> None:
        """lines: (class, probability), the likeliest first. truth: the true class, "" where it is not known."""
        self.lines, self.truth = tuple(lines[: self._rows]), truth
        self.setAccessibleDescription("; ".join(f"{name} {percent(chance)}" for name, chance in self.lines))
        self.update()

    def set_rows(self, rows: int) -> None:
        if rows != self._rows:
            self._rows = rows
            self.updateGeometry()

    def _row(self) -> int:
        return QFontMetrics(theme.font("small", tabular=True)).height() * 2 + 8

    def sizeHint(self) -> QSize:
        return QSize(220, self._rows * self._row())

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for place, (name, chance) in enumerate(self.lines):
            self._paint_line(painter, place * self._row(), name, chance)

    def _paint_line(self, painter: QPainter, top: int, name: str, chance: float) -> None:
        """Name and figure above, the bar below."""
        true = bool(self.truth) and name == self.truth
        painter.setFont(theme.font("small", bold=true, tabular=True))
        metrics, said = painter.fontMetrics(), percent(chance)
        figure, line = metrics.horizontalAdvance(said), metrics.height()
        mark = metrics.horizontalAdvance(TRUE_MARK) if true else 0
        short = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, self.width() - figure - mark - 12)
        painter.setPen(theme.colour("good" if true else "text"))
        painter.drawText(0, top + metrics.ascent(), short + (TRUE_MARK if true else ""))
        painter.setPen(theme.colour("muted"))
        painter.drawText(self.width() - figure, top + metrics.ascent(), said)
        bar = QRect(0, top + line + 2, self.width(), max(6, line - 8))
        painter.fillRect(bar, theme.colour("grid"))
        bar.setWidth(max(1, round(self.width() * chance)))
        painter.fillRect(bar, theme.colour("good") if true else theme.curve_colour(0))

    def words_at(self, at: QPointF) -> str:
        place = int(at.y() // self._row())
        if place >= len(self.lines):
            return ""
        name, chance = self.lines[place]
        return f"{name}: {percent(chance)}" + (" (true class)" if name == self.truth else "")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.updateGeometry()
            self.update()
