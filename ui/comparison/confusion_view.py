"""Two sides' confusion matrices and their difference, and the images behind the cell that was clicked."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from engine.comparison.wording import count
from ui.comparison.cell_images import CellImages
from ui.comparison.confusion import Mistakes, mistakes, only_first_right, share_classes
from ui.comparison.sides import Comparison, Side
from ui.exploring.confusion_matrix import ConfusionMatrix
from ui.figures.figure_export import menu_button
from ui.widgets.buttons import ElidedButton
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text


class ConfusionView(QWidget):
    """`images` asks for what lies in the cell that the person chose."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparison: Comparison | None = None
        self._first: Mistakes | None = None
        self._second: Mistakes | None = None
        self.setAccessibleName("Confusion matrices")
        self.other = Choice()
        self.other.setAccessibleName("Side to set against the base")
        self.other.setMinimumContentsLength(28)
        self.other.currentIndexChanged.connect(lambda _: self._show_pair())
        self.matrices = [ConfusionMatrix(title, self) for title in ("Base", "Other", "Difference")]
        self.images = CellImages()
        self._build()

    def _build(self) -> None:
        self._title = Text("Which classes are mistaken for which", bold=True, wrap=False)
        tip = "Images one side always gets right and the other always wrong"
        self._gained = ElidedButton(tip, lambda: self._show_only(True))
        self._lost = ElidedButton(tip, lambda: self._show_only(False))
        heading = in_row(self._title, self.other, ..., gap=8)
        row = QGridLayout()
        row.setSpacing(16)
        for place, matrix in enumerate(self.matrices):
            matrix.cell_chosen.connect(self._show_cell)
            row.addWidget(matrix, 0, place, Qt.AlignmentFlag.AlignTop)
            row.addWidget(menu_button(matrix, matrix.menu, f"Menu of {matrix.title}"), 0, place,
                          Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)  # fmt: skip
            row.setColumnStretch(place, 1)
        lists = in_row(self._gained, self._lost, ...)
        in_column(heading, row, lists, self.images, owner=self, gap=8)

    def show_comparison(self, comparison: Comparison) -> None:
        """Hidden when no other side shares its classes with the base."""
        self._comparison = comparison
        fitting = [side for side in comparison.others if share_classes(side, comparison.base)]
        self.setVisible(bool(fitting))
        self.other.set_options([(side.key, f"{side.title} against {comparison.base.title}") for side in fitting])
        self.other.setVisible(len(fitting) > 1)
        self._show_pair()

    def _side(self) -> Side | None:
        sides = self._comparison.sides if self._comparison else ()
        return next((side for side in sides if side.key == self.other.key()), None)

    def _show_pair(self) -> None:
        side = self._side()
        if side is None or self._comparison is None:
            return
        base = self._comparison.base
        self._first, self._second = mistakes(base), mistakes(side)
        if self._first is None or self._second is None:
            return
        first, second, names = self._first, self._second, self._first.names
        self.matrices[0].show_values(first.title, names, first.counts, False, base.colour)
        self.matrices[1].show_values(second.title, names, second.counts, False, side.colour)
        gap = f"{second.title} minus {first.title}"
        self.matrices[2].show_values(gap, names, second.counts - first.counts, True)
        gained, lost = only_first_right(second, first), only_first_right(first, second)
        self._gained.setText(f"Only {second.title} right: {count(len(gained), 'images')}")
        self._lost.setText(f"Only {first.title} right: {count(len(lost), 'images')}")
        self._gained.setEnabled(len(gained) > 0)
        self._lost.setEnabled(len(lost) > 0)
        self.images.clear()

    def _show_only(self, second: bool) -> None:
        """The images one side always gets right and the other always wrong."""
        if self._first is None or self._second is None:
            return
        winner, loser = (self._second, self._first) if second else (self._first, self._second)
        ids = only_first_right(winner, loser)
        self._tell(f"{winner.title} right, {loser.title} wrong", ids)

    def _show_cell(self, true: int, predicted: int) -> None:
        """Say and show what lies in one cell of either side."""
        if self._first is None or self._second is None:
            return
        for matrix in self.matrices:
            matrix.set_cell(true, predicted)
        names = self._first.names
        found = [(side, side.images(true, predicted)) for side in (self._first, self._second)]
        parts = [f"{side.title} {count(len(ids), 'images')}" for side, ids in found]
        title = f"True {names[true]}, predicted {names[predicted]}: {', '.join(parts)}"
        self._tell(title, np.union1d(found[0][1], found[1][1]))

    def _tell(self, title: str, ids: np.ndarray) -> None:
        side = self._side()
        if side is not None:
            self.images.ask(title, side.experiment, ids)
