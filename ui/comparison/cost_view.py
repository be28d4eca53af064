"""Accuracy against time and size, with what it rests on and what is left out."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from ui.comparison.cost_figure import CostFigure
from ui.comparison.cost_points import AXES, cost_points
from ui.comparison.sides import Comparison
from ui.figures.painted import Section
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_column
from ui.widgets.text import Text

FRONTIER = (
    "Filled: none of the others is cheaper and at least as good. That alone recommends none: intervals may overlap, "
    "and the verdict above is corrected for several comparisons."
)


class CostView(QWidget):
    """Hidden while fewer than two sides have a place in it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparison: Comparison | None = None
        self.figure, self.axis = CostFigure(), Choice([*AXES.items()])
        self.note, self.left_out = Text("", "small", "muted"), Text("", "small", "muted")
        self.axis.setAccessibleName("Cost")
        self.axis.setMinimumContentsLength(20)
        section = Section(self.figure.title, self.figure, self.figure.menu)
        section.add(self.axis)
        in_column(section, self.note, self.left_out, owner=self, gap=4)
        self.axis.currentIndexChanged.connect(lambda _: self._show())
        self.hide()

    def show_comparison(self, comparison: Comparison) -> None:
        self._comparison = comparison
        enough = [key for key in AXES if len(cost_points(comparison, key).points) > 1]
        self.setVisible(bool(enough))
        if enough and self.axis.key() not in enough:
            self.axis.set_key(enough[0])
        self._show()

    def _show(self) -> None:
        if self._comparison is None:
            return
        axis = str(self.axis.key())
        found = cost_points(self._comparison, axis)
        self.figure.show_points(found.points, axis)
        self.note.setText(" ".join(part for part in (found.basis, FRONTIER) if part))
        self.left_out.setText("\n".join(f"Left out: {title}, because {why}." for title, why in found.left_out))
        self.left_out.setVisible(bool(found.left_out))
