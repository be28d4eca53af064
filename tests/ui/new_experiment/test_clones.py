"""A clone is the experiment: what any form is given, it gives back, for random valid experiments of every kind."""

import random

import pytest
from pytestqt.qtbot import QtBot

from engine import registry
from engine.families import FAMILIES
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
        experiments = valid(draw, method)
        assert experiments, method.name
        for given in experiments:
            window.parts.navigator.clone.emit(given)
            wrong += [(method.name, found) for found in [changed(given, page.experiments()[0])] if found]
    assert wrong == []
    wait_until_checked(qtbot, page)
    assert changed(given, page.experiments()[0]) == {}
