"""Which axes parallel coordinates have: what differs, in which order, on which scale."""

from __future__ import annotations

from engine import registry
from engine.comparison.dimensions import Dimension, dimensions
from engine.experiment import DatasetChoice, Experiment, MethodChoice


def run(method: str, seed: int, labels: int | None = 5, **hyperparameters: object) -> Experiment:
    return registry.complete(Experiment(
        dataset=DatasetChoice(name="digits", labels_per_class=labels),
        method=MethodChoice(name=method, hyperparameters=hyperparameters), seed=seed,
    ))  # fmt: skip


def test_what_differs_becomes_an_axis_on_the_scale_of_its_form() -> None:
    runs = [run("lp_ft", 0, learning_rate=1e-4), run("lp_ft", 1, 10, learning_rate=1e-2), run("linear_probe", 0, None)]
    time = Dimension("time", "Time", (3.0, 4.0, None), figure=True)
    same = Dimension("test", "Test accuracy", (0.5, 0.5, None), figure=True)
    found = {one.key: one for one in dimensions(runs, [time, same])}
    assert "backbone.name" not in found  # one value
    assert "test" not in found
    assert found["dataset.labels_per_class"].choices == ("5", "10", "all")  # numbers by size before words
    rates = found["method.hyperparameters.learning_rate"]
    assert (rates.label, rates.values[:2], rates.log) == ("Learning rate", (1e-4, 1e-2), True)
    assert found["method.name"].values == ("LP-FT", "LP-FT", "Linear probe")
    assert not found["seed"].log
    keys = list(found)
    assert keys[-2:] == ["seed", "time"]
    assert keys.index("method.name") < keys.index("method.hyperparameters.learning_rate")


def test_an_axis_with_a_zero_is_linear() -> None:
    runs = [run("full_ft", 0, weight_decay=0.0), run("full_ft", 0, weight_decay=0.01)]
    assert [(one.label, one.log) for one in dimensions(runs)] == [("Weight decay", False)]
