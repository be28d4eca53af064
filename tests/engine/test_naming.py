"""Runs are named in the words of the field."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine import naming
from engine.backbones.kept import Kept, remove
from engine.comparison import differences
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, Shift
from engine.naming import name_before, run_name, weights_title


@pytest.mark.parametrize(
    "data,method,expected",
    [
        (DatasetChoice(labels_per_class=2), "lp_ft", "LP-FT on Glyphs, 2 labels per class, seed 3"),
        (
            DatasetChoice(name="digits", labels_per_class=1),
            "scratch",
            "From scratch on Handwritten digits, 1 label per class, seed 3",
        ),
        (DatasetChoice(name="folder", path="/photos/trash.zip"), "full_ft", "Full fine-tuning on trash, seed 3"),
        (DatasetChoice(name="folder", path="/photos/birds v1.2"), "full_ft", "Full fine-tuning on birds v1.2, seed 3"),
        (
            DatasetChoice(name="folder", path="/photos/birds v1.2.ZIP"),
            "full_ft",
            "Full fine-tuning on birds v1.2, seed 3",
        ),
        (DatasetChoice(name="gone"), "gone", "gone on gone, seed 3"),
        (
            DatasetChoice(name="mnist", path="/data/raw", labels_per_class=5, shift=Shift(kind="noise", severity=3)),
            "lp_ft",
            "LP-FT on MNIST, 5 labels per class, noise 3, seed 3",
        ),
        (
            DatasetChoice(name="digits", part="target half", shift=Shift(kind="inversion")),
            "lp_ft",
            "LP-FT on Handwritten digits, target half, inversion, seed 3",
        ),
    ],
)
def test_a_run_is_named_by_its_method_and_data(data: DatasetChoice, method: str, expected: str) -> None:
    assert run_name(Experiment(dataset=data, method=MethodChoice(name=method), seed=3)) == expected


def test_runs_of_several_tasks_are_told_apart_by_their_order() -> None:
    def of(order: str) -> Experiment:
        chosen = MethodChoice(name="equal", hyperparameters={"order": order})
        return Experiment(dataset=DatasetChoice(name="digits"), method=chosen)

    assert run_name(of("all at once")) == "Plain sum on Handwritten digits, seed 0"
    assert run_name(of("one after the other")) == "Plain sum, one after the other, on Handwritten digits, seed 0"
    assert name_before(of("one after the other")) == "Plain sum on Handwritten digits, seed 0"


@pytest.mark.parametrize("path", ["/data/birds.v2", "/data/birds.v2/", "/data/birds.v2.zip", "C:\\data\\birds.v2.ZIP"])
def test_a_folder_keeps_its_whole_name_everywhere(path: str) -> None:
    asked = Experiment(dataset=DatasetChoice(name="folder", path=path))
    assert {naming.data_title(asked), differences.data_title(asked)} == {"birds.v2"}


def test_weights_of_ones_own_are_called_as_their_file_while_they_are_kept() -> None:
    one = Kept("0123456789" * 3 + "ab", "squeezenet1_0", "best (2).pth", "/weights/best (2).pth", "50 of 50 tensors", 8)
    one.file.parent.mkdir(parents=True, exist_ok=True)
    one.file.write_bytes(b"weights")
    one.write()
    choice = BackboneChoice(name="squeezenet1_0", weights=one.name)
    assert weights_title(choice) == "“best (2).pth”"
    assert weights_title(BackboneChoice(name="conv4", weights="random")) == "random"
    twin = replace(one, digest="9876543210" * 3 + "ab")
    twin.file.write_bytes(b"other weights")
    twin.write()
    other = BackboneChoice(name="squeezenet1_0", weights=twin.name)
    assert (weights_title(choice), weights_title(other)) == (
        "“best (2).pth” (0123456789)",
        "“best (2).pth” (9876543210)",
    )
    one_of_each = [Experiment(backbone=backbone) for backbone in (choice, other)]
    assert [row.values for row in differences.differences(one_of_each)] == [
        ("“best (2).pth” (0123456789)", "“best (2).pth” (9876543210)")
    ]
    remove(twin)
    assert weights_title(choice) == "“best (2).pth”"
    remove(one)
    assert weights_title(choice) == one.name
