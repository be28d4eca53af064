"""The Studies page over a real database and real runs: figure, table, words, start, pause, stop, continue."""

from __future__ import annotations

import csv
from dataclasses import replace
from math import nan
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QPushButton, QScrollArea
from pytestqt.qtbot import QtBot

from engine.comparison.wording import duration
from engine.errors import StorageError
from engine.events import CLUSTER, MACHINE, RunStarted, RunState
from engine.machine.warm import load_torch
from engine.studies import expected
from engine.work.study import StudyRunner
from storage.store import RunStore, StudyRow
from storage.workspace import Workspace
from tests.engine.work.test_elsewhere import ToldCluster
from tests.ui.studies.conftest import crossing, save_study, settle, small_study
from tests.ui.widgets.test_wheel import dead_under
from ui.figures.figure_export import save
from ui.pages.studies import StudiesPage
from ui.studies.header import status_words
from ui.studies.reading import study_now
from ui.window.main_window import MainWindow


def words(page: StudiesPage) -> str:
    return page.detail.says.text()


def test_an_empty_page_offers_the_builder(qtbot: QtBot, page: StudiesPage) -> None:
    assert page.stack.currentWidget() is page.empty
    qtbot.mouseClick(page.empty.button, Qt.MouseButton.LeftButton)
    assert page.builder is not None
    page.builder.reject()


def test_a_study_is_shown_with_its_table_and_what_it_says(saved: StudyRow, page: StudiesPage) -> None:
    assert page.detail.header.title.text() == "From how many labels?"
    assert page.detail.header.status.text() == "12 of 12 runs done."
    assert page.detail.table.cells.texts() == [
        [
            "Probe",
            "49.0 % (46.5 to 51.5)",
            "29.0 % (26.5 to 31.5)",
        ],  # error over seeds 0.50, 0.49, 0.48: ± 4.303 * 0.01 / sqrt(3)
        ["Weak probe", "39.0 % (36.5 to 41.5)", "39.0 % (36.5 to 41.5)"],
    ]
    bold = [[cell.bold for cell in row[1:]] for row in page.detail.table.cells.rows]
    assert bold == [[False, True], [True, False]]
    assert "1 label per class: Weak probe is best, 10.0 points above Probe" in words(page)
    assert "Probe overtakes Weak probe at 2.0 labels per class (95 % interval 1.5 to 2.7, 3 seeds)." in words(page)
    page.detail.accuracy.click()
    assert page.detail.table.cells.texts()[0][1] == "51.0 % (48.5 to 53.5)"


def test_the_wheel_scrolls_the_study_over_everything_on_it(
    qtbot: QtBot, saved: StudyRow, page: StudiesPage, window: MainWindow
) -> None:
    window.resize(1000, 560)
    page.detail.says.setText("\n".join(["A study says much."] * 40))
    qtbot.waitUntil(lambda: page.detail.findChild(QScrollArea).verticalScrollBar().maximum() > 300)
    window.rail.setFocus()
    assert dead_under(page, least=2) == []  # the words; the figure above them needs no scrolling


def test_a_long_question_leaves_the_study_inside_a_small_window(
    qtbot: QtBot, saved: StudyRow, page: StudiesPage, window: MainWindow
) -> None:
    """Nothing scrolls around it: what is long scrolls in itself."""
    page.detail.header.question.setText("Does it pay to train everything when labels are few and far between? " * 4)
    window.resize(800, 560)
    qtbot.waitUntil(lambda: window.width() == 800)
    around = window.stack.parentWidget().parentWidget()
    assert isinstance(around, QScrollArea)
    qtbot.waitUntil(lambda: around.verticalScrollBar().maximum() == 0, timeout=2000)
    assert around.horizontalScrollBar().maximum() == 0


def test_the_figure_is_drawn_read_out_and_saved(
    qtbot: QtBot, saved: StudyRow, page: StudiesPage, tmp_path: Path
) -> None:
    figure = page.detail.figure
    figure.grab()
    assert len(figure.marks) == 5  # two arms at two label counts, and the ring where they cross
    assert figure.marks[-1][1].startswith("Probe overtakes Weak probe")
    spot, said = figure.marks[0]
    assert said.startswith("Probe, 1 label per class\nTest error 49.0 % (46.5 to 51.5), 3 seeds")
    assert figure.rect().contains(spot.toRect())
    for suffix in ("png", "svg", "csv"):
        save(figure, tmp_path / f"figure.{suffix}")
    rows = list(csv.reader((tmp_path / "figure.csv").read_text(encoding="utf-8").splitlines()))
    assert rows[1][:3] == ["Probe", "1 label per class", "0.49"]
    assert (tmp_path / "figure.png").stat().st_size > 5000
    assert b"Labels per class (logarithmic)" in (tmp_path / "figure.svg").read_bytes()
    save(page.detail.table, tmp_path / "table.png")


