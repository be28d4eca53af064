"""Runs: what each block does, how far the patience is used up, and runs that train for a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.events import EpochCompleted, Event, Metrics, RunFinished, RunStarted, RunState
from engine.experiment import Experiment, MethodChoice
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.ui.runs import recorded
from tests.ui.runs.recorded import experiment, finished, save
from ui.live import LiveRun
from ui.pages.runs import RunsPage
from ui.runs.header import facts
from ui.runs.run_now import run_now

Open = Callable[[], RunsPage]


def with_rates() -> Iterator[Event]:
    """Two epochs of five steps; the head at 0.01 and 0.005, the last block ten times slower."""
    yield RunStarted(10, 5, 16, {"classes": 4})
    for epoch, rate in ((1, 0.01), (2, 0.005)):
        values = {"val/accuracy": 0.5, "val/loss": 1.0, "rate/head": rate, "rate/conv4": rate / 10, "moved/head": 0.1}
        yield Metrics(5 * epoch, values)
        yield EpochCompleted(epoch, 5 * epoch)
    yield recorded.tested()
    yield RunFinished(10)


def patient(patience: int) -> Experiment:
    return experiment().model_copy(
        update={"method": MethodChoice(name="full_ft", hyperparameters={"patience": patience})}
    )


def test_the_rates_of_the_blocks_can_be_shown(qtbot: QtBot, open_page: Open, workspace: Workspace) -> None:
    with RunStore(workspace) as store:
        rates = save(store, with_rates(), "Rates")
        save(store, finished(), "No rates")
    page = open_page()
    shown = page.detail.block_curves
    assert [shown.choice.itemText(i) for i in range(shown.choice.count())] == ["Distance from the initial weights"]
    page.choose(rates.id)
    qtbot.waitUntil(lambda: page.is_settled() and shown.choice.count() == 2)
    shown.choice.set_key("rate")
    lines = {line.label: line for line in shown.plot.given}
    assert list(lines) == ["Convolution 4", "Head"]
    assert np.allclose(lines["Head"].y, [0.01, 0.005])
    assert np.allclose(lines["Convolution 4"].y, [0.001, 0.0005])
    shown.log.setChecked(True)
    assert shown.plot.log
    assert page.parts.settings.value("runs/blocks") == "rate"


@pytest.mark.parametrize(
    ("patience", "counted", "said"),
    [(10, 3.0, "3 of 10 epochs without a better validation"), (10, 0.0, ""), (0, 3.0, "")],
)
def test_the_header_counts_the_epochs_without_gain(
    workspace: Workspace, patience: int, counted: float, said: str
) -> None:
    with RunStore(workspace) as store:
        row = store.create(new_run(patient(patience)))
        store.set_state(row.id, RunState.RUNNING)
        row = store.run(row.id)
    live = LiveRun(row.id)
    live.add(RunStarted(100, 10, 16))
    live.add(Metrics(10, {"val/epochs without gain": counted}))
    now = run_now(row, live)
    assert now.waiting == said
    assert said in facts(now)
    assert bool(said) == ("without a better" in facts(now))


def test_a_run_without_planned_steps_goes_by_its_time(workspace: Workspace) -> None:
    with RunStore(workspace) as store:
        row = store.create(new_run(experiment()))
        store.set_state(row.id, RunState.RUNNING)
        row = store.run(row.id)
    live = LiveRun(row.id)
    live.add(RunStarted(0, 10, 16, minutes=2.0))
    assert live.started is not None
    live.started -= 30  # half a minute ago
    live.add(Metrics(25, {"train/loss": 1.0}))
    now = run_now(row, live)
    assert now.progress == pytest.approx(0.25, abs=0.01)
    assert now.left == pytest.approx(90, abs=2)
    assert now.epoch_text() == "epoch 3"
    assert "about 1 min 30 s left" in facts(now) or "about 1 min 29 s left" in facts(now)


@pytest.mark.parametrize(("planned", "words"), [(1500, "250 of 1,500 meta-steps"), (0, "250 meta-steps")])
def test_a_run_without_epochs_counts_its_steps(planned: int, words: str, workspace: Workspace) -> None:
    with RunStore(workspace) as store:
        row = store.create(new_run(recorded.experiment("maml")))
        store.set_state(row.id, RunState.RUNNING)
        row = store.run(row.id)
    live = LiveRun(row.id)
    live.add(RunStarted(planned, 500, 16, row.facts))
    live.add(Metrics(250, {"train/loss": 1.0}))
    assert run_now(row, live).epoch_text() == words
