"""The Runs page while a real run trains in its thread: live curves, pause, resume, stop and keep, discard."""

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from engine.events import RunState
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from storage.store import RunStore
from storage.workspace import Workspace
from ui.pages.runs import RunsPage
from ui.runs.run_now import RunNow

LONG = 200_000  # ms that torch may take to load on a busy machine
Open = Callable[[], RunsPage]


def endless(seed: int = 0) -> Experiment:
    """Digits from scratch for longer than any test lasts."""
    return Experiment(
        dataset=DatasetChoice(name="digits", labels_per_class=2), backbone=BackboneChoice(name="conv4"),
        method=MethodChoice(name="scratch", hyperparameters={"epochs": 2000, "batch_size": 20}), seed=seed,
    )  # fmt: skip


def now(page: RunsPage) -> RunNow:
    found = page.now()
    assert found is not None
    return found


def press(page: RunsPage, key: str) -> None:
    assert page.deeds.actions[key].isEnabled(), page.deeds.actions[key].toolTip()
    page.deeds.actions[key].trigger()


def points(page: RunsPage) -> int:
    lines = page.detail.curves.loss.given
    return len(lines[0].x) if lines else 0


@pytest.mark.timeout(300)
def test_a_run_is_watched_paused_resumed_stopped_and_kept(
    qtbot: QtBot, open_page: Open, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page()
    page.parts.submit([endless(), endless(1)], "Live", then=lambda rows: page.choose(rows[0].id))

    def is_drawn() -> None:
        assert points(page) > 20, page.now()

    qtbot.waitUntil(is_drawn, timeout=LONG)
    first = now(page)
    assert first.state is RunState.RUNNING
    assert page.order.index(0, 0).data() == "Live"
    assert page.detail.curves.loss.live
    assert page.detail.header.facts.text().startswith("· epoch ")

    press(page, "pause")
    assert page.deeds.actions["pause"].text() == "Pausing…"
    qtbot.waitUntil(lambda: now(page).state is RunState.PAUSED, timeout=LONG)
    assert page.deeds.actions["pause"].text() == "Resume"
    press(page, "pause")
    qtbot.waitUntil(lambda: now(page).state is RunState.RUNNING, timeout=LONG)

    waiting = next(row for row in page.model.rows() if row.id != first.row.id)
    page.choose(waiting.id)
    assert now(page).state is RunState.QUEUED
    assert page.deeds.actions["stop"].toolTip() == "It has not started yet."
    assert page.deeds.actions["discard"].text() == "Remove from queue"
    press(page, "discard")
    qtbot.waitUntil(lambda: page.model.rowCount() == 1, timeout=LONG)

    page.choose(first.row.id)
    live = page.parts.live.buffer(first.row.id)
    assert live is not None
    late = len(live.curves["train/loss"])
    qtbot.waitUntil(lambda: points(page) >= late, timeout=LONG)  # opened late, it shows the whole curve

    qtbot.waitUntil(lambda: page._pace._parts is not None, timeout=LONG)
    monkeypatch.setattr("ui.runs.pace.PART_MS", 10**6)  # what is half drawn stays so until it has ended
    press(page, "stop")
    assert page.deeds.actions["stop"].text() == "Stopping…"
    qtbot.waitUntil(lambda: now(page).state is RunState.STOPPED and page.is_settled(), timeout=LONG)
    qtbot.waitUntil(page.detail.result.isVisible, timeout=LONG)
    assert "test images" in page.detail.result.interval.text()
    for _ in range(5):
        page._pace._draw_part()
    assert not page.detail.curves.loss.live
    with RunStore(workspace) as store:
        assert points(page) == len(store.curve(first.row.id, "train/loss")) >= late
