"""Accuracy against inner steps and shots: of one run, and as a mean over seeds beside another arm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from engine.comparison.adaptation import HARDNESS, curve, fifths, is_further, mean_curve, over_episodes
from engine.comparison.wording import ACCURACY
from engine.events import Evaluated
from engine.metrics import SHOTS, STEPS
from ui.figures.adaptation_curves import AdaptationFigures, AdaptationLine


def figure(value: float, scores: list[float] | None = None, **at: int) -> Evaluated:
    kept = None if scores is None else np.array(scores)
    notes = {} if at else {STEPS: 1, SHOTS: 1}
    return Evaluated(ACCURACY, value, value - 0.1, value + 0.1, 40, "episodes", at, notes=notes, scores=kept)


def met(shift: float = 0.0) -> list[Evaluated]:
    """After 1 step (the test's own), 0 and 2 steps, and with 5 shots."""
    return [
        figure(0.6 + shift, [0.5 + shift, 0.7 + shift]),
        figure(0.2 + shift, **{STEPS: 0}),
        figure(0.7 + shift, **{STEPS: 2}),
        figure(0.8 + shift, **{SHOTS: 5}),
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
    assert [is_further(one) for one in met()] == [False, True, True, True]


def test_several_seeds_give_a_mean_with_an_interval_from_three_on() -> None:
    found = mean_curve({0: met(), 1: met(0.1)}, STEPS)
    assert found is not None
    assert found.basis == "too few seeds for an interval"
    assert np.allclose(found.y, [0.25, 0.65, 0.75])
    assert not np.isfinite(found.low).any()
    more = mean_curve({0: met(), 1: met(0.1), 2: met(0.2)}, STEPS)
    assert more is not None
    assert more.basis == "over seeds"  # the episodes' scores were kept at one place only
    assert np.allclose(more.y, [0.3, 0.7, 0.8])
    assert ((more.low > 0) & (more.low < more.y) & (more.y < more.high) & (more.high <= 1)).all()
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
    pair = AdaptationFigures()
    qtbot.addWidget(pair)
    pair.resize(800, 300)
    found = curve(met(), STEPS)
    assert found is not None
    pair.show_lines({STEPS: [AdaptationLine("MAML", found, 0), AdaptationLine("A very long name of an arm", found, 1)]},
                    ACCURACY)  # fmt: skip
    assert pair.isVisible()
    assert not pair.sections[SHOTS].isVisible()
    figure = pair.figures[STEPS]
    figure.grab()
    said = {words for box, _ in figure.marks for words in [figure.words_at(QPointF(box.center()))]}
    assert any("MAML: 60.0 % (50.0 to 70.0) after 1 inner step, over test episodes (the test's own)" in one
               for one in said)  # fmt: skip
    heads, rows = figure.figure_table()
    assert heads[:2] == ["side", "inner steps"]
    assert len(list(rows)) == 6
    pair.show_lines({}, ACCURACY)
    assert not pair.isVisible()


def tasks_of_two_kinds(shift: float = 0.0, count: int = 40) -> list[Evaluated]:
    """Half of the episodes 0.2 hard and solved to 0.9, half 0.6 hard and solved to 0.4 and 0.6 in turn."""
    hard = np.repeat([0.6, 0.2], count // 2)
    scores = np.where(hard > 0.4, np.where(np.arange(count) % 2, 0.6, 0.4), 0.9) + shift
    return [replace(figure(float(scores.mean())), scores=scores, hardness=hard)]


def test_the_figure_falls_with_the_hardness_of_the_episodes() -> None:
    """The standard deviation of 0.4 and 0.6 in turn, 20 of them: 0.1026, so ± 1.96 · 0.1026 / √20 = 0.045."""
    found = curve(tasks_of_two_kinds(), HARDNESS)
    assert found is not None
    assert found.x.tolist() == pytest.approx([0.2, 0.6])
    assert found.y.tolist() == pytest.approx([0.9, 0.5])
    assert (found.high - found.low).tolist() == pytest.approx([0.0, 0.09], abs=1e-3)
    assert found.basis == "over test episodes"
    assert curve(tasks_of_two_kinds(count=10), HARDNESS) is None
    assert curve(met(), HARDNESS) is None


def test_seeds_on_the_same_episodes_count_with_their_mean_and_others_each() -> None:
    same = mean_curve({0: tasks_of_two_kinds(), 1: tasks_of_two_kinds(-0.2)}, HARDNESS)
    assert same is not None
    assert same.y.tolist() == pytest.approx([0.8, 0.4])
    (other,) = tasks_of_two_kinds()
    other = replace(other, hardness=other.hardness + 0.1)
    apart = mean_curve({0: tasks_of_two_kinds(), 1: [other]}, HARDNESS)
    assert apart is not None
    assert apart.x.tolist() == pytest.approx([0.2, 0.3, 0.6, 0.7])


def test_equally_hard_episodes_are_never_parted() -> None:
    hard = np.array([0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.4, 0.6, 0.6])
    parts = [sorted(hard[part].tolist()) for part in fifths(hard)]
    assert parts == [[0.2] * 7 + [0.4], [0.6, 0.6]]  # one alone would have no interval


def test_three_figures_stand_two_in_a_row(qtbot: QtBot) -> None:
    figures = AdaptationFigures()
    qtbot.addWidget(figures)
    figures.resize(900, 600)
    curves = {over: curve([*met(), *tasks_of_two_kinds()], over) for over in (STEPS, SHOTS)}
    curves[HARDNESS] = curve(tasks_of_two_kinds(), HARDNESS)
    figures.show_lines({over: [AdaptationLine("MAML", found, 0)] for over, found in curves.items() if found}, ACCURACY)
    figures.grab()
    boxes = [figures.sections[over].geometry() for over in (STEPS, SHOTS, HARDNESS)]
    assert boxes[0].top() == boxes[1].top() < boxes[2].top()
    assert boxes[2].width() > 1.8 * boxes[0].width()
    hardness = figures.figures[HARDNESS]
    said = {hardness.words_at(QPointF(box.center())) for box, _ in hardness.marks}
    assert "MAML: 50.0 % (45.5 to 54.5) on tasks of 60 % hardness, over test episodes" in said
    assert next(iter(hardness.figure_table()[1]))[1:3] == pytest.approx([0.2, 0.9])
