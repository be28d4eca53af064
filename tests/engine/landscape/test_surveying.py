"""Points between real runs: the ends are the runs themselves, and statistics are averaged where they must be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.artifacts.saved import SavedModel
from engine.data.batches import cuts
from engine.families import FINE_TUNING
from engine.landscape.corners import apart, begun, ended, learnt, refuse_unlike
from engine.landscape.ground import ground
from engine.landscape.mixing import mixed
from engine.landscape.surveying import Surveyor
from engine.registry import methods
from engine.using.own_images import own_images
from tests.engine.landscape.conftest import corners
from tests.engine.using.conftest import ended as returned

Run = Callable[..., Path]
TUNING = [method.name for method in methods() if method.family == FINE_TUNING.key and method.keeps_network]
NOTHING: frozenset[str] = frozenset()


@pytest.mark.parametrize("method", TUNING)
def test_the_ends_are_the_runs_bit_for_bit(method: str, run: Run) -> None:
    """Of every method: low-rank changes are in the weights, whatever its stages were."""
    kept = {"weights": f"run:{run('full0').name}", "head": "kept"}
    folder = run(method, method, **({"epochs": 0, "backbone": kept} if method == "as_is" else {}))
    end = ended(folder, method)
    begin = begun(end, "start")
    found = returned(ground([end, begin]))
    surveyor = Surveyor([begin, end], found, averaged=NOTHING)
    surveyor.put(mixed([begin.state, end.state], [0.0, 1.0]))
    inputs = found.test.inputs[:]
    assert torch.equal(surveyor.logits(found.test), SavedModel.open(folder).seen(inputs)[1])
    assert len(found.test) == 18
    assert len(found.train) == 30


def test_statistics_are_averaged_over_the_training_images(run: Run) -> None:
    """By hand, of the first batch norm: the mean over batches of the batches' means."""
    ends = corners(run)
    found = returned(ground(ends))
    surveyor = Surveyor(ends, found)
    surveyor.put(mixed([one.state for one in ends], [0.5, 0.5]))
    network, block = surveyor.network, next(iter(surveyor.network.blocks.values()))
    with torch.no_grad():
        seen = block[0](surveyor.shape(found.train.inputs[:]))
    torch.testing.assert_close(block[1].running_mean, seen.mean((0, 2, 3)))
    torch.testing.assert_close(block[1].running_var, seen.transpose(0, 1).flatten(1).var(1))
    assert not any(layer.training for layer in network.modules())


def test_no_batch_that_statistics_are_averaged_over_is_of_one_class(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run's own training images come class by class."""
    monkeypatch.setattr("engine.landscape.surveying.TOGETHER", 6)
    ends = corners(run)
    train = returned(own_images(ends[0].model, ends[0].folder)).train
    assert train.labels.tolist() == sorted(train.labels.tolist())
    surveyor = Surveyor(ends, train)
    surveyor.put(ends[0].state)
    places = [surveyor.order[cut] for cut in cuts(len(train), 6)]
    assert all(len(train.labels[batch].unique()) > 1 for batch in places)
    assert sorted(torch.cat(places).tolist()) == list(range(len(train)))
    block = next(iter(surveyor.network.blocks.values()))
    with torch.no_grad():
        seen = [block[0](surveyor.shape(train.inputs[batch])).transpose(0, 1).flatten(1).var(1) for batch in places]
    torch.testing.assert_close(block[1].running_var, torch.stack(seen).mean(0))


def test_an_end_averaged_anew_is_that_run_averaged_so(run: Run) -> None:
    ends = corners(run)
    found = returned(ground(ends))
    both, alone = Surveyor(ends, found), Surveyor(ends[:1], found, averaged=apart(ends))
    both.put(mixed([one.state for one in ends], [1.0, 0.0]))
    alone.put(ends[0].state)
    assert torch.equal(both.logits(found.test), alone.logits(found.test))


def test_shared_statistics_stay(run: Run) -> None:
    """The head of a linear probe learnt on features by the pretrained statistics; batch statistics would break it."""
    probe = ended(run("linear_probe", "linear_probe"), "probe")
    assert apart([probe, begun(probe, "start")]) == NOTHING
    names = {name for name in probe.state if name.endswith("running_mean")}
    assert {f"{one}.running_mean" for one in apart(corners(run))} == names


def test_the_run_itself_is_left_alone(run: Run) -> None:
    ends = corners(run)
    before = {key: value.clone() for key, value in ends[0].model.network.state_dict().items()}
    found = returned(ground(ends))
    Surveyor(ends, found).put(ends[1].state)
    assert all(torch.equal(value, before[key]) for key, value in ends[0].model.network.state_dict().items())


def test_loss_and_accuracy_are_those_of_the_logits(run: Run) -> None:
    ends = corners(run)
    found = returned(ground(ends))
    surveyor = Surveyor(ends, found)
    surveyor.put(ends[0].state)
    logits, labels = surveyor.logits(found.test).double(), found.test.labels
    sounding = surveyor.sound(found.test)
    by_hand = torch.logsumexp(logits, 1) - logits[torch.arange(len(labels)), labels]
    np.testing.assert_allclose(sounding.losses, by_hand.numpy(), rtol=1e-5, atol=1e-6)
    assert sounding.accuracy == (logits.argmax(1) == labels).float().mean()


def test_the_start_has_the_pretrained_trunk_and_the_first_head(run: Run) -> None:
    """Two seeds have one trunk to begin with, and a head each."""
    starts = [begun(one, "start") for one in corners(run)]
    same = {key for key in starts[0].state if torch.equal(starts[0].state[key], starts[1].state[key])}
    assert set(starts[0].state) - same == {"head.weight", "head.bias"} - same
    assert "head.weight" not in same
    assert set(learnt(starts[0].model.network)) < set(starts[0].state)


def test_runs_with_a_line_between_them_are_not_refused(run: Run) -> None:
    lora, ends = ended(run("lora", "lora"), "lora"), corners(run)
    refuse_unlike([*ends, lora, begun(lora, "start")])
