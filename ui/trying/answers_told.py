"""What each run says of one image, one under the other."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from ui.widgets.chance_bars import ChanceBars
from ui.widgets.layouts import in_column
from ui.widgets.text import Elided

ALONE, BESIDE = 6, 3  # classes of one run, and of each of several
Told = Sequence[tuple[str, Sequence[tuple[str, float]]]]  # of each run its title, and classes with their probabilities


class AnswersTold(QWidget):
    """A run's title stands over its bars where several answer."""

    def __init__(self) -> None:
        super().__init__()
        self.titles: list[Elided] = []
        self.bars: list[ChanceBars] = []
        self._column = in_column(owner=self, gap=4)

    def show_answers(self, told: Told, truth: str = "") -> None:
        """truth: what a person said that it is."""
        while len(self.bars) < len(told):
            self.titles.append(Elided("", "small", bold=True))
            self.bars.append(ChanceBars())
            self._column.addWidget(self.titles[-1])
            self._column.addWidget(self.bars[-1])
        for place, (title, bars) in enumerate(zip(self.titles, self.bars, strict=True)):
            title.setVisible(1 < len(told) > place)
            bars.setVisible(place < len(told))
        for title, bars, (words, best) in zip(self.titles, self.bars, told, strict=False):
            title.setText(words)
            bars.set_rows(min(len(best), ALONE if len(told) == 1 else BESIDE))
            bars.show_chances(best, truth)
