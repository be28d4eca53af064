"""Image size and kept heads from the command line, and what is refused of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.experiment import BackboneChoice, Experiment
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.terminal.conftest import Command


def test_image_size_and_head_go_into_the_experiment(warmstart: Command, own_workspace: Path) -> None:
    with RunStore(Workspace(own_workspace).open()) as store:
        store.create(new_run(Experiment(), "source"))
    flags = ("--weights", "run:source", "--keep-head", "--image-size", "32", "--dry-run")
    answer = warmstart("run", "--data", "digits", *flags)
    assert answer.code == 0, answer.err
    backbone = json.loads(answer.out)["experiment"]["backbone"]
    assert backbone == {
        "name": "conv4", "weights": "run:source", "head": "kept", "image_size": 32, "preparation": "plain",
        "what_it_keeps": "not measured",
    }  # fmt: skip


@pytest.mark.parametrize(
    "flags,said",
    [
        (("--backbone", "maxvit_t", "--weights", "random", "--image-size", "128"), "of 224 pixels only"),
        (("--backbone", "conv4", "--image-size", "12"), "of 16 pixels and more, and the image size is 12."),
        (("--image-size", "4"), "“backbone.image_size” must be greater than or equal to 8 (given: 4)."),
        (("--keep-head",), "Only the weights of a saved run come with a head."),
        (("--weights", "run:source", "--keep-head", "--method", "protonet"), "Prototypical network compares features"),
        (("--weights", "run:source", "--backbone", "resnet18"), "belong to another network than ResNet-18."),
    ],
)
def test_what_does_not_fit_is_refused(
    refuses: Callable[..., str], own_workspace: Path, flags: tuple[str, ...], said: str
) -> None:
    with RunStore(Workspace(own_workspace).open()) as store:
        store.create(new_run(Experiment(backbone=BackboneChoice(name="conv4")), "source"))
    assert said in refuses("run", "--data", "digits", *flags)
