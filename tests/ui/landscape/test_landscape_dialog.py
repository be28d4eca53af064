"""The dialog on real runs: a line and its verdict, planes, giving up and going on, what has no line between it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.execute import execute
from engine.experiment import Experiment
from engine.landscape import asked
from storage.record import record
from storage.rows import RunRow
from storage.store import RunStore
from storage.workspace import Workspace
from tests.engine.using.conftest import bars
from tests.new_runs import new_run
from ui.landscape import sights
from ui.landscape.dialog import LandscapeDialog
from ui.listing.handing_on import why_no_landscape
from ui.window.main_window import MainWindow

Saved = Callable[..., RunRow]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of few points, on few images."""
    for name, value in (("USUAL_IMAGES", 6), ("USUAL_POINTS", 5), ("USUAL_SIDE", 5)):
        monkeypatch.setattr(sights, name, value)
        assert hasattr(asked, name)


@pytest.fixture
def saved(workspace: Workspace, tmp_path: Path) -> Saved:
    photos = bars(tmp_path / "photos")

    def made(seed: int = 0, method: str = "full_ft", classes: int | None = None) -> RunRow:
        data = {"name": "folder", "path": str(photos), "classes": classes}
        given = {"dataset": data, "method": {"name": method, "hyperparameters": {"epochs": 1}}, "seed": seed}
        experiment = Experiment.model_validate(given)
        with RunStore(workspace) as store:
            run = store.create(new_run(experiment, f"My run {seed}"))
            for _ in record(store, run.id, execute(experiment, store.directory(run))):
                pass
            return store.run(run.id)

    return made


def opened(qtbot: QtBot, window: MainWindow, rows: list[RunRow]) -> LandscapeDialog:
    dialog = LandscapeDialog(window.parts, rows, window)
    dialog.show()
    return dialog


def until_done(qtbot: QtBot, dialog: LandscapeDialog) -> None:
    qtbot.waitUntil(lambda: bool(dialog._outlooks) and dialog._is_done() and not dialog.work.is_at_work)


def test_one_run_its_line_and_what_is_around_it(qtbot: QtBot, window: MainWindow, saved: Saved) -> None:
    dialog = opened(qtbot, window, [saved()])
    until_done(qtbot, dialog)
    assert [dialog.view.itemText(place) for place in range(2)] == ["Line: start of run 1 to Run 1", "Around Run 1"]
    assert dialog.line.line is not None
    assert dialog.line.line.done
    assert "points of error" in dialog.verdict.text()
    assert "6 of 30 training examples and 6 of 18 test examples" in dialog.words.text()
    assert dialog.average.isVisible()
    assert dialog.line.visibleRegion().boundingRect() == dialog.line.rect(), "the picture has to be scrolled"
    dialog.view.setCurrentIndex(1)
    until_done(qtbot, dialog)
    assert dialog.plane.isVisible()
    assert dialog.part.isVisible()
    assert not dialog.average.isVisible()
    assert "Run 1: test loss" in dialog.words.text()
    before = dialog.plane._scale
    dialog.figure.setCurrentIndex(1)
    assert dialog.plane._scale != before
    assert dialog.go_on.isHidden()
    dialog.reject()


def test_two_runs_have_a_plane_and_two_pictures_beside_each_other(
    qtbot: QtBot, window: MainWindow, saved: Saved
) -> None:
    dialog = opened(qtbot, window, [saved(0), saved(1)])
    until_done(qtbot, dialog)
    assert dialog.view.count() == 3
    for place, planes in ((1, 1), (2, 2)):
        dialog.view.setCurrentIndex(place)
        until_done(qtbot, dialog)
        assert len(dialog.plane.planes) == planes
    assert [one.titles for one in dialog.plane.planes] == [("Run 1",), ("Run 2",)]
    dialog.reject()


def test_given_up_and_gone_on_with(qtbot: QtBot, window: MainWindow, saved: Saved, monkeypatch) -> None:
    monkeypatch.setattr(sights, "USUAL_SIDE", 61)
    dialog = opened(qtbot, window, [saved()])
    until_done(qtbot, dialog)
    dialog.view.setCurrentIndex(1)
    qtbot.waitUntil(lambda: bool(dialog._found))
    qtbot.mouseClick(dialog.stop, Qt.MouseButton.LeftButton)
    known = int(dialog._found[0].known.sum())
    assert dialog.go_on.isVisible()
    assert "is kept" in dialog.status.text()
    qtbot.mouseClick(dialog.go_on, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: int(dialog._found[0].known.sum()) > known)
    dialog.reject()


def test_runs_without_a_line_between_them_are_told(qtbot: QtBot, window: MainWindow, saved: Saved) -> None:
    dialog = opened(qtbot, window, [saved(0), saved(0, classes=2)])
    qtbot.waitUntil(dialog.problem.isVisible)
    assert "There is no line between “Run 1” and “Run 2”" in dialog.problem.text.text()
    assert dialog.stop.isHidden()
    assert dialog.go_on.isHidden()
    dialog.reject()


def test_when_there_is_no_landscape(qtbot: QtBot, window: MainWindow, saved: Saved) -> None:
    row = saved()
    assert why_no_landscape([row]) == ""
    assert why_no_landscape([]) == why_no_landscape([row] * 4) == "Choose one, two or three runs."
    assert "fine-tuning" in why_no_landscape([replace(row, family="meta")])
    window.parts.navigator.open("runs", row.id)
    page = window.page("runs")
    qtbot.waitUntil(lambda: page.deeds.actions["landscape"].isEnabled())
    page.deeds.actions["landscape"].trigger()
    (dialog,) = window.findChildren(LandscapeDialog)
    until_done(qtbot, dialog)
    dialog.reject()
