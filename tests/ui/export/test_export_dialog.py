"""The dialog of an export: what it asks for each kind of run, how it goes, and what is left of it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.execute import execute
from engine.experiment import Experiment
from engine.export import packages
from engine.machine.extras import Extra
from storage.record import record
from storage.rows import RunRow
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from ui.export.dialog import ExportDialog
from ui.export.job import read_plan
from ui.window.main_window import MainWindow


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for number in range(2):
        place = tmp_path / "photos" / f"class{number}"
        place.mkdir(parents=True)
        for index in range(12):
            pixels = rng.integers(0, 60, (28, 28), dtype=np.uint8)
            pixels[:, 14 * number : 14 * number + 14] += 150
            Image.fromarray(pixels).save(place / f"{index}.png")
    return tmp_path / "photos"


def saved(workspace: Workspace, experiment: Experiment) -> RunRow:
    with RunStore(workspace) as store:
        run = store.create(new_run(experiment, "My / run"))
        for _ in record(store, run.id, execute(experiment, store.directory(run))):
            pass
        return store.run(run.id)


def probe(workspace: Workspace, photos: Path) -> RunRow:
    data = {"name": "folder", "path": str(photos)}
    method = {"name": "linear_probe", "hyperparameters": {"epochs": 1}}
    return saved(workspace, Experiment.model_validate({"dataset": data, "method": method}))


def meta(workspace: Workspace, name: str) -> RunRow:
    values = {"steps": 1, "meta_batch": 1, "way": 2, "query": 1, "test_episodes": 10, "validation_episodes": 10}
    return saved(workspace, Experiment.model_validate({"method": {"name": name, "hyperparameters": values}}))


def opened(qtbot: QtBot, window: MainWindow, row: RunRow) -> ExportDialog:
    dialog = ExportDialog(window.parts, row.name, lambda place: read_plan(row, place), window)
    dialog.show()
    qtbot.waitUntil(lambda: dialog._plan is not None)
    return dialog


def test_a_run_is_exported_and_told(
    qtbot: QtBot, window: MainWindow, workspace: Workspace, photos: Path, tmp_path: Path
) -> None:
    dialog = opened(qtbot, window, probe(workspace, photos))
    assert dialog.place.path.name == "My - run"
    assert dialog.classes.isHidden()
    assert dialog.install.isHidden()
    dialog.place.set_path(tmp_path / "to")
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert dialog.busy.isVisible()
    assert not dialog.go.isEnabled()
    qtbot.waitUntil(dialog.told.isVisible, timeout=240_000)
    assert dialog.told.text().startswith(f"Exported to {tmp_path / 'to'}. Checked on ")
    assert (tmp_path / "to" / "model.onnx").is_file()
    assert dialog.show_it.isVisible()
    assert dialog.go.isEnabled()
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "there already" in dialog.problem.text.text())
    assert dialog.told.isHidden()


def test_cancelling_and_closing_leave_nothing(
    qtbot: QtBot, window: MainWindow, workspace: Workspace, photos: Path, tmp_path: Path
) -> None:
    dialog = opened(qtbot, window, probe(workspace, photos))
    for end in (dialog._cancel, dialog.reject):
        dialog.place.set_path(tmp_path / "out" / "to")
        dialog.export()
        qtbot.waitUntil(lambda: (tmp_path / "out").is_dir() and any((tmp_path / "out").iterdir()))
        end()
        assert dialog.busy.isHidden() or not dialog.isVisible()
        qtbot.waitUntil(lambda: not any((tmp_path / "out").iterdir()))


@pytest.mark.parametrize(
    "name, words, takes", [("protonet", "learns classes by example", True), ("maml", "adapts its weights", False)]
)
def test_what_each_kind_of_meta_learner_gives_is_said(
    name: str, words: str, takes: bool, qtbot: QtBot, window: MainWindow, workspace: Workspace, tmp_path: Path
) -> None:
    dialog = opened(qtbot, window, meta(workspace, name))
    assert words in dialog.kind.text()
    assert dialog.classes.isVisible() == takes
    dialog.classes.set_path(tmp_path)
    assert dialog.classes.is_set
    qtbot.mouseClick(dialog.classes.clear, Qt.MouseButton.LeftButton)
    assert not dialog.classes.is_set
    dialog.reject()


def test_what_is_missing_is_installed_by_a_click(
    qtbot: QtBot, window: MainWindow, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip is stood for by a program that makes the package."""
    monkeypatch.setattr(packages, "EXPORTING", Extra("Exporting", {"a_package_that_comes": "a-package-that-comes>=1"}))
    monkeypatch.syspath_prepend(str(tmp_path))
    file = tmp_path / "a_package_that_comes.py"
    made = f"import pathlib; print('Collecting it'); pathlib.Path({str(file)!r}).touch()"
    monkeypatch.setattr(Extra, "command", lambda self: [sys.executable, "-c", made])
    dialog = opened(qtbot, window, meta(workspace, "maml"))
    assert dialog.install.text() == "Install a_package_that_comes"
    assert not dialog.go.isEnabled()
    qtbot.mouseClick(dialog.install, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.go.isEnabled)
    assert dialog.install.isHidden()
    assert dialog.problem.isHidden()
    dialog.reject()


def test_a_failing_pip_is_told_with_its_last_words(
    qtbot: QtBot, window: MainWindow, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "EXPORTING", Extra("Exporting", {"a_package_that_never_comes": "a-package>=1"}))
    monkeypatch.setattr(Extra, "command", lambda self: [sys.executable, "-c", "print('no such host')"])
    dialog = opened(qtbot, window, meta(workspace, "maml"))
    qtbot.mouseClick(dialog.install, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "no such host" in dialog.problem.text.text())
    assert not dialog.go.isEnabled()
    dialog.reject()


def test_where_nothing_may_be_installed_it_is_said(
    qtbot: QtBot, window: MainWindow, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "EXPORTING", Extra("Exporting", {"a_package_that_never_comes": "a-package>=1"}))
    monkeypatch.setattr(Extra, "why_not_here", lambda self: "This environment has no pip. Add it.")
    dialog = opened(qtbot, window, meta(workspace, "maml"))
    assert dialog.install.isHidden()
    assert "no pip" in dialog.problem.text.text()
    dialog.reject()
