"""The curve plot as a reader uses it: real widget, real paint, real keys."""

import csv
import io
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSizeF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from ui import theme
from ui.figures import figure_export
from ui.figures.curve_line import CurveLine
from ui.figures.curve_plot import CurvePlot
from ui.figures.figure_export import ExportButton, png, svg

STEPS = np.arange(1, 301)
LOSS = 3 * np.exp(-STEPS / 80) + 0.2


def pair(best: int | None = None) -> list[CurveLine]:
    return [
        CurveLine("training", STEPS, LOSS, "#0072B2", "train"),
        CurveLine("validation", STEPS[::10], LOSS[::10] + 0.1, "#0072B2", best=best, best_text="best epoch 3"),
    ]


def y_range(plot: CurvePlot) -> tuple[float, float]:
    low, high = plot.canvas().box.viewRange()[1]
    return low, high


def test_importing_the_plot_does_not_load_pyqtgraph() -> None:
    code = "import sys, ui.figures.curve_plot; sys.exit('pyqtgraph' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3]).returncode == 0


def test_an_empty_plot_says_so(plot: CurvePlot) -> None:
    plot.set_empty_text("The curves appear with the first step.")
    plot.set_curves([])
    assert plot.visible_part() == "words"
    plot.set_curves(pair())
    assert plot.visible_part() == "curves"


def test_all_of_both_curves_is_in_view_and_stays_so_while_they_grow(plot: CurvePlot) -> None:
    plot.set_curves(pair())
    (left, right), (low, high) = plot.canvas().box.viewRange()
    assert left <= 1
    assert right >= 300
    assert low < LOSS.min()
    assert high > LOSS.max()
    more = np.arange(1, 601)
    plot.set_curves([CurveLine("training", more, more / 100, "#0072B2", "train")], live=True)
    assert plot.canvas().box.viewRange()[0][1] >= 600


def test_a_reader_who_zoomed_is_not_moved_until_the_double_click(plot: CurvePlot) -> None:
    plot.set_curves(pair(), live=True)
    box = plot.canvas().box
    box.setRange(xRange=(50, 100), padding=0)
    box.sigRangeChangedManually.emit([True, True])
    plot.set_curves([CurveLine("training", np.arange(900), np.arange(900), "#0072B2", "train")], live=True)
    assert box.viewRange()[0] == [50, 100]
    box.whole.emit()
    assert box.viewRange()[0][1] >= 899


def test_items_are_kept_for_a_label_and_removed_with_it(plot: CurvePlot) -> None:
    plot.set_curves(pair())
    first = plot.canvas().drawn["training"]
    plot.set_curves(pair())
    assert plot.canvas().drawn["training"] is first
    items = len(plot.canvas().view.getPlotItem().items)
    plot.set_curves([])
    plot.set_curves(pair()[:1])
    assert list(plot.canvas().drawn) == ["training"]
    assert len(plot.canvas().view.getPlotItem().items) < items


def test_a_hundred_thousand_points_are_drawn_as_two_per_pixel(plot: CurvePlot) -> None:
    x = np.arange(100_000)
    y = np.random.default_rng(0).normal(size=x.size)
    y[77_777] = 50.0
    plot.set_curves([CurveLine("training", x, y, "#0072B2", "train")], live=True)
    drawn_x, drawn_y = plot.canvas().drawn["training"].line.getData()
    assert len(drawn_x) <= 2 * plot.width() + 4
    assert drawn_y.max() == 50.0


def test_a_log_axis_takes_zero_and_below(plot: CurvePlot) -> None:
    plot.set_curves([CurveLine("a", np.arange(4), np.array([1.0, 0.1, 0.0, -1.0]))])
    plot.set_log(True)
    low, high = y_range(plot)
    assert np.isfinite([low, high]).all()
    assert low <= -1
    assert high >= 0
    axis = plot.canvas().y_axis
    ticks = axis.logTickValues(low, high, 300, [])
    assert "0.1" in axis.tickStrings(ticks[0][1], 1, 1)
    plot.set_log(False)
    assert y_range(plot)[0] < 0


