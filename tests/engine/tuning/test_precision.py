"""A timed step in each precision leaves no trace, for every method that fine-tunes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.artifacts.checkpoints import Checkpoints
from engine.machine.limits import Limits
from engine.preparation.inputs import Normaliser
from engine.registry import methods
from engine.tuning.method import FineTuneMethod
from engine.tuning.precision import BFLOAT16, FLOAT32, seconds, whole_network
from engine.tuning.training import FineTuning
from tests.engine.tuning.striped import small_network, stripes

HEAD_ALONE = ("linear_probe", "as_is")  # nothing is computed in bfloat16
METHODS = [one for one in methods() if issubclass(one, FineTuneMethod) and one.name not in HEAD_ALONE]


def training(kind: type[FineTuneMethod], folder: Path) -> FineTuning:
    chosen = kind.from_values({"batch_size": 8} | ({"epochs": 5} if kind.name != "as_is" else {}))
    checkpoints = Checkpoints(folder)
    return FineTuning(small_network(), chosen, stripes(12), stripes(8), Normaliser(8, 1), checkpoints, Limits(), seed=3)


@pytest.mark.parametrize("kind", METHODS, ids=lambda kind: kind.name)
def test_timing_leaves_no_trace(kind: type[FineTuneMethod], tmp_path: Path) -> None:
    """What is trained after it is the same to the last bit as what is trained without."""
    first, timed = training(kind, tmp_path / "a"), training(kind, tmp_path / "b")
    torch.manual_seed(5)
    list(first.events())
    torch.manual_seed(5)
    found = seconds(timed, [FLOAT32, BFLOAT16])
    assert len(found) == 2
    assert min(found) > 0
    list(timed.events())
    for name, value in first.model.state_dict().items():
        assert torch.equal(value, timed.model.state_dict()[name]), name


@pytest.mark.parametrize("name", HEAD_ALONE)
def test_where_the_head_alone_learns_nothing_is_timed(name: str, tmp_path: Path) -> None:
    kind = next(one for one in methods() if one.name == name)
    assert issubclass(kind, FineTuneMethod)
    assert whole_network(training(kind, tmp_path)) is None
