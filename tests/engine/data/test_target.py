"""The targets of a task say what its data say that is asked."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.adaptation.objective import figures, loss
from engine.data.target import CLASSES, NUMBERS, Target, asked


@pytest.mark.parametrize(
    ("targets", "target"),
    [
        (torch.tensor([0, 1]), CLASSES),
        (torch.tensor([0, 1], dtype=torch.int32), CLASSES),
        (torch.tensor([[0.0], [1.0]]), NUMBERS),
        (torch.tensor([[0.0], [1.0]], dtype=torch.bfloat16), NUMBERS),
        (torch.zeros(0, 1), NUMBERS),
    ],
)
def test_targets_say_what_is_asked(targets: Tensor, target: Target) -> None:
    assert asked(targets) == target


def test_only_classes_have_an_accuracy() -> None:
    """By hand: logits (0, 0) cost ln 2, and (1, 0) is the first class; 3 and 1 miss 1 and 1 by 2 and 0."""
    sure = torch.tensor([[0.0, 0.0]])
    assert loss(sure, torch.tensor([1])).item() == pytest.approx(0.693147)
    found = figures(torch.tensor([[1.0, 0.0]]), torch.tensor([0]), torch.tensor(0.5))
    assert {key: value.item() for key, value in found.items()} == {"loss": 0.5, "accuracy": 1.0}
    values, wanted = torch.tensor([[3.0], [1.0]]), torch.tensor([[1.0], [1.0]])
    assert loss(values, wanted).item() == 2.0
    assert set(figures(values, wanted, loss(values, wanted))) == {"loss"}
