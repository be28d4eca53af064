"""What a saved run hands on are the weights that its figure is of, whichever were tested."""

from __future__ import annotations

import shutil
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


def with_a_best_before_the_last(choice: MethodChoice, folder: Path) -> tuple[Experiment, Evaluated]:
    """The first seed, on this processor, of which the last epoch is another network than the best."""
    for seed in range(8):
        learnt = Experiment(dataset=DATA, method=choice, seed=seed)
        said = figure(learnt, folder)
        if (folder / "best.safetensors").read_bytes() != (folder / "last.safetensors").read_bytes():
            return learnt, said
        shutil.rmtree(folder)
    raise AssertionError("of every seed the last epoch is the best")


@pytest.mark.parametrize("tested", TESTED)
@pytest.mark.parametrize("name", ["scratch", "lora", "lp_ft"])
def test_the_network_that_is_handed_on_answers_as_the_figure_says(name: str, tested: str, tmp_path: Path) -> None:
    values = {"epochs": 5, "learning_rate": 0.5, "tested": tested}
    choice = MethodChoice(name=name, hyperparameters=values)
    learnt, said = with_a_best_before_the_last(choice, tmp_path / "source")
    best, last = (tmp_path / "source" / f"{kind}.safetensors" for kind in ("best", "last"))
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
