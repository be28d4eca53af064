"""Settings side by side: only what differs, in words."""

from __future__ import annotations

import pytest

from engine.comparison.differences import DATA, NONE, differences, flatten, label, shown
from engine.comparison.wording import compact
from engine.data.sources import sets
from engine.experiment import (
    ADDED,
    ONCE_OF_ALL,
    BackboneChoice,
    Budget,
    DatasetChoice,
    Experiment,
    MethodChoice,
    RangeChoice,
    SearchChoice,
    Shift,
    TaskChoice,
)


def experiment(method: str = "lp_ft", seed: int = 0, labels: int | None = 2, **hyperparameters: object) -> Experiment:
    return Experiment(
        dataset=DatasetChoice(name="glyphs", labels_per_class=labels),
        backbone=BackboneChoice(name="conv4", weights="omniglot-supervised"),
        method=MethodChoice(name=method, hyperparameters=hyperparameters),
        seed=seed,
    )


def test_equal_experiments_have_no_difference() -> None:
    assert differences([experiment(), experiment()]) == []


def test_a_default_left_out_and_the_same_default_written_are_no_difference() -> None:
    assert differences([experiment(), experiment(epochs=20)]) == []


def test_only_what_differs_is_listed_in_the_words_of_the_form() -> None:
    rows = differences([experiment(epochs=20), experiment(labels=None, epochs=30, seed=3)])
    assert [(row.label, row.values) for row in rows] == [
        ("Labels per class", (2, "all")),
        ("Epochs", (20, 30)),
        ("Seed", (0, 3)),
    ]


def test_the_seed_is_left_out_when_runs_are_grouped() -> None:
    assert differences([experiment(seed=0), experiment(seed=1)], grouped=True) == []


def test_a_setting_the_other_method_does_not_have_is_a_dash() -> None:
    rows = {row.label: row.values for row in differences([experiment("lp_ft"), experiment("scratch")])}
    assert rows["Method"] == ("LP-FT", "From scratch")
    assert rows["Head epochs"] == (100, NONE)


@pytest.mark.parametrize("name", [*(one.name for one in sets()), "of the future"])
def test_a_data_set_is_told_its_own_settings_alone_and_saved_with_all_that_ever_were(name: str) -> None:
    saved = DatasetChoice.model_validate({"name": name, **ONCE_OF_ALL})
    run = Experiment(dataset=saved, method=MethodChoice(name="maml"))
    own = set(type(saved).model_fields)
    assert own == set(DatasetChoice.model_fields) | set(saved.own())
    assert {key.removeprefix(DATA) for key in flatten(run) if key.startswith(DATA)} == own
    assert set(run.told()["dataset"]) == own
    told = run.told()["dataset"]
    assert run.model_dump(mode="json")["dataset"] == {key: told[key] for key in told if key not in ADDED} | ONCE_OF_ALL
    assert Experiment.model_validate(run.told()).digest() == run.digest()


def test_what_a_data_set_that_is_gone_was_set_to_is_told() -> None:
    gone = Experiment.model_validate({"dataset": {"name": "of the past", "distance": 2.0}})
    assert flatten(gone)["dataset.distance"] == gone.told()["dataset"]["distance"] == 2.0
    assert label("dataset.distance", [gone]) == "Distance of regions"


def test_folders_are_named_by_their_last_part() -> None:
    folder = Experiment(dataset=DatasetChoice(name="folder", path="/home/me/pictures/trash.zip"))
    assert flatten(folder)["dataset.name"] == "trash"
    assert flatten(folder)["dataset.path"] == "/home/me/pictures/trash.zip"


def test_a_method_this_version_does_not_know_is_shown_as_it_is() -> None:
    flat = flatten(Experiment(method=MethodChoice(name="of_the_future", hyperparameters={"warm_up": True})))
    assert flat["method.name"] == "of_the_future"
    assert flat["method.hyperparameters.warm_up"] == "yes"


def test_numbers_are_shown_short() -> None:
    assert [shown(value) for value in (0.001, 20, "all", 0.1 + 0.2)] == ["0.001", "20", "all", "0.3"]


def test_shifts_and_halves_are_said_in_words() -> None:
    plain = Experiment(dataset=DatasetChoice(name="digits"))
    shifted = Experiment(
        dataset=DatasetChoice(
            name="digits",
            part="target half",
            validation_per_class=10,
            shift=Shift(kind="noise", severity=3),
            tested_on=(Shift(kind="blur", severity=1), Shift(kind="inversion")),
        )
    )
    assert [(row.label, row.values) for row in differences([plain, shifted])] == [
        ("Part used", ("all", "target half")),
        ("Validation per class", ("all", 10)),
        ("Shift", ("none", "Gaussian noise, severity 3")),
        ("Also tested on", ("none", "Gaussian blur, severity 1; Inversion")),
    ]


def test_a_search_and_a_time_budget_are_said_in_words() -> None:
    plain = Experiment()
    searched = Experiment(
        search=SearchChoice(trials=30, folds=4, parameters=("learning_rate",), pruning=False),
        budget=Budget(minutes=2, instead_of_epochs=True),
    )
    assert [(row.label, row.values) for row in differences([plain, searched])] == [
        ("Search", ("none", "30 trials, 4 folds, of learning rate, none given up")),
        ("Time limit (minutes)", ("none", 2)),
        ("Time instead of epochs", ("no", "yes")),
    ]


def test_how_a_search_proposes_is_said_in_words() -> None:
    ranges = {"learning_rate": RangeChoice(low=0.001, log=True, values=5)}
    sweep = SearchChoice(strategy="sweep", minutes=2.5, ranges=ranges)
    words = "a sweep, at most 2.5 min, 5 folds, learning rate from 0.001 by equal ratios in 5 values"
    assert flatten(Experiment(search=sweep))["search"] == words
    assert flatten(Experiment(search=SearchChoice(strategy="random")))["search"] == "20 trials, at random, 5 folds"


def test_mnist_is_written_as_it_is() -> None:
    assert flatten(Experiment(dataset=DatasetChoice(name="mnist", path="/data")))["dataset.name"] == "MNIST"


@pytest.mark.parametrize(
    ("value", "words"), [(8.7e-6, "8.7e-6"), (1e-5, "1e-5"), (2.5e6, "2.5e6"), (0.001, "0.001"), (3.0, "3")]
)
def test_a_number_is_written_in_one_way(value: float, words: str) -> None:
    assert compact(value) == shown(value) == words
    assert float(words) == value
    assert compact(-value) == f"−{words}"


def test_the_tasks_of_several_are_said_in_words() -> None:
    both = experiment("equal").model_copy(update={"backbone": BackboneChoice(name="conv4", weights="random")})
    other = DatasetChoice(name="digits", labels_per_class=5)
    own = (TaskChoice(labels="which half"), TaskChoice(dataset=other))
    rows = differences([both, both.model_copy(update={"tasks": own}), experiment("scratch")])
    (tasks,) = [row for row in rows if row.key == "tasks"]
    assert tasks.label == "Tasks"
    words = "which half; classes of Handwritten digits, 5 labels per class"
    assert tasks.values == ("first half; second half", words, NONE)
