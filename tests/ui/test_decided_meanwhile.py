"""A person decides otherwise while something is asked: the late answer neither undoes that nor meets what is closed."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QInputDialog, QWidget
from pytestqt.qtbot import QtBot

from engine.events import CLUSTER, RunState
from engine.experiment import DatasetChoice, Experiment
from engine.remote import starting
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.ui.late import stored_late, worked_late
from ui import elsewhere
from ui.elsewhere import SeenCluster
from ui.export.dialog import ExportDialog
from ui.export.job import ExportPlan
from ui.listing.views_button import Views
from ui.new_experiment.costs import CostCard, Costs
from ui.new_experiment.starts_dialog import StartsDialog
from ui.studies.builder import StudyBuilder
from ui.trying import draw_dialog
from ui.trying.draw_dialog import DrawDialog
from ui.trying.triable import TriableRun
from ui.window.endings import Endings
from ui.window.main_window import MainWindow


@pytest.fixture
def first_page() -> str:
    return "runs"


@pytest.fixture
def saved(workspace: Workspace) -> None:
    with RunStore(workspace) as store:
        store.create(new_run(Experiment(), "first"))


def delete_closed() -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.mark.parametrize("deleted", [False, True])
def test_starts_that_are_closed_before_the_runs_are_read_measure_nothing(
    qtbot: QtBot, window: MainWindow, deleted: bool
) -> None:
    parts = window.parts
    with stored_late(qtbot, parts.library):
        dialog = StartsDialog(parts, DatasetChoice(name="digits"), window)
        dialog.open()
        dialog.reject()
        if deleted:
            delete_closed()
    assert not dialog._news
    assert "starts" not in "".join(parts.background._current)


def test_a_folder_that_was_chosen_for_an_export_stays_chosen(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    plan = ExportPlan(SimpleNamespace(), False, "", "", "", tmp_path / "offered")  # type: ignore[arg-type]
    with stored_late(qtbot, window.parts.library):
        dialog = ExportDialog(window.parts, "Mine", lambda place: lambda store: plan, window)
        qtbot.addWidget(dialog)
        dialog.place.set_path(tmp_path / "chosen")
    assert dialog.place.path == tmp_path / "chosen"


def test_ink_that_a_person_chose_stays(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw_dialog, "reads_light_ink", lambda run: lambda cancelled: True)
    dialog = DrawDialog(window.parts.background, window)
    with worked_late(qtbot, window.parts.background):
        dialog.open_for([TriableRun.__new__(TriableRun)])
        dialog.light.click()
    assert not dialog.light.isChecked()
    dialog.close()


def test_a_view_that_is_chosen_while_another_is_saved_is_the_one_that_is_shown(
    qtbot: QtBot, window: MainWindow
) -> None:
    views = Views(window, window.parts, "runs", dict, lambda spec: None)
    views.save("Mine")
    qtbot.waitUntil(lambda: views.current == "Mine")
    with stored_late(qtbot, window.parts.library):
        views.save("Another")
        views.show("", {})
    assert views.current == ""
    assert {view.name for view in views.views} == {"Mine", "Another"}


def test_what_a_run_took_on_the_cluster_is_not_told_of_another_setup(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed: list[Experiment] = []
    monkeypatch.setattr("engine.preflight.cost.estimate", lambda experiment: timed.append(experiment))
    now = [Experiment(device=CLUSTER)]
    card = CostCard()
    qtbot.addWidget(card)
    monkeypatch.setattr(card, "show_cost", lambda *_: None)
    costs = Costs(window.parts, card, lambda: list(now), lambda: False, lambda: None, window)
    with stored_late(qtbot, window.parts.library):
        costs._time_a_step()
        now[:] = [Experiment(seed=1)]
        costs.measure_soon()
        costs._soon.stop()
        costs._time_a_step()
    qtbot.waitUntil(lambda: bool(timed))
    with worked_late(qtbot, window.parts.background):
        pass
    assert timed == now


@pytest.mark.parametrize("came_back", [False, True])
def test_who_has_come_back_is_not_told_what_ended(
    qtbot: QtBot, window: MainWindow, saved: None, came_back: bool
) -> None:
    away, told = [True], list[str]()
    watching = Endings(window, window.parts, lambda: True, lambda title, words: told.append(words), lambda: away[0])
    watching._ended, watching._seconds = {1: RunState.FINISHED}, 90.0
    with stored_late(qtbot, window.parts.library):
        watching._say()
        away[0] = not came_back
    assert len(told) == (not came_back)
    watching.close()


@pytest.mark.parametrize("deleted", [False, True])
def test_no_run_is_asked_for_once_the_study_is_closed(
    qtbot: QtBot, window: MainWindow, saved: None, monkeypatch: pytest.MonkeyPatch, deleted: bool
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(QInputDialog, "getItem", lambda *given: asked.append(given) or ("", False))
    builder = StudyBuilder(window.parts, None, False, window)
    builder.open()
    with stored_late(qtbot, window.parts.library):
        builder.form.arms._ask_run()
        builder.reject()
        if deleted:
            delete_closed()
    assert not asked


def test_devices_that_are_found_after_a_study_was_closed_are_offered_to_nobody(
    qtbot: QtBot, window: MainWindow
) -> None:
    with worked_late(qtbot, window.parts.background):
        builder = StudyBuilder(window.parts, None, False, window)
        builder.open()
        builder.form.device._load()  # as once the engine is loaded
        builder.reject()
        delete_closed()


def test_no_menu_opens_over_another_page(qtbot: QtBot, window: MainWindow, saved: None) -> None:
    page = window.show_page("runs")
    qtbot.waitUntil(page.is_settled)  # type: ignore[attr-defined]
    with stored_late(qtbot, window.parts.library):
        page.column.restart.action.trigger()  # type: ignore[attr-defined]
        window.show_page("trying")
    shown: QWidget | None = QApplication.activePopupWidget()
    assert shown is None


def test_a_cluster_that_was_ended_does_not_come_back(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked before it was ended, answered afterwards."""
    machines, begun, free = window.parts.machines, threading.Event(), threading.Event()

    def seen(*_: object) -> SeenCluster:
        begun.set()
        free.wait(60)
        return SeenCluster("tls://127.0.0.1:1")

    monkeypatch.setattr(elsewhere, "seen", seen)
    machines.look()
    qtbot.waitUntil(begun.is_set)
    monkeypatch.setattr(elsewhere, "seen", lambda *_: SeenCluster())
    for name in ("end", "forget"):
        monkeypatch.setattr(starting, name, lambda root: None)
    after: list[object] = []
    machines.end(after.append)
    window.parts.background.run(lambda cancelled: None, after.append, long=True)  # by the same thread, afterwards
    qtbot.waitUntil(lambda: after == [None])
    free.set()
    qtbot.waitUntil(lambda: not machines._asked)
    assert not machines.is_known
