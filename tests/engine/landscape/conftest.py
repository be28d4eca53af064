"""Real runs on pictures with a bright bar in each class's own place, all of one workspace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.events import RunFailed
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.landscape.corners import Corner, ended
from tests.engine.using.conftest import bars


def trained(folder: Path, photos: Path, method: str = "full_ft", seed: int = 0, **given: Any) -> Path:
    """The folder of a finished run; backbone, dataset: changes to these choices."""
    backbone, dataset = given.pop("backbone", {}), given.pop("dataset", {})
    experiment = Experiment(
        dataset=DatasetChoice(**{"name": "folder", "path": str(photos)} | dataset),
        backbone=BackboneChoice(**{"name": "conv4", "weights": "omniglot-supervised"} | backbone),
        method=MethodChoice(name=method, hyperparameters={"epochs": 2, **given}),
        seed=seed,
    )
    failed = [event for event in execute(experiment, folder) if isinstance(event, RunFailed)]
    assert not failed, failed
    return folder


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bars(tmp_path_factory.mktemp("bars") / "photos")


@pytest.fixture(scope="session")
def run(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """(name, what `trained` is given) -> the folder of that run, trained when it is first asked for."""
    workspace = tmp_path_factory.mktemp("runs")

    def of(name: str, *given: Any, **values: Any) -> Path:
        folder = workspace / name
        return folder if folder.is_dir() else trained(folder, photos, *given, **values)

    return of


def corners(run: Callable[..., Path]) -> list[Corner]:
    """Two results of full fine-tuning from the same pretrained weights, of two seeds."""
    return [ended(run(f"full{seed}", seed=seed), f"seed {seed}") for seed in range(2)]
