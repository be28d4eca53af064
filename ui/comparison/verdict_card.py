"""The answer in words: for each side against the base, which is better, by how much, and what would settle it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from engine.comparison.verdict import Verdict
from engine.comparison.wording import count
from ui import theme
from ui.comparison.sides import Comparison, Side, sentences, together
from ui.widgets.card import Card
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text, plain

KINDS = {
    "better": ("Better", "good"),
    "worse": ("Worse", "bad"),
    "too close": ("Too close", "warning"),
    "too few": ("Too few seeds", "warning"),
    "one seed": ("One seed", "warning"),
    "not comparable": ("Not comparable", "warning"),
}


def shown_kinds(comparison: Comparison) -> list[str]:
    """The kinds of all verdicts of a comparison, that of the best two included."""
    best = [comparison.best_two[2]] if comparison.best_two is not None else []
    return [verdict.kind for verdict in (*comparison.verdicts.values(), *best)]


def selectable(words: str) -> Text:
    """A sentence that can be taken into a note."""
    text = Text(words)
    text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return text


class VerdictCard(Card):
    """One line per verdict. seeds_wanted(side, base, verdict): the person asks for the missing seeds of this pair."""

    seeds_wanted = Signal(object, object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Verdict")
        self._lines, self._room = QWidget(self), 0
        self.body.addWidget(self._lines)

    def show_comparison(self, comparison: Comparison) -> None:
        """Replace the lines."""
        old, self._lines = self._lines, QWidget(self)
        column = in_column(owner=self._lines, gap=8)
        if comparison.summary:
            column.addWidget(Text(comparison.summary))
        self._room = max((self._width(one) for one in shown_kinds(comparison)), default=0)
        for side in comparison.others:
            if side.key in comparison.verdicts:
                column.addLayout(self._line(side, comparison.base, comparison.verdicts[side.key]))
        if comparison.best_two is not None:
            column.addLayout(self._line(*comparison.best_two, "The best two: "))
        for said in together(comparison):
            column.addWidget(selectable(said))
        if comparison.correction:
            column.addWidget(Text(comparison.correction, "small", "muted"))
        self.body.replaceWidget(old, self._lines)
        old.hide()
        old.deleteLater()
        self.setAccessibleDescription(" ".join(sentences(comparison)))

    def _line(self, side: Side, base: Side, verdict: Verdict, before: str = "") -> QHBoxLayout:
        word, role = KINDS[verdict.kind]
        kind = Text(word, role=role, bold=True, wrap=False)
        kind.setMinimumWidth(self._room)
        row = in_row(kind, (selectable(before + verdict.sentence), 1), gap=12)
        if verdict.missing_seeds:
            row.addWidget(self._button(side, base, verdict))
        return row

    def _width(self, kind: str) -> int:
        """Pixels of the word, so that the sentences begin under each other and no further right than they must."""
        return QFontMetrics(theme.font(bold=True)).horizontalAdvance(KINDS[kind][0]) + 4

    def _button(self, side: Side, base: Side, verdict: Verdict) -> QPushButton:
        runs = len(verdict.missing_a) + len(verdict.missing_b)
        button = QPushButton(f"Run {count(len(verdict.missing_seeds), 'missing seeds')}")
        words = (
            f"Puts {count(runs, 'runs')} in line: seeds {', '.join(map(str, verdict.missing_seeds))}, "
            f"so that {side.title} and {base.title} have the same."
        )
        button.setToolTip(plain(words))
        button.setAccessibleDescription(words)
        button.clicked.connect(lambda: self.seeds_wanted.emit(side, base, verdict))
        return button
