"""Pretraining that goes on from trained weights takes smaller steps than from random ones, unless a rate is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import registry
from engine.artifacts.weights import build_backbone
from engine.events import RunFailed
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.pretraining.method import asks_of
from engine.studies.cells import cells
from engine.studies.study import SOURCE, Source, Study, StudyArm, completed
from ui.command.arguments import parse
from ui.command.flags import plan_from

OBJECTIVES = [one.name for one in registry.methods() if one.family == "pretrain"]
OTHERS = [one.name for one in registry.methods() if one.family != "pretrain"]
TRAINED = ["omniglot-supervised", "own:1f950be787", "run:20261130-abc", SOURCE]
RANDOM_RATE = 2e-3


def rate(name: str, weights: str, **given: float) -> float:
    chosen = MethodChoice(name=name, hyperparameters=given)
    whole = registry.complete(Experiment(backbone=BackboneChoice(weights=weights), method=chosen))
    return float(whole.method.hyperparameters["learning_rate"])


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_usual_rate_is_smaller_from_trained_weights_of_any_kind(name: str) -> None:
    assert rate(name, "random") in (RANDOM_RATE, RANDOM_RATE / 2)  # of images, of texts
    for weights in TRAINED:
        assert rate(name, weights) <= RANDOM_RATE / 10
        assert rate(name, weights, learning_rate=RANDOM_RATE) == RANDOM_RATE


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_form_and_every_preset_take_it(name: str) -> None:
    method = registry.method(name)
    random, trained = registry.fields(method), registry.fields(method, trained=True)
    differ = {one.name for one, other in zip(random, trained, strict=True) if one != other}
    assert differ == {"learning_rate"} | ({"epochs", "word_vectors"} if asks_of(method, "texts") else set())
    assert {one.name: one.default for one in trained}["learning_rate"] == rate(name, "omniglot-supervised")
    own = {title for title, values in method.presets.items() if "learning_rate" in values}
    assert own <= {"Texts: a pretrained encoder"}  # of one kind of network, whatever its weights


@pytest.mark.parametrize("name", OTHERS)
def test_other_methods_begin_alike_from_all_weights(name: str) -> None:
    chosen = MethodChoice(name=name)
    either = [registry.complete(Experiment(backbone=BackboneChoice(weights=one), method=chosen)) for one in
              ("random", "omniglot-supervised")]  # fmt: skip
    assert either[0].method == either[1].method


@pytest.mark.parametrize("name", OBJECTIVES)
def test_an_experiment_that_says_its_rate_keeps_its_hash(name: str) -> None:
    """All that is saved says it: hashes of runs of earlier versions are those they were."""
    chosen = MethodChoice(name=name, hyperparameters=registry.method(name).Hyperparameters().model_dump())
    saved = Experiment(backbone=BackboneChoice(weights="omniglot-supervised"), method=chosen)
    assert registry.complete(saved).digest() == saved.digest()


def test_the_terminal_takes_it_and_a_given_one_stays() -> None:
    def told(*words: str) -> float:
        plan = plan_from(parse(["run", "--data", "digits", "--method", "simclr", "--backbone", "conv4", *words]))
        return float(plan.experiments[0].method.hyperparameters["learning_rate"])

    assert told("--weights", "random") == RANDOM_RATE
    assert told("--weights", "omniglot-supervised") < RANDOM_RATE
    assert told("--weights", "omniglot-supervised", "--set", "learning_rate=0.01") == 0.01


def test_arms_of_a_study_take_it_also_where_their_weights_are_trained_first() -> None:
    simclr = MethodChoice(name="simclr")
    arms = tuple(
        StudyArm(title=weights, backbone=BackboneChoice(weights=weights), method=simclr,
                 first=Source() if weights == SOURCE else None)
        for weights in ("random", "omniglot-supervised", SOURCE)
    )  # fmt: skip
    study = completed(Study(title="Rates", dataset=DatasetChoice(name="digits"), arms=arms, seeds=(0,)))
    found = [one.experiment.method.hyperparameters["learning_rate"] for one in cells(study) if one.arm is not None]
    assert found[0] == RANDOM_RATE
    assert found[1] == found[2] < RANDOM_RATE


FEW = DatasetChoice(name="digits", classes=3)


def test_a_run_goes_by_it(tmp_path: Path) -> None:
    """Trained weights move less at the usual rate than at that of random ones."""
    choice = BackboneChoice(weights="omniglot-supervised")
    before = build_backbone(choice, None, 0, tmp_path).state_dict()

    def moved(folder: Path, **given: float) -> float:
        values = {"epochs": 1, "judged": "no labels"} | given
        method = MethodChoice(name="denoising", hyperparameters=values)
        events = list(execute(Experiment(dataset=FEW, backbone=choice, method=method), folder))
        assert not isinstance(events[-1], RunFailed), events[-1]
        onward = BackboneChoice(weights=f"run:{folder.name}")
        after = build_backbone(onward, None, 0, tmp_path).state_dict()
        names = [name for name, one in before.items() if one.is_floating_point() and "running" not in name]
        return sum(float((after[name] - before[name]).square().sum()) for name in names)

    assert 0 < moved(tmp_path / "usual") < moved(tmp_path / "given", learning_rate=RANDOM_RATE) / 4
