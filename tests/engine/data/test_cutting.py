"""Images as weights want them: the same pixels as the libraries' own transforms make of the same file."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from engine.backbones import catalog, listed
from engine.bench.features import FeatureKind
from engine.data.cutting import PLAIN, Cut, cut
from engine.data.images import ArrayPixels, ImageSet, fitted
from engine.experiment import BackboneChoice, Experiment
from engine.preparation.inputs import cut_of, normaliser
from tests.lazily import lazily

torchvision = lazily("torchvision")

SHAPES = ((512, 384), (384, 512), (300, 197), (90, 131), (224, 224))
TORCHVISION = (
    ("resnet18", "IMAGENET1K_V1"), ("resnet50", "IMAGENET1K_V2"), ("efficientnet_b0", "IMAGENET1K_V1"),
    ("vit_l_16", "IMAGENET1K_SWAG_E2E_V1"), ("swin_v2_t", "IMAGENET1K_V1"), ("inception_v3", "IMAGENET1K_V1"),
)  # fmt: skip
TIMM = (
    "tf_efficientnet_lite0.in1k", "convnext_tiny.in12k_ft_in1k_384", "vit_base_patch16_224.augreg_in21k",
    "dm_nfnet_f0.dm_in1k", "mobilenetv3_large_100.ra_in1k",
)  # fmt: skip


def photo(width: int, height: int) -> Image.Image:
    """Fine and coarse structure in colour, so that another filter, shift or crop shows."""
    down, across = np.mgrid[:height, :width].astype(float)
    waves = [np.sin(across / 3) + np.sin(down / 7), np.cos((across + down) / 11), np.sin(across * down / 900)]
    noise = np.random.default_rng(0).normal(0, 0.3, (height, width, 3))
    return Image.fromarray(np.clip(128 + 60 * (np.stack(waves, 2) + noise), 0, 255).astype(np.uint8))


def pixels_of(transformed: Any, mean: Any, std: Any) -> NDArray[np.float64]:
    """0..255 of what a library hands to its network."""
    values = transformed.double().permute(1, 2, 0).numpy()
    return ((values * np.array(std) + np.array(mean)) * 255).round()


def agrees(found: NDArray[np.uint8], theirs: NDArray[np.float64]) -> None:
    assert np.array_equal(found, theirs)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("network", "name"), TORCHVISION)
def test_images_are_as_torchvision_prepares_them(network: str, name: str, shape: tuple[int, int]) -> None:
    one = torchvision.models.get_model_weights(network)[name]
    ours = next(each for each in listed.networks()[network].weights if each.address == one.url)
    theirs, image = one.transforms(), photo(*shape)
    how = cut_of(ours.pixels, 3)
    assert how.resized(ours.size) == theirs.resize_size[0]
    agrees(fitted(image, theirs.crop_size[0], 3, how), pixels_of(theirs(image), theirs.mean, theirs.std))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", TIMM)
def test_images_are_as_timm_prepares_them(name: str, shape: tuple[int, int]) -> None:
    timm = pytest.importorskip("timm")
    network, tag = name.split(".")
    config, image = timm.models.get_pretrained_cfg(name), photo(*shape)
    ours = next(one for one in listed.networks()[f"timm/{network}"].weights if one.name == tag)
    given = timm.data.resolve_data_config(pretrained_cfg=config.to_dict())
    theirs = timm.data.create_transform(**given)(image)
    found = fitted(image, config.input_size[1], 3, cut_of(ours.pixels, 3))
    agrees(found, pixels_of(theirs, config.mean, config.std))


def test_every_row_is_resized_to_torchvisions_size() -> None:
    for network in (one for one in listed.networks().values() if one.library == "torchvision"):
        sets = {one.url: one.transforms() for one in torchvision.models.get_model_weights(network.name)}
        for one in network.weights:
            theirs = sets[one.address]
            assert cut_of(one.pixels, 3).resized(one.size) == theirs.resize_size[0], (network.name, one.name)
            assert one.pixels.interpolation == theirs.interpolation.value


def test_of_a_long_strip_the_middle_is_computed_alone() -> None:
    """Without the memory for all of it: 20,000 x 10 would be 512,000 x 256."""
    strip = photo(20_000, 10)
    found = np.asarray(cut(strip, 224, Cut("bicubic", 0.875))).astype(float)
    middle = strip.crop((9_900, 0, 10_100, 10)).resize((5_120, 256), Image.Resampling.BICUBIC)
    theirs = np.asarray(middle.crop((2_448, 16, 2_672, 240))).astype(float)
    assert np.abs(found - theirs).max() <= 2


def test_what_an_image_does_not_reach_is_filled() -> None:
    """A wide image between borders of the mean colour, by hand: 40 x 20 to 10 x 5, in the middle of 10 x 10."""
    image = Image.new("RGB", (40, 20), (200, 100, 50))
    found = np.asarray(cut(image, 10, Cut("bicubic", 1.0, "border", (1, 2, 3))))
    assert (found[:2] == (1, 2, 3)).all()
    assert (found[7:] == (1, 2, 3)).all()
    assert (found[2:7] == (200, 100, 50)).all()
    assert np.asarray(cut(image.convert("L"), 10, Cut("bilinear", 1.25)))[0, 0] == 0


def test_the_middle_of_an_image_of_the_very_size_is_cut_out_too() -> None:
    """8 x 8 enlarged to 16 x 16, of which the middle 8 x 8 is what 4 x 4 pixels showed; plainly all of it stays."""
    body = np.zeros((1, 8, 8), np.uint8)
    body[:, 2:6, 2:6] = 200
    data = ImageSet(
        name="squares", title="Squares", licence="", labels=np.zeros(1, np.int64), class_names=("a",),
        source=ArrayPixels(body, str), fingerprint="0", channels=1, typical_size=(8, 8),
    )  # fmt: skip
    assert (data.read([0], SimpleNamespace(size=8, channels=1, cut=PLAIN))[0, :, :, 0] == body[0]).all()
    found = data.read([0], SimpleNamespace(size=8, channels=1, cut=Cut("nearest", 0.5)))
    assert (found == 200).all()


def test_experiments_keep_their_text_and_new_runs_follow_the_weights(tmp_path: Path) -> None:
    """Saved before: no word of it, and plain. Weights without a recipe of their own stay so."""
    old = BackboneChoice.model_validate_json('{"name": "squeezenet1_0", "weights": "imagenet"}')
    assert "preparation" not in Experiment(backbone=old).canonical()
    assert normaliser(old).cut == PLAIN
    new = catalog.as_pretrained(old)
    assert normaliser(new).cut == Cut("bilinear", 0.875)
    assert Experiment(backbone=old).group_hash() != Experiment(backbone=new).group_hash()
    assert FeatureKind(old, tmp_path).file != FeatureKind(new, tmp_path).file
    for name, weights in (("conv4", "omniglot-supervised"), ("squeezenet1_0", "random")):
        assert catalog.as_pretrained(BackboneChoice(name=name, weights=weights)).preparation == "plain"


@pytest.mark.parametrize("preparation", ["plain", "own"])
def test_weights_of_a_run_go_on_with_its_preparation(
    preparation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "runs_home", lambda: tmp_path)
    parent = BackboneChoice.model_validate({"name": "squeezenet1_0", "weights": "imagenet", "preparation": preparation})
    (tmp_path / "abc").mkdir()
    (tmp_path / "abc/experiment.json").write_text(Experiment(backbone=parent).model_dump_json())
    child = catalog.as_pretrained(BackboneChoice(name="squeezenet1_0", weights="run:abc"))
    assert child.preparation == preparation
    assert normaliser(child) == normaliser(parent)
