"""What a backbone is: its blocks, what it reads, how it is built, where its weights lie.

A file in `engine/backbones/nets/` calls its own `BACKBONE`; `engine.backbones.catalog` finds it. Torch-free.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

if TYPE_CHECKING:
    from torch import Tensor, nn

Blocks: TypeAlias = "OrderedDict[str, nn.Module]"  # by their names, in order
OMNIGLOT, IMAGENET = "Omniglot, 964 characters of 30 alphabets", "ImageNet-1k"
WORDS = "words"  # the tokenizer that needs no vocabulary
COLOURS = 3  # channels of a colour image; more are bands
FAR = 4  # times as large or small as what a network reads, from which images do not suit it
WeightsState = Literal["none needed", "bundled", "installed", "on this machine", "download", "not installed"]
HERE: frozenset[WeightsState] = frozenset(("none needed", "bundled", "installed", "on this machine"))
WeightsKind = Literal["random", "supervised", "meta-learned", "own"]
Family = Literal["convolutional", "transformer", "hybrid", "mixer", "mobile", "recurrent"]


@dataclass(frozen=True, slots=True)
class Pixels:
    """How weights want images: value of 0..1 less mean over std, a number for each channel or one for all. crop: the
    share of a resized image's side that was looked at. interpolation: by which it was resized. mode: which sides were,
    see `engine.data.cutting`."""

    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    interpolation: str = "bilinear"
    crop: float = 1.0
    mode: str = "center"

    @property
    def as_always(self) -> bool:
        """Whether they are resized and cut as images of networks without a recipe are."""
        return (self.interpolation, self.crop, self.mode) == ("bilinear", 1.0, "center")


FILTERS, MODES = ("nearest", "bilinear", "bicubic", "lanczos"), ("center", "squash", "border")
LEAST_CROP = 0.1
StatedCut: TypeAlias = tuple[str, float, str] | tuple[()]  # interpolation, crop and mode, or nothing


def stated_cut(interpolation: object, crop: object, mode: object) -> StatedCut:
    """Of `Pixels`, by a stranger's file; nothing where one of them is not understood."""
    if not (isinstance(crop, int | float) and LEAST_CROP <= crop <= 1):
        return ()
    known = isinstance(interpolation, str) and interpolation in FILTERS and isinstance(mode, str) and mode in MODES
    return (str(interpolation), float(crop), str(mode)) if known else ()


GREY, BANDS = Pixels(), Pixels((0.35,), (0.15,))  # of land cover in every band
PHOTO = Pixels((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), crop=0.875)  # of ImageNet


def usual_pixels(channels: int) -> Pixels:
    """Of networks that were trained here, or not at all."""
    return GREY if channels == 1 else PHOTO if channels == COLOURS else BANDS


@dataclass(frozen=True, slots=True)
class Block:
    """parameters: trainable values in the block, batch norm included."""

    name: str
    title: str
    parameters: int


@dataclass(frozen=True, slots=True)
class ImageForm:
    """Square images. size: their usual pixels on a side; least: the fewest that fit; fixed: no other size does.
    channels: 1 of grey images, 3 of colour, more of bands."""

    kind: ClassVar[str] = "images"
    size: int
    channels: int
    least: int = 1
    fixed: bool = False

    def reads(self, size: int) -> bool:
        """Whether images of this many pixels on a side fit the network."""
        return size == self.size if self.fixed else size >= self.least

    def takes(self, kind: str, bands: int) -> bool:
        """Whether it reads such data. bands: the most channels of its images."""
        return kind == self.kind and self.channels <= max(bands, COLOURS)

    @property
    def words(self) -> str:
        return f"{self.size} px"

    @property
    def colours(self) -> str:
        """What it reads other than colour images, in words."""
        return {1: "grey", COLOURS: ""}.get(self.channels, f"of {self.channels} bands")


@dataclass(frozen=True, slots=True)
class NumberForm:
    """One number; where only a size counts, an image of one pixel."""

    kind: ClassVar[str] = "numbers"
    words: ClassVar[str] = "numbers"
    colours: ClassVar[str] = ""
    size: ClassVar[int] = 1
    least: ClassVar[int] = 1
    channels: ClassVar[int] = 1
    fixed: ClassVar[bool] = True

    def reads(self, size: int) -> bool:
        return size == 1

    def takes(self, kind: str, bands: int) -> bool:
        return kind == self.kind


