"""A head bench on the Runs page: the figure and the table take the place of learning curves, live and saved."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from engine.bench.figures import BenchFigure
from engine.events import RunState
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.heads.catalog import HEADS
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from ui.figures.figure_export import csv_text, svg
from ui.pages.runs import RunsPage
from ui.runs.bench_curves import BenchCurves
from ui.runs.bench_table import BenchTable
from ui.runs.bench_words import accuracy_words, short_count, tip

LONG = 200_000
FIGURES = [
    BenchFigure("Ridge regression", "1 label", 1, 0.5, 0.45, 0.55),
    BenchFigure("Ridge regression", "all labels", 12, 0.875, 0.86, 0.89, 0.851),
    BenchFigure("Nearest mean", "1 label", 1, 0.6, 0.58, 0.62),
    BenchFigure("Nearest mean", "all labels", 12, 0.75, 0.74, 0.76, 0.71),
]


def bench() -> Experiment:
    return Experiment(
        dataset=DatasetChoice(name="digits"), backbone=BackboneChoice(weights="omniglot-supervised"),
        method=MethodChoice(name="head_bench", hyperparameters={"most_labels": "2", "repeats": 2}),
    )  # fmt: skip


def heads_of(page: RunsPage) -> list[object]:
    return [row[0] for row in page.detail.bench.table.figure_table()[1]]


@pytest.mark.timeout(300)
def test_a_bench_is_watched_and_read_again(
    qtbot: QtBot, open_page: Callable[[], RunsPage], workspace: Workspace, saved: dict[str, RunRow]
) -> None:
    page = open_page()
    page.parts.submit([bench()], "Heads", then=lambda rows: page.choose(rows[0].id))
    qtbot.waitUntil(lambda: page.detail.bench.isVisible(), timeout=LONG)
    assert not page.detail.curves.isVisible()
    qtbot.waitUntil(lambda: bool(page.detail.bench._final), timeout=LONG)
    qtbot.waitUntil(lambda: (now := page.now()) is not None and now.state is RunState.FINISHED, timeout=LONG)
    titles = [head.title for head in HEADS]
    qtbot.waitUntil(lambda: heads_of(page) == titles, timeout=LONG)  # read after the end is told
    assert page.detail.bench.table.figure_table()[0][:3] == ["head", "1 label", "1 label, cross-validation"]
    assert "Nearest mean, 1 label" not in page.detail.result.others.text()
    qtbot.waitUntil(
        lambda: (now := page.now()) is not None and now.epoch_text() == "2 of 2 labels per class", timeout=LONG
    )
    qtbot.waitUntil(lambda: (now := page.now()) is not None and now.row.test is not None, timeout=LONG)
    now = page.now()
    assert now is not None
    with RunStore(workspace) as store:
        kept = store.results(now.row.id)
    assert kept[0].metric == "test/accuracy"
    assert now.row.test is not None
    assert now.row.test.value == kept[0].value
    page.choose(saved["finished"].id)
    qtbot.waitUntil(page.detail.curves.isVisible, timeout=LONG)
    assert not page.detail.bench.isVisible()


def test_points_of_a_bench_at_work_are_drawn_without_intervals(qtbot: QtBot) -> None:
    curves = BenchCurves()
    qtbot.addWidget(curves)
    curves.say_empty("Nothing yet.")
    assert csv_text(curves).count("\n") == 1
    curves.show_figures([BenchFigure("Ridge regression", "5 labels", 5, 0.8)])
    assert "Ridge regression, 5 labels: 80.0 %" in curves.accessibleDescription()
    assert b"Ridge regression" in svg(curves)


def test_the_figure_and_the_table_can_be_copied_as_numbers(qtbot: QtBot) -> None:
    curves, table = BenchCurves(), BenchTable()
    for widget in (curves, table):
        qtbot.addWidget(widget)
        widget.show_figures(FIGURES)
    assert csv_text(curves).splitlines()[2] == "Ridge regression,all labels,12,0.875,0.86,0.89,0.851"
    assert csv_text(table).splitlines() == [
        'head,1 label,"1 label, cross-validation",all labels,"all labels, cross-validation"',
        "Ridge regression,50.0 (45.0 to 55.0),–,87.5 (86.0 to 89.0),85.1",
        "Nearest mean,60.0 (58.0 to 62.0),–,75.0 (74.0 to 76.0),71.0",
    ]


def test_words_of_a_figure() -> None:
    assert accuracy_words(FIGURES[0]) == "50.0 (45.0 to 55.0)"
    assert accuracy_words(BenchFigure("x", "", 2, 0.5)) == "50.0"
    assert [short_count(figure) for figure in FIGURES[:2]] == ["1", "all, 12"]
    assert tip(FIGURES[1]) == "Ridge regression, all labels: 87.5 % (86.0 to 89.0); cross-validation 85.1 %"


def test_pointing_at_a_mark_or_a_cell_says_its_numbers(qtbot: QtBot) -> None:
    curves, table = BenchCurves(), BenchTable()
    for widget in (curves, table):
        qtbot.addWidget(widget)
        widget.resize(640, 300)
        widget.show_figures(FIGURES)
        widget.show()
        widget.grab()
    assert curves.words_at(curves.marks[0][0].center()) == tip(FIGURES[0])
    assert curves.words_at(QPointF(1, 1)) == ""
    assert table.words_at(QPointF(630, 40)) == tip(FIGURES[1])
    assert table.words_at(QPointF(10, 40)) == ""
