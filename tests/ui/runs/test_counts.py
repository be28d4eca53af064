"""What a run counts: epochs where it has them, meta-steps where it has not, and nothing before its first step."""

from dataclasses import replace

import pytest

from engine import registry
from engine.events import RunState
from engine.experiment import Experiment, MethodChoice
from engine.families import FAMILIES
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from ui.runs.run_now import RunNow, run_now

STATES = (RunState.QUEUED, RunState.RUNNING, RunState.STOPPED)


def now_of(workspace: Workspace, method: str, state: RunState, step: int, total: int) -> RunNow:
    """A run that has said nothing of itself yet but how far it is."""
    with RunStore(workspace) as store:
        fresh = run_now(store.create(new_run(Experiment(method=MethodChoice(name=method)), "a run")), None)
    return replace(fresh, state=state, step=step, total_steps=total, steps_per_epoch=60)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_run_counts_epochs_that_it_does_not_have(workspace: Workspace, family: str) -> None:
    for method in (method.name for method in registry.methods() if method.family == family):
        for state in STATES:
            words = {place: now_of(workspace, method, state, *place).sentence() for place in ((0, 60), (7, 60))}
            if FAMILIES[family].step:
                assert "epoch" not in " ".join(words.values()), (method, state)
            if state is not RunState.QUEUED:
                assert (f"7 of 60 {unit}" if (unit := FAMILIES[family].step) else "of 1") in words[7, 60], (
                    method,
                    state,
                )
        stopped = now_of(workspace, method, RunState.STOPPED, 0, 60).sentence()
        assert "0" not in stopped.replace("seed 0", ""), method
