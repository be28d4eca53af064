"""Start pressed before it is known what is wrong: never with what was set up before, and never twice."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.data import sources
from engine.experiment import Experiment
from tests.ui.conftest import wait_until_checked
from ui.pages.new_experiment import NewExperimentPage

LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def put_in_line(page: NewExperimentPage, monkeypatch: pytest.MonkeyPatch) -> list[Experiment]:
    """What is handed on to be run, instead of running it."""
    given: list[Experiment] = []
    monkeypatch.setattr(page.parts, "submit", lambda experiments, name="", then=None: given.extend(experiments))
    return given


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.csv"
    path.write_text("text,label\n" + "".join(f"text {n} of {n % 2},{'ab'[n % 2]}\n" for n in range(40)))
    return path


def said(page: NewExperimentPage) -> list[str]:
    return [toast.label.text() for toast in page.parts.toasts.shown()]


def test_what_was_dropped_a_moment_ago_is_not_run_with_the_data_before_it(
    qtbot: QtBot, page: NewExperimentPage, put_in_line: list[Experiment], texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_until_checked(qtbot, page)
    assert page.launch.start_button.isEnabled()
    known = sources.resolve
    monkeypatch.setattr(sources, "resolve", lambda path: (time.sleep(0.3), known(path))[1])
    page.receive(texts)
    assert not page.launch.start_button.isEnabled()
    page.start()
    assert said(page)[-1] == "Not started. The data are still being read."
    qtbot.waitUntil(lambda: page.data.choice().path == str(texts))
    page.start()
    wait_until_checked(qtbot, page)
    qtbot.waitUntil(page.launch.start_button.isEnabled)
    assert not [one for one in put_in_line if one.dataset.path != str(texts)]


def test_start_right_after_a_change_waits_for_its_check_and_starts_once(
    qtbot: QtBot, page: NewExperimentPage, put_in_line: list[Experiment]
) -> None:
    wait_until_checked(qtbot, page)
    page.launch.seeds.setValue(3)
    for press in (QTest.mouseClick, QTest.mouseDClick):
        press(page.launch.start_button, LEFT, NO_KEYS)
    qtbot.waitUntil(lambda: len(put_in_line) > 0)
    qtbot.wait(50)
    assert [one.seed for one in put_in_line] == [0, 1, 2]


def test_start_right_after_a_change_for_the_worse_says_what_is_wrong(
    qtbot: QtBot, page: NewExperimentPage, put_in_line: list[Experiment]
) -> None:
    wait_until_checked(qtbot, page)
    page.data.settings.labels.setValue(5_000)
    page.start()
    qtbot.waitUntil(lambda: any("5000" in words or "being read" in words for words in said(page)))
    assert not put_in_line


def test_a_card_that_is_chosen_while_a_drop_is_looked_at_stays_chosen(
    qtbot: QtBot, page: NewExperimentPage, texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_until_checked(qtbot, page)
    known = sources.resolve
    monkeypatch.setattr(sources, "resolve", lambda path: (time.sleep(0.2), known(path))[1])
    page.receive(texts)
    qtbot.mouseClick(page.data.cards["digits"], LEFT)
    qtbot.wait(400)
    wait_until_checked(qtbot, page)
    qtbot.wait(50)
    assert page.data.choice().name == "digits"
    assert page.launch.start_button.isEnabled()


def test_what_cannot_be_used_gives_the_form_back(qtbot: QtBot, page: NewExperimentPage, tmp_path: Path) -> None:
    wait_until_checked(qtbot, page)
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    page.receive(tmp_path / "broken.zip")
    assert not page.launch.start_button.isEnabled()
    qtbot.waitUntil(page.launch.start_button.isEnabled)
    assert "broken.zip" in said(page)[-1]
