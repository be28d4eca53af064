"""Start pressed before it is known what is wrong: never with what was set up before, and never twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.data import sources
from engine.experiment import Experiment
from tests.ui.conftest import wait_until_checked
from tests.ui.late import worked_late
from ui.pages.new_experiment import NewExperimentPage

LEFT = Qt.MouseButton.LeftButton


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


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What is dropped is looked at once this is set."""
    known, free = sources.resolve, threading.Event()
    monkeypatch.setattr(sources, "resolve", lambda path: (free.wait(60), known(path))[1])
    yield free
    free.set()


def test_start_waits_for_what_was_dropped_a_moment_ago(
    qtbot: QtBot, page: NewExperimentPage, put_in_line: list[Experiment], texts: Path, slow: threading.Event
) -> None:
    wait_until_checked(qtbot, page)
    page.receive(texts)
    for press in (qtbot.mouseClick, qtbot.mouseDClick):
        press(page.launch.start_button, LEFT)
    assert page.launch.waiting.isVisible()
    assert not put_in_line
    slow.set()
    qtbot.waitUntil(lambda: bool(put_in_line))
    assert not page.launch.waiting.isVisible()
    wait_until_checked(qtbot, page)
    assert [one.dataset.path for one in put_in_line] == [str(texts)]


def test_a_start_that_waits_is_forgotten_when_asked_or_when_the_data_cannot_be_read(
    qtbot: QtBot, page: NewExperimentPage, put_in_line: list[Experiment], tmp_path: Path, slow: threading.Event
) -> None:
    wait_until_checked(qtbot, page)
    page.receive(tmp_path / "broken.zip")
    page.start()
    qtbot.mouseClick(page.launch.leave_button, LEFT)
    assert not page.launch.waiting.isVisible()
    page.start()
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    slow.set()
    qtbot.waitUntil(lambda: bool(said(page)) and not page.launch.waiting.isVisible())
    wait_until_checked(qtbot, page)
    assert [one.dataset.name for one in put_in_line] == []


def test_a_start_that_waits_does_not_start_another_experiment_that_is_set_up_meanwhile(
    qtbot: QtBot, page: NewExperimentPage, put_in_line: list[Experiment], texts: Path, slow: threading.Event
) -> None:
    wait_until_checked(qtbot, page)
    page.receive(texts)
    page.start()
    page.receive(page.experiment().model_copy(update={"seed": 7}))  # as from a run: Clone
    assert not page.launch.waiting.isVisible()
    slow.set()
    with worked_late(qtbot, page.parts.background):
        pass
    wait_until_checked(qtbot, page)
    assert not put_in_line


def test_a_check_that_breaks_is_told_and_keeps_nobody_from_starting(
    qtbot: QtBot, page: NewExperimentPage, put_in_line: list[Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(experiment: Experiment) -> None:
        raise ZeroDivisionError

    wait_until_checked(qtbot, page)
    monkeypatch.setattr("ui.new_experiment.checks._problems", broken)
    bugs: list[object] = []
    page.parts.background.crashed.connect(bugs.append)
    page.launch.seeds.setValue(2)
    page.start()
    qtbot.waitUntil(lambda: len(put_in_line) == 2)
    assert [type(one) for one in bugs] == [ZeroDivisionError]
    assert "could not be checked" in page.launch.warning.text.text()


def test_start_right_after_a_change_waits_for_its_check_and_starts_once(
    qtbot: QtBot, page: NewExperimentPage, put_in_line: list[Experiment]
) -> None:
    wait_until_checked(qtbot, page)
    page.launch.seeds.setValue(3)
    for press in (qtbot.mouseClick, qtbot.mouseDClick):
        press(page.launch.start_button, LEFT)
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
    qtbot: QtBot, page: NewExperimentPage, texts: Path, slow: threading.Event
) -> None:
    wait_until_checked(qtbot, page)
    page.receive(texts)
    qtbot.mouseClick(page.data.cards["digits"], LEFT)
    slow.set()
    with worked_late(qtbot, page.parts.background):
        pass
    wait_until_checked(qtbot, page)
    assert page.data.choice().name == "digits"
    assert page.launch.start_button.isEnabled()


def test_what_cannot_be_used_gives_the_form_back(qtbot: QtBot, page: NewExperimentPage, tmp_path: Path) -> None:
    wait_until_checked(qtbot, page)
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    page.receive(tmp_path / "broken.zip")
    qtbot.waitUntil(lambda: bool(said(page)))
    assert page.launch.start_button.isEnabled()
    assert "broken.zip" in said(page)[-1]
