"""Data: images without labels are not said to be of one class."""

from __future__ import annotations

from dataclasses import replace

from engine.data.sources import load
from engine.experiment import DatasetChoice
from ui.data.header import classes_words


def test_images_without_labels_are_of_no_class() -> None:
    data = load(DatasetChoice(name="digits"))
    assert classes_words(data) == "10 classes"
    assert classes_words(replace(data, labelled=False)) == "no labels"
