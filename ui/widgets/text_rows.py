"""Texts of the data below each other, one line each: samples class by class, or the texts of an episode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme
from ui.widgets.text import Pointed
from ui.widgets.text_tile import side_of

LEAST_WIDTH, LABEL = 160, 56
SHOTS, QUERIES = 2, 1  # of an episode's texts of a class
CLASSES = 6
LONGEST_TIP = 2_000  # letters


@dataclass(frozen=True, slots=True)
class TextRow:
    """One line. label: a word before it; heading: it is a name of a class."""

    text: str
    label: str = ""
    heading: bool = False


class TextRows(Pointed):
    """The whole text is in the tooltip."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[TextRow, ...] = ()
        self.setFont(theme.font("small"))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)

    def show_rows(self, rows: Sequence[TextRow]) -> None:
        self._rows = tuple(rows)
        self.setAccessibleDescription("\n".join(" ".join(filter(None, (row.label, row.text))) for row in rows))
        self.updateGeometry()
        self.update()

    @property
    def _step(self) -> int:
        return self.fontMetrics().lineSpacing() + 3

    def sizeHint(self) -> QSize:
        return QSize(LEAST_WIDTH, len(self._rows) * self._step)

    minimumSizeHint = sizeHint

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for place, row in enumerate(self._rows):
            line = QRect(0, place * self._step, self.width(), self._step)
            painter.setFont(theme.font("small", bold=row.heading))
            if row.label:
                painter.setPen(theme.colour("muted"))
                painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, row.label)
            painter.setPen(theme.colour("text"))
            room = line.adjusted(0 if row.heading else LABEL if row.label else 8, 0, 0, 0)
            words = " ".join(row.text[: room.width()].split())
            shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, side_of(words), shown)

    def words_at(self, at: QPointF) -> str:
        place = int(at.y()) // self._step
        return self._rows[place].text[:LONGEST_TIP] if 0 <= place < len(self._rows) else ""


def sample_rows(texts: Sequence[str], classes: Sequence[str]) -> list[TextRow]:
    """Texts under the names of their classes; without names just the texts."""
    rows, before = list[TextRow](), ""
    for place, text in enumerate(texts):
        name = classes[place] if place < len(classes) else ""
        if name != before:
            rows.append(TextRow(name, heading=True))
        rows.append(TextRow(text))
        before = name
    return rows


def episode_rows(
    support: Sequence[Sequence[str]], query: Sequence[Sequence[str]], names: Sequence[str]
) -> list[TextRow]:
    """A few classes of an episode with the first of their texts."""
    rows = list[TextRow]()
    for name, given, asked in list(zip(names, support, query, strict=True))[:CLASSES]:
        rows.append(TextRow(name, heading=True))
        rows += [TextRow(text, "Support") for text in given[:SHOTS]]
        rows += [TextRow(text, "Query") for text in asked[:QUERIES]]
    if len(names) > CLASSES:
        rows.append(TextRow(f"and {len(names) - CLASSES} more classes"))
    return rows
