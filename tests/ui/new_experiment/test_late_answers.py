"""What was asked of the form as it was answers late: it tells nothing of the form as it is, and turns nothing on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from engine.errors import InvalidExperiment
from engine.experiment import DatasetChoice
from tests.ui.conftest import wait_until_checked
from tests.ui.late import worked_late
from ui.pages.new_experiment import NewExperimentPage

LATE = 60.0  # seconds at most that work is held back


class Held:
    """Work that says when it has begun, and ends when it may. `ended` is set once its answer is on its way."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self._work = work
        self.begun, self.free, self.ended = threading.Event(), threading.Event(), threading.Event()

    def __call__(self, *given: Any) -> Any:
        self.begun.set()
        self.free.wait(LATE)
        try:
            return self._work(*given)
        finally:
            self.ended.set()


def let_answer(qtbot: QtBot, page: NewExperimentPage, held: Held) -> None:
    """The held work ends, and all that was done in the background is handed over."""
    held.free.set()
    qtbot.waitUntil(held.ended.is_set)
    after: list[object] = []
    page.parts.background.run(lambda cancelled: None, after.append)
    page.parts.background.run(lambda cancelled: None, after.append)
    qtbot.waitUntil(lambda: len(after) == 2)
    qtbot.wait(50)


@pytest.fixture
def hold(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, Callable[..., Any]], Held]]:
    made: list[Held] = []

    def holding(name: str, work: Callable[..., Any]) -> Held:
        made.append(held := Held(work))
        monkeypatch.setattr(name, held)
        return held

    yield holding
    for held in made:
        held.free.set()


Hold = Callable[[str, Callable[..., Any]], Held]


def test_a_late_check_turns_no_start_on(
    qtbot: QtBot, page: NewExperimentPage, hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = hold("ui.new_experiment.checks._problems", lambda experiment: [])
    page.checks.check_soon()
    qtbot.waitUntil(held.begun.is_set)

    def cannot_be() -> None:
        raise InvalidExperiment("The seeds are no numbers.", "Give numbers.", "device")

    monkeypatch.setattr(page.checks, "_experiment", cannot_be)
    page.checks.check_soon()
    qtbot.waitUntil(lambda: "no numbers" in page.launch.start_button.accessibleDescription())
    let_answer(qtbot, page, held)
    assert not page.launch.start_button.isEnabled()
    assert "no numbers" in page.launch.start_button.accessibleDescription()


def test_data_that_are_left_while_they_are_read_are_not_those_that_are_chosen(
    qtbot: QtBot, page: NewExperimentPage, hold: Hold
) -> None:
    from engine.data.preview import preview

    held = hold("engine.data.preview.preview", preview)
    page.data.preview.read(page.data.choice(), False)
    qtbot.waitUntil(held.begun.is_set)
    page.data.preview.expect()
    let_answer(qtbot, page, held)
    assert page.data.preview.is_reading
    page.data._read_soon()
    wait_until_checked(qtbot, page)


def test_a_late_cost_is_not_shown_of_what_is_wrong(
    qtbot: QtBot, page: NewExperimentPage, hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.preflight.cost import estimate

    held = hold("engine.preflight.cost.estimate", estimate)
    page.costs._time_a_step()
    qtbot.waitUntil(held.begun.is_set)
    monkeypatch.setattr(page.costs, "_is_wrong", lambda: True)
    monkeypatch.setattr(page.parts.live, "is_engine_ready", True)
    page.costs.measure_soon()
    qtbot.waitUntil(lambda: page.launch.cost.state.text() == "Known once the problems are solved.")
    let_answer(qtbot, page, held)
    assert page.launch.cost.state.text() == "Known once the problems are solved."


def test_a_folder_that_was_taken_off_the_list_stays_away(qtbot: QtBot, page: NewExperimentPage, tmp_path: Path) -> None:
    choice = DatasetChoice(name="folder", path=str(tmp_path))
    key = page.data.list.add_folder(choice)
    page.data._memory.remember_folder(key)
    with worked_late(qtbot, page.parts.background):
        page.data.load()
        page.data._remove(key)
    assert key not in page.data.cards
