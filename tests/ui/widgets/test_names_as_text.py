"""Names are letters: no tag, picture or formula from a run, a class, a study or a folder is ever carried out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtGui import Qt as Gui
from PySide6.QtWidgets import QAbstractItemView, QLabel, QMessageBox, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from engine.events import Evaluated, RunState
from engine.experiment import DatasetChoice
from storage.record import record
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.ui.comparison.saved_runs import experiment, happenings
from tests.ui.conftest import wait_until_checked
from tests.ui.studies.conftest import crossing, save_study, small_study
from ui.figures.curve_readout import Readout
from ui.widgets.table_text import separated
from ui.widgets.text import plain, show_tip
from ui.window.main_window import MainWindow
from ui.window_memory import WindowMemory

EVIL = "<b>x</b><img src='file:///etc/hostname'>"
TAG = re.compile(r"<(b|img)\b")
REPOSITORY = Path(__file__).resolve().parents[3]
HELD = Qt.ItemDataRole.ToolTipRole


def evil_workspace(workspace: Workspace, folder: Path) -> None:
    """Two tested runs, one that failed and a study, all with tags wherever a name may be."""
    (folder / EVIL.replace("/", "∕")).mkdir(parents=True)
    for number in range(12):
        place = folder / EVIL.replace("/", "∕") / f"<img src=x>{number % 2}"
        place.mkdir(exist_ok=True)
        Image.fromarray(np.full((16, 16), 20 * number, np.uint8)).save(place / f"<b>{number}.png")
    with RunStore(workspace) as store:
        for seed in range(3):
            own = experiment(seed=seed).model_copy(
                update={"dataset": DatasetChoice(name="folder", path=f"{folder}/{EVIL.replace('/', '∕')}")}
            )
            run = store.create(new_run(own, f"{EVIL} {seed}", EVIL))
            store.note(run.id, EVIL)
            for event in record(store, run.id, evil_events(seed)):
                assert event
        store.create(new_run(own, EVIL))
        study = small_study(title=EVIL, description=EVIL)
        arms = tuple(arm.model_copy(update={"title": f"{EVIL} {n}"}) for n, arm in enumerate(study.arms))
        save_study(store, study.model_copy(update={"arms": arms}), crossing)


def evil_events(seed: int) -> Iterator[object]:
    classes = tuple(f"{EVIL} {number}" for number in range(4))
    for event in happenings(10 + seed, seed, tested=seed < 2):
        if isinstance(event, Evaluated):
            event = replace(event, class_names=classes, notes={**event.notes, EVIL: EVIL})
        yield event


def texts(root: QWidget) -> Iterator[tuple[str, str]]:
    """(where, text) of everything below a widget that Qt might take for a page."""
    for widget in [root, *root.findChildren(QWidget)]:
        yield f"tooltip of {type(widget).__name__}", widget.toolTip()
        if isinstance(widget, QLabel) and widget.textFormat() is not Qt.TextFormat.PlainText:
            yield f"label in {type(widget.parent()).__name__}", widget.text()
        if isinstance(widget, QAbstractItemView) and widget.model() is not None:
            yield from model_texts(widget.model())
    for action in root.findChildren(QAction):
        yield "tooltip of an action", action.toolTip()


def model_texts(model: QAbstractItemModel, parent: QModelIndex | None = None) -> Iterator[tuple[str, str]]:
    parent = parent or QModelIndex()
    name = type(model).__name__
    flat = isinstance(model, QAbstractListModel)
    for column in range(1 if flat else model.columnCount(parent)):
        yield f"head in {name}", str(model.headerData(column, Qt.Orientation.Horizontal, HELD) or "")
        for row in range(min(model.rowCount(parent), 50)):
            index = model.index(row, column, parent)
            yield f"cell in {name}", str(index.data(HELD) or "")
            if column == 0 and not flat and model.rowCount(index):
                yield from model_texts(model, index)


def carried_out(root: QWidget) -> set[tuple[str, str]]:
    return {(where, text) for where, text in texts(root) if Gui.mightBeRichText(text) and TAG.search(text)}


def test_no_tag_of_a_name_is_carried_out_anywhere(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    evil_workspace(window.parts.workspace, tmp_path)
    WindowMemory(window.parts.settings).remember_folder(f"{tmp_path}/{EVIL.replace('/', '∕')}")
    found: dict[str, set[tuple[str, str]]] = {}
    pages = {"Runs": "runs", "Compare": "compare", "Studies": "studies"}
    for name, number in pages.items():
        page = window.show_page(number)
        window.parts.library.announce(())
        qtbot.waitUntil(page.is_settled)
        if name == "Compare":
            page.choose([1, 2])
            qtbot.waitUntil(page.is_settled)
        if name == "Runs":
            page.choose(1)
            qtbot.waitUntil(page.is_settled)
        window.grab()
        found[name] = carried_out(page)
    new = window.show_page("new_experiment")
    wait_until_checked(qtbot, new)
    window.grab()
    found["New experiment"] = carried_out(new)
    found["window"] = carried_out(window)
    assert any(EVIL in text for _, text in all_texts(window)), "the names are on the screen"
    assert found == {key: set() for key in found}


def all_texts(root: QWidget) -> Iterator[tuple[str, str]]:
    for label in root.findChildren(QLabel):
        yield "", label.text()


def test_a_question_shows_the_name_letter_by_letter(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[QMessageBox] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box) or 0)
    with RunStore(window.parts.workspace) as store:
        run = store.create(new_run(experiment(), EVIL))
        store.set_state(run.id, RunState.RUNNING)
    runs = window.show_page("runs")
    window.parts.library.announce(())
    qtbot.waitUntil(lambda: runs.model.now(run.id) is not None)
    now = runs.model.now(run.id)
    assert not runs.deeds._confirm(now)
    assert EVIL in asked[0].text()
    assert asked[0].textFormat() is Qt.TextFormat.PlainText


def test_tooltips_are_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Qt is given is never a page made by a name, and a plain name stays as it is."""
    given: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda at, text, widget: given.append(text))
    for words in ("LP-FT < full & more", EVIL):
        show_tip(QPoint(), words, None)
    assert given[0] == plain("LP-FT < full & more") == "LP-FT < full & more"
    assert "<img" not in given[1]
    for word, only in (("QToolTip.showText", "text.py"), ("TextFormat.RichText", "curve_readout.py")):
        files = (REPOSITORY / "ui").rglob("*.py")
        assert [path.name for path in files if word in path.read_text(encoding="utf-8")] == [only]


def test_the_readout_escapes(qtbot: QtBot) -> None:
    ground = QWidget()
    qtbot.addWidget(ground)
    readout = Readout(ground)
    readout.show_values(EVIL, [(EVIL, Gui.GlobalColor.red and readout.palette().text().color(), EVIL)], ground.pos())
    assert not TAG.search(readout._text.text().replace("<b>&lt;", "&lt;"))


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_no_formula_goes_into_a_spreadsheet(delimiter: str) -> None:
    """Text that begins like one is marked as text; numbers, also negative ones, stay numbers."""
    cells = ["=cmd|' /C calc'!A0", "+1+2", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "-0.5", "+3", "−1", "a=b", "", 'x"y',
             "a\nb"]  # fmt: skip
    text = separated([cells, [1.5, -2.0, float("nan"), -3, 0, "1", "", "", "", "", "", "", ""]], delimiter)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    assert rows[0] == [
        "'=cmd|' /C calc'!A0", "'+1+2", "'-2+3", "'@SUM(A1)", "'\t=1", "'\n=1", "-0.5", "+3", "−1", "a=b", "",
        'x"y', "a\nb",
    ]  # fmt: skip
    assert rows[1][:6] == ["1.5", "-2", "", "-3", "0", "1"]
