"""A clone is the experiment: what any form is given, it gives back, for random valid experiments of every kind."""

import random
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine import registry
from engine.families import FAMILIES
from storage.store import RunStore
from storage.workspace import Workspace
from tests.old_workspaces import VERSIONS, unpack
from tests.random_experiments import changed, valid
from tests.ui.conftest import wait_until_checked
from ui.pages.new_experiment import NewExperimentPage
from ui.window.main_window import MainWindow


@pytest.mark.parametrize("family", FAMILIES)
def test_a_clone_is_the_experiment(qtbot: QtBot, page: NewExperimentPage, window: MainWindow, family: str) -> None:
    draw = random.Random(f"clones, {family}")
    wrong = []
    for method in registry.methods():
        if method.family != family:
            continue
        experiments = valid(draw, method, 2)
        assert experiments, method.name
        for given in experiments:
            window.parts.navigator.open("new_experiment", given)
            wrong += [(method.name, found) for found in [changed(given, page.experiments()[0])] if found]
    assert wrong == []
    wait_until_checked(qtbot, page)
    assert changed(given, page.experiments()[0]) == {}


@pytest.fixture(params=VERSIONS)
def old_runs(request: pytest.FixtureRequest, own_workspace: Path) -> int:
    """A workspace of an earlier version, there before the window opens; how many runs it has."""
    with RunStore(Workspace(unpack(request.param, own_workspace.parent))) as store:
        return len(store.runs())


def test_runs_of_earlier_versions_are_cloned(
    old_runs: int, qtbot: QtBot, page: NewExperimentPage, window: MainWindow, workspace: Workspace
) -> None:
    with RunStore(workspace) as store:
        given = [run.experiment for run in store.runs()]
    assert len(given) == old_runs
    for experiment in given:
        window.parts.navigator.open("new_experiment", experiment)
        assert changed(experiment, page.experiments()[0]) == {}
    wait_until_checked(qtbot, page)
    assert changed(experiment, page.experiments()[0]) == {}
