"""Backbones: what the catalogue says is what the networks are; weights arrive where they should or say why not."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from engine.artifacts.weights import build_backbone, trunk_weights
from engine.backbones import catalog, located
from engine.backbones.backbone import Backbone, distance_moved, parameter_count, snapshot, still_statistics
from engine.backbones.networks import random_backbone
from engine.errors import InvalidExperiment, WeightsError
from engine.experiment import BackboneChoice
from tests.engine.backbones.publishing import publish_as

NAMES = [info.name for info in catalog.backbones()]


@cache
def built(name: str) -> Backbone:
    """One random network of each kind for all tests that do not change it: a vision transformer takes a second."""
    return random_backbone(name, 7).eval()


@pytest.mark.parametrize("name", NAMES)
def test_the_catalogue_counts_what_the_network_has(name: str) -> None:
    info, model = catalog.backbone(name), built(name)
    assert model.block_names == info.block_names
    for block in info.blocks:
        assert parameter_count(model.block(block.name)) == block.parameters
    assert parameter_count(model.head) == 7 * (info.features + 1)


@pytest.mark.parametrize("name", NAMES)
@torch.no_grad()
def test_shapes(name: str) -> None:
    info = catalog.backbone(name)
    for side in {info.form.size, info.form.least}:
        one = {"states": (2,), "texts": (side,)}.get(info.form.kind, (info.form.channels, side, side))
        given = torch.zeros(1, *one, dtype=torch.long if info.form.kind == "texts" else torch.float32)
        features = built(name).embed(given)
        assert features.shape == (1, info.features)
        assert built(name).head(features).shape == (1, 7)


def test_conv4_has_the_papers_size() -> None:
    """Conv-4 with 64 filters on one channel: 111,936 parameters (Relation Network's encoder has the same layers)."""
    assert catalog.backbone("conv4").parameters == 111_936


def test_the_same_seed_gives_the_same_weights_and_leaves_torchs_random_state_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one, two = (build_backbone(BackboneChoice(), 4, seed) for seed in (1, 1))
    other = build_backbone(BackboneChoice(), 4, 2)
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    assert not torch.equal(one.head.weight, other.head.weight)


def test_weights_of_a_saved_run_arrive_without_its_head(tmp_path: Path) -> None:
    source = random_backbone("conv4", 9)
    (tmp_path / "abc").mkdir()
    save_file(snapshot(source), tmp_path / "abc" / "best.safetensors")
    model = build_backbone(BackboneChoice(weights="run:abc"), 4, 0, tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(source.blocks.parameters(), model.blocks.parameters(), strict=True))
    assert model.head.out_features == 4


@pytest.mark.parametrize(
    "weights,sentence",
    [("run:gone", "saved weights of run gone are gone"), ("omniglott", "no weights called “omniglott”")],
)
def test_missing_weights_say_so(weights: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=sentence) as caught:
        trunk_weights(BackboneChoice(weights=weights), tmp_path)
    assert caught.value.advice


@pytest.mark.parametrize(
    "theirs,own,title", [("resnet_small", "conv4", "Conv-4"), ("convnext_tiny", "resnet18", "ResNet-18")]
)
@pytest.mark.parametrize("head", ["new", "kept"])
def test_weights_of_another_architecture_say_so(theirs: str, own: str, title: str, head: Any, tmp_path: Path) -> None:
    (tmp_path / "abc").mkdir()
    save_file(snapshot(built(theirs)), tmp_path / "abc" / "best.safetensors")
    with pytest.raises(WeightsError, match=f"belong to another network than {title}") as caught:
        build_backbone(BackboneChoice(name=own, weights="run:abc", head=head), 4, 0, tmp_path)
    assert caught.value.advice == "Choose the backbone they were trained with, or other weights."


def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "abc").mkdir()
    (tmp_path / "abc" / "best.safetensors").write_bytes(b"not weights")
    with pytest.raises(WeightsError, match="cannot be read"):
        build_backbone(BackboneChoice(weights="run:abc"), 4, 0, tmp_path)


def test_an_unknown_backbone_gets_the_nearest_name() -> None:
    with pytest.raises(InvalidExperiment, match="Did you mean “conv4”"):
        catalog.backbone("conv5")


