"""Loss and accuracy of one run side by side, with their common axis, scale and smoothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from PySide6.QtCore import QSettings, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from engine import metrics
from engine.pretraining.method import COLLAPSING, told_below
from engine.work.recorder import SavedCurve
from ui.figures.curve_axes import X_AXES, StepScale, y_text
from ui.figures.curve_plot import CurvePlot
from ui.runs.content import has_lines, lines_of
from ui.runs.run_now import best_of
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_column
from ui.widgets.quiet import QuietSlider
from ui.widgets.reflow import Beside, FlowLayout
from ui.widgets.text import Text

MOST_SMOOTHING = 0.99


class CurveControls(QWidget):
    """Axis, log scale and smoothing; what was chosen is remembered under "runs/…"."""

    changed = Signal()

    def __init__(self, settings: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.axis = Choice([(key, title) for key, title in X_AXES.items()])
        self.axis.setAccessibleName("Horizontal axis")
        self.axis.setToolTip("What the curves are drawn against")
        self.axis.setMinimumContentsLength(11)
        self.log = QCheckBox("&Log loss")
        self.log.setToolTip("Logarithmic scale for the loss: equal ratios look equal")
        self.smoothing = QuietSlider(Qt.Orientation.Horizontal)
        self.smoothing.setRange(0, round(100 * MOST_SMOOTHING))
        self.smoothing.setFixedWidth(140)
        self.smoothing.setAccessibleName("Smoothing")
        self.smoothing.setToolTip("Moving average over neighbouring steps; the measured values stay visible behind")
        self.amount = Text("off", role="muted", wrap=False)
        self._lay_out()
        self._restore()
        self.axis.currentIndexChanged.connect(lambda _: self._note())
        self.log.toggled.connect(lambda _: self._note())
        self.smoothing.valueChanged.connect(lambda _: self._note())

    def _lay_out(self) -> None:
        row = FlowLayout(owner=self, spacing=16)
        row.add_row(Text("Axis", wrap=False), self.axis)
        row.addWidget(self.log)
        row.add_row(Text("Smoothing", wrap=False), self.smoothing, self.amount)

    def offer_epochs(self, offered: bool) -> None:
        """Whether the shown run has epochs to be drawn against; what was chosen comes back with one that has."""
        if offered == (self.axis.findData("epoch") >= 0):
            return  # else a list that is open while the run is drawn would be rebuilt under the mouse
        with QSignalBlocker(self.axis):
            self.axis.set_options([(key, title) for key, title in X_AXES.items() if offered or key != "epoch"])
            if not self.axis.set_key(str(self._settings.value("runs/axis", "epoch"))):
                self.axis.set_key("step")

    def weight(self) -> float:
        return self.smoothing.value() / 100

    def _restore(self) -> None:
        self.axis.set_key(str(self._settings.value("runs/axis", "epoch")))
        self.log.setChecked(str(self._settings.value("runs/log", "false")) == "true")
        self.smoothing.setValue(int(str(self._settings.value("runs/smoothing", 60))))
        self._say()

    def _note(self) -> None:
        if self.axis.findData("epoch") >= 0 or self.axis.key() != "step":
            self._settings.setValue("runs/axis", self.axis.key())
        self._settings.setValue("runs/log", "true" if self.log.isChecked() else "false")
        self._settings.setValue("runs/smoothing", self.smoothing.value())
        self._say()
        self.changed.emit()

    def _say(self) -> None:
        self.amount.setText(f"{self.weight():.2f}" if self.weight() else "off")


class RunCurves(QWidget):
    """`show_curves` draws a run; live ones are drawn fast, resting ones smoothly."""

    def __init__(self, settings: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controls = CurveControls(settings)
        self._keys: dict[CurvePlot, str] = {}
        self.loss, self.accuracy = CurvePlot(), CurvePlot()  # the second is of whatever the run is known by
        self._measure(self.loss, "loss")
        self._measure(self.accuracy, metrics.of(metrics.usual()).key)
        self._curves: Mapping[str, SavedCurve] = {}
        self._scale, self._run_id, self._live = StepScale(), -1, False
        self._expected = True
        self.spread, self.rank = CurvePlot(), CurvePlot()  # of what is learnt without labels: whether it is alive
        self.perplexity = CurvePlot()  # of a language model
        for plot, key in ((self.spread, "spread"), (self.rank, "rank"), (self.perplexity, "perplexity")):
            self._measure(plot, key)
            plot.setMinimumHeight(180)
        for plot in (self.loss, self.accuracy):
            plot.setMinimumHeight(240)
        self.alive = Beside(self.spread, self.rank, least=280)
        self.alive.hide()
        self.perplexity.hide()
        in_column(
            self.controls,
            (Beside(self.loss, self.accuracy, least=280), 1),
            self.perplexity,
            self.alive,
            owner=self,
            gap=8,
        )
        self.loss.cursor_moved.connect(self.accuracy.set_cursor)
        self.accuracy.cursor_moved.connect(self.loss.set_cursor)
        self.controls.changed.connect(self._draw)

    def expect(self, accuracy: bool) -> None:
        """Whether there will be accuracies, before there is anything: not where the tasks ask for numbers."""
        self._expected = accuracy
        self.accuracy.setVisible(accuracy)

    @staticmethod
    def has_lines(curves: Mapping[str, SavedCurve]) -> bool:
        """Whether there is anything to draw of these."""
        return has_lines(curves)

    def show_curves(self, curves: Mapping[str, SavedCurve], scale: StepScale, run_id: int, live: bool) -> None:
        """curves by metric name."""
        for _ in self.drawing(curves, scale, run_id, live):
            pass

    def drawing(self, curves: Mapping[str, SavedCurve], scale: StepScale, run_id: int, live: bool) -> Iterator[None]:
        """The same one plot at a time, so that the event loop may turn in between. Another run than the last one begins
        without the reader's zoom."""
        if run_id != self._run_id:
            for plot in self._keys:
                plot.forget_view()
                plot.set_cursor(None)
        self._curves, self._scale, self._run_id, self._live = curves, scale, run_id, live
        measured = metrics.measured(curves)
        if measured != "loss":
            self._measure(self.accuracy, measured)
        self.accuracy.setVisible(self._expected or measured != "loss")
        self.alive.setVisible("val/spread" in curves)
        self.perplexity.setVisible("val/perplexity" in curves)
        self.controls.offer_epochs(scale.has_epochs)
        yield from self._plots()

    def _measure(self, plot: CurvePlot, key: str) -> None:
        """What a plot is of."""
        self._keys[plot] = key
        plot.set_title(metrics.of(key).title)
        plot.set_unit(metrics.of(key).unit)

    def say_empty(self, text: str) -> None:
        for plot in (self.loss, self.accuracy):
            plot.set_empty_text(text)

    def _draw(self) -> None:
        for _ in self._plots():
            pass

    def _plots(self) -> Iterator[None]:
        axis = str(self.controls.axis.key())
        drawn = {plot: lines_of(key, self._curves, axis, self._scale, self._run_id)
                 for plot, key in self._keys.items()}  # fmt: skip
        reach = max((float(line.x[-1]) for lines in drawn.values() for line in lines if len(line.x)), default=0.0)
        for plot, lines in drawn.items():
            plot.set_x_axis(axis)
            plot.set_reach(reach)
            plot.set_smoothing(self.controls.weight())
            plot.set_log(plot is self.perplexity or (plot is self.loss and self.controls.log.isChecked()))
            plot.set_curves(lines, self._live)
            yield
        self._caption()

    def _caption(self) -> None:
        spreads = self._curves.get("val/spread")
        level = told_below(float(spreads.values[0])) if spreads is not None and len(spreads) else COLLAPSING
        self.spread.set_caption(f"0 says the same of all; a collapse is told below {level:.2g}")
        self.rank.set_caption("directions that the features use")
        self.perplexity.set_caption("words that it hesitates between, on average")
        kept = best_of(self._curves, 1)
        words = {self.loss: "", self.accuracy: ""}
        if kept is not None:
            plot = self.loss if metrics.of(kept.metric).key == "loss" else self.accuracy
            words[plot] = f"best {y_text(kept.value, plot.unit)} at {self._scale.place(kept.step)}"
        for plot in words:
            if any(line.dashed and line.label.endswith("before") for line in plot.given):
                words[plot] = " · ".join(part for part in (words[plot], f"dashed: {metrics.BEFORE}") if part)
        for plot, text in words.items():
            plot.set_caption(text)
