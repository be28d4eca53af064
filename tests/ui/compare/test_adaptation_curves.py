"""Accuracy against inner steps and shots: of one run, and as a mean over seeds beside another arm."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from engine.comparison.adaptation import SHOTS, STEPS, curve, is_further, mean_curve, over_episodes
from engine.events import Evaluated
from ui.comparison.adaptation_curves import AdaptationLine, AdaptationPair


def figure(metric: str, value: float, scores: list[float] | None = None, **said: str) -> Evaluated:
    kept = None if scores is None else np.array(scores)
    protocol = {"episodes": "5-way 1-shot, 5 query images per class", **said}
    return Evaluated(metric, value, value - 0.1, value + 0.1, 40, "episodes", protocol, scores=kept)


def met(shift: float = 0.0) -> list[Evaluated]:
    """After 1 step (the test's own), 0 and 2 steps, and with 5 shots."""
    return [
        figure("test/accuracy", 0.6 + shift, [0.5 + shift, 0.7 + shift], **{"inner steps": "1"}),
        figure("test/accuracy, 0 inner steps", 0.2 + shift),
        figure("test/accuracy, 2 inner steps", 0.7 + shift),
        figure("test/accuracy, 5-shot", 0.8 + shift),
    ]


def test_the_figures_of_one_run_become_two_curves() -> None:
    steps, shots = curve(met(), STEPS), curve(met(), SHOTS)
    assert steps is not None
    assert shots is not None
    assert steps.x.tolist() == [0, 1, 2]
    assert steps.own == 1
    assert np.allclose(steps.y, [0.2, 0.6, 0.7])
    assert np.allclose(steps.high - steps.low, 0.2)
    assert shots.x.tolist() == [1, 5]
    assert np.allclose(shots.y, [0.6, 0.8])
    assert curve(met()[:1], STEPS) is None
    assert [is_further(one.metric) for one in met()] == [False, True, True, True]


def test_several_seeds_give_a_mean_with_student_s_interval() -> None:
    """Two seeds 0.1 apart: ± 12.706 · 0.0707 / √2 = 0.6353."""
    found = mean_curve({0: met(), 1: met(0.1)}, STEPS)
    assert found is not None
    assert found.basis == "over seeds"
    assert np.allclose(found.y, [0.25, 0.65, 0.75])
    assert np.allclose((found.high - found.low) / 2, 0.6353, atol=1e-4)
    alone = mean_curve({0: met(), 1: []}, STEPS)
    assert alone is not None
    assert alone.basis == "over test episodes"


def test_the_interval_over_episodes_is_of_the_mean_over_seeds() -> None:
    """Episodes 0.55 and 0.75 on average over both seeds: mean 0.65, standard error 0.1."""
    found = over_episodes([met()[0], met(0.1)[0]])
    assert found is not None
    assert found.value == pytest.approx(0.65)
    assert found.half == pytest.approx(1.96 * 0.1, abs=1e-3)
    assert over_episodes([met()[0], met()[1]]) is None


def test_the_figure_says_its_points_and_lists_its_numbers(qtbot: QtBot) -> None:
    pair = AdaptationPair()
    qtbot.addWidget(pair)
    pair.resize(800, 300)
    found = curve(met(), STEPS)
    assert found is not None
    pair.show_lines({STEPS: [AdaptationLine("MAML", found, 0), AdaptationLine("A very long name of an arm", found, 1)]},
                    False)  # fmt: skip
    assert pair.isVisible()
    assert not pair.sections[SHOTS].isVisible()
    figure = pair.figures[STEPS]
    figure.grab()
    said = {words for box, _ in figure._marks for words in [figure.words_at(QPointF(box.center()))]}
    assert any("MAML: 60.0 % after 1 inner step, 50.0 % to 70.0 % over test episodes (the test's own)" in one
               for one in said)  # fmt: skip
    heads, rows = figure.figure_table()
    assert heads[:2] == ["side", "inner steps"]
    assert len(list(rows)) == 6
    pair.show_lines({}, False)
    assert not pair.isVisible()
