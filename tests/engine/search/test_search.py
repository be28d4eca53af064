"""Search by cross-validation with real small networks: what is tried, what is chosen, what is never looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import Diverged
from engine.events import Evaluated, Event, Notice, Preparing, RunFinished, RunStarted, RunStopped, TrialCompleted
from engine.execute import execute
from engine.experiment import Budget, DatasetChoice, Experiment, MethodChoice, RangeChoice, SearchChoice
from engine.machine.limits import Limits, never
from engine.preflight.problems import problems
from engine.preparation.inputs import Labelled
from engine.registry import complete
from engine.registry import method as method_named
from engine.search.fits import FoldFits, fold_fits
from engine.search.folds import divide
from engine.search.run import Search
from engine.search.space import combinations, planned, searchable, space, usual, with_values
from engine.tuning.material import Material, read_material


def digits(
    name: str = "linear_probe", labels: int = 10, search: SearchChoice | None = None, **values: object
) -> Experiment:
    return complete(
        Experiment(
            dataset=DatasetChoice(name="digits", classes=3, labels_per_class=labels),
            method=MethodChoice(name=name, hyperparameters={"epochs": 3, **values}),
            search=search or SearchChoice(trials=4, folds=2),
        )
    )


def material_of(experiment: Experiment) -> Material:
    reading = read_material(experiment, torch.device("cpu"))
    while True:
        try:
            next(reading)
        except StopIteration as end:
            return end.value


def run(experiment: Experiment, folder: Path, stop: Callable[[], bool] = never) -> list[Event]:
    return list(execute(experiment, folder / "run", stop))


def trials_of(events: list[Event]) -> list[TrialCompleted]:
    return [event for event in events if isinstance(event, TrialCompleted)]


def figure(events: list[Event]) -> Evaluated:
    return next(event for event in events if isinstance(event, Evaluated))


def test_settings_are_tried_one_is_chosen_and_trained_on_all_images(tmp_path: Path) -> None:
    experiment = digits(search=SearchChoice(trials=6, folds=2))
    events = run(experiment, tmp_path)
    started = events[[isinstance(event, RunStarted) for event in events].index(True)]
    assert isinstance(started, RunStarted)
    assert started.facts["searched"] == ["learning_rate", "weight_decay"]
    assert started.facts["training images"] == 30
    assert isinstance(events[-1], RunFinished)
    trials = trials_of(events)
    assert [trial.number for trial in trials] == list(range(6))
    assert trials[0].values == {"learning_rate": 1e-2, "weight_decay": 1.0}  # what the person gave comes first
    whole = [trial for trial in trials if trial.state == "complete"]
    best = max(whole, key=lambda trial: np.mean(trial.scores))
    alone = run(with_values(experiment, best.values), tmp_path)  # the same setting without a search
    assert figure(alone).predicted.tolist() == figure(events).predicted.tolist()
    assert f"learning rate {best.values['learning_rate']:.3g}" in figure(events).protocol["chosen values"]
    assert (
        "2 stratified folds of the training examples, judged after the last epoch"
        in figure(events).protocol["chosen values"]
    )
    told = [event.text for event in events if isinstance(event, Notice)]
    assert any(text.startswith("Searched 6 of 6 settings: learning rate") for text in told)


def test_a_search_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    first, again = (run(digits(), tmp_path / name) for name in "ab")
    assert [(t.values, t.scores) for t in trials_of(first)] == [(t.values, t.scores) for t in trials_of(again)]


def test_validation_and_test_images_are_never_looked_at(tmp_path: Path) -> None:
    experiment = digits("full_ft", search=SearchChoice(trials=2, folds=2))
    material = material_of(experiment)
    others = [
        Labelled(255 - part.inputs[:], part.labels.roll(1), part.ids) for part in (material.validation, material.test)
    ]
    changed = replace(material, validation=others[0], test=others[1])
    found = [searched(experiment, kind, tmp_path) for kind in (material, changed)]
    assert found[0] == found[1]
    assert len(found[0]) == 2
    assert set(material.train.ids.tolist()).isdisjoint({*material.validation.ids.tolist(), *material.test.ids.tolist()})


def searched(experiment: Experiment, material: Material, folder: Path) -> list[tuple[float, ...]]:
    return [trial.scores for trial in trials_of(list(Search(experiment, material, folder, Limits()).events()))]


def fits_of(experiment: Experiment, material: Material, folder: Path, shared: bool) -> FoldFits:
    making = fold_fits(with_values(experiment, {}), material, folder, shared)
    while True:
        try:
            next(making)
        except StopIteration as end:
            return end.value


def test_shared_embeddings_give_what_the_whole_network_gives(tmp_path: Path) -> None:
    experiment = digits(layers={"conv4": {"batch_norm": "pretrained statistics"}, "head": {"rate": 2.0}})
    material = material_of(experiment)
    fold = divide(material.train.labels.numpy(), material.class_names, 2, 0).parts[0]
    scores = []
    for shared in (True, False):
        fits = fits_of(experiment, material, tmp_path, shared)
        assert (fits.trunkless is not None) == shared
        scoring = fits.score(with_values(experiment, {}), fold, Limits(), "fold", 0.0, 1.0)
        while True:
            try:
                next(scoring)
            except StopIteration as end:
                scores.append(end.value)
                break
    assert scores[0] == scores[1] > 0.5


def test_stopping_a_search_keeps_its_trials_and_tests_nothing(tmp_path: Path) -> None:
    asked = count()
    events = run(digits(search=SearchChoice(trials=200, folds=2)), tmp_path, lambda: next(asked) > 150)
    assert isinstance(events[-1], RunStopped)
    assert 0 < len(trials_of(events)) < 200
    assert not any(isinstance(event, Evaluated) for event in events)
    assert any(isinstance(event, Notice) and "ended early" in event.text for event in events)


def test_the_time_budget_ends_the_search_and_leaves_time_for_the_run(tmp_path: Path) -> None:
    experiment = digits(search=SearchChoice(trials=1000, folds=2)).model_copy(update={"budget": Budget(minutes=0.02)})
    events = run(experiment, tmp_path)
    assert 0 < len(trials_of(events)) < 1000
    assert isinstance(events[-1], RunFinished)
    assert "best of" in figure(events).protocol["chosen values"]


def test_what_is_behind_is_given_up(tmp_path: Path) -> None:
    choice = SearchChoice(trials=16, folds=5)
    pruned, every = (
        trials_of(list(Search(digits(search=kind), material_of(digits()), tmp_path, Limits()).events()))
        for kind in (choice, choice.model_copy(update={"pruning": False}))
    )
    early = [trial for trial in pruned if trial.state == "pruned"]
    assert early
    assert all(2 <= len(trial.scores) < 5 for trial in early)
    assert {len(trial.scores) for trial in every} == {5}


def test_of_few_labels_one_of_every_class_is_left_out_at_a_time(tmp_path: Path) -> None:
    events = run(digits(labels=3, search=SearchChoice(trials=2, folds=5)), tmp_path)
    assert [len(trial.scores) for trial in trials_of(events)] == [3, 3]
    said = [event.text for event in events if isinstance(event, Preparing) and event.text.startswith("Setting 1")]
    assert said[0] == "Setting 1 of 2, fold 1 of 3"


def test_a_setting_that_diverges_is_left_behind(tmp_path: Path) -> None:
    values = {"optimiser": "SGD", "learning_rate": 1.0, "weight_decay": 10.0}  # the weights grow ninefold per step
    only = SearchChoice(trials=4, folds=2, parameters=("learning_rate",))
    experiment = digits(search=only, **{**values, "epochs": 100})
    search = Search(experiment, material_of(experiment), tmp_path, Limits())
    trials = trials_of(list(search.events()))
    assert trials[0].state == "failed"
    assert trials[0].values["learning_rate"] == 1.0
    assert {trial.state for trial in trials} == {"failed", "complete"}
    assert search.chosen().method.hyperparameters["learning_rate"] < 1.0
    search.trials = trials[:1]
    with pytest.raises(Diverged, match="with every one of the 1 settings"):
        search.chosen()


def test_ranges_lie_within_the_method_s_bounds_around_its_usual_values() -> None:
    lp_ft = method_named("lp_ft")
    ranges = {one.name: one for one in searchable(lp_ft)}
    rate = ranges["learning_rate"]
    assert (rate.low, rate.high, rate.log) == (1e-6, pytest.approx(1e-2), True)  # usual 1e-4, bounds 1e-6 to 1
    assert ranges["weight_decay"].low == 1e-6  # zero has no place on a logarithmic range
    assert ranges["schedule"].choices == ("cosine", "constant", "slanted triangular", "one-cycle")
    assert not {"epochs", "probe_epochs", "batch_size", "patience", "tested", "layers"} & set(ranges)
    assert usual(lp_ft) == ("learning_rate", "probe_weight_decay")
    only = digits("lp_ft", search=SearchChoice(parameters=("weight_decay",)))
    assert [one.name for one in space(only)] == ["weight_decay"]
    own = digits("lp_ft", search=SearchChoice(parameters=("learning_rate",)), learning_rate=0.5)
    assert space(own)[0].high == 0.5


def test_a_sweep_tries_every_combination_of_evenly_spread_values() -> None:
    ranges = {
        "learning_rate": RangeChoice(low=1e-4, high=1e-2), "momentum": RangeChoice(low=0.5, high=0.9, values=5),
        "weight_decay": RangeChoice(low=0.0, high=0.2, log=False, values=2),
    }  # fmt: skip
    names = (*ranges, "optimiser")
    experiment = digits("full_ft", search=SearchChoice(strategy="sweep", parameters=names, ranges=ranges))
    spread = {one.name: one.spread() for one in space(experiment)}
    assert spread["learning_rate"] == pytest.approx((1e-4, 1e-3, 1e-2))
    assert spread["momentum"] == pytest.approx((0.5, 0.6, 0.7, 0.8, 0.9))
    assert spread["weight_decay"] == (0.0, 0.2)
    assert spread["optimiser"] == ("AdamW", "SGD")
    assert planned(experiment) == 3 * 5 * 2 * 2 == len({tuple(one.items()) for one in combinations(space(experiment))})


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (RangeChoice(low=2.0, high=1.0), "from 2 to 1"),
        (RangeChoice(high=7.0), "to 7"),
        (RangeChoice(low=0.0, high=1.0, log=True), "by equal ratios from 0"),
    ],
)
def test_a_range_that_cannot_be_is_said(choice: RangeChoice, words: str) -> None:
    wanted = SearchChoice(parameters=("weight_decay",), ranges={"weight_decay": choice})
    (fault,) = problems(digits("full_ft", search=wanted))
    assert words in fault.message


def test_a_sweep_without_end_is_refused() -> None:
    names = ("learning_rate", "momentum", "weight_decay")
    wide = {name: RangeChoice(values=50) for name in names}
    (fault,) = problems(digits("full_ft", search=SearchChoice(strategy="sweep", parameters=names, ranges=wide)))
    assert "tries 125,000 settings" in fault.message


def test_an_experiment_with_an_ordinary_search_is_named_as_before() -> None:
    assert SearchChoice().model_dump() == {"trials": 20, "folds": 5, "parameters": (), "pruning": True}
    wanted = SearchChoice(strategy="random", minutes=2.0, ranges={"momentum": RangeChoice(low=0.1)})
    assert SearchChoice.model_validate_json(wanted.model_dump_json()) == wanted


@pytest.mark.parametrize(
    "name,parameters,words",
    [
        ("protonet", (), "A search by cross-validation is for fine-tuning; "),
        ("head_bench", (), "Head bench has none."),
        ("as_is", (), "No adaptation has none."),
        ("lp_ft", ("epochs",), "“Epochs” sets how long a run is"),
        ("lp_ft", ("learning_rat",), "LP-FT has nothing to search called “learning_rat”. Did you mean"),
    ],
)
def test_what_cannot_be_searched_is_said_before_the_start(name: str, parameters: tuple[str, ...], words: str) -> None:
    experiment = Experiment(method=MethodChoice(name=name), search=SearchChoice(parameters=parameters))
    found = [fault for fault in problems(experiment) if fault.field == "search"]
    assert len(found) == 1
    assert words in str(found[0])


def test_the_cost_counts_every_fit_and_names_a_class_that_is_too_small() -> None:
    from engine.errors import InvalidExperiment
    from engine.preflight.cost import estimate

    plain = estimate(digits().model_copy(update={"search": None}))
    cost = estimate(digits())  # 4 settings, 2 folds
    assert (plain.fits, cost.fits) == (0, 8)
    with pytest.raises(InvalidExperiment, match="has 1 training example"):
        estimate(digits(labels=1))
