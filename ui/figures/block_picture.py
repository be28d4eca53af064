"""The network as a chain of blocks, each in the colour and pattern of what the method does to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.comparison.wording import count
from ui import theme
from ui.widgets.text import Pointed

# Treatment -> (colour: a role or the index of a curve colour, pattern drawn over it, what it means)
LOOKS: dict[str, tuple[str | int, Qt.BrushStyle, str]] = {
    "frozen": ("faint", Qt.BrushStyle.BDiagPattern, "kept as it is"),
    "trained": (0, Qt.BrushStyle.SolidPattern, "trained from the start"),
    "trained later": (0, Qt.BrushStyle.FDiagPattern, "trained from a later epoch on"),
    "adapted": (2, Qt.BrushStyle.CrossPattern, "learned, and adapted to each episode"),
    "few parameters": (3, Qt.BrushStyle.HorPattern, "only some of its parameters are trained"),
    "new": (4, Qt.BrushStyle.VerPattern, "starts random, then trained"),
}
CHAIN = 44  # height of the chain
LINE = 20  # height of a legend line
LEAST_LINES = 2  # of the legend: what is below it stays where it is when a block is pressed


class BlockPicture(Pointed):
    """`set_blocks` says which blocks there are and what happens to each; the head is last.

    pressed(name): a block of an editable picture was clicked, or chosen with the arrow keys and the space bar.
    """

    pressed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._blocks: tuple[tuple[str, str, int | None], ...] = ()
        self._treatments: dict[str, str] = {}
        self._words: dict[str, str] = {}
        self._marked: frozenset[str] = frozenset()
        self._editable, self._hovered, self._current = False, -1, 0
        self.setFont(theme.font("small"))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("What happens to each block of the network")

    def set_blocks(
        self, blocks: Sequence[tuple[str, str, int | None]], treatments: Mapping[str, str],
        words: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """blocks: (name, title, parameters or None) in order; treatments: name -> a key of `LOOKS`; words: name -> what
        is said instead of that key."""
        self._blocks, self._treatments, self._words = tuple(blocks), dict(treatments), dict(words or {})
        parts = [f"{word}: {', '.join(titles)}" for (_, word), titles in self.legend()]
        self.setAccessibleDescription(". ".join(parts))
        self.updateGeometry()
        self.update()

    def set_editable(self, editable: bool) -> None:
        """Let clicks and keys press blocks."""
        self._editable = editable
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if editable else Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(editable)
        self._hover(-1)

    def set_marked(self, names: frozenset[str]) -> None:
        """Put a dot on these blocks: a person changed them."""
        self._marked = names
        self.update()

    def legend(self) -> list[tuple[tuple[str, str], list[str]]]:
        """Each treatment in use, with its words and the titles of its blocks, in the chain's order."""
        found: dict[tuple[str, str], list[str]] = {}
        for name, title, _ in self._blocks:
            treatment = self._treatments.get(name, "frozen")
            found.setdefault((treatment, self._words.get(name) or treatment), []).append(title)
        return list(found.items())

    def sizeHint(self) -> QSize:
        return QSize(220, CHAIN + 8 + LINE * max(LEAST_LINES, len(self.legend())))

    minimumSizeHint = sizeHint

    def _places(self) -> list[QRect]:
        gap = 6 if len(self._blocks) <= 8 else 3
        width = (self.width() - gap * (len(self._blocks) - 1)) / max(1, len(self._blocks))
        return [QRect(round(i * (width + gap)), 2, round(width), CHAIN - 4) for i in range(len(self._blocks))]

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._blocks:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        places = self._places()
        painter.setPen(QPen(theme.colour("faint"), 1.5))
        painter.drawLine(places[0].center(), places[-1].center())
        for number, ((name, title, _), place) in enumerate(zip(self._blocks, places, strict=True)):
            paint_swatch(painter, place, self._treatments.get(name, "frozen"), number == self._hovered)
            paint_plate(painter, title, place)
            if name in self._marked:
                paint_dot(painter, QPointF(place.right() - 5, place.top() + 6))
        if self._editable and self.hasFocus():
            self._paint_focus(painter, places[min(self._current, len(places) - 1)])
        self._paint_legend(painter)

    def _paint_focus(self, painter: QPainter, place: QRect) -> None:
        if self.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour("text"), 1.5, Qt.PenStyle.DotLine))
            painter.drawRoundedRect(QRectF(place).adjusted(3, 3, -3, -3), 2, 2)

    def _paint_legend(self, painter: QPainter) -> None:
        top = CHAIN + 8
        for (treatment, word), titles in self.legend():
            paint_swatch(painter, QRect(0, top + 4, 20, 12), treatment)
            text = f"{word}: {_together(titles, [title for _, title, _ in self._blocks])}"
            painter.setPen(theme.colour("text"))
            room = QRect(28, top, self.width() - 28, LINE)
            shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, shown)
            top += LINE

    def words_at(self, at: QPointF) -> str:
        """Title, parameters and treatment of the block there, or nothing."""
        found = self._block_at(at.toPoint())
        return self._said_of(found) if found >= 0 else ""

    def _block_at(self, position: QPoint) -> int:
        return next((number for number, place in enumerate(self._places()) if place.contains(position)), -1)

    def _said_of(self, number: int) -> str:
        name, title, parameters = self._blocks[number]
        word = self._treatments.get(name, "frozen")
        size = f", {count(parameters, 'parameters')}" if parameters else ""
        said = f"{title}{size}: {self._words.get(name) or f'{word} ({LOOKS[word][2]})'}"
        if self._editable:
            said += ". Click to let it learn" if word == "frozen" else ". Click to freeze it"
        return said

    # Pressing blocks

    def _hover(self, number: int) -> None:
        if number != self._hovered:
            self._hovered = number
            self.setCursor(Qt.CursorShape.PointingHandCursor if number >= 0 else Qt.CursorShape.ArrowCursor)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._editable:
            self._hover(self._block_at(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        found = self._block_at(event.position().toPoint())
        if self._editable and found >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._current = found
            self.pressed.emit(self._blocks[found][0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if not self._editable or not self._blocks:
            super().keyPressEvent(event)
        elif step:
            self._current = min(max(self._current + step, 0), len(self._blocks) - 1)
            self.setAccessibleDescription(self._said_of(self._current))
            self.update()
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.pressed.emit(self._blocks[min(self._current, len(self._blocks) - 1)][0])
        else:
            super().keyPressEvent(event)


def paint_swatch(painter: QPainter, place: QRect, treatment: str, hovered: bool = False) -> None:
    """One rectangle in the treatment's colour and pattern."""
    _, pattern, _ = LOOKS[treatment]
    hue = treatment_colour(treatment)
    box = QRectF(place).adjusted(0.5, 0.5, -0.5, -0.5)
    pale = theme.colour("card")
    painter.setPen(QPen(theme.colour("text") if hovered else hue, 1.5))
    painter.setBrush(pale)
    painter.drawRoundedRect(box, 3, 3)
    tint = QColor(hue)
    tint.setAlphaF(0.16)
    painter.setBrush(tint)
    painter.drawRoundedRect(box, 3, 3)
    painter.setBrush(QBrush(hue, pattern))
    painter.drawRoundedRect(box, 3, 3)


def treatment_colour(treatment: str) -> QColor:
    key = LOOKS[treatment][0]
    return theme.curve_colour(key) if isinstance(key, int) else theme.colour(key)


def paint_plate(painter: QPainter, title: str, place: QRect) -> None:
    """The title, or its last word where there is little room, on a plate in the middle of a swatch."""
    metrics = painter.fontMetrics()
    short = title if metrics.horizontalAdvance(title) + 6 <= place.width() else title.split()[-1]
    text = metrics.horizontalAdvance(short)
    if text + 2 > place.width():
        return
    width = min(text + 6, place.width())
    plate = QRectF(place.center().x() - width / 2 + 0.5, place.center().y() - 8, width, 17)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("card"))
    painter.drawRoundedRect(plate, 3, 3)
    painter.setPen(theme.colour("text"))
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, short)


def paint_dot(painter: QPainter, centre: QPointF) -> None:
    """The mark of what a person changed."""
    painter.setPen(QPen(theme.colour("card"), 1.5))
    painter.setBrush(theme.colour("text"))
    painter.drawEllipse(centre, 4, 4)


def _together(titles: Sequence[str], order: Sequence[str]) -> str:
    """Block 1, Block 2, Block 3, Head -> "Block 1 to 3, Head" where the head does not follow."""
    places = {title: place for place, title in reversed(list(enumerate(order)))}
    stretches: list[list[str]] = []
    for title in titles:
        follows = stretches and places[title] == places[stretches[-1][-1]] + 1
        if follows:
            stretches[-1].append(title)
        else:
            stretches.append([title])
    words = [f"{part[0]} to {_end(part)}" if len(part) > 2 else " and ".join(part) for part in stretches]
    return ", ".join(words)


def _end(titles: Sequence[str]) -> str:
    """The last title, without the words it shares with the first: Layer 1 to 4."""
    first, _, _ = titles[0].rpartition(" ")
    shared, _, last = titles[-1].rpartition(" ")
    return last if first and first == shared else titles[-1]
