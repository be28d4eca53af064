"""The nearest training images, and where a network looked that was taught by a patch in a corner."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from engine.artifacts.saved import SavedModel
from engine.data.sources import load
from engine.errors import ExperimentError
from engine.preparation.inputs import images, normaliser
from engine.using import nearest
from engine.using.nearest import Gallery, gallery
from engine.using.own_images import own_images
from engine.using.where_it_looked import Heat, averaged, covered, last_map, looked, odds, spread, weighted
from tests.engine.using.conftest import bars, ended, run


def test_a_training_image_is_nearest_to_itself(trained: Path) -> None:
    model = SavedModel.open(trained)
    found = ended(gallery(model, trained))
    material = ended(own_images(model, trained))
    assert len(found) == len(material.train) == 30
    assert found.words == "of 30 training images"
    features, _ = model.seen(material.train.inputs[:])
    rows = found.nearest(features.numpy(), 3)
    for place, row in enumerate(rows):
        assert row[0].id == material.train.ids[place]
        assert row[0].likeness == pytest.approx(1, abs=2e-3)
        assert row[0].name == material.data.image_name(row[0].id)
        assert row[0].name.startswith(row[0].class_name)
        assert row[0].likeness >= row[1].likeness >= row[2].likeness


def test_it_is_kept_for_these_weights_and_without_the_images(tmp_path: Path) -> None:
    photos = bars(tmp_path / "photos")
    folder = run(tmp_path / "runs" / "abc", photos)
    model = SavedModel.open(folder)
    first = ended(gallery(model, folder))
    shutil.rmtree(photos)
    again = ended(gallery(model, folder))
    assert np.array_equal(first.features, again.features)
    assert (first.names, first.classes, first.total) == (again.names, again.classes, again.total)
    (folder / nearest.FILE).write_bytes(b"PK damaged")
    with pytest.raises(ExperimentError):
        ended(gallery(model, folder))


def test_a_large_set_is_drawn_from(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "MOST_IMAGES", 8)
    found = ended(gallery(SavedModel.open(trained), trained))
    assert found.words == "of 8 training images drawn from 30"
    assert len(found.nearest(np.ones((1, found.features.shape[1])), 20)[0]) == 8


def test_by_hand() -> None:
    found = Gallery(
        np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float16), np.array([7, 8, 9]), ("a", "b", "c"), ("x", "y", "x"), 3
    )
    (row,) = found.nearest(np.array([[5.0, 0.0]]), 3)
    assert [(near.id, near.name) for near in row] == [(7, "a"), (9, "c"), (8, "b")]
    assert [near.likeness for near in row] == pytest.approx([1, 0.6, 0], abs=1e-3)


# Where it looked


def corners(folder: Path, side: int = 84) -> Path:
    """Noise; of the class "patch" with a bright patch in the upper left corner."""
    rng = np.random.default_rng(0)
    for name in ("none", "patch"):
        (folder / name).mkdir(parents=True)
        for index in range(24):
            pixels = rng.integers(60, 140, (side, side)).astype(np.uint8)
            if name == "patch":
                pixels[: side // 4, : side // 4] = 250
            Image.fromarray(pixels).save(folder / name / f"{index}.png")
    return folder


def in_the_corner(found: Heat) -> bool:
    """Whether most of the heat of the warmest tenth lies in the upper left quarter."""
    side = found.heat.shape[0]
    rows, columns = np.nonzero(found.heat >= np.quantile(found.heat, 0.9))
    return bool(np.mean((rows < side / 2) & (columns < side / 2)) > 0.7)


@pytest.mark.parametrize("size,how", [(28, "by covering parts"), (84, "Grad-CAM")])
def test_a_network_that_knows_a_corner_looks_there(tmp_path: Path, size: int, how: str) -> None:
    photos = corners(tmp_path / "photos")
    folder = run(tmp_path / "runs" / "abc", photos, "full_ft", image_size=size, epochs=8, learning_rate=1e-2)
    model = SavedModel.open(folder)
    data = load(model.experiment.dataset)
    pixels = images(data, np.array([24, 30, 40]), normaliser(model.experiment.backbone), torch.device("cpu"))[:]
    patch = model.class_names.index("patch")
    assert model.predict(pixels).argmax(1).tolist() == [patch] * 3
    for one in pixels:
        found = looked(model, one, patch)
        assert found.how == how
        assert found.heat.shape == (size, size)
        assert found.heat.max() == pytest.approx(1)
        assert found.heat.min() >= 0
        assert in_the_corner(found)


def test_covering_finds_the_pixels_that_count() -> None:
    """A network that adds up the lower right quarter alone."""

    def classify(pixels: Tensor) -> Tensor:
        lit = pixels[:, :, 16:, 16:].float().mean((1, 2, 3)) / 255
        return torch.stack([lit, torch.zeros_like(lit)], 1)

    image = torch.zeros(1, 32, 32, dtype=torch.uint8)
    image[:, 16:, 16:] = 255
    found = covered(classify, image, 0)
    assert found.heat[20:, 20:].min() > 0.4
    assert found.heat[:10, :10].max() == 0
    assert not covered(lambda images: torch.zeros(len(images), 2), image, 0).heat.any()


def test_grad_cam_by_hand() -> None:
    """Two channels with mean gradients 2 and -1: 2 · a - b, what is below 0 left out."""
    values = torch.tensor([[[[1.0, 0.0], [0.0, 1.0]], [[0.0, 4.0], [0.0, 1.0]]]])
    slope = torch.stack([torch.full((2, 2), 2.0), torch.full((2, 2), -1.0)])[None]
    assert weighted(values, slope).tolist() == [[2.0, 0.0], [0.0, 1.0]]
    assert spread(torch.tensor([[2.0, 0.0], [0.0, 1.0]]), 2).tolist() == [[1.0, 0.0], [0.0, 0.5]]


def test_odds_and_averages_by_hand() -> None:
    logits = torch.tensor([[1.0, 1.0, 1.0]])
    assert odds(logits, 1).item() == pytest.approx(-np.log(2))
    mean = averaged(torch.tensor([1.0, 3.0]), [(0, 0), (0, 1)], 8)
    assert (mean[0, 0], mean[0, 1], mean[0, 2], mean[5, 5]) == (1, 2, 3, 0)


def test_a_network_of_tokens_is_covered(trained: Path) -> None:
    class Tokens(nn.Module):
        def forward(self, values: Tensor) -> Tensor:
            return values.flatten(2).transpose(1, 2)

    network = nn.Sequential(nn.Conv2d(1, 4, 3), Tokens(), nn.Linear(4, 4))
    with last_map(network) as maps:
        network(torch.zeros(1, 1, 10, 10))
    assert not maps
    with last_map(nn.Sequential(nn.Conv2d(1, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())) as maps:
        nn.Sequential()(torch.zeros(1))
    assert not maps


def test_what_other_threads_compute_meanwhile_is_no_map_of_this_one() -> None:
    network = nn.Sequential(nn.Conv2d(1, 4, 3))
    other = threading.Thread(target=lambda: network(torch.zeros(1, 1, 20, 20)))
    with last_map(network) as maps:
        network(torch.zeros(1, 1, 10, 10))
        other.start()
        other.join()
    assert [one.shape for one in maps] == [(1, 4, 8, 8)]