def test_bars_by_shift_and_by_arm(qtbot: QtBot, workspace: Workspace, window: MainWindow) -> None:
    shifts = [{"kind": "noise", "severity": 3}, {"kind": "blur", "severity": 3}]
    dataset = {"name": "digits", "classes": 3, "tested_on": shifts}
    with RunStore(workspace) as store:
        for figure in ("shift", "arm"):
            asked = small_study(title=figure, labels=[4], dataset=dataset, figure=figure)
            save_study(store, asked, crossing, {"noise 3": 0.5, "blur 3": 0.7})
    page = window.show_page("studies")
    settle(qtbot, page)
    for row in page.list.studies():
        page.list.choose(row.row.id)
        settle(qtbot, page)
        page.detail.figure.grab()
        assert len(page.detail.figure.marks) == 8  # two arms on four columns
    heads = page.detail.table.cells.heads
    assert heads == ["", "in distribution", "mean out of distribution", "noise 3", "blur 3"]
    assert "Mean out of distribution: Probe and Weak probe are equal" in words(page)


def test_a_study_runs_to_its_end_and_its_table_fills(qtbot: QtBot, workspace: Workspace, window: MainWindow) -> None:
    load_torch()
    with RunStore(workspace) as store:
        row = save_study(store, small_study(labels=[1], seeds=[0, 1]), lambda cell: None)
    page = window.show_page("studies")
    settle(qtbot, page)
    assert page.detail.header.start.text() == "Start"
    assert "known after the first run" in page.detail.header.status.text()
    qtbot.mouseClick(page.detail.header.start, Qt.MouseButton.LeftButton)
    assert page.driver.word(row.id) == "starting"
    qtbot.waitUntil(lambda: not page.driver.word(row.id))
    settle(qtbot, page)
    assert page.detail.now.is_complete
    assert page.detail.now.table.done == 4
    assert not page.deeds.actions["start"].isEnabled()
    assert "%" in page.detail.table.cells.texts()[0][1]
    with RunStore(workspace) as store:
        assert [run.state for run in store.runs()] == [RunState.FINISHED] * 4


