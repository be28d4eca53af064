"""Old classes against new ones for every recipe that is compared: one picture, and the same in a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QWidget

from engine.comparison.intervals import Interval, mean_interval
from engine.comparison.wording import bare_interval, count
from engine.events import Evaluated
from engine.metrics import FORGOTTEN, FRESH_PROBE, OLD_HEAD, SOURCE
from engine.work.recorder import SavedCurve
from ui.comparison.sides import Comparison, Side
from ui.figures.kept_figure import KeptFigure
from ui.figures.kept_paths import HOW_TO_READ, READERS, TITLE, KeptPath, mean_path, points_of
from ui.figures.painted import Section
from ui.figures.plain_table import FigureTable, TableCell
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_column
from ui.widgets.text import Text

HEADS = ("", "New classes, %", "Old, by old head, %", "lost, points", "Old, by fresh probe, %", "lost by it, points")
COLUMNS = tuple(part + reader for reader in (OLD_HEAD, FRESH_PROBE) for part in (SOURCE, FORGOTTEN))
RunCurvesByName = Mapping[str, SavedCurve]
WIDEST = 260  # pixels of a column


class KeptComparison(QWidget):
    """Hidden where of none of the runs it was measured what it keeps."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.figure, self.table = KeptFigure(), FigureTable("What is forgotten")
        self.reader = Choice([*READERS.items()])
        self.reader.setAccessibleName("What tells the old classes")
        self.reader.setMinimumContentsLength(16)
        self.how, self.basis = Text(HOW_TO_READ, "small", "muted"), Text("", "small", "muted")
        self._comparison: Comparison | None = None
        self._curves: Mapping[int, RunCurvesByName] = {}
        section = Section(TITLE, self.figure, self.figure.menu)
        section.add(self.reader)
        self.figure.setMinimumHeight(280)
        in_column(section, self.how, self.table, self.basis, owner=self, gap=8)
        self.reader.currentIndexChanged.connect(lambda _: self._draw())
        self.hide()

    def show_comparison(self, comparison: Comparison, curves: Mapping[int, RunCurvesByName]) -> None:
        """curves: by run id and name, of runs that were watched while they learnt."""
        self._comparison, self._curves = comparison, curves
        rows = [row_of(side) for side in comparison.sides if kept_figures(side, COLUMNS[0])]
        self.table.show_cells(HEADS, rows)
        self.table.fit_columns(WIDEST)
        self.basis.setText(basis_of(comparison))
        self._draw()
        by_rows: tuple[QWidget, ...] = (self.table, self.basis)
        by_paths: tuple[QWidget, ...] = (self.figure, self.how, self.reader)
        for parts, shown in ((by_rows, bool(rows)), (by_paths, bool(self.figure.paths))):
            for part in parts:
                part.setVisible(shown)
        self.setVisible(bool(rows or self.figure.paths))

    def _draw(self) -> None:
        if self._comparison is not None:
            reader = str(self.reader.key())
            self.figure.show_paths([path_of(side, self._curves, reader) for side in self._comparison.sides])


def path_of(side: Side, curves: Mapping[int, RunCurvesByName], reader: str) -> KeptPath:
    """Of several seeds their mean, epoch by epoch."""
    ways = [points_of(curves.get(run.row.id, {}), reader) for run in side.counted]
    ways = [way for way in ways if way]
    title = f"{side.title}, mean of {count(len(ways), 'seeds')}" if len(ways) > 1 else side.title
    return KeptPath(title, mean_path(ways), side.colour, side.dashed)


def kept_figures(side: Side, metric: str) -> list[Evaluated]:
    """This figure of each seed that has it."""
    return [one for run in side.counted for one in run.figures if one.metric == metric]


def together(figures: Sequence[Evaluated]) -> Interval:
    """Of one run as it was measured; of several seeds their mean with Student's interval."""
    if len(figures) == 1:
        return Interval(figures[0].value, figures[0].low, figures[0].high, figures[0].n)
    return mean_interval(one.value for one in figures)


def row_of(side: Side) -> list[TableCell]:
    figures = [kept_figures(side, metric) for metric in COLUMNS]
    own = bare_interval(side.interval) if side.interval is not None else "–"
    told = [own, *(bare_interval(together(found)) if found else "–" for found in figures)]
    return [TableCell(side.title, bold=True), *(TableCell(words, right=True) for words in told)]


def basis_of(comparison: Comparison) -> str:
    """What the figures rest on, each source once."""
    said = dict.fromkeys(
        f"On {one.notes['test images of the source']}; before: {one.notes['before']} by the old head. "
        f"Batch norm: {one.notes['batch norm']}."
        for side in comparison.sides for one in kept_figures(side, COLUMNS[0])
    )  # fmt: skip
    several = any(len(kept_figures(side, COLUMNS[0])) > 1 for side in comparison.sides)
    over = " Intervals over seeds where there are several, else over examples." if several else ""
    return " ".join(said) + over if said else ""