def published(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, write: Callable[[Path], object]) -> Path:
    """A file in torchvision's cache that is named by its own hash, as torchvision's are."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    located.hub_checkpoints().mkdir(parents=True, exist_ok=True)
    write(tmp_path / "new")
    digest = hashlib.sha256((tmp_path / "new").read_bytes()).hexdigest()
    file = located.hub_checkpoints() / f"squeezenet1_0-{digest[:8]}.pth"
    (tmp_path / "new").rename(file)
    publish_as(monkeypatch, "squeezenet1_0", file)
    return file


def squeezenet() -> Backbone:
    return build_backbone(BackboneChoice(name="squeezenet1_0", weights="imagenet"), 5, 0)


def test_published_weights_are_found_in_torchvisions_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in the format of early files; and not if they are others than the name promises."""
    from torchvision.models import squeezenet1_0

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert catalog.weights("squeezenet1_0")[1].state == "download"
    with pytest.raises(WeightsError, match="not on this machine"):
        squeezenet()
    state = squeezenet1_0(weights=None).state_dict()
    for early in (True, False):
        save = partial(torch.save, state, _use_new_zipfile_serialization=not early)
        file = published(monkeypatch, tmp_path, save)
        assert catalog.weights("squeezenet1_0")[1].state == "on this machine"
        assert torch.equal(squeezenet().blocks["stem"][0].weight, state["features.0.weight"])
    torch.save({key: value + 1 for key, value in state.items()}, file)
    with pytest.raises(WeightsError, match="damaged"):
        squeezenet()


class Payload:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, ...]]:
        return Path.touch, (Path("ran"),)  # type: ignore[return-value]


def zipped(path: Path, size: int = 2**20) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("weights.pth", b"\0" * size)


@pytest.mark.parametrize("content", [
    None, 7, True, [1, 2], "text", {1: 2}, {"a": "b"}, {"features.0.weight": None}, {"features.0.weight": 3.0},
    {("a", 1): torch.ones(2)}, torch.ones(3), Payload(), {"features.0.weight": Payload()}, b"text", b"", b"PK\3\4",
    zipped,
])  # fmt: skip
def test_any_other_content_of_a_published_file_is_told(
    content: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    write = content if callable(content) else partial(torch.save, content)
    if isinstance(content, bytes):
        write = lambda path: path.write_bytes(content)  # noqa: E731
    monkeypatch.chdir(tmp_path)
    file = published(monkeypatch, tmp_path, write)
    with pytest.raises(WeightsError, match="damaged") as caught:
        squeezenet()
    assert "Delete it" in caught.value.advice
    assert list(file.parent.iterdir()) == [file], "nothing is unpacked"
    assert [path.name for path in tmp_path.iterdir()] == ["hub"]
    assert not recwarn


@pytest.mark.parametrize("odd, said", [
    (lambda value: value.to(torch.int64), "of the kind int64"), (lambda value: value > 0, "of the kind bool"),
    (lambda value: value * torch.nan, "not numbers"), (lambda value: value / 0, "not numbers"),
    (lambda value: value.to(torch.complex64), "of the kind complex64"),
])  # fmt: skip
def test_weights_that_no_network_learns_are_refused(
    odd: Callable[[torch.Tensor], torch.Tensor], said: str, tmp_path: Path
) -> None:
    """In any of the blocks, and in a head that is kept; halves and doubles are weights too."""
    good = {key: value.contiguous() for key, value in build_backbone(BackboneChoice(), 4, 0).state_dict().items()}
    (tmp_path / "r1").mkdir()
    choice = BackboneChoice(weights="run:r1", head="kept")
    for key in (next(iter(good)), "head.bias"):
        save_file({**good, key: odd(good[key])}, tmp_path / "r1" / "best.safetensors")
        with pytest.raises(WeightsError, match=said):
            build_backbone(choice, 4, 0, tmp_path)
    for kind in (torch.float16, torch.bfloat16, torch.float64):
        kinds = {key: value.to(kind) if value.is_floating_point() else value for key, value in good.items()}
        save_file(kinds, tmp_path / "r1" / "best.safetensors")
        assert build_backbone(choice, 4, 0, tmp_path).head.weight.dtype is torch.float32


def test_still_statistics_normalise_by_the_batch_and_change_nothing() -> None:
    norm = nn.BatchNorm2d(2).eval()
    norm.running_mean.fill_(3.0)
    images = torch.tensor([[[[1.0]], [[10.0]]], [[[3.0]], [[30.0]]]])
    with still_statistics(norm):
        out = norm(images)
    assert torch.allclose(out.flatten(), torch.tensor([-1.0, -1.0, 1.0, 1.0]), atol=1e-4)
    assert norm.running_mean.tolist() == [3.0, 3.0]
    assert not norm.training
    assert norm.momentum == 0.1


def test_distance_moved_is_relative_per_block() -> None:
    model = Backbone({"one": nn.Linear(2, 1, bias=False)}, 1, 1)
    with torch.no_grad():
        model.blocks["one"].weight.copy_(torch.tensor([[3.0, 4.0]]))
    before = snapshot(model)
    with torch.no_grad():
        model.blocks["one"].weight.copy_(torch.tensor([[3.0, 5.0]]))
    assert distance_moved(model, before)["one"] == pytest.approx(0.2)
    assert distance_moved(model, before)["head"] == 0.0
