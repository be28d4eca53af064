"""What is fetched for published weights: the file that torchvision itself would load, into torchvision's own cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.backbones import catalog, listed
from engine.backbones.download import is_as_named, remote, wanted
from engine.errors import InvalidExperiment


@pytest.mark.parametrize("name", [info.name for info in catalog.backbones() if info.published])
def test_the_file_arrives_where_the_catalogue_looks_for_it(name: str) -> None:
    """And it is held to the digest that its name states."""
    for info in catalog.weights(name):
        found = wanted(name, info.name)
        assert (found is None) == (info.state not in ("download", "on this machine"))
        if found is not None:
            (file,) = found.files
            assert found.folder / file.name == Path(info.file)
            assert file.digest == f"sha256-prefix:{Path(info.file).stem.rpartition('-')[2]}"
            assert not found.has_own_folder, "others keep their weights in the same folder"


def test_what_is_not_published_is_not_fetched() -> None:
    assert wanted("conv4", "random") is None
    for backbone, weights in (("conv4", "imagenet"), ("nothing", "imagenet")):
        with pytest.raises(InvalidExperiment):
            wanted(backbone, weights)


def test_a_file_is_held_to_its_name_as_long_as_it_stays_the_same(tmp_path: Path) -> None:
    path = tmp_path / "net-9f86d081.pth"  # SHA-256 of "test" begins so
    path.write_bytes(b"test")
    assert is_as_named(path)
    path.write_bytes(b"tests")
    assert not is_as_named(path)


def test_torchvision_itself_would_load_these_files() -> None:
    """Every address of the list; the size too, which torchvision states in MiB."""
    from torchvision.models import get_model_weights, list_models

    published = {}
    for name in list_models():
        for one in get_model_weights(name):
            published[one.url] = one.meta["_file_size"] * 2**20
    for name, network in listed.networks().items():
        for one in network.weights if network.library == "torchvision" else ():
            found = remote(name, one.name)
            assert found is not None
            assert one.bytes == pytest.approx(published[found.url], rel=2e-3)
