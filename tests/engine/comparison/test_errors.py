"""Where the figure is an error, less is better: verdicts, their words, and the words of every figure."""

from __future__ import annotations

import numpy as np
import pytest

from engine.comparison.arms import Arm
from engine.comparison.intervals import Interval
from engine.comparison.verdict import verdict
from engine.comparison.wording import figure, interval_text, lower_is_better, points, with_interval

CONDITIONS = {"metric": "test/error", "data set": "Sinusoids", "tested on": "episodes"}


def arm(title: str, errors: list[float], spread: float = 0.01) -> Arm:
    """One seed per error; 50 tasks each whose errors lie evenly around it, in the same order for every arm."""
    around = spread * np.linspace(-1, 1, 50)
    items = {seed: (np.arange(50), value + around) for seed, value in enumerate(errors)}
    return Arm(title, dict(enumerate(errors)), items, CONDITIONS, "episodes")


def test_the_smaller_error_is_better() -> None:
    low, high = arm("MAML", [0.40, 0.41, 0.39]), arm("Pretrained", [2.20, 2.21, 2.19])
    found = verdict(low, high)
    assert found.kind == "better"
    assert found.difference == pytest.approx(-1.8)
    assert found.sentence.startswith("MAML is better than Pretrained: 1.800 lower error (95 % interval −1.8")
    assert verdict(high, low).kind == "worse"
    assert "Pretrained is worse than MAML: 1.800 higher error" in verdict(high, low).sentence


def test_too_close_says_which_error_is_lower() -> None:
    a, b = arm("MAML", [0.40, 0.50, 0.42]), arm("Reptile", [0.45, 0.40, 0.50])
    found = verdict(a, b)
    assert found.kind == "too close"
    assert "MAML has 0.010 lower error than Reptile" in found.sentence
    assert "points" not in found.sentence


def test_an_error_and_an_accuracy_are_not_comparable() -> None:
    a = arm("MAML", [0.4, 0.4, 0.4])
    b = Arm("ProtoNet", {0: 0.4}, {}, {**CONDITIONS, "metric": "test/accuracy"}, "episodes")
    assert verdict(a, b).kind == "not comparable"


def test_errors_are_told_as_numbers_and_accuracies_in_percent() -> None:
    shown = Interval(0.352, 0.331, 0.373, 600)
    assert with_interval(shown, "test/error") == "0.352 (0.331 to 0.373)"
    assert with_interval(shown) == "35.2 % (33.1 to 37.3)"
    assert interval_text(shown, "test/error") == "95 % interval 0.331 to 0.373"
    assert (figure("test/error", 1.25), figure("test/accuracy", 0.5)) == ("1.250", "50.0 %")
    assert (points(0.21, "test/error"), points(0.21)) == ("0.210", "21.0 points")
    assert [lower_is_better(name) for name in ("val/loss", "test/error", "test/accuracy")] == [True, True, False]


def test_median_diverged_and_inner_steps_are_results_and_no_reason_against_comparing() -> None:
    from engine.comparison.arms import arm as arm_of
    from engine.events import Evaluated
    from engine.experiment import parse_experiment

    wanted = parse_experiment({"dataset": {"name": "sinusoid"}})
    sides = [
        arm_of(title, [(wanted, Evaluated("test/error", *[value] * 3, 2, "episodes", notes=said, scores=scores))])
        for title, value, said, scores in (
            ("MAML", 0.3, {"median": "0.2", "diverged": "1 of 2", "inner steps": "10"}, np.array([0.2, 0.4])),
            ("CNP", 0.9, {"median": "0.8", "diverged": "0 of 2"}, np.array([0.8, 1.0])),
        )
    ]
    assert verdict(*sides).kind != "not comparable"
