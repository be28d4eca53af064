"""Labels in the palette's roles: `Text` wraps or stays on one line, `Elided` shortens what does not fit."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QPoint, QPointF, QSize
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPalette, QResizeEvent, Qt, QTextLayout
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolTip, QWidget

from ui import theme


def plain(text: str) -> str:
    """For a tooltip or a question: Qt takes a name with tags in it for a page, and loads the images it names."""
    return Qt.convertFromPlainText(text) if Qt.mightBeRichText(text) else text


def show_tip(at: QPoint, text: str, widget: QWidget, *more: Any) -> None:
    """A tooltip at a place of the screen, letter by letter; hides it where there is nothing to say."""
    QToolTip.showText(at, plain(text), widget, *more)


class Pointed(QWidget):
    """A widget that says something of each place on it as a tooltip."""

    def words_at(self, at: QPointF) -> str:
        """What is said of this place, "" where there is nothing."""
        raise NotImplementedError

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            show_tip(event.globalPos(), self.words_at(QPointF(event.pos())), self)
            return True
        return super().event(event)


class Text(QLabel):
    """Plain text in one of the four sizes and in the colour of a role; follows the palette."""

    def __init__(
        self, text: str = "", size: str = "body", role: str = "text", bold: bool = False, wrap: bool = True,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(text, parent)
        self._role = ""  # what follows changes the palette too
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setForegroundRole(QPalette.ColorRole.WindowText)  # not the parent's, which a button has its own of
        self.setFont(theme.font(size, bold, tabular=True))
        self.setWordWrap(wrap)
        if wrap:
            policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
        self.set_role(role)

    def sizeHint(self) -> QSize:
        """As wide as reads well. Where it wraps no more than a line is asked for: what is above it asks for the
        height at the width that there is."""
        natural = super().sizeHint()
        return QSize(natural.width(), self.minimumSizeHint().height()) if self.wordWrap() else natural

    def minimumSizeHint(self) -> QSize:
        least = super().minimumSizeHint()
        return QSize(1, least.height()) if self.wordWrap() else least

    def set_role(self, role: str) -> None:
        self._role = role
        self._paint_role()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if self._role and event.type() == QEvent.Type.PaletteChange:
            self._paint_role()

    def _paint_role(self) -> None:
        palette = self.palette()
        wanted = theme.colour(self._role)
        if palette.color(QPalette.ColorRole.WindowText) != wanted:
            palette.setColor(QPalette.ColorRole.WindowText, wanted)
            self.setPalette(palette)


class Elided(Text):
    """One line; what does not fit ends in an ellipsis and is whole in the tooltip."""

    def __init__(
        self, text: str = "", size: str = "body", role: str = "text", bold: bool = False,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight, parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(text, size, role, bold, wrap=False, parent=parent)
        self._mode = mode
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance("…") * 3, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = self.fontMetrics().elidedText(self.text(), self._mode, self.width())
        self.setToolTip(plain(self.text()) if shown != self.text() else "")
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(self.rect(), int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), shown)


class TextPlace(Text):
    """Text in a place whose height does not depend on it: as many `lines` as were said and as `room`, another text,
    needs. What is longer ends in an ellipsis and is whole in the tooltip."""

    def __init__(
        self, text: str = "", size: str = "body", role: str = "text", lines: int = 1, room: str = "",
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(text, size, role, wrap=False, parent=parent)
        self._lines, self._room = lines, room
        self.setAlignment(Qt.AlignmentFlag.AlignTop)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_lines(self, lines: int) -> None:
        if lines != self._lines:
            self._lines = lines
            self.updateGeometry()

    def needed(self, width: int) -> int:
        """Lines that the text takes at this width."""
        return len(self._wrapped(self.text(), width))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max(self._lines, len(self._wrapped(self._room, width))) * self.fontMetrics().lineSpacing()

    def sizeHint(self) -> QSize:
        return QSize(160, self.heightForWidth(self.width() if self.width() > 1 else 160))

    def minimumSizeHint(self) -> QSize:
        return QSize(1, self._lines * self.fontMetrics().lineSpacing())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def _wrapped(self, text: str, width: int) -> list[str]:
        """The text in lines that are no wider."""
        lines: list[str] = []
        for paragraph in text.split("\n"):
            layout = QTextLayout(paragraph, self.font())
            layout.beginLayout()
            while (line := layout.createLine()).isValid():
                line.setLineWidth(max(1, width))
                lines.append(paragraph[line.textStart() : line.textStart() + line.textLength()])
            layout.endLayout()
        return lines

    def paintEvent(self, event: QPaintEvent) -> None:
        metrics, lines = self.fontMetrics(), self._wrapped(self.text(), self.width())
        most = max(1, self.height() // metrics.lineSpacing())
        whole = len(lines) <= most
        if not whole:
            rest = " ".join(line.strip() for line in lines[most - 1 :])
            lines = [*lines[: most - 1], metrics.elidedText(rest, Qt.TextElideMode.ElideRight, self.width())]
        self.setToolTip("" if whole else plain(self.text()))
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        centred = bool(self.alignment() & Qt.AlignmentFlag.AlignVCenter)
        above = (self.height() - len(lines) * metrics.lineSpacing()) // 2 if centred else 0
        for number, line in enumerate(lines):
            painter.drawText(0, above + metrics.ascent() + number * metrics.lineSpacing(), line.rstrip())