def test_smoothing_keeps_the_measured_values_behind(plot: CurvePlot) -> None:
    plot.set_curves(pair())
    assert plot.canvas().drawn["training"].raw is None
    plot.set_smoothing(0.9)
    assert plot.canvas().drawn["training"].raw.isVisible()
    assert plot.figure_table()[0] == ["Step", "training", "training, smoothed", "validation", "validation, smoothed"]


def test_the_best_point_is_marked_where_it_was_measured(plot: CurvePlot) -> None:
    plot.set_curves(pair(best=20))
    plot.set_smoothing(0.5)
    mark = plot.canvas().drawn["validation"].best
    assert mark is not None
    x, y = mark.getData()
    assert (x[0], y[0]) == (STEPS[200], pytest.approx(LOSS[200] + 0.1))
    assert "best epoch 3" in plot.accessibleDescription()


def test_a_single_point_is_seen(plot: CurvePlot) -> None:
    plot.set_curves([CurveLine("validation", np.array([1]), np.array([0.5]))])
    assert plot.canvas().drawn["validation"].line.opts["symbol"] == "o"


@pytest.mark.parametrize("height", [0.0, 0.5, 1.0])
def test_shares_stand_between_nothing_and_all(plot: CurvePlot, height: float) -> None:
    plot.set_unit("percent")
    plot.set_curves([CurveLine("validation", STEPS, np.full(len(STEPS), height))])
    axis = plot.canvas().y_axis
    values = [value for _, values in axis.tickValues(*y_range(plot), 200.0) for value in values]
    assert [value for value in values if not 0 <= round(value, 6) <= 1] == []
    assert height in [round(value, 6) for value in values]


@pytest.mark.parametrize(("end", "said"), [(200, "200"), (300, "300"), (20_000, "20k")])
def test_the_first_and_last_numbers_of_the_axis_stand_at_its_ends(plot: CurvePlot, end: int, said: str) -> None:
    """Though half of each is beyond."""
    steps = np.linspace(1, end, 100)
    plot.set_curves([CurveLine("training", steps, np.linspace(2, 1, 100))])
    sheet = QImage(plot.size(), QImage.Format.Format_ARGB32)
    painter = QPainter(sheet)
    _, _, numbers = plot.canvas().x_axis.generateDrawSpecs(painter)
    painter.end()
    assert [text for _, _, text in numbers][:: len(numbers) - 1] == ["0", said]


