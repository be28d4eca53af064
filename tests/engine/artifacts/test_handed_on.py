"""What a saved run hands on are the weights that its figure is of, whichever were tested."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.artifacts import saved
from engine.artifacts.weights import saved_file
from engine.events import Evaluated, RunFinished
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.registry import build_method

DATA = DatasetChoice(name="digits", labels_per_class=3, validation_per_class=2)
TESTED = "best validation epoch", "last epoch"


def figure(experiment: Experiment, folder: Path) -> Evaluated:
    events = list(execute(experiment, folder))
    assert isinstance(events[-1], RunFinished), events[-1]
    return next(event for event in events if isinstance(event, Evaluated))


@pytest.mark.parametrize("tested", TESTED)
@pytest.mark.parametrize("name", ["scratch", "lora", "lp_ft"])
def test_the_network_that_is_handed_on_answers_as_the_figure_says(name: str, tested: str, tmp_path: Path) -> None:
    """A rate at which the last of five epochs is another network than the best."""
    values = {"epochs": 5, "learning_rate": 0.5, "tested": tested}
    learnt = Experiment(dataset=DATA, method=MethodChoice(name=name, hyperparameters=values))
    said = figure(learnt, tmp_path / "source")
    best, last = (tmp_path / "source" / f"{kind}.safetensors" for kind in ("best", "last"))
    assert best.read_bytes() != last.read_bytes()
    of_figure = saved.tested_file(tmp_path / "source", build_method(learnt))
    assert saved_file("source", tmp_path) == of_figure == (best if tested == TESTED[0] else last)
    kept = BackboneChoice(weights="run:source", head="kept")
    again = figure(Experiment(dataset=DATA, backbone=kept, method=MethodChoice(name="as_is")), tmp_path / "again")
    assert again.value == said.value
    assert again.predicted is not None
    assert said.predicted is not None
    assert (again.predicted == said.predicted).all()


def test_a_run_that_ended_before_its_last_epoch_hands_on_what_it_has(tmp_path: Path) -> None:
    values = {"epochs": 2, "tested": "last epoch"}
    figure(Experiment(dataset=DATA, method=MethodChoice(name="scratch", hyperparameters=values)), tmp_path / "source")
    (tmp_path / "source" / "last.safetensors").unlink()
    assert saved_file("source", tmp_path).name == "best.safetensors"
