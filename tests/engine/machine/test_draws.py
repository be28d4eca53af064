"""Who seeds or restores torch's random state does so alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from engine.artifacts.weights import build_backbone
from engine.experiment import BackboneChoice, Experiment, MethodChoice
from engine.machine.draws import own_draws
from engine.preflight.cost import estimate


def test_what_is_drawn_in_between_is_as_if_it_had_not_been() -> None:
    torch.manual_seed(3)
    wanted = torch.rand(2)
    torch.manual_seed(3)
    with own_draws(5):
        first = torch.rand(2)
        with own_draws():
            torch.rand(7)
    with own_draws(5):
        assert torch.equal(torch.rand(2), first)
    assert torch.equal(torch.rand(2), wanted)


def test_a_network_is_initialised_while_nobody_else_draws() -> None:
    inside, drawn = Event(), Event()

    def other() -> None:
        with own_draws(1):
            inside.set()
            drawn.wait(60)

    with ThreadPoolExecutor(2) as pool:
        pool.submit(other)
        assert inside.wait(60)
        building = pool.submit(build_backbone, BackboneChoice(name="conv4"), 3, 0)
        with pytest.raises(TimeoutError):
            building.result(0.3)
        drawn.set()
        alone = build_backbone(BackboneChoice(name="conv4"), 3, 0).state_dict()
        assert all(torch.equal(value, alone[name]) for name, value in building.result(60).state_dict().items())


@pytest.mark.parametrize("name", ["full_ft", "feat", "pmf"])
def test_a_timed_step_draws_nothing_and_keeps_nobody_from_drawing(name: str) -> None:
    torch.manual_seed(3)
    before, drawn = torch.get_rng_state(), []

    def draw() -> None:
        with own_draws(1):
            drawn.append(torch.rand(()))

    def in_between(module: nn.Module, inputs: object) -> None:
        if not drawn and module.training:
            pool.submit(draw).result(5)

    with ThreadPoolExecutor(1) as pool:
        watched = register_module_forward_pre_hook(in_between)
        estimate(Experiment(method=MethodChoice(name=name)))
        watched.remove()
    assert drawn
    assert torch.equal(torch.get_rng_state(), before)
