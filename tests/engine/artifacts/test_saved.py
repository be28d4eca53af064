"""Folders of runs that are not as today's runs leave them; the rest is in `methods/test_every_run`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from engine.artifacts.saved import SavedModel
from engine.backbones.backbone import snapshot
from engine.backbones.networks import random_backbone
from engine.errors import ExperimentError
from engine.experiment import BackboneChoice, Experiment, MethodChoice

NAMES = ("a", "b", "c")


def run(folder: Path, method: str = "full_ft", outputs: int = 3, kind: str = "best", **values: Any) -> Experiment:
    """A folder with an experiment and weights, and what they are of."""
    chosen = MethodChoice(name=method, hyperparameters=values)
    experiment = Experiment(backbone=BackboneChoice(name="conv4"), method=chosen)
    (folder / "experiment.json").write_text(experiment.model_dump_json())
    weights(folder, outputs, kind)
    return experiment


def weights(folder: Path, outputs: int, kind: str) -> Any:
    torch.manual_seed(len(kind))
    network = random_backbone("conv4", outputs)
    save_file(snapshot(network), folder / f"{kind}.safetensors")
    return network.eval()


def pixels(count: int = 5) -> torch.Tensor:
    return torch.randint(0, 256, (count, 1, 28, 28), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)


def test_what_the_folder_does_not_tell_is_handed_in(tmp_path: Path) -> None:
    experiment = run(tmp_path)
    assert SavedModel.open(tmp_path).class_names == ()
    assert SavedModel.open(tmp_path, class_names=NAMES).class_names == NAMES
    (tmp_path / "experiment.json").unlink()
    with pytest.raises(ExperimentError, match="does not say which experiment"):
        SavedModel.open(tmp_path)
    saved = SavedModel.open(tmp_path, experiment)
    assert saved.predict(pixels()).shape == (5, 3)


@pytest.mark.parametrize("tested,used", [("best validation epoch", "best"), ("last epoch", "last")])
def test_the_weights_are_those_that_were_tested(tmp_path: Path, tested: str, used: str) -> None:
    run(tmp_path, tested=tested)
    own = {kind: weights(tmp_path, 3, kind) for kind in ("best", "last")}
    with torch.no_grad():
        expected = own[used](pixels().float() / 255).softmax(1)
    torch.testing.assert_close(SavedModel.open(tmp_path).predict(pixels()), expected)


def test_predictions_do_not_depend_on_how_many_images_there_are(tmp_path: Path) -> None:
    run(tmp_path)
    saved = SavedModel.open(tmp_path)
    torch.testing.assert_close(saved.predict(pixels(130))[:3], saved.predict(pixels(130)[:3]))


def test_a_damaged_folder_is_refused_in_a_sentence(tmp_path: Path) -> None:
    run(tmp_path)
    (tmp_path / "best.safetensors").write_bytes(b"not weights")
    with pytest.raises(ExperimentError, match=r"best\.safetensors cannot be read"):
        SavedModel.open(tmp_path)
    save_file(snapshot(random_backbone("resnet_small", 3)), tmp_path / "best.safetensors")
    with pytest.raises(ExperimentError, match="another network than Conv-4"):
        SavedModel.open(tmp_path)
    (tmp_path / "best.safetensors").unlink()
    with pytest.raises(ExperimentError, match="has no weights"):
        SavedModel.open(tmp_path)


def test_each_kind_of_run_is_asked_what_it_can_answer(tmp_path: Path) -> None:
    run(tmp_path)
    with pytest.raises(ExperimentError, match="learns no tasks"):
        SavedModel.open(tmp_path).adapt(pixels(), torch.arange(5))
    run(tmp_path, "anil", outputs=5)
    saved = SavedModel.open(tmp_path)
    with pytest.raises(ExperimentError, match="support set"):
        saved.predict(pixels())
    with pytest.raises(ExperimentError, match="tells 5 classes apart, not 3"):
        saved.adapt(pixels(3), torch.arange(3))
    assert saved.adapt(pixels(), torch.arange(5)).predict(pixels(7)).shape == (7, 5)
