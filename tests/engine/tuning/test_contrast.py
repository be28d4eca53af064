"""Pairs: drawn evenly, half of one class, and pulled together or apart; then the head learns on a trunk that stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from engine.events import Evaluated, Event, Metrics, Notice, RunFinished
from engine.execute import execute
from engine.experiment import BackboneChoice, Budget, DatasetChoice, Experiment, MethodChoice
from engine.layers import HEAD
from engine.methods.tuning.setfit import SetFit
from engine.preflight.problems import problems
from engine.tuning.contrast import Partners, pair_loss


def test_half_of_the_partners_are_of_the_class_and_all_come_up_alike() -> None:
    labels = torch.tensor([2, 0, 1, 0, 2, 2, 1, 0, 0, 2])
    draws, seen, same = torch.Generator().manual_seed(0), torch.zeros(10), []
    partners = Partners(labels)
    for _ in range(4000):
        others, alike = partners.drawn(draws)
        assert torch.equal(labels[others] == labels, alike.bool())
        seen[others[1]] += 1
        same.append(float(alike[1]))
    assert sum(same) / len(same) == pytest.approx(0.5, abs=0.04)
    own = labels == 0
    assert seen[own].div(4000).tolist() == pytest.approx([0.125] * 4, abs=0.03)
    assert seen[~own].div(4000).tolist() == pytest.approx([0.5 / 6] * 6, abs=0.03)


def test_an_example_alone_in_its_class_and_a_class_alone() -> None:
    draws, partners = torch.Generator().manual_seed(0), Partners(torch.tensor([0, 1, 1]))
    first = {(int(others[0]), float(alike[0])) for others, alike in (partners.drawn(draws) for _ in range(50))}
    assert first == {(0, 1.0), (1, 0.0), (2, 0.0)}
    _, alike = Partners(torch.zeros(4, dtype=torch.long)).drawn(draws)
    assert alike.tolist() == [1.0] * 4


@pytest.mark.anchors("setfit")
def test_the_loss_by_hand() -> None:
    """Cosines 1, 0.6 and 0 that are to be 1, 1 and 0: (0 + 0.16 + 0) / 3."""
    one = torch.tensor([[2.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    other = torch.tensor([[5.0, 0.0], [3.0, 4.0], [0.0, 7.0]])
    assert float(pair_loss(one, other, torch.tensor([1.0, 1.0, 0.0]))) == pytest.approx(0.16 / 3)


def test_the_trunk_learns_first_and_then_the_head_alone() -> None:
    method = SetFit.from_values({"pair_epochs": 2, "epochs": 3})
    learning = [set(method.groups(("stem", "last", HEAD), epoch)) for epoch in range(5)]
    assert learning == [{"stem", "last"}] * 2 + [{HEAD}] * 3
    assert method.groups(("stem", HEAD), 0) == {"stem": 2e-5}
    assert method.groups(("stem", HEAD), 2) == {HEAD: 1e-2}


def on_digits(**values: Any) -> Experiment:
    values = {"pair_epochs": 2, "epochs": 2, "pair_learning_rate": 1e-4} | values
    return Experiment(
        dataset=DatasetChoice(name="digits", labels_per_class=5, classes=4),
        backbone=BackboneChoice(weights="omniglot-supervised"),
        method=MethodChoice(name="setfit", hyperparameters=values),
    )


def moved(events: list[Event]) -> set[str]:
    last = [event.values for event in events if isinstance(event, Metrics)][-1]
    return {name.removeprefix("moved/") for name, far in last.items() if name.startswith("moved/") and far > 0}


@pytest.mark.parametrize(
    "values,learns",
    [
        ({"layers": {"conv1": {"rate": 0.0}, "conv2": {"rate": 0.0}}}, {"conv3", "conv4"}),
        ({"layers": {name: {"trains": "low-rank"} for name in ("conv1", "conv2", "conv3", "conv4")}}, None),
        ({"augmentation": "shift and turn"}, {"conv1", "conv2", "conv3", "conv4"}),
    ],
)
def test_frozen_blocks_low_rank_changes_and_augmented_images_learn_from_pairs_too(
    values: dict[str, Any], learns: set[str] | None, tmp_path: Path
) -> None:
    events = list(execute(on_digits(**values), tmp_path / "run"))
    assert isinstance(events[-1], RunFinished), events[-1]
    pairs = [event for event in events if isinstance(event, Metrics) and "rate/conv4" in event.values]
    assert moved(list(pairs)) == (learns or {"conv1", "conv2", "conv3", "conv4"})
    losses = [
        event.values["train/loss"] for event in events if isinstance(event, Metrics) and "train/loss" in event.values
    ]
    assert all(0 <= loss <= 1 for loss in losses[:4])


def test_a_frozen_trunk_has_nothing_to_learn_from_pairs() -> None:
    frozen = {name: {"rate": 0.0} for name in ("conv1", "conv2", "conv3", "conv4")}
    (fault,) = problems(on_digits(layers=frozen | {HEAD: {"from_epoch": 0}}))
    assert "Nothing learns at first" in fault.message


def test_a_run_that_ends_before_its_head_had_a_turn_says_so(tmp_path: Path) -> None:
    given = on_digits(pair_epochs=2000)
    events = list(execute(given.model_copy(update={"budget": Budget(minutes=0.01)}), tmp_path / "run"))
    assert any(isinstance(event, Notice) and "the head is random" in event.text for event in events)


def test_a_run_tells_no_accuracy_of_a_head_that_has_learnt_nothing(tmp_path: Path) -> None:
    events = list(execute(on_digits(epochs=40), tmp_path / "run"))
    assert isinstance(events[-1], RunFinished), events[-1]
    told = [event for event in events if isinstance(event, Metrics)]
    steps = next(event.step for event in told if "val/accuracy" in event.values) // 3
    assert all("val/accuracy" not in event.values for event in told if event.step <= 2 * steps)
    assert next(event for event in events if isinstance(event, Evaluated)).value > 0.5
