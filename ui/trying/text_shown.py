"""A text as it was handed in: what the network reads of it, and the words that an answer hangs on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from ui import theme
from ui.widgets.frame import SlimScrollBar
from ui.widgets.layouts import in_column
from ui.widgets.text import Text

LINES = 7
MOST = 20_000  # letters that are shown of a text: Qt lays out a megabyte in seconds
STRONGEST = 0.55  # how opaque the colour behind the word is that the most hangs on
CUT = "Read to here as {} word pieces; the rest, in grey, is cut off."
SHORTENED = "Its first {:,} of {:,} letters are shown."
Weights = Sequence[tuple[tuple[int, int], float]]  # letters from and to, and 0 to 1


class TextShown(QWidget):
    """It can be marked and copied, and scrolls where it is long."""

    def __init__(self) -> None:
        super().__init__()
        self.field, self.cut = QPlainTextEdit(readOnly=True), Text("", "small", "muted")
        self.field.setVerticalScrollBar(SlimScrollBar())
        self.field.setAccessibleName("The text")
        self.field.setFixedHeight(LINES * self.field.fontMetrics().lineSpacing() + 12)
        in_column(self.field, self.cut, owner=self, gap=4)
        self._seen, self._letters, self._weights = 0, 0, tuple[tuple[tuple[int, int], float], ...]()
        self.show_text("")

    def show_text(self, text: str) -> None:
        """Nothing is known of it yet."""
        if text[:MOST] != self.field.toPlainText():
            self.field.setPlainText(text[:MOST])
        self._seen, self._weights, self._letters = len(text), (), len(text)
        self._say("")
        self._mark()

    def show_seen(self, letters: int, pieces: int) -> None:
        """letters: of it that the network reads, as so many word pieces at most."""
        self._seen = letters
        is_cut = bool(self.field.toPlainText()[letters:].strip())
        self._say(CUT.format(pieces) if is_cut else "")
        self._mark()

    def _say(self, cut: str) -> None:
        shortened = SHORTENED.format(MOST, self._letters) if self._letters > MOST else ""
        self.cut.setText(" ".join(filter(None, (cut, shortened))))
        self.cut.setVisible(bool(self.cut.text()))

    def show_weights(self, weights: Weights) -> None:
        self._weights = tuple(weights)
        self._mark()

    def _mark(self) -> None:
        text = self.field.toPlainText()
        units = _Units(text)
        marks = [self._marked(units, span, QTextCharFormat(), weight) for span, weight in self._weights
                 if weight > 0 and span[1] <= len(text)]  # fmt: skip
        if self._seen < len(text):
            faint = QTextCharFormat()
            faint.setForeground(theme.colour("faint"))
            marks.append(self._marked(units, (self._seen, len(text)), faint, 0.0))
        self.field.setExtraSelections(marks)

    def _marked(
        self, units: _Units, span: tuple[int, int], how: QTextCharFormat, weight: float
    ) -> QTextEdit.ExtraSelection:  # fmt: skip
        mark, cursor = QTextEdit.ExtraSelection(), QTextCursor(self.field.document())
        cursor.setPosition(units.before(span[0]))
        cursor.setPosition(units.before(span[1]), QTextCursor.MoveMode.KeepAnchor)
        if weight > 0:
            colour = QColor(theme.colour("accent"))
            colour.setAlphaF(STRONGEST * weight)
            how.setBackground(colour)
        mark.cursor, mark.format = cursor, how
        return mark


class _Units:
    """Where a letter stands in Qt's text, which counts some letters, as those of emoji, twice."""

    def __init__(self, text: str) -> None:
        self._twice = [place for place, letter in enumerate(text) if ord(letter) > 0xFFFF]

    def before(self, letter: int) -> int:
        return letter + bisect_left(self._twice, letter)
