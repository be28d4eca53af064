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
from storage.results import result_row
from ui.runs.run_now import best_index
from ui.terminal.display import curve_figure


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
        ("test/accuracy, 5-shot", "accuracy"),
        ("test/error, 10 inner steps", "error"),
        ("test/accuracy, Cross-entropy loss, 5 labels", "accuracy"),
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


def test_one_line_makes_a_metric_known_to_words_storage_and_curves(perplexity: Metric) -> None:
    name = "test/perplexity, 5-shot"
    assert lower_is_better(name)
    assert figure(name, 17.26) == "17.3"
    assert points(2.04, name) == "2.0"
    assert interval_text(Interval(17.26, 16.0, 19.04, 9), name) == "95 % interval 16.0 to 19.0"
    assert curve_figure("val/perplexity", 17.26) == "17.3"
    assert best_index("val/perplexity", np.array([nan, 9.0, 4.0, 4.0])) == 2
    assert result_row(name, 17.26, -1.0, 19.0, 9, "images", "{}").high == 19.0


def test_a_runs_own_figure_is_told_from_its_further_ones(perplexity: Metric) -> None:
    names = ["test/perplexity", "test/error", "test/accuracy", "test/accuracy, 5-shot", "val/accuracy", "accuracy"]
    assert [metrics.is_own(name) for name in names] == [True, True, True, False, False, False]


def test_storage_keeps_the_goal_of_a_metric(perplexity: Metric) -> None:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    connection.execute("CREATE TABLE metric(id INTEGER PRIMARY KEY, name TEXT UNIQUE, goal TEXT)")
    for name in ("val/perplexity", "val/accuracy", "val/loss before adaptation", "moved/loss"):
        assert saving.metric_id(connection, name) == saving.metric_id(connection, name)
    goals = [row["goal"] for row in connection.execute("SELECT goal FROM metric ORDER BY id")]
    assert goals == ["min", "max", "min", "max"]


def test_what_nobody_registered_is_a_number_the_more_the_better() -> None:
    unknown = metrics.of("val/throughput")
    assert (unknown.title, unknown.unit, unknown.goal) == ("Throughput", "number", "max")
    with pytest.raises(dataclasses.FrozenInstanceError):
        unknown.goal = "min"  # type: ignore[misc]
