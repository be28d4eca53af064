"""How images are cut into batches: each once, and never one alone where batch norm needs two."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.advice.rate_finder import find_rates
from engine.backbones import catalog
from engine.data.batches import cuts
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, SearchChoice
from engine.preflight.cost import estimate
from engine.preflight.problems import problems


def test_every_image_comes_once_and_none_alone() -> None:
    for count in range(1, 40):
        for size in range(1, 12):
            parts = [list(range(count))[cut] for cut in cuts(count, size)]
            assert [place for part in parts for place in part] == list(range(count)), (count, size)
            lengths = [len(part) for part in parts]
            assert set(lengths[:-1]) <= {size}
            assert size == 1 or count == 1 or 2 <= lengths[-1] <= size + 1, (count, size)


def small(name: str, labels: int, batch: int, backbone: str = "resnet18", **values: object) -> Experiment:
    side = 28 if catalog.backbone(backbone).form.channels == 1 else 32
    return Experiment(
        dataset=DatasetChoice(name="digits", classes=3, labels_per_class=labels),
        backbone=BackboneChoice(name=backbone, image_size=side),
        method=MethodChoice(name=name, hyperparameters={"epochs": 1, "batch_size": batch, **values}),
    )


@pytest.mark.parametrize("name", ["scratch", "auto_rgn"])
def test_a_rest_of_one_trains_on_maps_of_one_pixel(tmp_path: Path, name: str) -> None:
    experiment = small(name, 3, 4, batch_norm="batch statistics")  # nine images in batches of four; 1 x 1 in layer 4
    assert type(list(execute(experiment, tmp_path / "run"))[-1]).__name__ == "RunFinished"


def test_so_does_a_fold_and_the_rate_finder(tmp_path: Path) -> None:
    searched = small("scratch", 3, 5).model_copy(update={"search": SearchChoice(trials=1, folds=3)})
    assert type(list(execute(searched, tmp_path / "run"))[-1]).__name__ == "RunFinished"
    finding = find_rates(small("scratch", 3, 4), tmp_path)
    while type(next(finding)).__name__ != "RatePoint":
        pass


def test_batches_of_one_are_refused_where_batch_norm_follows_them() -> None:
    for info in catalog.image_backbones():
        told = [fault.field for fault in problems(small("scratch", 3, 1, info.name))]
        assert ("hyperparameters.batch_size" in told) == info.batch_norm, info.name
    (fault,) = problems(small("scratch", 3, 1))
    assert str(fault) == (
        "The batch norm of ResNet-18 cannot be trained on one image at a time. "
        "Choose a batch size of 2 or more, or pretrained statistics for the blocks that learn."
    )


def test_batches_of_one_are_fine_where_batch_norm_stays(tmp_path: Path) -> None:
    for name, values in (("linear_probe", {}), ("scratch", {"batch_norm": "pretrained statistics"})):
        experiment = small(name, 1, 1, **values)
        assert problems(experiment) == []
        assert type(list(execute(experiment, tmp_path / name))[-1]).__name__ == "RunFinished"
        assert estimate(experiment).steps == 3
    searched = SearchChoice(parameters=("batch_norm",))
    assert problems(experiment.model_copy(update={"search": searched}))
