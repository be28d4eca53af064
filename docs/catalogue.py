"""Writes down what libraries of networks hold: `python docs/catalogue.py` makes resources/catalogue/*.json.gz.

It reads the installed packages alone and asks no network. Networks are built without memory for their weights. Every
network is a row: what `engine.backbones.listed.ListedNetwork` says of it, its weights last.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import nn
from torchvision.models import get_model_weights, list_models

from engine.backbones.backbone import Backbone, batch_norms
from engine.backbones.info import Blocks
from engine.backbones.published import torchvision_network, unfilled
from engine.backbones.torchvision_cuts import cut

FOLDER = Path(__file__).resolve().parents[1] / "resources" / "catalogue"
SIDES = (32, 48, 64, 80, 96, 128, 160, 192, 224)  # in which the least is looked for
MIB = 1024**2
IMAGENET, SWAG = "ImageNet-1k", "3.6 billion public photos, then ImageNet-1k"
BRANDS = {
    "alexnet": "AlexNet", "convnext": "ConvNeXt", "densenet": "DenseNet", "efficientnet": "EfficientNet",
    "googlenet": "GoogLeNet", "inception": "Inception", "maxvit": "MaxViT", "mnasnet": "MNASNet",
    "mobilenet": "MobileNet", "regnet": "RegNet", "resnet": "ResNet", "resnext": "ResNeXt", "shufflenet": "ShuffleNet",
    "squeezenet": "SqueezeNet", "swin": "Swin", "vgg": "VGG", "vit": "ViT", "wide_resnet": "Wide ResNet",
}  # fmt: skip
REMADE = ("googlenet", "inception_v3")  # torchvision's builder turns ImageNet's pixels into -1..1 for these


def torchvision_rows() -> Iterator[list[Any]]:
    for name in list_models(module=torchvision.models):
        yield torchvision_row(name)


def torchvision_row(name: str) -> list[Any]:
    sets = list(get_model_weights(name))
    with unfilled():
        blocks = cut(torchvision_network(name))
    versions = sum(one.name in ("IMAGENET1K_V1", "IMAGENET1K_V2") for one in sets)
    size = sets[0].transforms().crop_size[0]
    least, features = reads(blocks, size)
    return [
        name, title_of(name), family_of(name), size, least, features, any(map(has_norm, blocks.values())),
        counts(blocks), {}, [torchvision_weights(one, versions) for one in sets if one.name != "IMAGENET1K_FEATURES"],
    ]  # fmt: skip


def torchvision_weights(one: Any, versions: int) -> list[Any]:
    """The file's size is told there in rounded MiB."""
    meta, prepared = one.meta, one.transforms()
    name, title = named(one.name, versions)
    swag = "SWAG" in one.name
    return [
        name, title, one.url, round(meta["_file_size"] * MIB),
        pixels_of(one, prepared), prepared.crop_size[0],
        SWAG if swag else IMAGENET, "weakly supervised" if swag else "supervised",
        "CC BY-NC 4.0" if swag else "BSD-3", f"{meta['_metrics']['ImageNet-1K']['acc@1']:.1f} % of ImageNet-1k",
    ]  # fmt: skip


def pixels_of(one: Any, prepared: Any) -> list[Any]:
    crop = round(prepared.crop_size[0] / prepared.resize_size[0], 3)
    remade = any(f"/{name}" in one.url for name in REMADE)
    mean, std = ([0.5] * 3, [0.5] * 3) if remade else (prepared.mean, prepared.std)
    return [mean, std, prepared.interpolation.value, crop]


def named(theirs: str, versions: int) -> tuple[str, str]:
    """Name and title; "imagenet" is torchvision's first version."""
    short = theirs.removeprefix("IMAGENET1K_")
    if short.startswith("SWAG"):
        kind = "end to end" if "E2E" in short else "linear"
        return short.removesuffix("_V1").lower(), f"SWAG, {kind}"
    version = int(short.removeprefix("V"))
    return (
        "imagenet" if version == 1 else f"imagenet_v{version}"
    ), "ImageNet" if versions == 1 else f"ImageNet V{version}"


def title_of(name: str) -> str:
    """ "efficientnet_v2_s" -> "EfficientNet-V2-S"."""
    brand = max((one for one in BRANDS if name.startswith(one)), key=len)
    rest = name.removeprefix(brand).strip("_")
    if brand == "vit":
        return f"{BRANDS[brand]}-{rest.replace('_', '/').upper()}"
    rest = rest if brand in ("resnext", "wide_resnet") else re.sub(r"(\d)_(\d)", r"\1.\2", rest)
    words = [_spelt(word) for word in rest.split("_") if word]
    versioned = rest[:1].isdigit() and "." in rest
    return f"{BRANDS[brand]} {rest}" if versioned else "-".join([BRANDS[brand], *words])


def _spelt(word: str) -> str:
    return word if re.match(r"\d+x", word) else word.capitalize() if len(word) > 2 and word.isalpha() else word.upper()


def family_of(name: str) -> str:
    for start, family in (("vit", "transformer"), ("swin", "transformer"), ("maxvit", "hybrid")):
        if name.startswith(start):
            return family
    return "mobile" if re.match("mobilenet|mnasnet|shufflenet|squeezenet", name) else "convolutional"


def has_norm(block: nn.Module) -> bool:
    return any(True for _ in batch_norms(block))


def counts(blocks: Blocks) -> list[tuple[str, int]]:
    return [(name, sum(parameter.numel() for parameter in block.parameters())) for name, block in blocks.items()]


def reads(blocks: Blocks, size: int) -> tuple[int, int]:
    """The fewest pixels on a side it reads, 0 where it reads no other size, and the length of its features."""
    model = Backbone(blocks, 1, None).to("meta").eval()
    features = width(model, size)
    assert features, "it does not read its own size"
    others = [side for side in SIDES if width(model, side) == features]
    fixed = width(model, size + 32) != features or not others
    return (0 if fixed else others[0]), features


def width(model: Backbone, side: int) -> int:
    """Of the features of images of this side; 0 where it does not read them."""
    try:
        return model.embed(torch.empty(2, 3, side, side, device="meta")).shape[1]
    except (RuntimeError, AssertionError, ValueError, IndexError):
        return 0


def write(library: str, version: str, rows: list[list[Any]]) -> None:
    text = json.dumps({"library": f"{library} {version}", "networks": rows}, ensure_ascii=False, separators=(",", ":"))
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{library}.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    write("torchvision", torchvision.__version__.split("+")[0], list(torchvision_rows()))
    sys.exit()
