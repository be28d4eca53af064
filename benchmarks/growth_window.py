"""What grows in the window, for `benchmarks.growth`: lists, tables and figures over runs, points, classes, blocks."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication, QListView, QWidget

from benchmarks.growth_curve import Curve, Work
from benchmarks.growth_runs import RUNS, compared, saved_rows
from engine.backbones.catalog import backbone
from engine.backbones.info import BackboneInfo, Block
from engine.events import Evaluated
from engine.registry import method
from ui import theme
from ui.comparison.confusion import mistakes, share_classes
from ui.comparison.run_columns import COLUMNS, PLACES
from ui.comparison.run_filters import Bounds, OneOf
from ui.comparison.run_table import RunTable
from ui.comparison.sides import Side
from ui.exploring.confusion_matrix import MOST_CLASSES, ConfusionMatrix
from ui.figures.block_picture import BlockPicture
from ui.figures.curve_line import CurveLine
from ui.figures.curve_plot import CurvePlot
from ui.growing_curve import GrowingCurve
from ui.new_experiment.layer_doubts import sentences
from ui.new_experiment.layer_table import LayersDialog
from ui.new_experiment.layer_view import layer_view
from ui.runs.run_list import RunListModel, RunOrder

POINTS = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
DRAWN = (10, 32, 100, MOST_CLASSES)  # of more classes there is no matrix
BLOCKS = (4, 8, 16, 32, 64, 128)


@cache
def app() -> QApplication:
    made = QApplication.instance()
    if not isinstance(made, QApplication):
        made = QApplication([])
        theme.apply(made, "light")
    return made


def shown(widget: QWidget, after: ExitStack) -> None:
    """On the screen until the size is done."""
    widget.resize(900, 600)
    widget.show()
    app().processEvents()
    after.callback(lambda: (widget.close(), widget.deleteLater(), app().processEvents()))


def table(size: int, folder: Path, after: ExitStack) -> RunTable:
    """The run table with so many runs."""
    app()
    made = RunTable(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
    made.runs.set_rows(saved_rows(size, folder, after))
    shown(made, after)
    return made


def fill_table(size: int, folder: Path, after: ExitStack) -> Work:
    made = table(size, folder, after)
    rows = made.runs.rows()
    return lambda: (made.runs.set_rows(rows), app().processEvents())


def filter_table(size: int, folder: Path, after: ExitStack) -> Work:
    """Words that were typed, a filter of words with all that there are, a filter of numbers, and all of them off."""
    made = table(size, folder, after)
    rows = made.runs.rows()

    def work() -> None:
        made.runs.list_only(words="run 1 fine")
        values = frozenset(COLUMNS[PLACES["method"]].text(row) for row in rows)
        made.runs.list_only(words="", filters={"method": OneOf(values), "test": Bounds(50.0, 100.0)})
        made.runs.list_only(words="", filters={})
        app().processEvents()

    return work


def sort_table(size: int, folder: Path, after: ExitStack) -> Work:
    """By name, by test figure, then grouped by configuration."""
    made = table(size, folder, after)

    def work() -> None:
        made.runs.sort(PLACES["name"])
        made.runs.sort(PLACES["test"], Qt.SortOrder.DescendingOrder)
        made.runs.set_grouped(True)
        made.runs.set_grouped(False)
        app().processEvents()

    return work


def tick_all(size: int, folder: Path, after: ExitStack) -> Work:
    made = table(size, folder, after)
    ids = [row.id for row in made.runs.rows()]
    return lambda: (made.runs.choose(ids), made.runs.choose([]), app().processEvents())


def listed(size: int, folder: Path, after: ExitStack) -> Work:
    """The list of the Runs page: filled, filtered, every second run gone, and empty."""
    rows, view = saved_rows(size, folder, after), QListView()
    runs = RunListModel(lambda run_id: None, view)
    order = RunOrder(runs, view)
    view.setModel(order)
    shown(view, after)
    gone = [replace(row, deleted_at=1.0) for row in rows[::2]]

    def work() -> None:
        runs.set_rows(rows)
        order.set_filter("run 1")
        order.set_filter("")
        runs.update_rows(gone)
        runs.set_rows([])
        app().processEvents()

    return work


def side(result: Evaluated, number: int, folder: Path, after: ExitStack) -> Side:
    (run,) = compared(1, folder / str(number), after)
    return Side(str(number), f"Side {number}", (replace(run, result=result, figures=(result,)),))


def confusion(size: int, folder: Path, after: ExitStack) -> Work:
    """The matrices of two sides, and their difference drawn and as a table; 20 test images of each class."""
    app()
    truth = np.arange(20 * size) % size
    names = tuple(f"class {number}" for number in range(size))
    result = Evaluated("test/accuracy", 0.9, 0.8, 0.95, len(truth), "images", ids=np.arange(len(truth)),
                       truth=truth, predicted=np.where(np.arange(len(truth)) % 11, truth, np.roll(truth, 7)),
                       class_names=names)  # fmt: skip
    first, second = side(result, 0, folder, after), side(result, 1, folder, after)
    matrix = ConfusionMatrix("Difference")
    shown(matrix, after)

    def work() -> None:
        assert share_classes(first, second)
        one, other = mistakes(first), mistakes(second)
        assert one is not None
        assert other is not None
        matrix.show_values("Difference", names, one.counts - 0.5 * other.counts, signed=True)
        matrix.repaint()
        for _ in matrix.figure_table()[1]:
            pass

    return work


def noisy(points: int) -> CurveLine:
    x = np.arange(1, points + 1)
    y = 2 * np.exp(-3 * x / points) + 0.5 + np.random.default_rng(0).normal(0, 0.1, points)
    return CurveLine("training", x, y, theme.run_colour(0), "train")


def paint_curve(size: int, folder: Path, after: ExitStack, live: bool = False) -> Work:
    app()
    plot, lines = CurvePlot("Loss"), [noisy(size)]
    plot.set_smoothing(0.6)
    shown(plot, after)
    return lambda: (plot.set_curves(lines, live=live), app().processEvents())


def paint_live(size: int, folder: Path, after: ExitStack) -> Work:
    return paint_curve(size, folder, after, live=True)


def grow(size: int, folder: Path, after: ExitStack) -> Work:
    """A live curve in memory, point by point."""

    def work() -> None:
        curve = GrowingCurve()
        for step in range(size):
            curve.append(step, 0.0, 0.0)

    return work


def network(blocks: int) -> BackboneInfo:
    known = backbone("conv4")
    return replace(known, blocks=tuple(Block(f"block{n}", f"Block {n}", 1000) for n in range(blocks)))


def layers(size: int, folder: Path, after: ExitStack) -> Work:
    """The layer table made, every block changed, drawn in the form's picture and in the open dialog."""
    app()
    dialog, picture, info = LayersDialog(), BlockPicture(), network(size)
    edits = {block: {"rate": 500.0} for block in info.block_names[1::2]}
    shown(dialog, after)
    shown(picture, after)

    def work() -> None:
        view = layer_view(method("discriminative"), {}, edits, info)
        picture.set_blocks(view.shown_blocks(), view.treatments)
        sentences(view)
        dialog.show_view(view, size)
        app().processEvents()

    return work


CURVES = (
    Curve("run table: fill", "runs", RUNS, fill_table),
    Curve("run table: filter by words and columns", "runs", RUNS, filter_table),
    Curve("run table: sort, group", "runs", RUNS, sort_table),
    Curve("run table: tick all", "runs", RUNS, tick_all),
    Curve("list of runs: fill, filter, remove half", "runs", RUNS, listed),
    Curve("confusion matrices of two sides", "classes", DRAWN, confusion),
    Curve("paint a resting curve", "points", POINTS, paint_curve),
    Curve("paint a live curve", "points", POINTS, paint_live),
    Curve("keep a live curve", "points", POINTS[:4], grow),
    Curve("layer table and its dialog", "blocks", BLOCKS, layers),
)
