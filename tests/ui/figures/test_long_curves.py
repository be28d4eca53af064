"""Curves of very many points: few are drawn, none is lost to who looks closer, and news touch few of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.comparison.bands import smooth
from engine.comparison.outline import FEW
from tests.reading import Counting
from ui.figures.curve_axes import StepScale
from ui.figures.curve_line import CurveLine
from ui.figures.curve_plot import CurvePlot
from ui.growing_curve import GrowingCurve
from ui.runs.block_curves import block_lines
from ui.runs.content import lines_of

N = 60_000
SCALE = StepScale(100, 32)
VALUES = 2 * np.exp(-5 * np.arange(N) / N) + np.random.default_rng(0).normal(0, 0.3, N)
VALUES[41_017], VALUES[52_003] = np.nan, 9.0


def grown(values: np.ndarray = VALUES) -> GrowingCurve:
    return GrowingCurve.from_arrays(np.arange(len(values)), np.arange(len(values)) / 50, values)


def given(axis: str = "step") -> list[CurveLine]:
    """As a caller gives a line that it knows nothing of."""
    x = SCALE.positions(axis, np.arange(N), np.arange(N) / 50)
    return [CurveLine("training", x, VALUES, "#0072B2", "train")]


FORMS: dict[str, Callable[[str], list[CurveLine]]] = {
    "given": given,
    "of a run": lambda axis: lines_of("loss", {"train/loss": grown()}, axis, SCALE, 1),
    "of a block": lambda axis: block_lines({"rate/head": grown()}, "rate", {"head": "Head"}, axis, SCALE),
}


def items(plot: CurvePlot) -> list[int]:
    """Points that the plot's items were given: of the measured line and of the smoothed one."""
    drawn = plot.canvas().drawn[plot.lines[0].label]
    return [
        len(item.getOriginalDataset()[0]) for item in (drawn.raw, drawn.line) if item is not None and item.isVisible()
    ]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("axis", ["step", "epoch", "time", "examples"])
def test_few_points_are_drawn_and_they_are_true(plot: CurvePlot, form: str, axis: str) -> None:
    plot.set_x_axis(axis)
    plot.set_curves(FORMS[form](axis), live=True)
    (line,), x = plot.lines, SCALE.positions(axis, np.arange(N), np.arange(N) / 50)
    assert max(items(plot)) <= 2 * FEW + 10
    places = np.searchsorted(x, line.x)
    assert np.array_equal(line.x, x[places])
    assert np.array_equal(line.y, VALUES[places])
    assert (line.y.min(), line.y.max(), line.y[-1]) == (np.nanmin(VALUES), 9.0, VALUES[-1])
    assert line.gaps.tolist() == [x[41_017]]


@pytest.mark.parametrize("form", FORMS)
def test_the_smoothed_line_is_that_of_every_point(plot: CurvePlot, form: str) -> None:
    """The past counts 0.6 per thousandth of the axis, over 59,999 numbers."""
    plot.set_smoothing(0.6)
    plot.set_curves(FORMS[form]("step"))
    (line,), full = plot.lines, smooth(VALUES, 0.6 ** (1000 / (N - 2)))
    assert sum(items(plot)) <= 3 * FEW + 20
    assert np.allclose(line.y, full[line.x.astype(int)], rtol=0, atol=1e-8)
    assert line.measured().y.max() == 9.0
    assert plot.readout(N - 1)[1][0][1] == f"{full[-1]:.4g}"
    plot.set_smoothing(0.0)
    assert np.array_equal(plot.lines[0].y, VALUES[plot.lines[0].x.astype(int)])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("weight", [0.0, 0.6])
def test_who_looks_closer_sees_every_point(plot: CurvePlot, form: str, weight: float) -> None:
    plot.set_smoothing(weight)
    plot.set_curves(FORMS[form]("step"))
    canvas = plot.canvas()
    canvas.box.setRange(xRange=(41_000, 41_500), padding=0)
    canvas.box.sigRangeChangedManually.emit(canvas.box.state["mouseEnabled"])
    (line,), full = plot.lines, smooth(VALUES, weight and 0.6 ** (1000 / (N - 2)))
    assert line.x.tolist() == [x for x in range(40_999, 41_502) if x != 41_017]
    assert np.allclose(line.y, full[line.x.astype(int)], rtol=0, atol=1e-8)
    assert 41_017 in line.gaps
    assert plot.readout(41_200)[0] == "step 41,200"
    plot.reset_zoom()
    assert plot.lines[0].x[-1] == N - 1
    assert max(items(plot)) <= 2 * FEW + 10


def test_a_table_and_a_file_have_every_point(plot: CurvePlot) -> None:
    plot.set_smoothing(0.6)
    plot.set_curves(FORMS["of a run"]("step"))
    heads, rows = plot.figure_table()
    rows = list(rows)
    assert list(heads) == ["Step", "training", "training, smoothed"]
    assert len(rows) == N
    assert rows[52_003][:2] == [52_003.0, 9.0]
    assert rows[41_017][1] == "no number"


def test_the_best_of_a_long_validation_is_marked_where_it_is(plot: CurvePlot) -> None:
    plot.set_smoothing(0.6)
    plot.set_curves(lines_of("loss", {"val/loss": grown()}, "step", SCALE, 1))
    best = int(np.nanargmin(VALUES))
    ring = plot.canvas().drawn["validation"].best
    assert ring is not None
    assert (ring.data["x"].tolist(), ring.data["y"].tolist()) == ([best], [VALUES[best]])


@pytest.mark.parametrize("zoomed", [False, True])
@pytest.mark.parametrize("weight", [0.0, 0.9])
def test_news_of_a_long_run_touch_few_of_its_points(plot: CurvePlot, zoomed: bool, weight: float) -> None:
    plot.set_smoothing(weight)
    curve, counted = grown(), []

    class Watched(GrowingCurve):
        """Hands out its values and times under count."""

        @property
        def values(self) -> np.ndarray:
            counted.append(Counting(self._rest[1, : self._length]))
            return counted[-1]  # type: ignore[return-value]

        @property
        def times(self) -> np.ndarray:
            counted.append(Counting(self._rest[0, : self._length]))
            return counted[-1]  # type: ignore[return-value]

    curve.__class__ = Watched
    plot.set_curves(lines_of("loss", {"train/loss": curve}, "time", SCALE, 1), live=True)
    if zoomed:
        plot.canvas().box.setRange(xRange=(800, 820), padding=0)
        plot.canvas().box.sigRangeChangedManually.emit([True, True])
    for beat in range(5):
        curve.append(N + beat, (N + beat) / 50, 1.0)
        counted.clear()
        plot.set_curves(lines_of("loss", {"train/loss": curve}, "time", SCALE, 1), live=True)
        assert 0 < sum(one.touched for one in counted) < N // 2
