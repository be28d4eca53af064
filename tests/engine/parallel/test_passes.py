"""A pass in shares by two processes on the CPU against the same pass by one: outputs, gradients, statistics."""

from __future__ import annotations

import threading

import psutil
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.artifacts.weights import build_backbone
from engine.backbones.backbone import Backbone
from engine.errors import ExperimentError
from engine.experiment import BackboneChoice, Experiment
from engine.parallel.helpers import Helpers
from engine.parallel.leading import together
from engine.parallel.passes import ALONE, Passes

TWO = "cpu:2"
IMAGES = torch.rand(7, 1, 16, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
LABELS = torch.tensor([0, 1, 2, 0, 1, 2, 0])


def network(name: str = "conv4") -> Backbone:
    return build_backbone(BackboneChoice(name=name), 3, seed=0).double()


def experiment(name: str = "conv4") -> Experiment:
    return Experiment(backbone=BackboneChoice(name=name), device=TWO)


def learnt(model: Backbone, passes: Passes, values: Tensor, start: int = 0) -> tuple[Tensor, dict[str, Tensor]]:
    """The answers, and by name the gradients of the whole batch's loss and the running statistics after it."""
    model.zero_grad()
    answers = passes(model, values, start)
    F.cross_entropy(answers, LABELS).backward()
    found = {name: one.grad.clone() for name, one in model.named_parameters() if one.grad is not None}
    return answers.detach(), found | {name: one.clone() for name, one in model.named_buffers()}


def assert_alike(passes: Passes, one: Backbone, other: Backbone, values: Tensor, start: int = 0) -> None:
    answers, found = learnt(one, passes, values, start)
    expected, wanted = learnt(other, ALONE, values, start)
    torch.testing.assert_close(answers, expected, rtol=1e-9, atol=1e-9)
    assert found.keys() == wanted.keys()
    for name in wanted:
        torch.testing.assert_close(found[name], wanted[name], rtol=1e-6, atol=1e-9, msg=name)


def test_a_pass_in_shares_is_the_whole_pass() -> None:
    """Seven rows, which two processes cannot share evenly; with batch statistics and frozen ones, the trunk frozen in
    part, from the middle on, after steps, and without gradients."""
    one, other = network(), network()
    with together(experiment()) as passes:
        for model in (one.train(), other.train()):
            assert any(True for _ in model.buffers())
        for _ in range(5):
            assert_alike(passes, one, other, IMAGES)
            with torch.no_grad():
                for model in (one, other):
                    for weight in model.parameters():
                        weight -= 0.1 * weight.grad
        for model in (one, other):
            model.eval()
            model.blocks["conv1"].requires_grad_(False)
        assert_alike(passes, one, other, IMAGES)
        middle = one.through(IMAGES, 0, 2).detach()
        assert_alike(passes, one, other, middle, start=2)
        with torch.no_grad():
            teacher = network()
            torch.testing.assert_close(passes(teacher, IMAGES), teacher(IMAGES))
            torch.testing.assert_close(passes(one, IMAGES, answers=False), other(IMAGES, answers=False))
            torch.testing.assert_close(passes(one, IMAGES[:1]), other(IMAGES[:1]))


def test_a_pass_over_texts_in_shares_is_the_whole_pass_also_with_weights_that_it_does_not_read() -> None:
    """Of unequal length, one of them empty; then as with low-rank changes of blocks that are not passed."""
    one, other = network("text_transformer").train(), network("text_transformer").train()
    texts = torch.randint(1, 500, (7, 9), generator=torch.Generator().manual_seed(2))
    for row, words in enumerate((9, 1, 0, 5, 9, 3, 2)):
        texts[row, words:] = 0
    with together(experiment("text_transformer")) as passes:
        assert_alike(passes, one, other, texts)
        middle = one.through(texts, 0, 1).detach()
        for answers in (True, False):
            changed = [{name: 1.1 * weight for name, weight in model.named_parameters()} for model in (one, other)]
            found, wanted = (by(model, middle, 1, answers, weights) for by, model, weights in
                             ((passes, one, changed[0]), (ALONE, other, changed[1])))  # fmt: skip
            torch.testing.assert_close(found, wanted)
            for model, values in ((one, found), (other, wanted)):
                model.zero_grad()
                values.square().sum().backward()
            for (name, weight), same in zip(one.named_parameters(), other.parameters(), strict=True):
                torch.testing.assert_close(weight.grad, same.grad, rtol=1e-6, atol=1e-9, msg=name)


def begun_here() -> set[psutil.Process]:
    return set(psutil.Process().children())


def killed_midway(helpers: list[psutil.Process]) -> None:
    model, before = network(), begun_here()
    with together(experiment()) as passes:
        assert passes(model, IMAGES).shape == (7, 3)
        helpers += begun_here() - before
        helpers[0].kill()
        learnt(model, passes, IMAGES)


def test_a_process_that_is_killed_ends_the_run_in_words_and_none_is_left() -> None:
    helpers: list[psutil.Process] = []
    with pytest.raises(ExperimentError, match="ended in the middle of the run"):
        killed_midway(helpers)
    assert [one.is_running() for one in helpers] == [False]


def failing_elsewhere(helpers: list[psutil.Process]) -> None:
    model, before = network(), begun_here()
    with together(experiment()) as passes:
        assert passes(model, IMAGES).shape == (7, 3)
        helpers += begun_here() - before
        model.blocks["conv1"].register_module("more", torch.nn.Identity())  # of which the other knows nothing
        passes(model, IMAGES)


def test_what_fails_in_a_process_is_told_with_where_it_failed() -> None:
    helpers: list[psutil.Process] = []
    with pytest.raises(RuntimeError, match="on cpu: Traceback"):
        failing_elsewhere(helpers)
    assert [one.is_running() for one in helpers] == [False]


def test_what_fails_before_the_first_pass_is_told_and_as_often_as_asked() -> None:
    """Such as a network that does not fit into its device: nobody waits for who is gone already."""
    helpers, choice = Helpers(["cpu"]), BackboneChoice(name="conv4").model_dump(mode="json")
    try:
        with pytest.raises(RuntimeError, match="no_such_kind"):
            helpers.join({"backbone": choice, "outputs": 3, "kind": "no_such_kind"})
        assert "no_such_kind" in str(helpers.fault())
    finally:
        helpers.end()


def test_one_device_needs_no_other_process() -> None:
    with together(Experiment()) as passes:
        assert passes is ALONE


def test_a_process_that_ends_before_all_have_met_lets_go_of_who_waits() -> None:
    """Whether that is watched for already or not yet."""
    before, never = begun_here(), threading.Event()
    helpers, lost = Helpers(["cpu"]), list[bool]()

    def meet() -> None:
        for one in begun_here() - before:
            one.kill()
        never.wait()

    try:
        with pytest.raises(RuntimeError, match="ended before all had met"):
            helpers.met(meet)
        helpers.watch(lambda: lost.append(True))
        assert lost == [True]
    finally:
        never.set()
        helpers.end()
