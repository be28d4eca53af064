"""What a run keeps of its source, on its page and in Compare: drawn where it was watched, else when asked for."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QSize, QSizeF
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.provenance.noted import warnings
from storage.record import record
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from ui.figures.kept_figure import KeptFigure, wide
from ui.figures.kept_paths import KeptPath, mean_path
from ui.pages.compare import ComparePage
from ui.pages.runs import RunsPage
from ui.runs.kept_view import UNMEASURED
from ui.window.main_window import MainWindow

OLD = DatasetChoice(name="digits", classes=4, labels_per_class=5, validation_per_class=4, part="source half")
NEW = DatasetChoice(
    name="digits", classes=3, labels_per_class=5, validation_per_class=4, part="target half", split_seed=1
)


def saved_run(workspace: Workspace, method: str, data: DatasetChoice, backbone: BackboneChoice) -> str:
    chosen = MethodChoice(name=method, hyperparameters={"epochs": 2, "batch_size": 8, "learning_rate": 0.005})
    with RunStore(workspace) as store:
        row = store.create(new_run(Experiment(dataset=data, backbone=backbone, method=chosen), method))
        for _ in record(store, row.id, execute(row.experiment, store.directory(row))):
            pass
        return row.uid


@pytest.fixture
def source(workspace: Workspace) -> str:
    return saved_run(workspace, "scratch", OLD, BackboneChoice(name="conv4", image_size=16))


def shown(window: MainWindow, qtbot: QtBot) -> RunsPage:
    window.parts.navigator.open("runs")
    page = window.page("runs")
    assert isinstance(page, RunsPage)
    qtbot.waitUntil(page.is_settled)
    return page


def test_it_is_measured_when_asked_for(source: str, workspace: Workspace, window: MainWindow, qtbot: QtBot) -> None:
    saved_run(workspace, "full_ft", NEW, BackboneChoice(name="conv4", image_size=16, weights=f"run:{source}"))
    page = shown(window, qtbot)
    view = page.detail.kept
    page.choose(2)
    qtbot.waitUntil(lambda: page.is_settled() and view.words.text() == UNMEASURED)
    assert not view.figure.isVisibleTo(view)
    window.parts.live.engine_ready.emit()
    view.button.click()
    assert view.button.text() == "Cancel"
    qtbot.waitUntil(lambda: "forgotten" in view.words.text())
    assert "By the old head" in view.words.text()
    assert "By a fresh probe" in view.words.text()
    assert "test images of “" in view.protocol.text()
    assert not view.button.isVisibleTo(view)
    page.choose(1)  # which started from no run
    qtbot.waitUntil(lambda: page.is_settled() and page.now().row.id == 1)  # type: ignore[union-attr]
    assert not view.isVisibleTo(page.detail)


def test_a_deleted_source_is_told(source: str, workspace: Workspace, window: MainWindow, qtbot: QtBot) -> None:
    saved_run(workspace, "full_ft", NEW, BackboneChoice(name="conv4", image_size=16, weights=f"run:{source}"))
    (workspace.runs / source / "experiment.json").unlink()
    page = shown(window, qtbot)
    page.choose(2)
    qtbot.waitUntil(lambda: page.is_settled() and page.detail.kept.words.text() == UNMEASURED)
    window.parts.live.engine_ready.emit()
    page.detail.kept.button.click()
    qtbot.waitUntil(lambda: "no head that tells classes apart" in page.detail.kept.words.text())
    assert page.detail.kept.button.text() == "Measure"


def test_watched_runs_are_one_picture_and_one_table(
    source: str, workspace: Workspace, window: MainWindow, qtbot: QtBot
) -> None:
    start = BackboneChoice(name="conv4", image_size=16, weights=f"run:{source}", what_it_keeps="each epoch")
    for method in ("full_ft", "l2_sp"):
        saved_run(workspace, method, NEW, start)
    page = shown(window, qtbot)
    page.choose(2)
    qtbot.waitUntil(lambda: page.is_settled() and bool(page.detail.kept.figure.paths))
    assert [len(path.points) for path in page.detail.kept.figure.paths] == [3, 3]  # the start and two epochs
    assert "Source" not in page.detail.result.others.text()
    window.parts.navigator.open("compare", [2, 3])
    compared = window.page("compare")
    assert isinstance(compared, ComparePage)
    qtbot.waitUntil(lambda: compared.is_settled() and len(compared.pane.kept.figure.paths) == 2)
    kept = compared.pane.kept
    assert len(kept.table.cells.rows) == 2
    assert "before:" in kept.basis.text()
    by_head = [path.points for path in kept.figure.paths]
    kept.reader.set_key("fresh probe")
    assert [path.points for path in kept.figure.paths] != by_head


def test_that_the_old_classes_are_lost_is_said_before_the_start(source: str, workspace: Workspace) -> None:
    start = BackboneChoice(name="conv4", image_size=16, weights=f"run:{source}")

    def said(method: str, backbone: BackboneChoice = start) -> str:
        return " ".join(
            warnings(Experiment(dataset=NEW, backbone=backbone, method=MethodChoice(name=method)), workspace.runs)
        )

    assert "tells 4 classes apart, is replaced" in said("full_ft")
    assert "L2-SP" in said("full_ft")
    assert "replaced" not in said("linear_probe")
    assert "replaced" not in said("scratch")
    assert "replaced" not in said("full_ft", BackboneChoice(name="conv4", image_size=16, weights="omniglot-supervised"))


def test_the_mean_of_seeds_goes_as_far_as_all_of_them() -> None:
    assert mean_path([[(0.2, 0.8), (0.4, 0.6)], [(0.4, 1.0)]]) == [(pytest.approx(0.3), pytest.approx(0.9))]
    assert mean_path([]) == []


def test_dots_say_their_epoch_and_numbers_are_those_drawn(qtbot: QtBot) -> None:
    figure = KeptFigure()
    qtbot.addWidget(figure)
    figure.show_paths([KeptPath("LP-FT", [(0.2, 0.9), (0.8, 0.7)], 1), KeptPath("Empty", [], 2)])
    image = QImage(QSize(500, 300), QImage.Format.Format_ARGB32)
    painter = QPainter(image)
    figure.paint(painter, QSizeF(500, 300))
    painter.end()
    assert (
        figure.words_at(QPointF(figure.marks[1][0].center()))
        == "LP-FT, epoch 1: new classes 80.0 %, old classes 70.0 %"
    )
    assert "at the start" in figure.marks[0][1]
    _, rows = figure.figure_table()
    assert list(rows) == [["LP-FT", 0, 0.2, 0.9], ["LP-FT", 1, 0.8, 0.7]]


def test_half_a_point_does_not_look_like_a_loss() -> None:
    for values in ([0.990, 0.995], [0.004, 0.001], [0.5, 0.5], []):
        axis = wide(values)
        assert axis.high - axis.low >= 0.1 - 1e-9
        assert 0 <= axis.low <= min([*values, 0.9])
        assert max([*values, 0.1]) <= axis.high <= 1 + 1e-9
    assert wide([0.2, 0.9]).high - wide([0.2, 0.9]).low > 0.7
