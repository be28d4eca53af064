"""The page of CONTRIBUTING.md, put in its place: it opens from the rail and follows what is saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

import ui.pages
from engine.experiment import Experiment
from tests.new_runs import new_run
from tests.recipes import among, recipe
from ui.window import main_window


@pytest.fixture
def with_new_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    place = eval("{" + recipe("page's place") + "}", {"PagePlace": ui.pages.PagePlace})
    for name, one in place.items():
        monkeypatch.setitem(ui.pages.PAGES, name, one)
    with among(ui.pages, tmp_path / "pages", lambda: None, tally=recipe("page")):
        yield


@pytest.mark.usefixtures("with_new_page")
def test_a_new_page_opens_and_follows_the_saved_runs(qtbot: QtBot, request: pytest.FixtureRequest) -> None:
    window: main_window.MainWindow = request.getfixturevalue("window")
    page = window.show_page("tally")
    assert window.stack.currentWidget() is page
    qtbot.waitUntil(lambda: page.words.text().startswith("No runs yet"))
    window.parts.library.write(lambda store: store.create(new_run(Experiment())))
    qtbot.waitUntil(lambda: page.words.text() == "lp_ft: 1")
