"""What the Runs page shows of a head bench in place of learning curves: a figure and a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from PySide6.QtWidgets import QWidget

from engine.bench.figures import BenchFigure, figures, so_far
from engine.events import Evaluated
from engine.heads.catalog import TITLES
from engine.work.recorder import SavedCurve
from ui.figures.curve_axes import StepScale
from ui.figures.painted import Section
from ui.runs.bench_curves import TITLE as CURVES_TITLE
from ui.runs.bench_curves import BenchCurves
from ui.runs.bench_table import TITLE as TABLE_TITLE
from ui.runs.bench_table import BenchTable
from ui.widgets.layouts import in_column
from ui.widgets.text import Text

EXPLAINED = (
    "Large: accuracy on the test examples in %, the mean and its 95 % interval over draws of the labelled examples; "
    "with all labels there is one draw, and the interval is over test examples. Bold: the best of its column. "
    "Small: accuracy in cross-validation on the labelled examples alone, which is what a choice may rest on."
)


class BenchView(QWidget):
    """Takes curves and results as `RunCurves` does: the points of a bench at work, and its figures at the end."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.curves, self.table = BenchCurves(), BenchTable()
        self.words = Text(EXPLAINED, "small", "muted")
        self._table_section = Section(TABLE_TITLE, self.table, self.table.menu)
        self._streamed: list[BenchFigure] = []
        self._final: list[BenchFigure] = []
        in_column(
            (Section(CURVES_TITLE, self.curves, self.curves.menu), 1), self._table_section, self.words, owner=self,
            gap=16,
        )  # fmt: skip

    def has_lines(self, curves: Mapping[str, SavedCurve]) -> bool:
        """Whether anything was measured."""
        return bool(self._final or so_far(curves, TITLES))

    def show_curves(self, curves: Mapping[str, SavedCurve], scale: StepScale, run_id: int, live: bool) -> None:
        for _ in self.drawing(curves, scale, run_id, live):
            pass

    def drawing(self, curves: Mapping[str, SavedCurve], scale: StepScale, run_id: int, live: bool) -> Iterator[None]:
        """What has been measured so far; `scale` and `run_id` make no difference to it."""
        self._streamed = so_far(curves, TITLES)
        self._draw()
        yield

    def show_results(self, results: Sequence[Evaluated]) -> None:
        """The figures with their intervals, which take the place of the streamed ones."""
        self._final = figures(results)
        self._draw()

    def say_empty(self, text: str) -> None:
        self.curves.say_empty(text)

    def _draw(self) -> None:
        shown = self._final or self._streamed
        self.curves.show_figures(shown)
        self.table.show_figures(shown)
        self._table_section.setVisible(bool(shown))
        self.words.setVisible(bool(shown))
