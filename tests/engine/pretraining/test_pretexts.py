"""What each objective asks, against values worked out on paper."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import nn

from engine.backbones.backbone import Backbone
from engine.backbones.networks import random_backbone
from engine.preparation.inputs import Normaliser
from engine.pretraining.contrast import Queue, QueueContrast
from engine.pretraining.distillation import Distillation, Prototypes
from engine.pretraining.method import PretrainMethod
from engine.pretraining.naming import Puzzle, Turns, orders, shuffled, turned
from engine.pretraining.pool import Pool
from engine.pretraining.pretext import Pretext, Teacher, momentum_at
from engine.pretraining.rebuilding import Masked, hidden_patches
from engine.registry import method

POOL = Pool(images=64, size=28, channels=1, background=0, batch=8)
SHAPE = Normaliser(28, 1)


@pytest.fixture
def model() -> Backbone:
    torch.manual_seed(0)
    return random_backbone("conv4", None)


@pytest.fixture
def pixels() -> torch.Tensor:
    return torch.randint(0, 256, (8, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def asked(name: str, model: Backbone, values: Mapping[str, Any] = {}) -> Pretext:
    chosen = method(name).from_values(values)
    assert isinstance(chosen, PretrainMethod)
    return chosen.pretext(model, POOL)


def loss(pretext: Pretext, model: Backbone, pixels: torch.Tensor) -> float:
    return float(pretext.told(model.train(), SHAPE, pixels, torch.Generator().manual_seed(0))["loss"].detach())


def says_the_same(model: Backbone) -> Backbone:
    """The network whose features are the same for every image."""
    for one in model.blocks.parameters():
        nn.init.zeros_(one)
    return model


@pytest.mark.anchors("rotation")
def test_rotation(model: Backbone, pixels: torch.Tensor) -> None:
    image = torch.tensor([[1, 2], [3, 4]], dtype=torch.uint8).view(1, 1, 2, 2)
    assert turned(image, torch.tensor([1]))[0, 0].tolist() == [[2, 4], [1, 3]]
    assert torch.equal(turned(turned(image, torch.tensor([1])), torch.tensor([3])), image)
    assert loss(asked("rotation", model), model, pixels) == pytest.approx(math.log(4), abs=1e-6)
    every, which = Turns(64, every=True).changed(image, torch.Generator())
    assert which.tolist() == [0, 1, 2, 3]
    assert every[:, 0, 0, 0].tolist() == [1, 2, 4, 3]


@pytest.mark.anchors("jigsaw")
def test_jigsaw(model: Backbone, pixels: torch.Tensor) -> None:
    order = torch.tensor([[2, 0, 3, 1]]).expand(8, 4)
    puzzle = shuffled(pixels, order)
    assert torch.equal(puzzle[:, :, :14, :14], pixels[:, :, 14:, :14])  # the first place holds tile 2
    assert torch.equal(shuffled(puzzle, order.argsort(1)), pixels)
    assert loss(asked("jigsaw", model), model, pixels) == pytest.approx(math.log(24), abs=1e-6)
    nine = orders(3, 50)
    apart = (nine[:, None] != nine[None]).sum(2)
    assert nine.shape == (50, 9)
    assert int(apart[~torch.eye(50, dtype=torch.bool)].min()) >= 5
    assert all(sorted(one) == list(range(9)) for one in nine.tolist())


def test_tiles_lose_their_edges_only(pixels: torch.Tensor) -> None:
    changed, _ = Puzzle(64, 2, 24, 3, background=7).changed(pixels.clamp(min=8), torch.Generator().manual_seed(0))
    assert int((changed[0] == 7).sum()) == 28 * 28 - 4 * 11 * 11


@pytest.mark.anchors("masked")
def test_masked(model: Backbone, pixels: torch.Tensor) -> None:
    hidden = hidden_patches(5, 7, 0.75, torch.Generator().manual_seed(0))
    assert hidden.flatten(1).sum(1).tolist() == [37] * 5
    one = Masked(64, POOL, 0.5, standardised=False)
    spoilt, gone = one.spoilt(pixels.clamp(min=1), torch.Generator().manual_seed(0))
    assert torch.equal(spoilt == 0, gone)
    nothing, white = torch.full((8, 1, 28, 28), -100.0), torch.ones(8, 1, 28, 28)
    assert float(one.error(nothing, white, gone)) == pytest.approx(1.0)
    assert float(one.error(nothing, torch.where(gone, white, 5.0), gone)) == pytest.approx(1.0)


@pytest.mark.anchors("denoising")
def test_denoising_without_noise_and_a_decoder_that_says_half(model: Backbone, pixels: torch.Tensor) -> None:
    """Cross-entropy of a half with any brightness is ln 2."""
    pretext = asked("denoising", model, {"noise": 0.0, "erased": 0.0})
    last = [one for one in pretext.modules() if isinstance(one, nn.ConvTranspose2d)][-1]
    nn.init.zeros_(last.weight)
    assert last.bias is not None
    nn.init.zeros_(last.bias)
    assert loss(pretext, model, pixels) == pytest.approx(math.log(2), abs=1e-6)


@pytest.mark.anchors("simclr")
def test_simclr_that_says_the_same_of_all(model: Backbone, pixels: torch.Tensor) -> None:
    chosen = method("simclr").from_values({})
    assert isinstance(chosen, PretrainMethod)
    assert chosen.collapsed(POOL) == pytest.approx(math.log(15))
    assert loss(asked("simclr", model), says_the_same(model), pixels) == pytest.approx(math.log(15), abs=1e-5)


@pytest.mark.anchors("supcon")
def test_supcon_that_says_the_same_of_all(model: Backbone, pixels: torch.Tensor) -> None:
    """Whatever the labels: every other view is as near as any of the class."""
    pretext, labels = asked("supcon", model), torch.arange(8) % 3
    told = pretext.taught(says_the_same(model).train(), SHAPE, pixels, labels, torch.Generator().manual_seed(0))
    assert float(told["loss"].detach()) == pytest.approx(math.log(15), abs=1e-5)


@pytest.mark.anchors("vicreg")
def test_vicreg_that_says_the_same_of_all(model: Backbone, pixels: torch.Tensor) -> None:
    assert loss(asked("vicreg", model), says_the_same(model), pixels) == pytest.approx(24.75, abs=1e-4)


@pytest.mark.anchors("byol")
def test_byol_between_none_and_the_opposite(model: Backbone, pixels: torch.Tensor) -> None:
    """2 - 2 cos both ways: 0 where the guess is right, as SimSiam's is -1."""
    for values, least, most in (({}, 0.0, 8.0), ({"target": "itself (SimSiam)"}, -1.0, 1.0)):
        pretext = asked("byol", model, values)
        pretext.predictor = nn.Identity()
        found = loss(pretext, model, pixels)
        assert least <= found <= most
        chosen = method("byol").from_values(values)
        assert isinstance(chosen, PretrainMethod)
        assert chosen.collapsed(POOL) == least
        unchanged = asked("byol", model, {**values, "views": "no change"})
        unchanged.predictor = nn.Identity()
        assert loss(unchanged, model, pixels) == pytest.approx(least, abs=1e-5)


