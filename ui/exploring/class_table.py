"""Every class with its test images: found, missed, wrongly given, recall and precision with their intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QWidget

from engine.comparison.intervals import Interval
from engine.comparison.per_class import ClassFigures
from engine.comparison.wording import number, thousands
from ui.figures.plain_table import FigureTable, TableCell

TITLE = "Class by class"
HEADS = ("Class", "Tested", "Missed", "Wrongly\ngiven", "Recall, %", "Precision, %")
COUNTS, SHARES = (1, 2, 3), (4, 5)  # columns of whole numbers; of shares with their intervals
NOT_GIVEN, ALONE = "nothing was taken for it", "only one class was tested"
NO_IMAGE = "not tested"
TIP = "Recall: the share of the class that was found. Precision: the share of what was taken for it that is right."
WIDEST = 260  # pixels of a column


class ClassTable(FigureTable):
    """chosen(place): the row of this class was clicked or entered. Saved numbers have the ends of intervals apart."""

    chosen = Signal(int)
    most_rows, sorted_by_click = 12, True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(TITLE, parent)
        self.figures: tuple[ClassFigures, ...] = ()
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)
        self.horizontalHeader().setToolTip(TIP)

    def show_figures(self, figures: Sequence[ClassFigures]) -> None:
        """In the order of the classes until a heading is clicked."""
        self.figures = tuple(figures)
        self.show_cells(HEADS, [cells_of(one) for one in figures])
        self.fit_columns(WIDEST, room=0)
        metrics = self.horizontalHeader().fontMetrics()
        for column in COUNTS:  # no wider than the words of their heading
            words = [HEADS[column].split("\n"), [thousands(one.n) for one in figures]]
            width = max((metrics.horizontalAdvance(one) for line in words for one in line), default=0)
            self.setColumnWidth(column, width + 12)
        for column in SHARES:
            self.setColumnWidth(column, self.columnWidth(column) + 8)

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(self.source_row(index))

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        ends = [f"{name}{end}" for name in ("recall", "precision") for end in ("", " low", " high")]
        return ["class", "tested", "missed", "wrongly given", *ends], [row_of(one) for one in self.figures]


def cells_of(one: ClassFigures) -> list[TableCell]:
    counts = (one.n, one.missed, one.wrongly_given)
    shares = ((one.recall, NO_IMAGE), (one.precision, ALONE if one.alone else NOT_GIVEN))
    return [
        TableCell(one.name, key=one.name.casefold()),
        *(TableCell(thousands(value), key=value, right=True) for value in counts),
        *(share_cell(*share) for share in shares),
    ]


def share_cell(found: Interval | None, none: str) -> TableCell:
    """ "91.7 (78.2 to 97.1)", in percent; a dash that says why where there is no share."""
    if found is None:
        return TableCell("–", none, key=-1.0, right=True, muted=True)
    value, low, high = (number(100 * end) for end in (found.value, found.low, found.high))
    words = f"{value} ({low} to {high})"
    return TableCell(
        words,
        f"{value} % of {thousands(found.n)}; 95 % interval (Wilson) {low} to {high} %",
        key=found.value,
        right=True,
    )


def row_of(one: ClassFigures) -> list[object]:
    """With empty cells where there is no share."""
    shares = (one.recall, one.precision)
    ends = [value for share in shares for value in ((share.value, share.low, share.high) if share else ("", "", ""))]
    return [one.name, one.n, one.missed, one.wrongly_given, *ends]