def test_pointing_reads_all_curves_and_moves_the_linked_plot(qtbot: QtBot, plot: CurvePlot) -> None:
    plot.set_curves(pair())
    other = CurvePlot("Accuracy", "percent")
    qtbot.addWidget(other)
    other.resize(500, 300)
    other.show()
    other.set_curves([CurveLine("validation", STEPS, STEPS / 400, "#0072B2")])
    plot.cursor_moved.connect(other.set_cursor)
    viewport = plot.canvas().view.viewport()
    qtbot.mouseMove(viewport, QPoint(viewport.width() // 3, viewport.height() // 2))
    qtbot.waitUntil(lambda: plot.canvas().readout.isVisible())
    assert other.canvas().readout.isVisible()
    assert plot.cursor_x is not None
    place, rows = plot.readout(plot.cursor_x)
    assert place.startswith("step ")
    assert [label for label, _ in rows] == ["training", "validation"]
    plot.point_at(None)
    assert not other.canvas().readout.isVisible()


def test_the_keyboard_reads_values_and_shows_the_table(qtbot: QtBot, plot: CurvePlot) -> None:
    plot.set_curves(pair())
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_Home)
    assert plot.readout(plot.cursor_x or 0.0)[0] == "step 1"
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    assert plot.cursor_x is not None
    assert plot.cursor_x > 0
    assert "training" in plot.accessibleDescription()
    qtbot.keyClick(plot, Qt.Key.Key_Escape)
    assert plot.cursor_x is None
    qtbot.keyClick(plot, Qt.Key.Key_T)
    assert plot.visible_part() == "table"
    model = plot._table().model()
    assert model.rowCount() == 300
    assert model.headerData(1, Qt.Orientation.Horizontal) == "training"
    assert model.index(0, 1).data() == f"{LOSS[0]:.4g}"


def test_a_growing_table_keeps_the_readers_place(qtbot: QtBot, plot: CurvePlot) -> None:
    plot.set_curves(pair())
    plot.show_table(True)
    view = plot._table()
    view.scrollTo(view.model().index(250, 0))
    place = view.verticalScrollBar().value()
    more = np.arange(1, 401)
    plot.set_curves([CurveLine("training", more, more, "#0072B2", "train"), pair()[1]], live=True)
    assert view.model().rowCount() == 400
    assert view.verticalScrollBar().value() == place > 0


def test_it_says_what_it_shows(plot: CurvePlot) -> None:
    plot.set_curves(pair())
    assert plot.accessibleName() == "Loss curves"
    assert f"training ends at {LOSS[-1]:.4g}" in plot.accessibleDescription()


def test_colours_follow_the_palette(qapp, plot: CurvePlot) -> None:
    plot.set_curves(pair())
    light = plot.grab().toImage().pixelColor(20, 200)
    theme.apply(qapp, "dark")
    qapp.processEvents()
    dark = plot.grab().toImage().pixelColor(20, 200)
    theme.apply(qapp, "light")
    assert light.lightness() > 200
    assert dark.lightness() < 60
    assert plot.canvas().y_axis.textPen().color() != theme.colour("card")


def test_labels_at_the_ends_do_not_overlap() -> None:
    from ui.figures.line_chart import spread

    placed = spread([100, 101, 102, 300], 14, 0, 320)
    assert all(b - a >= 14 - 1e-9 for a, b in pairwise(placed))
    assert spread([318, 319], 14, 0, 320)[-1] <= 313
    assert spread([], 14, 0, 320) == []
    assert len(spread([5.0] * 50, 14, 0, 320)) == 50


def saved_png(path: Path) -> None:
    image = QImage(str(path))
    assert image.width() == 1400
    assert len({image.pixelColor(x, 400).name() for x in range(0, 1400, 5)}) > 2


def saved_svg(path: Path) -> None:
    text = path.read_text("utf-8")
    assert QSvgRenderer(str(path)).isValid()
    assert "training" in text
    assert "Loss" in text
    assert "<polyline" in text or "<path" in text


def saved_csv(path: Path) -> None:
    rows = path.read_text("utf-8").splitlines()
    assert rows[0] == "Step,training,validation"
    assert len(rows) == 301
    assert rows[2].endswith(",")
    assert float(rows[1].split(",")[1]) == pytest.approx(LOSS[0])


def saved_pdf(path: Path) -> None:
    written = path.read_bytes()
    assert written.startswith(b"%PDF")
    assert b"/Font" in written  # words, not a picture of them
    assert b"/Subtype /Image" not in written


KINDS = {".png": saved_png, ".svg": saved_svg, ".pdf": saved_pdf, ".csv": saved_csv}


@pytest.mark.parametrize(("kind", "check"), KINDS.items())
def test_the_figure_is_saved(plot: CurvePlot, tmp_path: Path, kind: str, check: Callable[[Path], None]) -> None:
    plot.set_curves(pair())
    figure_export.save(plot, tmp_path / f"loss{kind}")
    check(tmp_path / f"loss{kind}")


def test_picture_and_numbers_go_to_the_clipboard(plot: CurvePlot) -> None:
    plot.set_curves(pair())
    actions = {action.text(): action for action in plot._menu.actions()}
    actions["Copy picture"].trigger()
    assert QGuiApplication.clipboard().image().width() == 1400
    actions["Copy numbers"].trigger()
    assert QGuiApplication.clipboard().text().splitlines()[0] == "Step\ttraining\tvalidation"


def test_a_band_reaches_to_the_end_of_its_curve_whatever_was_in_view_before(plot: CurvePlot) -> None:
    """One band of 41 points, then it and one of 120: the fill must not stay as it was clipped to the view before."""
    first, second = np.arange(41.0), np.arange(1, 121.0)
    short = CurveLine("short", first, first / 120, "#0072B2", "band", first / 120 - 0.1, first / 120 + 0.1)
    plot.set_curves([short])
    long = CurveLine("long", second, second / 120, "#D55E00", "band", second / 120 - 0.1, second / 120 + 0.1)
    plot.set_curves([short, long])
    plot.grab()
    for label, end in (("short", 40), ("long", 120)):
        band = plot.canvas().drawn[label].band
        assert band is not None
        assert band.path().boundingRect().right() == pytest.approx(end)
    plot.set_curves([long])
    plot.canvas().box.setRange(xRange=(50, 60), padding=0)
    plot.reset_zoom()
    band = plot.canvas().drawn["long"].band
    assert band is not None
    assert (band.path().boundingRect().left(), band.path().boundingRect().right()) == pytest.approx((1, 120))


def test_a_long_band_is_thinned_and_keeps_its_extremes(plot: CurvePlot) -> None:
    x = np.arange(50_000.0)
    low, high = np.zeros(x.size), np.ones(x.size)
    low[12_345], high[43_210] = -5.0, 7.0
    plot.set_curves([CurveLine("a", x, high / 2, "#0072B2", "band", low, high)])
    band = plot.canvas().drawn["a"].band
    assert band is not None
    assert band.path().elementCount() < 10_000
    box = band.path().boundingRect()
    assert (box.top(), box.bottom(), box.right()) == pytest.approx((-5, 7, 49_999))


def test_what_is_no_number_is_a_gap_with_a_mark(plot: CurvePlot) -> None:
    y = np.array([1.0, 2.0, np.nan, 4.0, np.inf, 6.0])
    plot.set_curves([CurveLine("a", np.arange(6.0), y, "#0072B2", "band", y - 1, y + 1)])
    drawn = plot.canvas().drawn["a"]
    assert drawn.gaps is not None
    assert drawn.gaps.getData()[0].tolist() == [2, 4]
    assert np.isnan(drawn.line.getOriginalDataset()[1]).tolist() == [False, False, True, False, True, False]
    assert plot.readout(2)[1] == [("a", "no number")]
    assert plot.figure_table()[1][2][1:] == ["no number"] * 3
    plot.grab()


def test_the_readout_invents_nothing_beyond_the_end_of_a_curve(plot: CurvePlot) -> None:
    plot.set_x_axis("epoch")
    long, short = np.arange(1, 121.0), np.arange(1, 41.0)
    counts = np.where(long <= 100, 3, 2)
    plot.set_curves([
        CurveLine("LP-FT", long, long / 120, style="band", low=long, high=long, counts=counts),
        CurveLine("Full fine-tuning", short, short),
    ])  # fmt: skip
    assert plot.readout(92) == ("epoch 92", [("LP-FT", "0.7667"), ("Full fine-tuning", "ended at epoch 40")])
    assert plot.readout(119)[1][0] == ("LP-FT", "0.9917 (2 of 3 seeds)")


@pytest.mark.parametrize("words", ["a, b", "a\tb", 'my "best" run', "two\nlines", "; ' | é"])
def test_a_cell_stays_one_cell_on_the_clipboard_and_in_files(plot: CurvePlot, tmp_path: Path, words: str) -> None:
    plot.set_curves([CurveLine(words, np.arange(3), np.arange(3) + 0.5)])
    plot._figure.copy_numbers()
    pasted = csv.reader(io.StringIO(QGuiApplication.clipboard().text(), newline=""), delimiter="\t")
    figure_export.save(plot, tmp_path / "numbers.csv")
    saved = csv.reader(io.StringIO((tmp_path / "numbers.csv").read_text(encoding="utf-8"), newline=""))
    wanted = [["Step", words], ["0", "0.5"], ["1", "1.5"], ["2", "2.5"]]
    assert (list(pasted), list(saved)) == (wanted, wanted)


def test_nothing_of_the_cursor_stays_in_a_plot_that_followed_it(qtbot: QtBot, plot: CurvePlot) -> None:
    """Pixels on the screen, not of a fresh drawing: an item of the scene left lines where it had been."""
    plot.set_curves([CurveLine("training", np.arange(1, 11.0), np.arange(10.0), "#0072B2")])

    def seen() -> QImage:
        return plot.screen().grabWindow(plot.winId()).toImage()

    qtbot.waitUntil(lambda: plot.canvas().view.isVisible())
    qtbot.waitUntil(lambda: seen() == (qtbot.wait(20), seen())[1])  # all of it is painted
    before = seen()
    for place in range(20):
        plot.set_cursor(2 + 0.3 * place)
        QApplication.processEvents()
    assert seen() != before
    plot.set_cursor(None)
    qtbot.waitUntil(lambda: seen() == before)


def test_the_first_values_do_not_press_the_curve_flat_until_the_whole_is_asked_for(plot: CurvePlot) -> None:
    values = np.r_[[900.0, 80.0], np.linspace(2, 1, 98)]
    plot.set_curves([CurveLine("training", np.arange(1, 101.0), values)])
    assert y_range(plot)[1] < 2.2
    plot.canvas().box.whole.emit()
    assert y_range(plot)[1] > 900
    late = np.r_[np.linspace(2, 1, 98), [900.0, 80.0]]  # a loss that flies away is no outlier of the beginning
    plot.reset_zoom()
    plot.set_curves([CurveLine("training", np.arange(1, 101.0), late)])
    assert y_range(plot)[1] > 900


def test_a_figure_leaves_a_dark_window_as_it_leaves_a_light_one(qapp, plot: CurvePlot) -> None:
    def seen() -> QImage:
        QApplication.processEvents()
        return plot.grab().toImage()

    def drawn() -> bytes:
        line = CurveLine("validation", STEPS, LOSS, theme.curve_colour(0), best=3, low=LOSS - 1, high=LOSS + 1)
        plot.set_curves([line, CurveLine("one point", STEPS[-1:], LOSS[-1:], theme.curve_colour(1))])
        QApplication.processEvents()
        return svg(plot) + png(plot)

    light = drawn()
    theme.apply(qapp, "dark")
    shown = seen()
    assert drawn() == light
    assert seen() == shown  # and the window stays dark
    theme.apply(qapp, "light")


def test_the_figures_button_says_export_while_it_is_looked_at(qtbot: QtBot, plot: CurvePlot) -> None:
    button = plot.findChild(ExportButton)
    assert button is not None
    plot.setFocus()
    plot.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
    assert button.told() == "⋯"
    width = button.width()
    button.setFocus()
    assert button.told() == "Export ⋯"
    assert button.width() == width
    assert button.fontMetrics().horizontalAdvance("Export ⋯") < width


@pytest.mark.parametrize("weight", [0.0, 0.9])
def test_many_new_curves_are_made_a_few_in_each_turn(plot: CurvePlot, qtbot: QtBot, weight: float) -> None:
    plot.set_smoothing(weight)
    plot.set_curves([CurveLine(f"run {n}", np.arange(9), np.full(9, float(n))) for n in range(20)])
    assert 0 < len(plot.canvas().drawn) < 5
    assert y_range(plot)[1] >= 19  # the axes are already those of all
    qtbot.waitUntil(lambda: len(plot.canvas().drawn) == 20)
    assert all((drawn.raw is not None) == (weight > 0) for drawn in plot.canvas().drawn.values())
    plot.set_curves(plot.given[5:])  # fewer, which are there already
    assert list(plot.canvas().drawn) == [f"run {n}" for n in range(5, 20)]


def test_a_figure_is_saved_with_all_its_curves_and_their_finest_lines(plot: CurvePlot) -> None:
    plot.set_curves([CurveLine(f"run {n}", np.arange(300), np.sin(np.arange(300) / 40 + n)) for n in range(20)])
    lines = lambda: [drawn.line.opts["antialias"] for drawn in plot.canvas().drawn.values()]  # noqa: E731
    assert not any(lines())
    picture = QImage(400, 300, QImage.Format.Format_RGB32)
    painted: list[list[bool]] = []
    painter = QPainter(picture)
    drawn = plot.canvas().view.render
    plot.canvas().view.render = lambda *given: (painted.append(lines()), drawn(*given))  # type: ignore[method-assign]
    plot.paint_figure(painter, QSizeF(400, 300))
    painter.end()
    assert painted == [[True] * 20]
    assert not any(lines())