@pytest.mark.anchors("dino")
def test_dino_of_level_prototypes(model: Backbone, pixels: torch.Tensor) -> None:
    pretext = asked("dino", model, {"prototypes": 32})
    assert isinstance(pretext, Distillation)
    same = torch.ones(32, 128)
    for prototypes in (one for one in pretext.modules() if isinstance(one, Prototypes)):
        prototypes.directions.data = same
    assert loss(pretext, model, pixels) == pytest.approx(math.log(32), abs=1e-5)


def test_the_centre_follows_the_teacher_and_counts_from_the_next_step() -> None:
    centre = torch.zeros(1)
    for wanted in (0.1, 0.19):
        centre.lerp_(torch.ones(1), 1 - 0.9)
        assert float(centre) == pytest.approx(wanted)


def test_a_teacher_follows_slowly(model: Backbone) -> None:
    head = nn.Linear(64, 2)
    teacher = Teacher(model, head)
    for one in (*teacher.trunk.parameters(), *teacher.projector.parameters()):
        nn.init.zeros_(one)
    for one in (*model.blocks.parameters(), *head.parameters()):
        nn.init.ones_(one)
    for wanted in (0.01, 0.0199):
        teacher.follow(model, head, 0.99)
        kept = torch.cat([one.flatten() for one in (*teacher.trunk.parameters(), *teacher.projector.parameters())])
        assert kept.allclose(torch.full_like(kept, wanted), atol=1e-7)
    assert [round(momentum_at(0.99, at), 6) for at in (0.0, 0.5, 1.0)] == [0.99, 0.995, 1.0]


def test_the_queue_holds_the_newest_rows() -> None:
    queue, rows = Queue(4, 1), torch.arange(1.0, 7.0).view(6, 1)
    assert len(queue.filled()) == 0
    queue.push(rows[:3])
    assert queue.filled().flatten().tolist() == [1, 2, 3]
    queue.push(rows[3:])
    assert queue.filled().flatten().tolist() == [3, 4, 5, 6]


def test_a_step_s_own_keys_are_not_among_its_wrong_ones(model: Backbone, pixels: torch.Tensor) -> None:
    """With an empty queue nothing is wrong: the loss is 0."""
    pretext = asked("simclr", model, {"queue": 16})
    assert isinstance(pretext, QueueContrast)
    assert loss(pretext, model, pixels) == pytest.approx(0.0, abs=1e-7)
    assert len(pretext.queue.filled()) == 8
    assert loss(pretext, model, pixels) > 0


def test_the_queue_is_no_longer_than_half_of_the_pool() -> None:
    chosen = method("simclr").from_values({"queue": 1000})
    assert isinstance(chosen, PretrainMethod)
    assert chosen.collapsed(POOL) == pytest.approx(math.log(1 + 28))
    assert any("cut to 28" in said for said in chosen.remarks(POOL, True))


def test_nothing_is_learnt_through_a_teacher(model: Backbone, pixels: torch.Tensor) -> None:
    for name in ("byol", "dino"):
        pretext = asked(name, model)
        pretext.told(model.train(), SHAPE, pixels, torch.Generator().manual_seed(0))["loss"].backward()
        teachers = [one for one in pretext.modules() if isinstance(one, Teacher)]
        assert teachers
        assert all(parameter.grad is None for one in teachers for parameter in one.parameters())
        assert any(parameter.grad is not None for parameter in model.blocks.parameters())


@pytest.mark.parametrize(
    "name", ["simclr", "supcon", "vicreg", "byol", "dino", "rotation", "jigsaw", "denoising", "masked"]
)
def test_what_becomes_of_images_is_shown(name: str, model: Backbone, pixels: torch.Tensor) -> None:
    draws = torch.Generator()
    shown = asked(name, model).shown(pixels, draws.manual_seed(1))
    assert len(shown) == (2 if name in ("simclr", "supcon", "vicreg", "byol", "dino") else 1)
    for one in shown:
        assert (one.shape, one.dtype) == (pixels.shape, torch.uint8)
        assert not torch.equal(one, pixels)
    again = asked(name, model).shown(pixels, draws.manual_seed(1))
    assert all(torch.equal(*both) for both in zip(shown, again, strict=True))
