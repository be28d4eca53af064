"""How sure a run may be, on its page: measured when asked for, shown from then on; what is said of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QSize, QSizeF
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from engine.comparison.intervals import Interval
from engine.comparison.reliability import BINS, Answered, reliability
from engine.comparison.unlike import Threshold
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.using.calibration import FILE, Calibration
from storage.record import record
from storage.store import RunStore
from storage.workspace import Workspace
from tests.engine.using.conftest import bars
from tests.new_runs import new_run
from ui.pages.runs import RunsPage
from ui.pages.trying import TryingPage
from ui.runs.reliability_figure import ReliabilityFigure
from ui.runs.sureness_view import CANCEL, MEASURE, SurenessView
from ui.runs.sureness_words import UNMEASURED, change, findings, rests_on
from ui.trying.hand.sureness import MEASURABLE, sure_words
from ui.window.main_window import MainWindow


def answered(sure: float, right: int, of: int) -> Answered:
    return Answered(np.full(of, sure), np.arange(of) < right)


def calibration() -> Calibration:
    before, after = reliability(answered(0.95, 60, 100)), reliability(answered(0.62, 60, 100))
    conditions = {"split": "stratified", "split seed": "0", "seed": "3", "batch norm": "running statistics"}
    threshold = Threshold(-2.0, 0.05, 80)
    return Calibration(("best", ""), 1.82, 80, before, after, Interval(0.33, 0.2, 0.4, 100), threshold, conditions)


@pytest.fixture
def saved(workspace: Workspace, tmp_path: Path) -> Path:
    """A real run that learnt from pictures; the folder of its pictures."""
    photos = bars(tmp_path / "photos")
    method = MethodChoice(name="linear_probe", hyperparameters={"epochs": 2})
    dataset = DatasetChoice(name="folder", path=str(photos))
    experiment = Experiment(dataset=dataset, backbone=BackboneChoice(name="conv4", weights="random"), method=method)
    with RunStore(workspace) as store:
        row = store.create(new_run(experiment))
        for _ in record(store, row.id, execute(experiment, store.directory(row))):
            pass
    return photos


@pytest.fixture
def page(saved: Path, window: MainWindow, qtbot: QtBot) -> RunsPage:
    window.parts.navigator.open("runs")
    found = window.page("runs")
    assert isinstance(found, RunsPage)
    qtbot.waitUntil(lambda: found.is_settled() and found.detail.sureness.isVisible())
    return found


def test_it_is_measured_when_asked_for_and_read_from_then_on(
    page: RunsPage, window: MainWindow, qtbot: QtBot, workspace: Workspace
) -> None:
    view = page.detail.sureness
    assert view.words.text() == UNMEASURED
    assert not view.figure.isVisibleTo(view)
    window.parts.live.engine_ready.emit()
    view.button.click()
    assert view.button.text() == CANCEL
    qtbot.waitUntil(lambda: view.figure.isVisibleTo(view))
    assert "Calibration error on 18 test examples" in view.words.text()
    assert "chosen on 12 validation examples" in view.protocol.text()
    assert not view.button.isVisibleTo(view)
    assert list(workspace.runs.glob(f"*/{FILE}"))
    text, now = view.words.text(), page.now()
    assert now is not None
    page.sureness.forget()
    assert not view.isVisibleTo(page.detail)
    page.sureness.read(now.row)
    qtbot.waitUntil(lambda: view.figure.isVisibleTo(view))
    assert view.words.text() == text


def test_without_the_images_it_says_why(page: RunsPage, window: MainWindow, qtbot: QtBot, saved: Path) -> None:
    shutil.rmtree(saved)
    view = page.detail.sureness
    window.parts.live.engine_ready.emit()
    view.button.click()
    qtbot.waitUntil(lambda: page.sureness.is_settled)
    assert "photos" in view.words.text()
    assert view.button.text() == MEASURE
    assert not view.figure.isVisibleTo(view)


def test_it_can_be_cancelled(page: RunsPage, window: MainWindow, qtbot: QtBot) -> None:
    view = page.detail.sureness
    window.parts.live.engine_ready.emit()
    view.button.click()
    view.button.click()
    assert view.words.text() == UNMEASURED
    assert view.button.text() == MEASURE
    assert page.sureness.is_settled


def test_words_and_numbers_are_those_of_the_file(qtbot: QtBot) -> None:
    view, found = SurenessView(), calibration()
    qtbot.addWidget(view)
    view.show_found(found, 1)
    assert view.words.text() == findings(found)
    assert findings(found).startswith("Calibration error on 100 test examples: 35.0 % (")
    assert "temperature of 1.82: 33.0 points lower (20.0 to 40.0)" in findings(found)
    assert "batch norm: running statistics" in rests_on(found)
    assert "5.0 % of them would be called none of these" in rests_on(found)
    heads, rows = view.figure.figure_table()
    table = [dict(zip(heads, row, strict=True)) for row in rows]
    assert len(table) == 2 * BINS
    assert [(row["examples"], row["share right"]) for row in table if row["examples"]] == [(100, 0.6), (100, 0.6)]


@pytest.mark.parametrize(
    "lowered,words",
    [
        (Interval(0.08, 0.05, 0.1, 9), "8.0 points lower (5.0 to 10.0)"),
        (Interval(-0.02, -0.03, -0.01, 9), "2.0 points higher (1.0 to 3.0)"),
        (Interval(0.01, -0.01, 0.02, 9), "no clear change (−1.0 to 2.0 points lower)"),
    ],
)
def test_what_a_temperature_did_is_said_as_it_is(lowered: Interval, words: str) -> None:
    assert change(lowered) == words
    assert words in findings(replace(calibration(), lowered=lowered))


@pytest.mark.parametrize("width", [300, 560, 1200])
def test_every_bin_is_pointed_at_where_it_is_painted(qtbot: QtBot, width: int) -> None:
    figure, found = ReliabilityFigure(), calibration()
    qtbot.addWidget(figure)
    figure.show_values(found.before, found.after, 1)
    image = QImage(QSize(width, 280), QImage.Format.Format_ARGB32)
    painter = QPainter(image)
    figure.paint(painter, QSizeF(width, 280))
    painter.end()
    assert len(figure.marks) == 2
    (left, one), (right, two) = figure.marks
    assert left.right() < width / 2 < right.left()
    assert one == "Above 93 % up to 100 %: 100 test examples, 60.0 % right; on average 95.0 % sure"
    assert two.startswith("Above 60 % up to 67 %: 100 test examples")
    assert figure.words_at(QPointF(left.center())) == one


def test_a_meta_learner_is_measured_on_its_tasks_and_answers_so_by_hand(
    workspace: Workspace, window: MainWindow, qtbot: QtBot
) -> None:
    """Classes by hand were opened before: they answer by the temperature as soon as somebody looks again."""
    few = {"steps": 0, "validation_episodes": 10, "test_episodes": 10, "way": 3}
    backbone = BackboneChoice(name="conv4", weights="omniglot-protonet")
    experiment = Experiment(
        dataset=DatasetChoice(name="glyphs"), backbone=backbone,
        method=MethodChoice(name="protonet", hyperparameters=few),
    )  # fmt: skip
    with RunStore(workspace) as store:
        row = store.create(new_run(experiment))
        for _ in record(store, row.id, execute(experiment, store.directory(row))):
            pass
        row = store.run(row.id)
    trying = window.page("trying")
    assert isinstance(trying, TryingPage)
    window.parts.navigator.open("trying", (row,))
    hand = trying.by_hand
    qtbot.waitUntil(lambda: hand.work.by is not None and hand.work.by.learns_tasks and hand.is_settled())
    by = hand.work.by
    assert by is not None
    assert sure_words(by) == MEASURABLE
    window.parts.navigator.open("runs", row.id)
    page = window.page("runs")
    assert isinstance(page, RunsPage)
    qtbot.waitUntil(lambda: page.is_settled() and page.detail.sureness.isVisible())
    view = page.detail.sureness
    window.parts.live.engine_ready.emit()
    view.button.click()
    qtbot.waitUntil(lambda: view.figure.isVisibleTo(view))
    assert "asked about in test tasks" in view.words.text()
    assert "10 validation tasks, 3 classes with 1 example" in view.protocol.text()
    assert "task by task" in view.protocol.text()
    window.parts.navigator.open("trying")
    qtbot.waitUntil(lambda: by.calibration is not None)
    assert sure_words(by).startswith("Shares are calibrated on 10 validation tasks")