@dataclass(frozen=True, slots=True)
class TextForm:
    """Texts as numbers of word pieces. size: how many are usually kept of a text; least, most: fewest and most that it
    reads. tokenizer: by which they are cut, "minilm" or `WORDS`, see `engine.texts`."""

    kind: ClassVar[str] = "texts"
    colours: ClassVar[str] = ""
    channels: ClassVar[int] = 1
    fixed: ClassVar[bool] = False
    size: int = 64
    tokenizer: str = WORDS
    least: int = 8
    most: int = 512

    def reads(self, size: int) -> bool:
        """Whether the network reads so many pieces of a text."""
        return self.least <= size <= self.most

    def takes(self, kind: str, bands: int) -> bool:
        return kind == self.kind

    @property
    def words(self) -> str:
        return f"{self.size} word pieces"


@dataclass(frozen=True, slots=True)
class StateForm(NumberForm):
    """Where a point is in the plane: two numbers."""

    kind: ClassVar[str] = "states"
    words: ClassVar[str] = "places"


@dataclass(frozen=True, slots=True)
class Bundled:
    """Weights that come with the program: resources/weights/<backbone>-<name>.safetensors."""

    name: str
    title: str
    kind: WeightsKind
    trained_on: str = OMNIGLOT
    licence: str = "MIT"
    pixels: Pixels = GREY


@dataclass(frozen=True, slots=True)
class Published:
    """Weights that others publish: a file of so many bytes, in torchvision's cache or in a Python package.

    network: the whole one they belong to, with its head, random. blocks: their state -> the backbone's blocks with it;
    raises `RuntimeError` when it is another network's. package: which carries the file; needs: what pip is asked for to
    have it; digest: SHA-256 of the whole file if known.
    size: pixels on a side they were trained at, 0 where the network says it. library: whose cache the file is in;
    without the library `needs` says how it is installed. accuracy: on what, as those say who publish them.
    """

    file: str
    bytes: int
    network: Callable[[], nn.Module]
    blocks: Callable[[Mapping[str, Tensor]], Blocks]
    name: str = "imagenet"
    title: str = "ImageNet"
    trained_on: str = IMAGENET
    licence: str = "BSD-3"
    pixels: Pixels = PHOTO
    how: str = "supervised"
    package: str = ""
    needs: str = ""
    digest: str = ""
    size: int = 0
    library: str = "torchvision"
    accuracy: str = ""


@dataclass(frozen=True, slots=True)
class BackboneInfo:
    """build: its blocks in order, with random weights from torch's current random state; torch is imported in it.
    features: length of the vector that the head reads. batch_norm: it has such layers, which need two images at once.
    order: its place in the lists. family: the kind of network, as people look for one."""

    name: str
    title: str
    idea: str
    blocks: tuple[Block, ...]
    form: ImageForm | NumberForm | TextForm
    features: int
    build: Callable[[], Blocks]
    batch_norm: bool = False
    bundled: tuple[Bundled, ...] = ()
    published: tuple[Published, ...] = ()
    order: int = 100
    family: Family = "convolutional"

    @property
    def parameters(self) -> int:
        return sum(block.parameters for block in self.blocks)

    @property
    def is_encoder(self) -> bool:
        """Whether it reads texts by word pieces of its own, as one does that was pretrained on them."""
        return isinstance(self.form, TextForm) and self.form.tokenizer != WORDS

    @property
    def block_names(self) -> tuple[str, ...]:
        """The blocks in order, with the head last."""
        return (*(block.name for block in self.blocks), "head")


def suits(info: BackboneInfo, side: int, channels: int) -> bool:
    """Whether a network reads images of so many pixels and channels without losing what they show."""
    if info.form.kind != ImageForm.kind:
        return False
    return info.form.channels >= channels and info.form.size < FAR * side and side < FAR * info.form.size


@dataclass(frozen=True, slots=True)
class WeightsInfo:
    """One set of weights for a backbone. bytes: size of the file, 0 where there is none. needs: what pip installs them
    with, "" where it does not. how: of their training. size: pixels on a side, 0 where the network says it.
    accuracy: on what, as those say who publish them."""

    name: str
    title: str
    kind: WeightsKind
    trained_on: str
    licence: str
    state: WeightsState
    bytes: int
    file: str = ""
    pixels: Pixels = GREY
    needs: str = ""
    how: str = ""
    size: int = 0
    accuracy: str = ""

    @property
    def here(self) -> bool:
        """Whether a run can start from them now."""
        return self.state in HERE
