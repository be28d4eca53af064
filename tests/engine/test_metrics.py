"""A metric is stated once: its goal, unit and title follow from one line, for every name it is measured under."""

import dataclasses
import sqlite3
from collections.abc import Iterator
from math import nan

import numpy as np
import pytest

from engine import metrics
from engine.comparison.intervals import Interval
from engine.comparison.wording import figure, interval_text, lower_is_better, points
from engine.metrics import Metric
from storage import saving
from storage.results import figure as stored
from ui.growing_curve import GrowingCurve
from ui.runs.run_now import best_index, best_of


@pytest.fixture
def perplexity() -> Iterator[Metric]:
    made = Metric("perplexity", "Perplexity", "min", digits=1)
    metrics.register(made)
    yield made
    del metrics._TABLE[made.key]
    metrics.of.cache_clear()


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("test/accuracy", "accuracy"),
        ("test/balanced accuracy", "balanced accuracy"),
        ("val/loss before adaptation", "loss"),
        ("val/accuracy before adaptation", "accuracy"),
        ("train/likelihood", "likelihood"),
        ("moved/error_block", "moved"),
        ("rate/loss scale", "rate"),
        ("bench/ridge", "bench"),
        ("error", "error"),
    ],
)
def test_a_name_says_its_metric_wherever_it_was_measured(name: str, key: str) -> None:
    assert metrics.of(name).key == key


def test_the_best_of_a_live_curve_has_learnt_something() -> None:
    """A look before the first step is of weights that no run keeps."""
    curve = GrowingCurve()
    curve.append(0, 0.0, 0.9)
    assert best_of({"val/accuracy": curve}, 10) is None
    curve.append(10, 1.0, 0.6)
    curve.append(20, 2.0, 0.6)
    best = best_of({"val/accuracy": curve}, 10)
    assert best is not None
    assert (best.value, best.step, best.epoch) == (0.6, 10, 1.0)


def test_one_line_makes_a_metric_known_to_words_storage_and_curves(perplexity: Metric) -> None:
    name = "test/perplexity"
    assert lower_is_better(name)
    assert figure(name, 17.26) == "17.3"
    assert points(2.04, name) == "2.0"
    assert interval_text(Interval(17.26, 16.0, 19.04, 9), name) == "95 % interval 16.0 to 19.0"
    assert best_index("val/perplexity", np.array([nan, 9.0, 4.0, 4.0])) == 2
    assert stored(name, 17.26, -1.0, 19.0, 9, "images", "{}", "{}", "{}").high == 19.0


@pytest.mark.parametrize(
    ("at", "name"),
    [
        ({}, "test/accuracy"),
        ({"shots": 5}, "test/accuracy, 5-shot"),
        ({"inner steps": 1}, "test/accuracy, 1 inner step"),
        ({"head": "Cross-entropy loss", "labels": 20}, "test/accuracy, Cross-entropy loss, 20 labels"),
        ({"shift": "noise 5"}, "test/accuracy, noise 5"),
        ({"epochs": 3}, "test/accuracy, 3 epochs"),
    ],
)
def test_where_a_figure_was_measured_becomes_words(at: dict[str, str | int], name: str) -> None:
    assert metrics.named("test/accuracy", at) == name


@pytest.mark.parametrize(
    ("name", "at", "said"),
    [
        ("test/error", {}, "Test error"),
        ("test/accuracy", {"shots": 5}, "Test accuracy, 5-shot"),
        ("val/loss before adaptation", {}, "Validation loss before adaptation"),
        ("train/accuracy", {}, "Training accuracy"),
        ("val/epochs without gain", {}, "Validation epochs without gain"),
        ("moved/block2", {}, "Moved: block2"),
        ("rate/head", {}, "Learning rate: head"),
    ],
)
def test_a_name_is_told_in_words(name: str, at: dict[str, str | int], said: str) -> None:
    assert metrics.title(name, at) == said


def test_a_run_is_watched_by_what_it_is_tested_by_else_by_what_comes_first(perplexity: Metric) -> None:
    both = ["val/perplexity", "val/accuracy", "val/loss", "moved/head"]
    assert metrics.watched(both) == "val/accuracy"
    assert metrics.watched(both, "test/perplexity") == "val/perplexity"
    assert metrics.watched(["val/perplexity", "val/loss", "train/accuracy"]) == "val/perplexity"
    assert metrics.watched(["val/loss", "val/accuracy before adaptation"], "test/error") == "val/loss"
    assert metrics.measured(["train/loss", "val/loss", "rate/accuracy"]) == "loss"
    assert metrics.measured(["train/perplexity", "train/loss"]) == "perplexity"
    assert metrics.usual() == "val/accuracy"


def test_storage_keeps_the_goal_of_a_metric(perplexity: Metric) -> None:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    connection.execute("CREATE TABLE metric(id INTEGER PRIMARY KEY, name TEXT UNIQUE, goal TEXT)")
    names = ("val/perplexity", "val/accuracy", "val/loss before adaptation", "moved/loss")
    first = saving.metric_ids(connection, names)
    assert saving.metric_ids(connection, names) == first == {name: place + 1 for place, name in enumerate(names)}
    goals = [row["goal"] for row in connection.execute("SELECT goal FROM metric ORDER BY id")]
    assert goals == ["min", "max", "min", "max"]


def test_what_nobody_registered_is_a_number_the_more_the_better() -> None:
    unknown = metrics.of("val/throughput")
    assert (unknown.title, unknown.unit, unknown.goal) == ("Throughput", "number", "max")
    with pytest.raises(dataclasses.FrozenInstanceError):
        unknown.goal = "min"  # type: ignore[misc]