def test_how_long_it_takes_is_told_before_the_start(
    qtbot: QtBot, workspace: Workspace, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Timed once, in the background, when nothing is at work; a study that has begun is told by its own runs."""
    load_torch()
    timed: list[str] = []
    monkeypatch.setattr(expected, "study_seconds", lambda study, cancelled: timed.append(study.title) or 90.0)
    with RunStore(workspace) as store:
        save_study(store, small_study(labels=[1], seeds=[0, 1]), lambda cell: None)
    page = window.show_page("studies")
    settle(qtbot, page)
    window.parts.live.engine_ready.emit()
    qtbot.waitUntil(lambda: "0 of 4 runs done, about 1 min 30 s on this machine" in page.detail.header.status.text())
    page._read()
    settle(qtbot, page)
    assert "about 1 min 30 s" in page.detail.header.status.text()
    assert len(timed) == 1
    qtbot.mouseClick(page.detail.header.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not page.driver.word(1) and page.detail.now.is_complete)
    assert "on this machine" not in page.detail.header.status.text()


def test_how_long_it_takes_is_timed_also_while_other_machines_work(
    qtbot: QtBot, workspace: Workspace, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_torch()
    monkeypatch.setattr(expected, "study_seconds", lambda study, cancelled: 90.0)
    monkeypatch.setattr(window.parts.queue, "active", lambda: [7])
    assert window.parts.queue.is_busy()
    with RunStore(workspace) as store:
        save_study(store, small_study(labels=[1], seeds=[0, 1]), lambda cell: None)
    page = window.show_page("studies")
    settle(qtbot, page)
    window.parts.live.engine_ready.emit()
    qtbot.waitUntil(lambda: "about 1 min 30 s on this machine" in page.detail.header.status.text())


def test_pause_stop_and_continue(qtbot: QtBot, workspace: Workspace, window: MainWindow) -> None:
    load_torch()
    slow = {"name": "full_ft", "hyperparameters": {"epochs": 2000, "batch_size": 8}}
    backbone = {"name": "conv4", "weights": "omniglot-supervised", "image_size": 16}
    asked = small_study(labels=[None], arms=[{"title": "A", "method": slow, "backbone": backbone}])
    with RunStore(workspace) as store:
        row = save_study(store, asked, lambda cell: None)
    page = window.show_page("studies")
    settle(qtbot, page)
    page.deeds.start()
    qtbot.waitUntil(lambda: len(window.parts.queue.active()) == 2)  # never the whole study
    first = window.parts.queue.active()[0]
    qtbot.waitUntil(lambda: window.parts.queue.state(first) is RunState.RUNNING)
    qtbot.waitUntil(lambda: page.deeds.actions["start"].text() == "Pause")
    assert not page.deeds.actions["delete"].isEnabled()
    page.deeds.start()
    qtbot.waitUntil(lambda: window.parts.queue.active() == [first])  # the waiting one left the line
    assert page.driver.word(row.id) == "ending"
    qtbot.waitUntil(lambda: page.deeds.actions["stop"].isEnabled())
    page.deeds.stop()
    qtbot.waitUntil(lambda: not page.driver.word(row.id))
    settle(qtbot, page)
    assert page.deeds.actions["start"].text() in ("Start", "Continue")
    with RunStore(workspace) as store:
        assert {run.state for run in store.study_runs(row.id)} == {RunState.INTERRUPTED}
        ids = {run.id for run in store.study_runs(row.id)}
    page.deeds.start()
    qtbot.waitUntil(lambda: len(window.parts.queue.active()) == 2)
    assert set(window.parts.queue.active()) == ids  # the interrupted runs are put in line again
    qtbot.waitUntil(lambda: page.driver.word(row.id) == "working")
    page.deeds.adjust(page.detail.now)
    page.deeds.stop()
    qtbot.waitUntil(lambda: not window.parts.queue.active() and not page.driver.word(row.id))


def test_where_a_study_on_the_cluster_is_worked_is_told(qtbot: QtBot, workspace: Workspace, window: MainWindow) -> None:
    load_torch()
    window.parts.queue._cluster = cluster = ToldCluster()  # with two places
    asked = small_study(labels=[1], seeds=[0, 1], device=CLUSTER)
    with RunStore(workspace) as store:
        row = save_study(store, asked, lambda cell: 0.5 if cell.seed == 0 and cell.arm == 0 else None)
    page = window.show_page("studies")
    settle(qtbot, page)
    status = page.detail.header.status
    assert status.text().startswith("1 of 4 runs done, set up for the cluster, about ")
    page.deeds.start()
    qtbot.waitUntil(lambda: "no machine of the cluster works on it yet" in status.text())
    qtbot.waitUntil(lambda: len(cluster.made) == 3)
    first, second, _ = cluster.made
    first.say_next(RunStarted(2, 1, 8, facts={MACHINE: "rack.faculty.example.org"}))
    qtbot.waitUntil(lambda: status.text().startswith("At work: 1 of 4 runs done, 1 run at work on rack, "))
    second.say_next(RunStarted(2, 1, 8, facts={MACHINE: "office"}))
    qtbot.waitUntil(lambda: "2 runs at work on office and rack, " in status.text())
    page.deeds.stop()
    qtbot.waitUntil(lambda: not page.driver.word(row.id))
    settle(qtbot, page)
    assert "set up for the cluster" in status.text()


def test_a_study_that_cannot_go_on_is_at_work_nowhere(
    qtbot: QtBot, workspace: Workspace, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object) -> None:
        raise StorageError("The disk is full.", "Make room.")

    load_torch()
    window.parts.queue._cluster = cluster = ToldCluster()
    with RunStore(workspace) as store:
        row = save_study(store, small_study(labels=[1], seeds=[0], device=CLUSTER), lambda cell: None)
    page = window.show_page("studies")
    settle(qtbot, page)
    page.deeds.start()
    qtbot.waitUntil(lambda: len(cluster.made) == 2)
    cluster.made[0].say_next(RunStarted(2, 1, 8, facts={MACHINE: "rack"}))
    qtbot.waitUntil(lambda: page.driver.machines(row.id) == ["rack"])
    monkeypatch.setattr(StudyRunner, "feed", broken)
    qtbot.waitUntil(lambda: not page.driver.word(row.id))
    assert page.driver.machines(row.id) == []


@pytest.mark.parametrize(
    ("machines", "words"),
    [
        ("ab", "2 runs at work on a and b"), ("aab", "3 runs at work on a and b"),
        ("abc", "3 runs at work on a, b and c"), ("abcdd", "5 runs at work on 4 machines"),
    ],
)  # fmt: skip
def test_many_machines_are_counted_and_the_time_left_is_shared(saved: StudyRow, machines: str, words: str) -> None:
    now = study_now(saved, [])
    part = replace(now, study=now.study.model_copy(update={"device": CLUSTER}), seconds_left=600.0)
    said = status_words(part, "working", machines=list(machines))
    assert said == f"At work: 0 of 12 runs done, {words}, about {duration(600 / len(machines))} to go."


def test_failed_runs_are_told_with_the_way_to_them(qtbot: QtBot, workspace: Workspace, window: MainWindow) -> None:
    with RunStore(workspace) as store:
        save_study(store, small_study(labels=[1]), lambda cell: nan if (cell.arm, cell.seed) == (1, 2) else 0.5)
    page = window.show_page("studies")
    settle(qtbot, page)
    assert "5 of 6 runs done, 1 failed" in page.detail.header.status.text()
    line = page.detail.failed.itemAt(0).widget()
    assert "Weak probe, seed 2 failed. The loss is not a number. Lower the rate." in [
        label.text() for label in line.findChildren(type(page.detail.says))
    ]
    assert page.deeds.actions["start"].text() == "Continue"
    qtbot.mouseClick(line.findChild(QPushButton), Qt.MouseButton.LeftButton)
    assert window.stack.currentWidget() is window.page("runs")


def test_deleting_a_study_is_undone(qtbot: QtBot, saved: StudyRow, page: StudiesPage, window: MainWindow) -> None:
    page.deeds.actions["delete"].trigger()
    qtbot.waitUntil(lambda: page.stack.currentWidget() is page.empty)
    window.menus.actions["undo"].trigger()
    qtbot.waitUntil(lambda: page.stack.currentWidget() is page.splitter)
    settle(qtbot, page)
    assert page.detail.now.is_complete


def test_a_saved_file_is_the_study_again(saved: StudyRow, page: StudiesPage, tmp_path: Path) -> None:
    from engine.studies.study import load_study

    page.deeds.write_file(tmp_path / "study.json")
    again = load_study(tmp_path / "study.json")
    assert again.model_copy(update={"name": ""}).canonical() == saved.spec


def test_runs_of_studies_are_folded_away(qtbot: QtBot, saved: StudyRow, window: MainWindow) -> None:
    page = window.show_page("runs")
    qtbot.waitUntil(lambda: page.is_settled() and page.model.rowCount() == 12)
    assert page.order.rowCount() <= 1
    fold = page.column.studies
    assert fold.text() == "Runs of studies (12)"
    fold.click()
    assert page.order.rowCount() == 12
    assert "From how many labels?" in page.model.now(page.model.rows()[0].id).sentence()
    page.filter.setText("how many labels")
    assert page.order.rowCount() == 12
    fold.click()
    assert page.order.rowCount() <= 1
    page.filter.clear()
    wanted = page.model.rows()[-1].id
    window.parts.navigator.open("runs", wanted)
    qtbot.waitUntil(lambda: page.is_settled() and page.now().row.id == wanted)


def test_compare_lists_the_runs_that_a_study_sends(
    qtbot: QtBot, saved: StudyRow, page: StudiesPage, window: MainWindow
) -> None:
    page.deeds.actions["compare"].trigger()
    compare = window.page("compare")
    qtbot.waitUntil(lambda: len(compare.table.runs.chosen) == 12)
    assert compare.table.runs.count_shown() == 12
    compare.table.clear_choice()
    compare.bar.studies.setChecked(True)
    compare.bar.studies.setChecked(False)
    assert compare.table.runs.count_shown() == 0


@pytest.mark.parametrize("size", [(1100, 700), (1440, 900)])
def test_nothing_is_cut_at_either_size(
    qtbot: QtBot, saved: StudyRow, page: StudiesPage, window: MainWindow, size: tuple[int, int]
) -> None:
    window.resize(*size)
    header = page.detail.header
    qtbot.waitUntil(lambda: header.compare.width() >= header.compare.sizeHint().width())
    qtbot.waitUntil(lambda: page.detail.figure.height() >= page.detail.figure.minimumSizeHint().height())
    assert QPointF(header.mapTo(window, header.rect().bottomRight())).x() <= size[0]
