"""Sentences about images, said of texts."""

from __future__ import annotations

import pytest

from engine.spoken import said_of


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Reading training images", "Reading training texts"),
        ("Give a new image the labels of images like it.", "Give a new text the labels of texts like it."),
        ("An image is compared with an image.", "A text is compared with a text."),
        ("Images in a minibatch", "Texts in a minibatch"),
        ("“image” has 3 training images", "“image” has 3 training texts"),
        ("Mini-ImageNet, imagery and image_size", "Mini-ImageNet, imagery and image_size"),
        ("MiniLM reads texts, and these are images.", "MiniLM reads texts, and these are images."),
    ],
)  # fmt: skip
def test_by_hand(words: str, said: str) -> None:
    assert said_of(words, "texts") == said
    assert said_of(said, "texts") == said
    for other in ("images", "numbers", "states", ""):
        assert said_of(words, other) == words
