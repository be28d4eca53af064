"""What backbones there are, their blocks, and where their weights lie. Torch-free: the cards come from here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.errors import InvalidExperiment, WeightsError, nearest
from engine.experiment import BackboneChoice
from engine.given import is_file

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
    """input_size, min_size: pixels on a side. features: length of the vector that the head reads. fixed_size: it reads
    images of its input size only. inputs: what a row of its input is; numbers have no size. batch_norm: it has such
    layers, which need two images at once."""

    name: str
    title: str
    idea: str
    blocks: tuple[Block, ...]
    input_size: int
    channels: int
    min_size: int
    features: int
    fixed_size: bool = False
    inputs: Literal["images", "numbers"] = "images"
    batch_norm: bool = False

    def reads(self, size: int) -> bool:
        """Whether images of this many pixels on a side fit the network."""
        return size == self.input_size if self.fixed_size else size >= self.min_size

    @property
    def reads_words(self) -> str:
        """What it reads: "28 px", or "numbers"."""
        return "numbers" if self.inputs == "numbers" else f"{self.input_size} px"

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
    batch_norm=True,
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
    batch_norm=True,
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
    batch_norm=True,
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
CONVNEXT = BackboneInfo(
    "convnext_tiny",
    "ConvNeXt-Tiny",
    "Strong photo features from a modern convolutional network; slow without a GPU.",
    (
        Block("stem", "Stem", 4_896),
        Block("stage1", "Stage 1", 237_888),
        Block("stage2", "Stage 2", 992_256),
        Block("stage3", "Stage 3", 11_112_960),
        Block("stage4", "Stage 4", 15_472_128),
    ),
    input_size=224,
    channels=3,
    min_size=32,
    features=768,
)
VIT = BackboneInfo(
    "vit_b_16",
    "ViT-B/16",
    "Patches of 16 pixels that attend to each other; made for a GPU.",
    (
        Block("stem", "Patches", 742_656),
        Block("layers1_3", "Layers 1–3", 21_263_616),
        Block("layers4_6", "Layers 4–6", 21_263_616),
        Block("layers7_9", "Layers 7–9", 21_263_616),
        Block("layers10_12", "Layers 10–12", 21_265_152),
    ),
    input_size=224,
    channels=3,
    min_size=224,
    features=768,
    fixed_size=True,
)
SINE_MLP = BackboneInfo(
    "sine_mlp",
    "Sine MLP",
    "Two layers of 40 units without normalisation, for sinusoids: a number in, a number out.",
    (Block("layer1", "Layer 1", 80), Block("layer2", "Layer 2", 1640)),
    input_size=1,
    channels=1,
    min_size=1,
    features=40,
    fixed_size=True,
    inputs="numbers",
)
BANDS_CNN = BackboneInfo(
    "bands_cnn",
    "Bands CNN",
    "Two small convolutions without normalisation, for patches of four bands.",
    (Block("conv1", "Convolution 1", 1_184), Block("conv2", "Convolution 2", 18_496)),
    input_size=8,
    channels=4,
    min_size=4,
    features=64,
)
BACKBONES = (CONV4, SMALL_RESNET, RESNET18, SQUEEZENET, CONVNEXT, VIT, SINE_MLP, BANDS_CNN)

OMNIGLOT = "Omniglot, 964 characters of 30 alphabets"
IMAGENET = "ImageNet-1k"
_BUNDLED_WEIGHTS = (
    ("conv4", "omniglot-supervised", "Omniglot, supervised", "supervised"),
    ("conv4", "omniglot-protonet", "Omniglot, ProtoNet", "meta-learned"),
    ("resnet_small", "omniglot-supervised", "Omniglot, supervised", "supervised"),
)
# Published by torchvision; file names and sizes are those of its own loader.
_TORCHVISION = {
    "resnet18": ("resnet18-f37072fd.pth", 46_830_571),
    "squeezenet1_0": ("squeezenet1_0-b66bff10.pth", 5_017_600),
    "convnext_tiny": ("convnext_tiny-983f1562.pth", 114_419_565),
    "vit_b_16": ("vit_b_16-c867db91.pth", 346_328_529),
}


def backbones() -> tuple[BackboneInfo, ...]:
    return BACKBONES


def image_backbones() -> tuple[BackboneInfo, ...]:
    """The networks that read grey or colour images."""
    return tuple(info for info in BACKBONES if info.inputs == "images" and info.channels in (1, 3))


def backbone(name: str) -> BackboneInfo:
    """The backbone of this name; raises `InvalidExperiment` with the nearest spelling."""
    known = {info.name: info for info in BACKBONES}
    if name in known:
        return known[name]
    raise InvalidExperiment(f"There is no backbone called “{name}”.", nearest(name, known), "backbone")


def image_size(choice: BackboneChoice) -> int:
    """Pixels on a side of the images the chosen backbone reads; raises `InvalidExperiment` when it cannot."""
    info = backbone(choice.name)
    size = choice.image_size or info.input_size
    if info.inputs == "numbers" and choice.image_size:
        raise InvalidExperiment(
            f"{info.title} reads numbers, so there is no image size to set.", "Leave the image size empty.", "backbone"
        )
    if info.reads(size):
        return size
    limit = f"of {info.input_size} pixels only" if info.fixed_size else f"of {info.min_size} pixels and more"
    fitting = info.input_size if info.fixed_size else info.min_size
    raise InvalidExperiment(
        f"{info.title} reads images {limit}, and the image size is {size}.",
        f"Set the image size to {fitting}{_or_another(info, size)}.",
        "backbone",
    )


def _or_another(info: BackboneInfo, size: int) -> str:
    """Backbones of the same kind of image that do read this size, as the end of a sentence."""
    titles = [other.title for other in BACKBONES if other.channels == info.channels and other.reads(size)]
    return f", or choose a backbone that reads {size}: {', '.join(titles)}" if titles else ""


def other_network(choice: BackboneChoice) -> WeightsError:
    """What is said of weights that belong to another architecture than the chosen one."""
    return WeightsError(
        f"The weights “{choice.weights}” belong to another network than {backbone(choice.name).title}.",
        "Choose the backbone they were trained with, or other weights.",
    )


def weights(name: str) -> tuple[WeightsInfo, ...]:
    """The weights this backbone can start from, random first."""
    random = WeightsInfo("random", "Random weights", "random", "nothing", "", "none needed", 0)
    return (random, *_bundled(backbone(name).name), *_published(name))


def default_weights(name: str) -> str:
    """The first pretrained weights there are, or random."""
    return weights(name)[:2][-1].name


def _bundled(name: str) -> list[WeightsInfo]:
    found = []
    for owner, key, title, kind in _BUNDLED_WEIGHTS:
        path = BUNDLED / f"{owner}-{key}.safetensors"
        if owner == name and is_file(path):
            size = path.stat().st_size
            found.append(WeightsInfo(key, title, kind, OMNIGLOT, "MIT", "bundled", size, str(path)))  # type: ignore[arg-type]
    return found


def _published(name: str) -> list[WeightsInfo]:
    if name not in _TORCHVISION:
        return []
    file, size = _TORCHVISION[name]
    path = hub_checkpoints() / file
    state: WeightsState = "on this machine" if is_file(path) else "download"
    found = path.stat().st_size if state == "on this machine" else size
    return [WeightsInfo("imagenet", "ImageNet", "supervised", IMAGENET, "BSD-3", state, found, str(path))]


def hub_checkpoints() -> Path:
    """The folder torchvision keeps downloaded weights in, found as torch.hub finds it but without importing torch."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")))
    return Path(os.path.expanduser(os.environ.get("TORCH_HOME", str(cache / "torch")))) / "hub" / "checkpoints"
