"""The chosen runs' curves on one axis: metric, horizontal axis, smoothing, log scale, mean and band over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QSettings, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from engine import metrics
from storage.rows import Curve
from ui.comparison.curve_lines import curve_lines
from ui.comparison.sides import Comparison
from ui.figures.curve_axes import X_AXES
from ui.figures.curve_plot import CurvePlot
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_column
from ui.widgets.quiet import QuietSlider
from ui.widgets.reflow import FlowLayout
from ui.widgets.text import Text


def metric_title(metric: str, inner: bool = False) -> str:
    """ "Validation accuracy", "Moved: block2"; inner: rates are inner ones."""
    title = metrics.title(metric)
    return title.replace("Learning rate:", "Inner rate:") if inner else title


def band_words(seeds: Sequence[int]) -> str:
    """What the bands of sides with so many seeds are."""
    if max(seeds) < 2:
        return ""
    if max(seeds) == 2:
        return ", mean and range of two seeds"
    return ", mean and 95 % interval over seeds" + (" (of two their range)" if 2 in seeds else "")


class CurvesPane(QWidget):
    """metric_wanted(name): the person chose a metric; the page reads it and calls `show_curves`."""

    metric_wanted = Signal(str)

    def __init__(self, settings: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._comparison: Comparison | None = None
        self._curves: Mapping[int, Curve] = {}
        self._metric, self._inner = metrics.usual(), False
        self.metric_choice = Choice([(self._metric, metric_title(self._metric))])
        self.axis = Choice([(key, title) for key, title in X_AXES.items()])
        self.smoothing = QuietSlider(Qt.Orientation.Horizontal)
        self.log = QCheckBox("Log")
        self.members = QCheckBox("Each seed")
        self.plot = CurvePlot("Curves")
        self._name()
        self._build()
        self._restore()
        self._connect()

    def _name(self) -> None:
        for widget, name, tip in (
            (self.metric_choice, "Metric", "What the curves show"),
            (self.axis, "Horizontal axis", "Steps, epochs, time or examples seen"),
            (self.smoothing, "Smoothing", "Moving average; the measured values stay visible behind"),
            (self.log, "Logarithmic scale", "Logarithmic vertical scale"),
            (self.members, "Each seed", "Draw every seed as a thin line behind the mean"),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(tip)

    def _build(self) -> None:
        self.smoothing.setRange(0, 99)
        self.smoothing.setFixedWidth(96)
        self.metric_choice.setMinimumContentsLength(16)
        row = FlowLayout(self.metric_choice, self.axis)
        row.add_row(Text("Smoothing", "small", "muted", wrap=False), self.smoothing)
        row.add_row(self.log, self.members)
        column = in_column(row, owner=self, gap=4)
        self.plot.setMinimumHeight(300)
        self.plot.set_empty_text("These runs have no such curve.")
        column.addWidget(self.plot, 1)

    def _restore(self) -> None:
        self.axis.set_key(str(self._settings.value("compare/axis", "epoch")))
        self.smoothing.setValue(int(str(self._settings.value("compare/smoothing", 0))))
        self.members.setChecked(str(self._settings.value("compare/members", "false")) == "true")

    def _connect(self) -> None:
        self.metric_choice.currentIndexChanged.connect(lambda _: self.metric_wanted.emit(self.chosen_metric()))
        self.axis.currentIndexChanged.connect(lambda _: self._keep("axis", self.axis.key()))
        self.smoothing.valueChanged.connect(lambda value: self._keep("smoothing", value))
        self.members.toggled.connect(lambda on: self._keep("members", "true" if on else "false"))
        self.log.toggled.connect(lambda _: self._draw())

    def _keep(self, key: str, value: object) -> None:
        self._settings.setValue(f"compare/{key}", value)
        self._draw()

    def chosen_metric(self) -> str:
        return str(self.metric_choice.key() or metrics.usual())

    def set_metrics(self, names: list[str], inner: bool = False) -> None:
        """What any of the runs has recorded; the choice stays if it can. inner: all of them learn inner rates."""
        self._inner = inner
        first = metrics.watched(names)
        order = sorted(
            names, key=lambda name: (name != first, name != "val/loss", name.startswith(("moved/", "rate/")), name)
        )
        self.metric_choice.set_options([(name, metric_title(name, inner)) for name in order or [metrics.usual()]])

    def show_curves(self, comparison: Comparison, metric: str, curves: Mapping[int, Curve]) -> None:
        """Draw this metric's curves, by run id."""
        self._comparison, self._metric, self._curves = comparison, metric, curves
        self._draw()

    def _draw(self) -> None:
        if self._comparison is None:
            return
        axis, weight = str(self.axis.key()), self.smoothing.value() / 100
        seeds = [len(side.counted) for side in self._comparison.sides]
        several = max(seeds) > 1
        self.members.setVisible(several)
        self.plot.set_title(metric_title(self._metric, self._inner) + band_words(seeds))
        self.plot.set_x_axis(axis)
        self.plot.set_log(self.log.isChecked())
        members = self.members.isChecked() and several
        measured = metrics.of(self._metric)
        self.plot.set_unit(measured.unit)
        self.plot.set_curves(curve_lines(self._comparison, self._curves, axis, weight, members, measured.is_share))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._comparison is not None:
            self._draw()
