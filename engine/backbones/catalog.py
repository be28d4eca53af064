"""What backbones there are, their blocks, and where their weights lie. Torch-free: the cards come from here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.errors import InvalidExperiment
from engine.registry import nearest

BUNDLED = Path(__file__).resolve().parents[2] / "resources" / "weights"
WeightsState = Literal["none needed", "bundled", "on this machine", "download"]


@dataclass(frozen=True, slots=True)
class Block:
    """parameters: trainable values in the block, batch norm included."""

    name: str
    title: str
    parameters: int


@dataclass(frozen=True, slots=True)
class BackboneInfo:
    """input_size, min_size: pixels on a side. features: length of the vector that the head reads."""

    name: str
    title: str
    idea: str
    blocks: tuple[Block, ...]
    input_size: int
    channels: int
    min_size: int
    features: int

    @property
    def parameters(self) -> int:
        return sum(block.parameters for block in self.blocks)

    @property
    def block_names(self) -> tuple[str, ...]:
        """The blocks in order, with the head last."""
        return (*(block.name for block in self.blocks), "head")


@dataclass(frozen=True, slots=True)
class WeightsInfo:
    """One set of weights for a backbone. bytes: size of the file, 0 where there is none."""

    name: str
    title: str
    kind: Literal["random", "supervised", "meta-learned"]
    trained_on: str
    licence: str
    state: WeightsState
    bytes: int
    file: str = ""


CONV4 = BackboneInfo(
    "conv4",
    "Conv-4",
    "Four small convolution blocks: the field's standard for few-shot characters, fast on any machine.",
    (
        Block("conv1", "Convolution 1", 768),
        Block("conv2", "Convolution 2", 37_056),
        Block("conv3", "Convolution 3", 37_056),
        Block("conv4", "Convolution 4", 37_056),
    ),
    input_size=28,
    channels=1,
    min_size=16,
    features=64,
)
SMALL_RESNET = BackboneInfo(
    "resnet_small",
    "Small ResNet",
    "Six residual blocks for images of 28 to 64 pixels.",
    (
        Block("stem", "Stem", 352),
        Block("stage1", "Stage 1", 37_120),
        Block("stage2", "Stage 2", 131_712),
        Block("stage3", "Stage 3", 525_568),
    ),
    input_size=28,
    channels=1,
    min_size=16,
    features=128,
)
RESNET18 = BackboneInfo(
    "resnet18",
    "ResNet-18",
    "The residual network most photo transfer starts from.",
    (
        Block("stem", "Stem", 9_536),
        Block("layer1", "Layer 1", 147_968),
        Block("layer2", "Layer 2", 525_568),
        Block("layer3", "Layer 3", 2_099_712),
        Block("layer4", "Layer 4", 8_393_728),
    ),
    input_size=224,
    channels=3,
    min_size=32,
    features=512,
)
SQUEEZENET = BackboneInfo(
    "squeezenet1_0",
    "SqueezeNet 1.0",
    "A 5 MB photo network that a laptop's CPU can fine-tune.",
    (
        Block("stem", "Stem", 14_208),
        Block("fire2_4", "Fire 2–4", 69_696),
        Block("fire5_8", "Fire 5–8", 454_336),
        Block("fire9", "Fire 9", 197_184),
    ),
    input_size=224,
    channels=3,
    min_size=32,
    features=512,
)
BACKBONES = (CONV4, SMALL_RESNET, RESNET18, SQUEEZENET)

OMNIGLOT = "Omniglot, 964 characters of 30 alphabets"
_BUNDLED_WEIGHTS = (
    ("conv4", "omniglot-supervised", "Omniglot, supervised", "supervised"),
    ("conv4", "omniglot-protonet", "Omniglot, ProtoNet", "meta-learned"),
    ("resnet_small", "omniglot-supervised", "Omniglot, supervised", "supervised"),
)
# Published by torchvision; file names and sizes are those of its own loader.
_TORCHVISION = {
    "resnet18": ("resnet18-f37072fd.pth", 46_830_571),
    "squeezenet1_0": ("squeezenet1_0-b66bff10.pth", 5_017_600),
}


def backbones() -> tuple[BackboneInfo, ...]:
    return BACKBONES


def backbone(name: str) -> BackboneInfo:
    """The backbone of this name; raises `InvalidExperiment` with the nearest spelling."""
    known = {info.name: info for info in BACKBONES}
    if name in known:
        return known[name]
    raise InvalidExperiment(f"There is no backbone called “{name}”.", nearest(name, known), "backbone")


def weights(name: str) -> tuple[WeightsInfo, ...]:
    """The weights this backbone can start from, random first."""
    backbone(name)
    random = WeightsInfo("random", "Random weights", "random", "nothing", "", "none needed", 0)
    return (random, *_bundled(name), *_published(name))


def default_weights(name: str) -> str:
    """The first pretrained weights there are, or random."""
    found = weights(name)
    return found[1].name if len(found) > 1 else "random"


def _bundled(name: str) -> list[WeightsInfo]:
    found = []
    for owner, key, title, kind in _BUNDLED_WEIGHTS:
        path = BUNDLED / f"{owner}-{key}.safetensors"
        if owner == name and path.is_file():
            size = path.stat().st_size
            found.append(WeightsInfo(key, title, kind, OMNIGLOT, "MIT", "bundled", size, str(path)))  # type: ignore[arg-type]
    return found


def _published(name: str) -> list[WeightsInfo]:
    if name not in _TORCHVISION:
        return []
    file, size = _TORCHVISION[name]
    path = hub_checkpoints() / file
    here = path.is_file()
    state: WeightsState = "on this machine" if here else "download"
    found = path.stat().st_size if here else size
    return [WeightsInfo("imagenet", "ImageNet", "supervised", "ImageNet-1k", "BSD-3", state, found, str(path))]


def hub_checkpoints() -> Path:
    """The folder torchvision keeps downloaded weights in, found as torch.hub finds it but without importing torch."""
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    home = os.environ.get("TORCH_HOME", str(Path(cache) / "torch"))
    return Path(home).expanduser() / "hub" / "checkpoints"
