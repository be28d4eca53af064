"""The shelf: every set of weights there is has its row, and each row can be chosen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from engine.backbones import catalog
from engine.backbones.download import wanted
from engine.backbones.shelf import having, rows
from engine.experiment import BackboneChoice, Experiment
from engine.preparation.inputs import normaliser
from engine.provenance.seen import past


def test_every_row_can_be_chosen_and_says_the_same_as_the_choice() -> None:
    found = rows()
    assert len({(row.backbone, row.weights) for row in found}) == len(found)
    for row in (*found[:150], *found[150::23]):
        info = catalog.backbone(row.backbone)
        known = {one.name: one for one in catalog.weights(row.backbone)}[row.weights]
        assert (row.parameters, row.channels) == (info.parameters, info.form.channels)
        assert (row.state, row.bytes, row.licence) == (known.state, known.bytes, known.licence)
        choice = BackboneChoice(name=row.backbone, weights=row.weights)
        assert row.size == catalog.image_size(choice)
        pixels = catalog.pixels(choice)
        assert row.pixels == pixels


def test_weights_of_a_run_want_images_as_those_it_started_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through any number of runs, in whatever network; without a folder as the network's usual weights do."""
    monkeypatch.setenv("WARMSTART_HOME", str(tmp_path))
    for uid, weights in (("one", "augreg_in21k"), ("two", "run:one"), ("round", "run:round")):
        (tmp_path / "runs" / uid).mkdir(parents=True)
        experiment = Experiment(backbone=BackboneChoice(name="timm/vit_tiny_patch16_224", weights=weights))
        (tmp_path / "runs" / uid / "experiment.json").write_text(experiment.model_dump_json())
    for weights in ("augreg_in21k", "run:one", "run:two"):
        choice = BackboneChoice(name="timm/vit_tiny_patch16_224", weights=weights)
        assert normaliser(choice)(torch.full((1, 3, 2, 2), 255, dtype=torch.uint8)).flatten().tolist() == [1.0] * 12
    for weights in ("run:gone", "run:round", "random"):
        choice = BackboneChoice(name="resnet18", weights=weights)
        white = normaliser(choice)(torch.full((1, 3, 1, 1), 255, dtype=torch.uint8)).flatten()
        assert torch.allclose(white, torch.tensor([0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225]))


def test_the_whole_shelf_is_there_at_once_without_a_library() -> None:
    """In a new process: all rows, no torch, no timm, in well under a tenth of a second once its modules are there."""
    code = """if True:
        import sys, time
        from engine.backbones import shelf
        shelf.catalog.backbones()
        began = time.process_time()
        print(len(shelf.rows()), time.process_time() - began, "torch" in sys.modules, "timm" in sys.modules)
    """
    count, seconds, *loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()  # fmt: skip
    assert int(count) >= 1_900
    assert float(seconds) < 0.5
    assert loaded == ["False", "False"]


def test_what_is_fetched_is_said_with_its_address_and_its_digest() -> None:
    own = wanted("resnet50", "imagenet_v2")
    assert own is not None
    assert own.files[0].url.endswith("/models/resnet50-11ad3fa6.pth")
    assert own.files[0].digest == "sha256-prefix:11ad3fa6"
    pytest.importorskip("timm")
    hub = wanted("timm/resnet18", "a1_in1k")
    assert hub is not None
    assert hub.files[0].url.endswith("/timm/resnet18.a1_in1k/resolve/main/model.safetensors")
    assert hub.files[0].name == "timm--resnet18.a1_in1k.safetensors"
    assert wanted("conv4", "random") is None


def test_rows_are_found_by_their_words() -> None:
    assert {row.weights for row in having(["ResNet-50", "v2"])} == {"imagenet_v2"}
    assert {row.family for row in having(["mixer", "in21k"])} == {"mixer"}
    assert not having(["resnet", "nonsense"])


@pytest.mark.parametrize("network, weights, has", [
    ("resnet50", "imagenet_v2", True), ("regnet_y_16gf", "swag_e2e", True), ("timm/resnet18", "a1_in1k", True),
    ("timm/vit_tiny_patch16_224", "augreg_in21k_ft_in1k", True), ("timm/vit_tiny_patch16_224", "augreg_in21k", False),
])  # fmt: skip
def test_weights_that_were_last_trained_on_imagenet_have_met_its_classes(network: str, weights: str, has: bool) -> None:
    found = past(BackboneChoice(name=network, weights=weights), None)
    assert any("goldfish" in lesson.names for lesson in found.lessons) == has
