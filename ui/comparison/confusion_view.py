"""Two sides' confusion matrices and their difference, and the images behind the cell that was clicked."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from engine.comparison.class_change import class_changes
from engine.comparison.per_class import FoldedClasses
from engine.comparison.wording import count
from ui.comparison.cell_images import CellImages
from ui.comparison.class_change_table import TITLE as CHANGES
from ui.comparison.class_change_table import ClassChangeTable
from ui.comparison.confusion import Mistakes, as_numbered_by, mistakes, only_first_right, share_classes
from ui.comparison.sides import Comparison, Side
from ui.exploring.confusion_matrix import ConfusionMatrix
from ui.figures.figure_export import menu_button
from ui.figures.painted import Section
from ui.widgets.buttons import ElidedButton
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text

SHOWN = 12  # classes that each of three matrices beside each other shows one by one


class ConfusionView(QWidget):
    """`images` asks for what lies in the cell that the person chose."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparison: Comparison | None = None
        self._first: Mistakes | None = None
        self._second: Mistakes | None = None
        self._parts: tuple[np.ndarray, ...] = ()
        self.setAccessibleName("Confusion matrices")
        self.other = Choice()
        self.other.setAccessibleName("Side to set against the base")
        self.other.setMinimumContentsLength(28)
        self.other.currentIndexChanged.connect(lambda _: self._show_pair())
        self.matrices = [ConfusionMatrix(title, self) for title in ("Base", "Other", "Difference")]
        self.changes, self.images = ClassChangeTable(), CellImages()
        self._changes = Section(CHANGES, self.changes, self.changes.menu, at_top=True)
        self._build()

    def _build(self) -> None:
        self._title = Text("Which classes are mistaken for which", bold=True, wrap=False)
        tip = "Examples that one side always gets right and the other always wrong"
        self._gained = ElidedButton(tip, lambda: self._show_only(True))
        self._lost = ElidedButton(tip, lambda: self._show_only(False))
        heading = in_row(self._title, self.other, ..., gap=8)
        row = QGridLayout()
        row.setSpacing(16)
        for place, matrix in enumerate(self.matrices):
            matrix.cell_chosen.connect(self._show_cell)
            row.addWidget(matrix, 0, place, Qt.AlignmentFlag.AlignTop)
            menu = menu_button(matrix, matrix.menu, f"Menu of {matrix.title}")
            matrix.beside_title = menu.at_rest()
            row.addWidget(menu, 0, place, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)
            row.setColumnStretch(place, 1)
        lists = in_row(self._gained, self._lost, ...)
        self.changes.chosen.connect(self._show_class)
        in_column(heading, row, self.images, self._changes, lists, owner=self, gap=8)

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
        first, second = as_numbered_by(self._second, self._first), self._second
        self._first = first  # its images are shown out of the other's set
        self._show_matrices(base.colour, side.colour)
        gained, lost = only_first_right(second, first), only_first_right(first, second)
        changes = class_changes(first.found, second.found, first.names)
        self.changes.show_changes(first.title, second.title, changes)
        self._changes.setVisible(bool(changes))
        self._gained.setText(f"Only {second.title} right: {count(len(gained), 'examples')}")
        self._lost.setText(f"Only {first.title} right: {count(len(lost), 'examples')}")
        self._gained.setEnabled(len(gained) > 0)
        self._lost.setEnabled(len(lost) > 0)
        self.images.clear()

    def _show_matrices(self, *colours: int) -> None:
        """Of many classes those that both together mistake most, the others in one."""
        if self._first is None or self._second is None:
            return
        first, second = self._first, self._second
        shown = FoldedClasses.of(first.counts + second.counts, first.names, SHOWN)
        self._parts, short = shown.parts, shown.names
        a, b = shown.counts(first.counts), shown.counts(second.counts)
        most = [shown.most(one) for one in (a, b, b - a)]
        self.matrices[0].show_values(first.title, short, a, False, colours[0], most[0])
        self.matrices[1].show_values(second.title, short, b, False, colours[1], most[1])
        self.matrices[2].show_values(f"{second.title} minus {first.title}", short, b - a, True, 0, most[2])

    def _show_only(self, second: bool) -> None:
        """The images one side always gets right and the other always wrong."""
        if self._first is None or self._second is None:
            return
        winner, loser = (self._second, self._first) if second else (self._first, self._second)
        ids = only_first_right(winner, loser)
        self._tell(f"{winner.title} right, {loser.title} wrong", ids)

    def _show_class(self, place: int) -> None:
        """The images of a class that one side gets right with more of its seeds than the other."""
        if self._first is None or self._second is None:
            return
        first, second, name = self._first, self._second, self._first.names[place]
        _, one, other = np.intersect1d(first.found.ids, second.found.ids, assume_unique=True, return_indices=True)
        unequal = first.found.right[one] != second.found.right[other]
        ids = first.found.ids[one][unequal & (first.found.truth[one] == place)]
        self._tell(f"{name}, where {first.title} and {second.title} differ", ids)

    def _show_cell(self, true: int, predicted: int) -> None:
        """Say and show what lies in one cell of either side."""
        if self._first is None or self._second is None:
            return
        for matrix in self.matrices:
            matrix.set_cell(true, predicted)
        names = self.matrices[0].names
        cell = self._parts[true], self._parts[predicted]
        found = [(side, side.images(*cell)) for side in (self._first, self._second)]
        parts = [f"{side.title} {count(len(ids), 'examples')}" for side, ids in found]
        title = f"True {names[true]}, predicted {names[predicted]}: {', '.join(parts)}"
        self._tell(title, np.union1d(found[0][1], found[1][1]))

    def _tell(self, title: str, ids: np.ndarray) -> None:
        side = self._side()
        if side is not None:
            self.images.ask(title, side.experiment, ids)
