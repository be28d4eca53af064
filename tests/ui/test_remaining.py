"""Time left and progress by time: phases whose steps cost differently, by hand and with a real run of two."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from engine.events import Metrics, RunFinished, RunStarted
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from ui.live import LiveRun
from ui.remaining import Remaining


def test_a_single_phase_goes_by_its_own_steps() -> None:
    left = Remaining(100)
    left.reach(1, 2.0)  # what came before the first step is not a step
    assert left.seconds_left(2.0) is None
    left.reach(11, 3.0)
    assert left.seconds_left(3.0) == pytest.approx(8.9)  # ten steps a second
    assert left.fraction(3.0) == pytest.approx(3 / 11.9)
    left.reach(100, 12.0)
    assert (left.seconds_left(12.0), left.fraction(12.0)) == (0.0, 1.0)


def test_phases_that_have_not_begun_count_as_they_were_timed() -> None:
    """A hundred steps of 10 ms, then ten that were timed at 2 s each and turn out to take 3 s."""
    left = Remaining(110, [(100, 2.0), (10, 20.0)])
    left.reach(1, 0.0)
    assert left.seconds_left(0.0) == pytest.approx(99 * 0.02 + 20)
    left.reach(100, 1.0)
    assert left.seconds_left(1.0) == pytest.approx(20)
    assert left.fraction(1.0) == pytest.approx(1 / 21)  # and not 100 / 110
    for step in range(1, 7):
        left.reach(100 + step, 1.0 + 3 * step)
    assert left.seconds_left(19.0) == pytest.approx(4 * 3.0)
    left.reach(110, 31.0)
    assert left.fraction(31.0) == 1.0


@pytest.mark.parametrize("name", ["lp_ft", "gradual"])
def test_after_the_first_phase_of_a_real_run_the_time_left_is_told_within_a_factor_of_two(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the processor's own time, which other programs lengthen little; once in eight is enough where they do."""
    monkeypatch.setattr(time, "monotonic", time.process_time)
    values = {"probe_epochs": 40, "epochs": 4} if name == "lp_ft" else {"epochs": 5, "epochs_per_block": 1}
    experiment = Experiment(
        dataset=DatasetChoice(name="digits", labels_per_class=20, validation_per_class=2),
        backbone=BackboneChoice(name="conv4", weights="omniglot-supervised"),
        method=MethodChoice(name=name, hyperparameters=values),
    )
    for attempt in range(8):
        left, truth, fraction, passed = estimate(experiment, tmp_path / f"run {attempt}")
        if truth / 2 < left < truth * 2 and abs(fraction - passed) < 0.25:
            return
    pytest.fail(f"{left:.2f} s and {fraction:.0%} were told, {truth:.2f} s and {passed:.0%} were true")


def estimate(experiment: Experiment, folder: Path) -> tuple[float, float, float, float]:
    """After the first phase: seconds left and share done as told, and each as it turned out."""
    live, told, first = LiveRun(1), (0.0, 0.0, 0.0), 0
    for event in execute(experiment, folder):
        live.add(event)
        if isinstance(event, RunStarted):
            assert sum(steps for steps, _ in event.phases) == event.total_steps
            first = event.phases[0][0]
        if isinstance(event, Metrics) and event.step == first and "val/loss" in event.values:
            told = (time.monotonic(), live.seconds_left() or 0.0, live.progress() or 0.0)
        if isinstance(event, Metrics) and event.step == live.total_steps:
            ended = time.monotonic()
    assert isinstance(event, RunFinished)
    assert live.progress() == 1.0
    truth, trained = ended - told[0], live.elapsed() - (time.monotonic() - ended)
    return told[1], truth, told[2], 1 - truth / trained
