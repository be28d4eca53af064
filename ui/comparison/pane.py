"""Everything about the chosen runs on one page: verdict, results, curves, settings that differ, confusion matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSettings, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSplitter, QWidget

from engine.comparison.wording import count
from engine.families import named
from storage.rows import Curve
from ui.background import Background
from ui.comparison.cell_images import keep_in_sight
from ui.comparison.confusion_view import ConfusionView
from ui.comparison.cost_view import CostView
from ui.comparison.curve_lines import adaptation_lines
from ui.comparison.curves_pane import CurvesPane
from ui.comparison.difference_table import TITLE, DifferenceTable
from ui.comparison.explored_runs import ExploredRuns
from ui.comparison.kept_comparison import KeptComparison, RunCurvesByName
from ui.comparison.result_bars import ResultBars
from ui.comparison.sides import ComparedRun, Comparison, compare
from ui.comparison.verdict_card import VerdictCard
from ui.figures.adaptation_curves import AdaptationFigures
from ui.figures.painted import Section
from ui.widgets.buttons import button
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_column, in_row
from ui.widgets.reflow import FlowLayout
from ui.widgets.text import Text


class Sheet(QWidget):
    """The page inside the scroll area: exactly as high as its content at the width it has."""

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), 0)


class ComparisonPane(QScrollArea):
    """show_runs gives it the runs and the curves of one metric.

    report_wanted: save it all as one file. seeds_wanted(side, base, verdict): run what is missing.
    metric_wanted(name): read these curves. cleared: choose nothing.
    """

    report_wanted = Signal()
    seeds_wanted = Signal(object, object, object)
    metric_wanted = Signal(str)
    cleared = Signal()

    def __init__(self, settings: QSettings, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.comparison: Comparison | None = None
        self._runs: list[ComparedRun] = []
        self._curves: Mapping[int, Curve] = {}
        self._kept: Mapping[int, RunCurvesByName] = {}
        self.bars, self.table, self.curves = ResultBars(), DifferenceTable(), CurvesPane(settings)
        self.verdict, self.confusion, self.adaptation = VerdictCard(), ConfusionView(), AdaptationFigures()
        self.explored, self.cost, self.kept = ExploredRuns(background), CostView(), KeptComparison()
        self.settings_section = Section(TITLE, self.table, self.table.menu)
        self.base = Choice()
        self._build()
        self.base.currentIndexChanged.connect(lambda _: self._compare())
        self.verdict.seeds_wanted.connect(self.seeds_wanted)
        self.cost.figure.chosen.connect(self._look_at)
        self.curves.metric_wanted.connect(self.metric_wanted)
        keep_in_sight(self.confusion.images, self)

    def _build(self) -> None:
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setAccessibleName("Comparison")
        columns = QSplitter(Qt.Orientation.Horizontal)
        columns.setObjectName("compare columns")
        columns.setChildrenCollapsible(False)
        columns.setHandleWidth(24)
        columns.addWidget(Section(self.bars.title, self.bars, self.bars.menu, at_top=True))
        columns.addWidget(self.curves)
        columns.setSizes([440, 640])
        columns.setStretchFactor(0, 4)
        columns.setStretchFactor(1, 5)
        page = Sheet()
        in_column(
            self._heading(), self.verdict, columns, self.kept, self.cost, self.adaptation, self.settings_section,
            self.confusion, self.explored, ..., owner=page, gap=20, edges=(16, 8, 16, 16),
        )  # fmt: skip
        self.setWidget(page)

    def _heading(self) -> QHBoxLayout:
        self.title = Text("", "heading", bold=True, wrap=False)
        against = Text("Base", wrap=False)
        against.setBuddy(self.base)
        self.base.setAccessibleName("Base of the comparison")
        self.base.setToolTip("What the others are compared with")
        self.base.setMinimumContentsLength(16)
        about = FlowLayout(self.title)
        about.add_row(against, self.base)
        save = button(
            "Save report…", "export", "One web page or PDF with everything on this page", self.report_wanted.emit
        )
        clear = button("Clear", "close", "Untick and deselect everything (Esc in the table)", self.cleared.emit)
        top = Qt.AlignmentFlag.AlignTop
        return in_row((about, 1), (save, 0, top), (clear, 0, top), gap=8)

    def show_runs(
        self, runs: Sequence[ComparedRun], metrics: list[str], metric: str, curves: Mapping[int, Curve],
        kept: Mapping[int, RunCurvesByName],
    ) -> None:  # fmt: skip
        """Compare these runs; the base stays if it is still among them. kept: what each keeps of its source."""
        self._runs, self._curves, self._metric, self._kept = list(runs), curves, metric, kept
        with QSignalBlocker(self.curves):
            self.curves.set_metrics(metrics, all(named(run.row.family).divides == "classes" for run in runs))
        found = compare(runs, str(self.base.key() or ""))
        if found is not None:
            with QSignalBlocker(self.base):
                self.base.set_options([(side.key, side.title) for side in found.sides])
                self.base.set_key(found.base.key)
            self._show(found)

    def _compare(self) -> None:
        """The person chose another base."""
        found = compare(self._runs, str(self.base.key()))
        if found is not None:
            self._show(found)

    def _look_at(self, run_id: int) -> None:
        """The test images of a run whose point was clicked."""
        self.explored.look_at(run_id)
        self.ensureWidgetVisible(self.explored.button)

    def _show(self, comparison: Comparison) -> None:
        self.comparison = comparison
        runs = sum(len(side.runs) for side in comparison.sides)
        sides = len(comparison.sides)
        together = count(sides, "configurations") if not comparison.summary else "one configuration"
        self.title.setText(f"{count(runs, 'runs')} of {together}" if runs != sides or comparison.summary
                           else f"{count(runs, 'runs')} side by side")  # fmt: skip
        self.base.setEnabled(not comparison.summary)
        for part in (self.verdict, self.bars, self.cost, self.table, self.confusion, self.explored):
            part.show_comparison(comparison)
        self.adaptation.show_lines(*adaptation_lines(comparison))
        self.settings_section.setVisible(bool(comparison.differences))
        self.kept.show_comparison(comparison, self._kept)
        self.curves.show_curves(comparison, self._metric, self._curves)
