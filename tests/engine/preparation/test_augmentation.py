"""Changes to training images: every image by itself, repeatable, and with the background outside."""

from __future__ import annotations

import pytest
import torch

from engine.preparation.augmentation import RECIPES, Augmentation, Recipe


def test_augmentation_draws_each_image_by_itself_and_repeats_with_the_seed() -> None:
    images = torch.arange(64, dtype=torch.uint8).view(1, 1, 8, 8).repeat(6, 1, 1, 1) * 3
    for name in RECIPES:
        first = Augmentation(name)(images, torch.Generator().manual_seed(0))
        again = Augmentation(name)(images, torch.Generator().manual_seed(0))
        assert torch.equal(first, again)
        assert len({image.numpy().tobytes() for image in first}) == 6
        assert first.shape == images.shape
        assert first.dtype == torch.uint8


def test_a_recipe_that_does_nothing_and_one_that_only_flips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "nothing", Recipe())
    monkeypatch.setitem(RECIPES, "flip", Recipe(flip=True))
    images = torch.randint(0, 256, (20, 3, 6, 6), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(Augmentation("nothing", 255)(images, torch.Generator()), images)
    flipped = Augmentation("flip")(images, torch.Generator().manual_seed(1))
    same = [torch.equal(a, b) for a, b in zip(images, flipped, strict=True)]
    mirrored = [torch.equal(a.flip(-1), b) for a, b in zip(images, flipped, strict=True)]
    assert all(s != m for s, m in zip(same, mirrored, strict=True))
    assert 4 < sum(mirrored) < 16


def test_what_lies_outside_is_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "far", Recipe(zoom=(2.0, 2.0)))
    small = Augmentation("far", 200)(torch.zeros(2, 1, 8, 8, dtype=torch.uint8), torch.Generator())
    assert small[:, :, 0, 0].tolist() == [[200], [200]]
    assert small[:, :, 3:5, 3:5].max() == 0
