"""A real run on pictures with a bright bar in each class's own place."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from PIL import Image

from engine.events import RunFailed
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice

Answer = TypeVar("Answer")


def ended(generator: Generator[Any, None, Answer]) -> Answer:
    """What it returns."""
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


def bars(folder: Path, classes: int = 3, images: int = 20, noise: int = 150) -> Path:
    rng = np.random.default_rng(0)
    for number in range(classes):
        place = folder / f"class{number}"
        place.mkdir(parents=True)
        for index in range(images):
            pixels = rng.integers(0, 60 + noise, (28, 28)).astype(np.float64)
            pixels[:, 7 * number : 7 * number + 7] += 100
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(place / f"{index}.png")
    return folder


def run(folder: Path, photos: Path, method: str = "linear_probe", image_size: int | None = None, **values: Any) -> Path:
    """The folder of a finished run."""
    experiment = Experiment(
        dataset=DatasetChoice(name="folder", path=str(photos)),
        backbone=BackboneChoice(name="conv4", weights="random", image_size=image_size),
        method=MethodChoice(name=method, hyperparameters={"epochs": 5, **values}),
    )
    failed = [event for event in execute(experiment, folder) if isinstance(event, RunFailed)]
    assert not failed, failed
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bars(tmp_path_factory.mktemp("bars") / "photos")


@pytest.fixture(scope="module")
def finished(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("runs") / "abc", photos)


@pytest.fixture
def trained(finished: Path, tmp_path: Path) -> Path:
    """The folder of a run, of the test's own."""
    return Path(shutil.copytree(finished, tmp_path / "runs" / "abc"))
