"""The head that came with published weights is the published one, and a file without one has none."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.artifacts.source_head import source_head
from engine.artifacts.weights import build_backbone
from engine.backbones import catalog
from engine.errors import WeightsError
from engine.experiment import BackboneChoice

LITE0 = BackboneChoice(name="efficientnet_lite0", weights="imagenet")


def test_of_a_package(tmp_path: Path) -> None:
    """The classifier's answers on the trunk's features, by weights read from the file itself."""
    (published,) = catalog.backbone(LITE0.name).published
    state = torch.load(catalog.published_file(published), map_location="cpu", weights_only=True)
    head, trunk = source_head(LITE0, tmp_path), build_backbone(LITE0, None, 0).eval()
    assert head is not None
    images = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = trunk.embed(images) @ state["_fc.weight"].T + state["_fc.bias"]
        assert head.eval()(images).numpy() == pytest.approx(expected.numpy(), abs=1e-4)


def put(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, state: dict[str, torch.Tensor]) -> BackboneChoice:
    """A file of torchvision's SqueezeNet in its cache, under a name whose digest it has."""
    import hashlib

    info = catalog.backbone("squeezenet1_0")
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    torch.save(state, folder / "part")
    digest = hashlib.sha256((folder / "part").read_bytes()).hexdigest()[:8]
    file = (folder / "part").rename(folder / f"squeezenet1_0-{digest}.pth")
    monkeypatch.setattr(catalog, "published_file", lambda one: file)
    return BackboneChoice(name="squeezenet1_0", weights=info.published[0].name)


def test_of_torchvisions_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """SqueezeNet's classifier is no linear map of the features, so the whole network is asked."""
    network = catalog.backbone("squeezenet1_0").published[0].network()
    head = source_head(put(monkeypatch, tmp_path, dict(network.state_dict())), tmp_path)
    assert head is not None
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(head.eval()(images), network.eval()(images))


def test_a_file_without_a_head_has_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole = catalog.backbone("squeezenet1_0").published[0].network().state_dict()
    trunk = {key: value for key, value in whole.items() if not key.startswith("classifier")}
    assert source_head(put(monkeypatch, tmp_path, trunk), tmp_path) is None


def test_a_damaged_file_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    choice = put(monkeypatch, tmp_path, {})
    catalog.published_file(catalog.backbone("squeezenet1_0").published[0]).write_bytes(b"half")
    with pytest.raises(WeightsError, match="damaged"):
        source_head(choice, tmp_path)
