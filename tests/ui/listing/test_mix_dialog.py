"""The dialog that mixes weights, on real runs: a slider between start and result, a table of soups, what is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QSize, QSizeF
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from engine.events import RunState
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from storage.record import record
from storage.rows import RunRow
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from ui.listing import handing_on
from ui.listing.mix_dialog import MixDialog
from ui.window.main_window import MainWindow

DATA = DatasetChoice(name="digits", classes=3, labels_per_class=5, validation_per_class=4)
START = BackboneChoice(name="conv4", weights="omniglot-supervised")


def saved_run(workspace: Workspace, method: str, backbone: BackboneChoice = START, **values: object) -> RunRow:
    chosen = MethodChoice(name=method, hyperparameters={"epochs": 2, "batch_size": 8, **values})
    with RunStore(workspace) as store:
        row = store.create(new_run(Experiment(dataset=DATA, backbone=backbone, method=chosen), method))
        for _ in record(store, row.id, execute(row.experiment, store.directory(row))):
            pass
        return store.run(row.id)


def opened(window: MainWindow, qtbot: QtBot, rows: list[RunRow]) -> MixDialog:
    dialog = MixDialog(window.parts, rows, window)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog._busy.isHidden())
    return dialog


def test_the_slider_goes_from_start_to_result(workspace: Workspace, window: MainWindow, qtbot: QtBot) -> None:
    row = saved_run(workspace, "lp_ft", probe_epochs=5)
    dialog = opened(window, qtbot, [row])
    assert "is chosen by 12 validation examples" in dialog.told.text()
    assert "no saved run" in dialog.told.text()
    dialog.slider.setValue(0)
    assert dialog.here.text().startswith("Alpha 0:")
    dialog.slider.setValue(10)
    assert dialog.here.text().startswith("Alpha 1:")
    assert row.test is not None
    assert dialog.figure.series["Test"][10] == pytest.approx(row.test.value)
    image = QImage(QSize(600, 300), QImage.Format.Format_ARGB32)
    painter = QPainter(image)
    dialog.figure.paint(painter, QSizeF(600, 300))
    painter.end()
    assert len(dialog.figure.marks) == 11 * len(dialog.figure.series)
    assert len(list(dialog.figure.figure_table()[1])) == 11
    dialog.slider.setValue(4)
    dialog.keep.click()

    def kept() -> list[RunRow]:
        with RunStore(workspace) as store:
            return [one for one in store.runs() if one.name == "WiSE-FT of lp_ft, alpha 0.4" and one.test is not None]

    qtbot.waitUntil(lambda: bool(kept()))
    assert kept()[0].test.value == pytest.approx(dialog.figure.series["Test"][4])  # type: ignore[union-attr]


def test_a_random_head_is_refused_in_a_sentence(workspace: Workspace, window: MainWindow, qtbot: QtBot) -> None:
    dialog = opened(window, qtbot, [saved_run(workspace, "full_ft")])
    assert "began with a random head" in dialog.told.text()
    assert not dialog.keep.isVisibleTo(dialog)


def test_soups_are_a_table(workspace: Workspace, window: MainWindow, qtbot: QtBot) -> None:
    probe = saved_run(workspace, "linear_probe")
    start = BackboneChoice(name="conv4", weights=f"run:{probe.uid}", head="kept")
    rows = [saved_run(workspace, "full_ft", start, learning_rate=rate) for rate in (1e-3, 2e-3)]
    dialog = opened(window, qtbot, rows)
    texts = dialog.table.cells.texts()
    assert [row[0] for row in texts[2:]] == ["Greedy soup", "Uniform soup", "Ensemble of logits"]
    assert texts[0][1] == "taken"
    assert "never by the" in dialog.told.text()
    assert dialog.keep.text() == "Keep the greedy soup"


def test_what_still_learns_is_not_mixed(workspace: Workspace, window: MainWindow) -> None:
    row = replace(saved_run(workspace, "lp_ft", probe_epochs=1), state=RunState.RUNNING)
    handing_on.mix(window, window.parts, [row])
    assert not window.findChildren(MixDialog)
