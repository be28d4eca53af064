"""What the window keeps of the runs that the queue works."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from engine.events import Metrics, Notice, RunFinished, RunStarted, RunState
from engine.work.queue import RunQueue
from engine.work.recorder import Left, Now
from storage.lending import Stores
from storage.workspace import Workspace
from ui.library import Library
from ui.live import Live


def test_of_runs_that_ended_only_the_last_few_stay_in_memory(
    qtbot: QtBot, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How each ended is still known; its curve and figures are in the database."""
    library = Library(workspace)
    queue = RunQueue(Stores(workspace))
    live = Live(queue, library)
    news = [RunStarted(2, 1, 8), Metrics(1, {"train/loss": 1.0}), Notice("one"), RunFinished(2)]
    for run_id in range(1, 9):
        monkeypatch.setattr(queue, "drain", lambda run_id=run_id: {run_id: news})
        live.tick()
    library.close()
    held = {run_id: live.buffer(run_id) for run_id in range(1, 9)}
    assert [run_id for run_id, run in held.items() if run and run.curves and run.messages] == [6, 7, 8]
    assert {run.state for run in held.values() if run} == {RunState.FINISHED}
    assert len(held) == 8


def test_a_run_that_left_without_a_word_has_ended_and_may_come_again(
    qtbot: QtBot, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discarded, put off, or taken out of the line; the next time it is a new one in memory."""
    library = Library(workspace)
    queue = RunQueue(Stores(workspace))
    live, told = Live(queue, library), []
    live.state.connect(lambda run_id, state: told.append(state))
    queued, running = Now(RunState.QUEUED), Now(RunState.RUNNING)
    ended = [RunFinished(2), Left()]
    for news in ([queued], [running, RunStarted(2, 1, 8), Metrics(1, {"a": 1.0})], [Left()], [queued], ended, [queued]):
        monkeypatch.setattr(queue, "drain", lambda news=news: {1: news})
        live.tick()
        run = live.buffer(1)
        assert run is not None
        assert live.active() == ([] if Left() in news else [1])
        assert (run.ended is not None) == (Left() in news)
    library.close()
    assert [state.value for state in told] == ["queued", "running", "stopped", "queued", "finished", "queued"]
