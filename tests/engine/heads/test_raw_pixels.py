"""Raw pixels: images made small, and a fit in the span of the labelled ones that is the fit on all their pixels."""

from __future__ import annotations

import numpy as np
import torch

from engine.heads.head import scores
from engine.heads.logistic import Logistic
from engine.heads.raw_pixels import RawPixels
from engine.preparation.shrunk import SIDE, shrunk, values_of

WIDE, EACH = 200, 4


def pictures(classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Random pictures of more pixels than there are pictures, each around its class's own."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), EACH)
    return rng.uniform(size=(classes, WIDE))[labels] + rng.normal(size=(len(labels), WIDE)), labels


def test_classes_of_one_brightness_each_are_told_by_the_mean_of_their_pixels() -> None:
    """A black and a white image: all pixels weigh the same, and grey of mean one half is where both are as likely."""
    known, labels = np.stack([np.zeros(16), np.ones(16)]), np.array([0, 1])
    asked = np.random.default_rng(0).uniform(size=(40, 16))
    found = scores(RawPixels(), known, labels, 2, asked)
    lead, bright = found[:, 1] - found[:, 0], asked.mean(1) - 0.5
    assert (np.sign(lead) == np.sign(bright)).all()
    assert np.allclose(lead / bright, (lead / bright)[0], rtol=1e-3)


def test_the_fit_in_the_span_of_the_images_is_the_fit_on_all_pixels() -> None:
    for classes in (2, 3, 5):
        known, labels = pictures(classes)
        asked, _ = pictures(classes, seed=1)
        for strength in (0.01, 1.0):
            plain = Logistic(strength).fit(known, labels, classes)(asked)
            found = RawPixels(strength).fit(known, labels, classes)(asked)
            assert np.allclose(found - found.mean(1, keepdims=True), plain - plain.mean(1, keepdims=True), atol=2e-3)


def test_with_more_images_than_pixels_it_is_logistic_regression() -> None:
    known, labels = pictures(3)
    assert np.array_equal(
        RawPixels().fit(known[:, :5], labels, 3)(known[:, :5]), Logistic().fit(known[:, :5], labels, 3)(known[:, :5])
    )


def test_its_strength_is_chosen_by_the_same_folds() -> None:
    known, labels = pictures(3)
    tuned = RawPixels().tuned(known, labels, 3, 0)
    assert isinstance(tuned, RawPixels)
    assert tuned.strength == Logistic().tuned(known, labels, 3, 0).strength


def test_large_images_are_means_of_what_each_pixel_stands_for() -> None:
    """Of 64 pixels a side four each; of small ones all as they are."""
    image = torch.arange(64 * 64, dtype=torch.float32).view(1, 1, 64, 64)
    found = shrunk(image)
    assert found.shape == (1, SIDE * SIDE) == (1, values_of(64, 1))
    assert found[0, 0] == (0 + 1 + 64 + 65) / 4
    small = torch.randint(0, 256, (2, 3, 8, 8), dtype=torch.uint8)
    assert torch.equal(shrunk(small), small.float().view(2, -1))
    assert shrunk(small).shape[1] == values_of(8, 3)
