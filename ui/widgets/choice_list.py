"""Many choices in little room: one line each, under headings that open and close."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QEnterEvent, QFontMetrics, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ui import icons, theme
from ui.widgets.card import RADIUS, paint_focus
from ui.widgets.images import draw_tile
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import plain

INDENT = 20
TILE = 20  # pixels of a sample at the end of a line
LEAST_LETTERS = 6  # of facts that are cut short; fewer say nothing


class _Line(QAbstractButton):
    """One line that paints itself, with a ground while the mouse is over it."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(text)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(120, self.fontMetrics().height() + 8)

    minimumSizeHint = sizeHint

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()

    def paint_ground(self, painter: QPainter, role: str) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(role))
        painter.drawRoundedRect(QRectF(self.rect()), RADIUS, RADIUS)


class ChoiceRow(_Line):
    """A radio button in one line; what it means is its tooltip. Put several in an exclusive QButtonGroup."""

    def __init__(
        self, key: str, title: str, idea: str = "", parent: QWidget | None = None, cuts_facts: bool = False
    ) -> None:
        """cuts_facts: where both do not fit the facts are cut short; else they are left out."""
        super().__init__(title, parent)
        self.key, self._cuts_facts, self._is_faint = key, cuts_facts, False
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._facts, self._short, self._note = "", "", ""
        self._sample: QImage | None = None
        self._beside: QWidget | None = None
        self.show_idea(idea)
        self.setAccessibleName(title)

    def show_idea(self, idea: str) -> None:
        """What it means."""
        self.setToolTip(idea)
        self.setAccessibleDescription(idea)

    def set_words(self, title: str, facts: str) -> None:
        """Both are its name for those who hear it."""
        self.setText(title)
        self.set_facts(facts)
        self._name_it()

    def set_faint(self, faint: bool) -> None:
        """Of what cannot be used as it is."""
        self._is_faint = faint
        self.update()

    def _name_it(self) -> None:
        told = ", ".join(part for part in (self.text(), self._facts if self._cuts_facts else "") if part)
        self.setAccessibleName(f"{told}. {self._note}" if self._note else told)

    @property
    def facts(self) -> str:
        return self._facts

    def set_facts(self, facts: str, short: str = "") -> None:
        """A few words at the right, which give way to the title where both do not fit: to the short ones, if any."""
        self._facts, self._short = facts, short
        self.update()

    def set_sample(self, image: QImage) -> None:
        """A small picture at the end of the line."""
        self._sample = image
        self.update()

    def stand_beside(self, widget: QWidget) -> None:
        """Put a small control at the end of the line."""
        self._beside = widget
        in_row(..., widget, owner=self, gap=0, edges=(0, 0, 4, 0))

    @property
    def note(self) -> str:
        return self._note

    def set_note(self, note: str) -> None:
        """A second line, of what speaks against it."""
        if note != self._note:
            self._note = note
            self._name_it()
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        line = super().sizeHint()
        return line + QSize(0, QFontMetrics(theme.font("small")).height()) if self._note else line

    minimumSizeHint = sizeHint

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.isEnabled() and (self.isChecked() or self.underMouse()):
            self.paint_ground(painter, "selected" if self.isChecked() else "hover")
        first = super().sizeHint().height()
        self._paint_mark(painter, QPointF(INDENT - 2, first / 2))
        self._paint_line(painter, QRect(INDENT + 12, 0, self.width() - INDENT - 16 - self._paint_end(painter), first))
        if self._note:
            self._paint_note(painter, QRect(INDENT + 12, first - 4, self.width() - INDENT - 16, self.height() - first))
        if self.hasFocus():
            paint_focus(self)

    def _paint_end(self, painter: QPainter) -> int:
        """Draws the sample. Pixels that it, or the control in its place, takes from the line."""
        if self._beside is not None:
            return self._beside.width()
        if self._sample is None:
            return 0
        top = (super().sizeHint().height() - TILE) // 2
        draw_tile(painter, self._sample, QRect(self.width() - TILE - 4, top, TILE, TILE))
        return TILE + 4

    def _paint_line(self, painter: QPainter, room: QRect) -> None:
        painter.setFont(theme.font(bold=self.isChecked()))
        painter.setPen(theme.colour("faint" if not self.isEnabled() else "muted" if self._is_faint else "text"))
        short = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, short)
        left = room.adjusted(painter.fontMetrics().horizontalAdvance(short) + 8, 0, -4, 0)
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("muted"))
        words, metrics = self._facts, painter.fontMetrics()
        if self._short and metrics.horizontalAdvance(words) > left.width():
            words = self._short
        if self._cuts_facts and metrics.horizontalAdvance(words) > left.width():
            short = metrics.elidedText(words, Qt.TextElideMode.ElideRight, left.width())
            words = short if len(short) > LEAST_LETTERS else ""
        if metrics.horizontalAdvance(words) <= left.width():
            painter.drawText(left, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, words)

    def _paint_note(self, painter: QPainter, room: QRect) -> None:
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("warning"))
        painter.drawText(
            room,
            Qt.AlignmentFlag.AlignVCenter,
            painter.fontMetrics().elidedText(self._note, Qt.TextElideMode.ElideRight, room.width()),
        )

    def _paint_mark(self, painter: QPainter, centre: QPointF) -> None:
        painter.setPen(QPen(theme.colour("accent" if self.isChecked() else "faint"), 1.25))
        painter.setBrush(theme.colour("card"))
        painter.drawEllipse(centre, 6, 6)
        if self.isChecked():
            painter.setBrush(theme.colour("accent"))
            painter.drawEllipse(centre, 3, 3)


