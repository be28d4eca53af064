"""What a person reads, hears or finds under the mouse while texts are learnt from says nothing of images."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox, QLabel, QTableView, QWidget
from pytestqt.qtbot import QtBot

from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from storage.record import record
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.texts import TOPICS, sentences
from tests.ui.conftest import wait_until_checked
from tests.ui.data.conftest import open_folder
from ui.pages.data import DataPage
from ui.pages.new_experiment import NewExperimentPage
from ui.window.main_window import MainWindow

IMAGE = re.compile(r"\b(images?|pictures?|photos?|pixels?)\b", re.IGNORECASE)
ROOT = QModelIndex()


def words_of(root: QWidget) -> Iterator[str]:
    """All that is said by what is visible in a widget: texts, tooltips, names for those who hear, cells, headings."""
    for one in (root, *root.findChildren(QWidget)):
        if not one.isVisibleTo(root):
            continue
        yield from (one.toolTip(), one.accessibleName(), one.accessibleDescription(), one.windowTitle())
        if isinstance(one, QLabel | QAbstractButton):
            yield one.text()
        if isinstance(one, QComboBox):
            yield from (one.itemText(place) for place in range(one.count()))
        if isinstance(one, QAbstractItemView) and (model := one.model()) is not None:
            columns = model.columnCount(ROOT) if isinstance(model, QAbstractTableModel) else 1
            cells = [(row, column) for row in range(model.rowCount(ROOT)) for column in range(columns)]
            yield from (str(model.index(*cell).data()) for cell in cells[:500])
            if isinstance(one, QTableView):
                yield from (
                    str(model.headerData(at, Qt.Orientation.Horizontal)) for at in range(model.columnCount(ROOT))
                )


def of_images(*roots: QWidget) -> set[str]:
    return {words for root in roots for words in words_of(root) if IMAGE.search(words)}


@pytest.fixture
def topics(tmp_path: Path) -> Path:
    path = tmp_path / "topics.csv"
    with path.open("w", newline="") as file:
        texts, labels = sentences(8, 16)
        rows = zip(texts, (list(TOPICS)[label] for label in labels), strict=True)
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


@pytest.fixture
def runs(workspace: Workspace, topics: Path) -> list[int]:
    """Two that learnt from texts, and differ in their seed."""
    with RunStore(workspace) as store:
        return [learnt(store, workspace, topics, seed) for seed in (0, 1)]


def learnt(store: RunStore, workspace: Workspace, topics: Path, seed: int) -> int:
    experiment = Experiment(
        dataset=DatasetChoice(name="texts", path=str(topics)), backbone=BackboneChoice(name="text_bilstm"),
        method=MethodChoice(name="scratch", hyperparameters={"epochs": 2}), seed=seed,
    )  # fmt: skip
    row = store.create(new_run(experiment, f"Seed {seed}"))
    for _ in record(store, row.id, execute(experiment, store.directory(row))):
        pass
    return row.id


def test_the_form_speaks_of_texts_whatever_is_chosen(qtbot: QtBot, page: NewExperimentPage, topics: Path) -> None:
    page.receive(topics)
    qtbot.waitUntil(lambda: page.data.choice().path == str(topics))
    wait_until_checked(qtbot, page)
    found = dict[str, set[str]]()
    for key in ("finetune", "meta"):  # what learns without labels is named after what it hides of images
        qtbot.mouseClick(page.method.families[key], Qt.MouseButton.LeftButton)
        wait_until_checked(qtbot, page)
        shown = (page.data.settings, page.data.preview, page.method, page.launch)
        found[key] = of_images(*shown)
    assert not any(found.values()), found


def test_the_page_data_speaks_of_texts(qtbot: QtBot, window: MainWindow, topics: Path) -> None:
    page = window.show_page("data")
    assert isinstance(page, DataPage)
    open_folder(qtbot, page, topics)
    found = dict[str, set[str]]()
    for title in page.detail.tabs:
        page.detail.show_tab(title)
        qtbot.waitUntil(page.is_settled)
        found[title] = of_images(page.detail)
    assert not any(found.values()), found


def test_a_run_and_a_comparison_speak_of_texts(qtbot: QtBot, runs: list[int], window: MainWindow) -> None:
    found = dict[str, set[str]]()
    for name in ("runs", "compare"):
        page = window.show_page(name)
        qtbot.waitUntil(page.is_settled)
        found[name] = of_images(page)
    assert not any(found.values()), found
