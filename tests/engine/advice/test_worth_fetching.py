"""Which download is advised, and when none is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.advice.adviser import PIXELS, DataFacts, Score
from engine.advice.worth_fetching import LARGEST, stated, worth_fetching
from engine.backbones import shelf
from engine.backbones.info import HERE, Pixels
from engine.backbones.shelf import ShelfRow

PHOTOS = DataFacts(labels=10, most=10, classes=6, images=60, side=384, channels=3)
OLD = ShelfRow(
    "squeezenet1_0", "imagenet", "SqueezeNet 1.0, ImageNet", "torchvision", "convolutional", 735_000, 4_800_000, 224, 3,
    Pixels((0.5,) * 3, (0.5,) * 3), "ImageNet-1k", "supervised", "BSD-3", "torchvision", "58.1 % of ImageNet-1k",
    "on this machine",
)  # fmt: skip
BETTER = replace(OLD, backbone="better", title="Better, ImageNet", state="download", bytes=40_000_000,
                 accuracy="77.7 % of ImageNet-1k")  # fmt: skip


def score(backbone: str, right: float) -> Score:
    return Score(backbone, "imagenet", backbone, 1, np.arange(200) < 200 * right, 5)


def test_the_better_one_is_told_with_both_figures_and_its_size() -> None:
    found = worth_fetching(PHOTOS, [], [OLD, BETTER])
    assert found is not None
    assert found.row is BETTER
    assert found.why.startswith("Better, ImageNet (40 MB) would be worth a download: 77.7 % of ImageNet’s photos right")
    assert "SqueezeNet 1.0, ImageNet here has 58.1 %" in found.why


@pytest.mark.parametrize(
    "given",
    [
        {"accuracy": "59.9 % of ImageNet-1k"}, {"accuracy": ""}, {"accuracy": "99 % of another set"},
        {"bytes": LARGEST + 1}, {"bytes": 0}, {"channels": 1}, {"needs": "timm"}, {"state": "on this machine"},
    ],
)  # fmt: skip
def test_what_is_hardly_better_too_large_or_cannot_be_had_is_not_advised(given: dict[str, object]) -> None:
    assert worth_fetching(PHOTOS, [], [OLD, replace(BETTER, **given)]) is None


@pytest.mark.parametrize("facts", [replace(PHOTOS, channels=1), replace(PHOTOS, side=28), replace(PHOTOS, channels=4)])
def test_photo_networks_are_not_advised_for_other_images(facts: DataFacts) -> None:
    assert worth_fetching(facts, [], [OLD, BETTER]) is None


def test_where_photo_features_were_measured_to_be_of_no_use_no_more_of_them_are_advised() -> None:
    assert worth_fetching(PHOTOS, [score(PIXELS, 0.8), score("squeezenet1_0", 0.8)], [OLD, BETTER]) is None
    assert worth_fetching(PHOTOS, [score(PIXELS, 0.3), score("squeezenet1_0", 0.8)], [OLD, BETTER]) is not None


def test_few_labels_ask_for_the_recipe_that_transfers_and_size_weighs() -> None:
    later = replace(BETTER, weights="imagenet_v2", title="Later", accuracy="80.9 % of ImageNet-1k")
    heavy = replace(BETTER, title="Heavy", bytes=160_000_000, accuracy="78.5 % of ImageNet-1k")
    assert _title(PHOTOS, [later, heavy]) == "Better, ImageNet"
    assert _title(replace(PHOTOS, labels=100, most=100), [later, heavy]) == "Later"


def test_of_what_the_program_ships_in_its_list_one_is_advised_to_a_newcomer(
    monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    rows = shelf.rows()
    found = worth_fetching(PHOTOS, [], rows)
    best = max(stated(row) for row in rows if row.state in HERE)
    assert found is not None
    assert stated(found.row) > best
    assert found.row.bytes <= LARGEST


def _title(facts: DataFacts, more: list[ShelfRow]) -> str:
    found = worth_fetching(facts, [], [OLD, BETTER, *more])
    assert found is not None
    return found.row.title