class GroupHeading(_Line):
    """Opens and closes a group; beside its title stands, quietly, what is in it while it is closed."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.summary, self.strong = "", ""
        self.setFont(theme.font("small", bold=True))
        self.setAccessibleName(title)

    def set_summary(self, summary: str, strong: str) -> None:
        """strong: the title that is chosen, when it is one of this group."""
        self.summary, self.strong = summary, strong
        self.setAccessibleDescription(f"{summary}. Chosen: {strong}" if strong else summary)
        self.setToolTip("" if self.isChecked() else plain(summary))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse():
            self.paint_ground(painter, "hover")
        arrow = icons.pixmap("down" if self.isChecked() else "right", 12, "muted", self.devicePixelRatioF())
        painter.drawPixmap(2, (self.height() - 12) // 2, arrow)
        painter.setPen(theme.colour("muted"))
        used = self.fontMetrics().horizontalAdvance(self.text()) + INDENT
        painter.drawText(QRect(INDENT, 0, used, self.height()), Qt.AlignmentFlag.AlignVCenter, self.text())
        if not self.isChecked():
            self._paint_summary(painter, QRect(used + 8, 0, self.width() - used - 12, self.height()))
        if self.hasFocus():
            paint_focus(self)

    def _paint_summary(self, painter: QPainter, room: QRect) -> None:
        painter.setFont(theme.font("small", bold=bool(self.strong)))
        painter.setPen(theme.colour("text" if self.strong else "faint"))
        text = self.strong or self.summary
        short = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, short)


class ChoiceList(QWidget):
    """Groups of rows. Opening and closing is the reader's; `reveal` opens the group of a row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.groups: dict[str, tuple[GroupHeading, tuple[ChoiceRow, ...]]] = {}
        self._column = in_column(owner=self, gap=2)

    def add(self, title: str, rows: Sequence[ChoiceRow]) -> None:
        heading = GroupHeading(title, self)
        self.groups[title] = heading, tuple(rows)
        self._column.addWidget(heading)
        for row in rows:
            self._column.addWidget(row)
            row.toggled.connect(lambda _, title=title: self._summarise(title))
        heading.toggled.connect(lambda opened, title=title: self._open(title, opened))
        self._open(title, False)

    def reveal(self, key: str) -> None:
        for heading, rows in self.groups.values():
            if any(row.key == key for row in rows):
                heading.setChecked(True)

    def tab_order(self) -> tuple[QWidget, ...]:
        return tuple(widget for heading, rows in self.groups.values() for widget in (heading, *rows))

    def _open(self, title: str, opened: bool) -> None:
        for row in self.groups[title][1]:
            row.setVisible(opened)
        self._summarise(title)

    def _summarise(self, title: str) -> None:
        heading, rows = self.groups[title]
        chosen = next((row.text() for row in rows if row.isChecked()), "")
        heading.set_summary(", ".join(row.text() for row in rows), chosen)
