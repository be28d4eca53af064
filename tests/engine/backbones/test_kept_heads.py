"""A saved run's head is kept where it fits, and refused in a sentence where it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine.artifacts.weights import build_backbone
from engine.backbones.backbone import snapshot
from engine.backbones.networks import random_backbone
from engine.errors import WeightsError
from engine.events import Evaluated, RunFailed, RunStarted
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.preflight.problems import problems
from engine.provenance.seen import Past, write

KEPT = BackboneChoice(weights="run:abc", head="kept")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Runs abc with a head of 9 classes, and bare without a head."""
    for uid, outputs in (("abc", 9), ("bare", None)):
        (tmp_path / uid).mkdir()
        save_file(snapshot(random_backbone("conv4", outputs)), tmp_path / uid / "best.safetensors")
    return tmp_path


def test_a_kept_head_is_the_runs_own_whatever_the_seed(runs: Path) -> None:
    one, two = (build_backbone(KEPT, 9, seed, runs) for seed in (1, 2))
    fresh = build_backbone(KEPT.model_copy(update={"head": "new"}), 9, 1, runs)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    assert not torch.equal(one.head.weight, fresh.head.weight)


@pytest.mark.parametrize(
    "changes,outputs,sentence",
    [
        ({}, 4, "The head to keep tells 9 classes apart, but this data has 4."),
        ({}, None, "This method compares features, so there is no head to keep."),
        ({"weights": "run:bare"}, 9, "Run bare has no head: its method compares features instead."),
        ({"weights": "omniglot-supervised"}, 9, "Only the weights of a saved run come with a head."),
        ({"weights": "run:gone"}, 9, "The saved weights of run gone are gone."),
    ],
)
def test_a_head_that_cannot_be_kept_says_so(
    changes: dict[str, Any], outputs: int | None, sentence: str, runs: Path
) -> None:
    with pytest.raises(WeightsError) as caught:
        build_backbone(KEPT.model_copy(update=changes), outputs, 0, runs)
    assert caught.value.message == sentence
    assert caught.value.advice


NAMES = ("ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen", "ibis")


@pytest.mark.parametrize("seed", range(3))
def test_a_kept_head_is_matched_by_the_names_of_its_classes(runs: Path, seed: int) -> None:
    """Whatever the order of the classes, a name keeps the row that was learnt for it."""
    write(Past(classes=NAMES), runs / "abc")
    learnt, order = build_backbone(KEPT, 9, 0, runs).head, np.random.default_rng(seed).permutation(9)
    model = build_backbone(KEPT, 9, 0, runs, classes=tuple(NAMES[place] for place in order))
    assert torch.equal(model.head.weight, learnt.weight[torch.from_numpy(order)])
    assert torch.equal(model.head.bias, learnt.bias[torch.from_numpy(order)])


@pytest.mark.parametrize(
    "made_for,asked,words",
    [
        (NAMES, (*NAMES[:8], "yak"), "this data has 9 classes (“ant”, “bee”, “cat”, “dog”, “eel”, “fox”, …)"),
        (NAMES, NAMES[:4], "this data has 4 classes (“ant”, “bee”, “cat”, “dog”)"),
        (NAMES, (*NAMES, "yak"), "this data has 10 classes"),
        (None, NAMES, "What the head of run:abc tells apart is not known, because its tasks had other classes"),
    ],
    ids=["other", "fewer", "more", "tasks"],
)
def test_a_head_of_other_classes_is_refused_with_both_lists(
    runs: Path, made_for: tuple[str, ...] | None, asked: tuple[str, ...], words: str
) -> None:
    write(Past(classes=made_for), runs / "abc")
    with pytest.raises(WeightsError) as caught:
        build_backbone(KEPT, len(asked), 0, runs, classes=asked)
    assert words in caught.value.message
    assert caught.value.advice


@pytest.mark.parametrize(
    "weights,method,words",
    [
        ("omniglot-supervised", "full_ft", "come with a head"),
        ("run:abc", "scratch", "starts from random weights"),
        ("run:abc", "protonet", "compares features"),
    ],
)
def test_preflight_says_it_before_the_start(weights: str, method: str, words: str) -> None:
    wrong = Experiment(backbone=BackboneChoice(weights=weights, head="kept"), method=MethodChoice(name=method))
    assert [fault.field for fault in problems(wrong) if words in fault.message] == ["backbone"]


def test_a_run_goes_on_from_another_ones_head(tmp_path: Path) -> None:
    """Digits, one epoch with a rate of nearly nothing: the test figure is that of the run it goes on from."""
    data = DatasetChoice(name="digits", labels_per_class=10)
    first = Experiment(dataset=data, method=MethodChoice(name="scratch", hyperparameters={"epochs": 3}))
    before = figure_of(first, tmp_path / "first")
    still = {"epochs": 1, "learning_rate": 1e-6, "batch_norm": "pretrained statistics"}
    then = Experiment(
        dataset=data,
        backbone=BackboneChoice(weights="run:first", head="kept"),
        method=MethodChoice(name="full_ft", hyperparameters=still),
        seed=1,
    )
    assert figure_of(then, tmp_path / "then") == pytest.approx(before, abs=0.01)
    other = then.model_copy(update={"dataset": data.model_copy(update={"classes": 4})})
    last = list(execute(other, tmp_path / "other"))[-1]
    assert isinstance(last, RunFailed)
    assert last.kind == "experiment"
    assert last.message.startswith(
        "The head to keep tells 10 classes (“0”, “1”, “2”, “3”, “4”, “5”, …) apart, but this "
    )


def figure_of(experiment: Experiment, folder: Path) -> float:
    events = list(execute(experiment, folder))
    assert any(isinstance(event, RunStarted) for event in events)
    return next(event.value for event in events if isinstance(event, Evaluated))
