"""Whole fine-tuning runs that end early and go on; that every method does with every option is in its contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.events import (
    Evaluated,
    Metrics,
    ResumePoint,
    RunFailed,
    RunFinished,
    RunStarted,
    RunStopped,
    TrialCompleted,
)
from engine.execute import execute
from engine.experiment import BackboneChoice, Budget, DatasetChoice, Experiment, MethodChoice, RangeChoice, SearchChoice
from tests.engine.tuning.resuming import (
    assert_same_weights,
    assert_the_same,
    cut_off,
    figures,
    goes_on,
    keep_every_point,
    points,
    stopped,
    whole,
)

SMALL = BackboneChoice(image_size=16)
EVERYTHING = {
    "augmentation": "flip, crop and colour", "mixup": 0.3, "ema": 0.9, "schedule": "one-cycle",
    "class_weights": "balanced", "label_smoothing": 0.1, "clip_norm": 1.0, "epochs": 2,
}  # fmt: skip
LP_FT = {"probe_epochs": 3, "epochs": 2, "mixup": 0.2, "optimiser": "SGD", "ema": 0.8}
PATIENT = {"epochs": 30, "patience": 2, "learning_rate": 1e-6, "layers": {"conv1": {"rate": 0.0}}}


def small(method: str, precision: str = "float32", budget: Budget | None = None, **values: Any) -> Experiment:
    data = DatasetChoice(name="digits", classes=3, labels_per_class=7, validation_per_class=6)
    return Experiment(
        dataset=data, backbone=SMALL, method=MethodChoice(name=method, hyperparameters={"batch_size": 8, **values}),
        budget=budget or Budget(), precision=precision, seed=3,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _every_point(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_every_point(monkeypatch)


@pytest.mark.parametrize(
    ("experiment", "later"),
    [
        (small("full_ft", **EVERYTHING), 9),
        (small("lp_ft", **LP_FT), 0),
        (small("full_ft", "bfloat16", **PATIENT), 5),
    ],
    ids=["everything", "lp_ft", "patience"],
)
def test_a_run_that_is_cut_off_anywhere_goes_on_to_the_same_end(experiment: Experiment, later: int, tmp_path: Path):  # type: ignore[no-untyped-def]
    expected = whole(experiment, tmp_path / "whole")
    assert isinstance(expected[-1], RunFinished)
    assert_the_same(experiment, tmp_path, max(1, points(expected) // 2), expected, later)
    assert_the_same(experiment, tmp_path, points(expected), expected, min(later, 1))  # between training and test


def test_a_run_that_only_tests_goes_on_to_the_same_figures(tmp_path: Path) -> None:
    whole(small("linear_probe", epochs=1), tmp_path / "source")
    kept = BackboneChoice(weights="run:source", head="kept")
    experiment = small("as_is").model_copy(update={"backbone": kept})
    expected = whole(experiment, tmp_path / "whole")
    assert isinstance(expected[-1], RunFinished)
    assert_the_same(experiment, tmp_path, 1, expected)


@pytest.mark.parametrize("after", [1, 5, 9])
def test_a_stopped_run_goes_on_as_if_nobody_had_stopped_it(after: int, tmp_path: Path) -> None:
    """Within the head's training, and within and after an epoch of everything."""
    experiment = small("lp_ft", **LP_FT)
    expected = whole(experiment, tmp_path / "whole")
    first = stopped(experiment, tmp_path / "cut", after)
    at_once = list(execute(experiment, tmp_path / "cut", lambda: True, resume=True))[-1]
    step = max(event.step for event in first if isinstance(event, Metrics))
    assert at_once == RunStopped(step, "by hand before it went on")
    second = goes_on(experiment, tmp_path / "cut")
    assert figures(first) + figures(second) == figures(expected)
    assert isinstance(second[-1], RunFinished)
    started = next(event for event in second if isinstance(event, RunStarted))
    assert started.step == step
    assert_same_weights(tmp_path / "cut", tmp_path / "whole")


def test_a_time_budget_counts_what_was_used_and_steps_go_on(tmp_path: Path) -> None:
    experiment = small("full_ft", budget=Budget(minutes=0.02, instead_of_epochs=True))
    first = cut_off(experiment, tmp_path, at=6)
    second = goes_on(experiment, tmp_path)
    steps = [e.step for part in (first, second) for e in part if isinstance(e, Metrics) and "train/loss" in e.values]
    assert steps == list(range(1, len(steps) + 1))
    assert isinstance(second[-1], RunFinished)
    assert any(isinstance(event, Evaluated) for event in second)


EPISODES = {
    "way": 2, "training_way": 2, "shot": 1, "query": 3, "steps": 4, "validation_episodes": 10, "test_episodes": 10,
}  # fmt: skip


@pytest.mark.parametrize(
    ("method", "values"),
    [("full_ft", {"epochs": 2, "batch_size": 8}), ("protonet", EPISODES), ("head_bench", {"repeats": 2})],
)
def test_other_images_are_not_gone_on_with(method: str, values: dict[str, Any], tmp_path: Path) -> None:
    """Which is found before anything that was saved is cut."""
    for number in range(48):
        place = tmp_path / "data" / f"class{number % 8}" / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(number).integers(0, 255, (16, 16), dtype=np.uint8)).save(place)
    data = DatasetChoice(name="folder", path=str(tmp_path / "data"), labels_per_class=2, validation_per_class=1)
    data = DatasetChoice(name="folder", path=str(tmp_path / "data")) if method == "protonet" else data
    experiment = Experiment(dataset=data, method=MethodChoice(name=method, hyperparameters=values))
    cut_off(experiment, tmp_path / "run", at=2)
    Image.fromarray(np.zeros((16, 16), dtype=np.uint8)).save(tmp_path / "data" / "class0" / "0.png")
    said = goes_on(experiment, tmp_path / "run")
    assert isinstance(said[-1], RunFailed)
    assert "images are not those" in said[-1].message
    assert not any(isinstance(event, RunStarted) for event in said)


def searched(strategy: str, seed: int = 1) -> Experiment:
    """Five settings of six folds."""
    ranges = {"learning_rate": RangeChoice(low=1e-4, high=1e-1, values=5)} if strategy == "sweep" else {}
    only = ("learning_rate",) if strategy == "sweep" else ()
    choice = SearchChoice(trials=5, folds=6, strategy=strategy, parameters=only, ranges=ranges)  # type: ignore[arg-type]
    return small("linear_probe", epochs=3).model_copy(update={"search": choice, "seed": seed})


@pytest.mark.parametrize("strategy", ["bayesian", "sweep"])
def test_a_search_goes_on_with_its_finished_trials_and_folds(strategy: str, tmp_path: Path) -> None:
    """In the middle of the search, and within the training that follows."""
    experiment = searched(strategy)
    expected = whole(experiment, tmp_path / "whole")
    assert isinstance(expected[-1], RunFinished)
    searching = [event for event in expected if isinstance(event, ResumePoint) and event.step == 0]
    for at in (len(searching) // 2, points(expected) - 1):
        assert_the_same(experiment, tmp_path, at, expected, later=2)


def test_a_stopped_search_goes_on_as_if_nobody_had_stopped_it(tmp_path: Path) -> None:
    experiment = searched("bayesian")
    expected = whole(experiment, tmp_path / "whole")
    first = stopped(experiment, tmp_path / "cut", 2, TrialCompleted)
    second = goes_on(experiment, tmp_path / "cut")
    assert sum(isinstance(event, TrialCompleted) for event in first) == 2
    assert figures(first) + figures(second) == figures(expected)
    assert isinstance(second[-1], RunFinished)
