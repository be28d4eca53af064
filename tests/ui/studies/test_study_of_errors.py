"""A study of tasks that ask for numbers on the Studies page: plain numbers, the smallest best, a name for the axis."""

from __future__ import annotations

from math import nan
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.events import RunState
from engine.studies.cells import Cell
from engine.studies.study import Study, completed, parse_study
from storage.store import RunStore
from storage.workspace import Workspace
from tests.ui.studies.conftest import save_study, settle
from ui.figures.figure_export import save
from ui.figures.painted_axes import around
from ui.pages.studies import StudiesPage
from ui.studies.view import unit
from ui.window.main_window import MainWindow


def curves_study(figure: str) -> Study:
    arms = [
        {"title": title, "backbone": {"name": "sine_mlp", "weights": "random"}, "method": {"name": name}}
        for title, name in (("MAML", "maml"), ("Pretrained", "joint"))
    ]
    body = {"title": "Curves", "dataset": {"name": "sinusoid"}, "arms": arms, "labels": [5, 10], "seeds": [0, 1, 2]}
    return completed(parse_study({**body, "figure": figure}))


def error(cell: Cell) -> float:
    """MAML is 0.5 and then 1 below what was pretrained; three seeds lie 0.1 apart."""
    return (3.0 if cell.arm else 2.5 if cell.labels == 5 else 2.0) + 0.1 * ((cell.seed + (cell.arm or 0)) % 3)


@pytest.mark.parametrize("figure", ["labels", "arm"])
def test_errors_are_numbers_and_the_smallest_is_best(
    qtbot: QtBot, workspace: Workspace, window: MainWindow, tmp_path: Path, figure: str
) -> None:
    with RunStore(workspace) as store:
        save_study(store, curves_study(figure), error)
    page: StudiesPage = window.show_page("studies")
    settle(qtbot, page)
    detail = page.detail
    assert detail.table.cells.texts() == [  # ± 4.303 * 0.1 / sqrt(3)
        ["MAML", "2.600 (2.352 to 2.848)", "2.100 (1.852 to 2.348)"],
        ["Pretrained", "3.100 (2.852 to 3.348)", "3.100 (2.852 to 3.348)"],
    ]
    assert [[cell.bold for cell in row[1:]] for row in detail.table.cells.rows] == [[True, True], [False, False]]
    assert "10 points per task: MAML is best, 1.000 below Pretrained" in detail.says.text()
    assert detail.accuracy.isHidden()
    assert detail.error.isHidden()
    detail.figure.grab()
    assert unit(detail.figure.view) == "Test error (mean squared)"
    assert detail.figure.marks[0][1].startswith(
        "MAML, 5 points per task\nTest error (mean squared) 2.600 (2.352 to 2.848), 3 seeds"
    )
    save(detail.figure, tmp_path / "figure.png")


def test_the_scale_reaches_to_the_largest_error() -> None:
    axis = around([0.5, 2.0, nan], low=0.0)
    assert axis.low == pytest.approx(0.41)  # 0.06 of the range of 1.5 below
    assert axis.high == pytest.approx(2.09)
    assert [words for _, words in axis.ticks(200.0, 40.0)] == ["0.5", "1", "1.5", "2"]


def test_the_smallest_validation_loss_is_what_a_run_is_known_by(workspace: Workspace) -> None:
    with RunStore(workspace) as store:
        row = save_study(store, curves_study("arm"), lambda cell: nan if cell.seed else error(cell))
        runs = store.study_runs(row.id)
    known = [(run.best, run.last) for run in runs if run.state is RunState.FINISHED]
    assert known == [(2.5, 2.5), (3.1, 3.1), (2.0, 2.0), (3.1, 3.1)]
