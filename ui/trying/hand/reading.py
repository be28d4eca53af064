"""Images and texts for classes by hand, read in the background as the network that answers reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import DataError
from engine.using.bins import Bin, Bins, HandedImage, Pixels
from ui.trying.lot import NO_IMAGES, NO_TEXTS, TypedTexts

if TYPE_CHECKING:
    from engine.data.files.loose import LooseImages
    from engine.data.files.read_as import ReadAs
    from engine.using.by_hand import ByHand

MOST = 2000  # images of one drop: this is for a few by hand
SHOWN = 96  # pixels on a side of the original, as it is shown
Cancelled = Callable[[], bool]
HandedIn = Sequence[str] | Mapping[str, bytes] | TypedTexts  # paths, or whole image files by their names


@dataclass(frozen=True)
class ReadImages:
    """originals: of each image by its key, uint8 [s, s, 3]. refused: what was not taken, in sentences."""

    images: tuple[HandedImage, ...] = ()
    originals: dict[str, Pixels] = field(default_factory=dict)
    refused: tuple[str, ...] = ()


def read_images(handed: HandedIn, by: ByHand, classes: Sequence[str], cancelled: Cancelled) -> ReadImages:
    """An image in a folder that is called as one of the classes is known to be of it. Texts have no originals. Raises
    `DataError`, `Cancelled`."""
    if by.form.tokenizer:
        return read_handed_texts(handed, by, classes, cancelled)
    from engine.data.files.read_as import PLAIN
    from engine.data.images import BATCH, check
    from engine.preparation.inputs import Normaliser

    found, originals, refused = list[HandedImage](), dict[str, Pixels](), list[str]()
    with opened(handed, by.read_as, cancelled) as images, opened(handed, PLAIN, cancelled) as plain:
        if len(images) > MOST:
            refused.append(
                f"Of {len(images):,} images the first {MOST:,} are taken. Try many on the pane Images and texts."
            )
        taken = range(min(len(images), MOST))
        for start in range(0, len(taken), BATCH):
            check(cancelled)
            places = taken[start : start + BATCH]
            both = zip(places, images.read(places, by.form), plain.read(places, Normaliser(SHOWN, 3)), strict=True)
            for place, pixels, original in both:
                if isinstance(pixels, str) or isinstance(original, str):
                    refused.append(f"“{PurePath(images.name(place)).name}” is not read: {pixels}.")
                    continue
                image = HandedImage(images.name(place), pixels, known_as(images.name(place), classes))
                found.append(image)
                originals[image.key] = np.asarray(original, np.uint8)
    return ReadImages(tuple(found), originals, tuple(refused))


def opened(handed: HandedIn, read_as: ReadAs, cancelled: Cancelled) -> LooseImages:
    from engine.data.files.loose import LooseImages

    if isinstance(handed, TypedTexts):
        raise DataError(*NO_TEXTS)
    if isinstance(handed, Mapping):
        return LooseImages.held(handed, read_as)
    return LooseImages(handed, read_as, cancelled)


def read_handed_texts(handed: HandedIn, by: ByHand, classes: Sequence[str], cancelled: Cancelled) -> ReadImages:
    """Raises as `read_images`."""
    from engine.data.files.loose_texts import LooseTexts

    if isinstance(handed, Mapping):
        raise DataError(*NO_IMAGES)
    typed = isinstance(handed, TypedTexts)
    texts = LooseTexts.held(handed.texts) if isinstance(handed, TypedTexts) else LooseTexts(handed, cancelled)
    refused = [f"Of {len(texts):,} texts the first {MOST:,} are taken. Try many on the pane Images and texts."]
    taken, found = range(min(len(texts), MOST)), list[HandedImage]()
    for place, row in zip(taken, texts.read(taken, by.form), strict=True):
        name = texts.name(place)
        if isinstance(row, str):
            refused.append(f"“{PurePath(name).name}” is not read: {row}.")
        else:
            truth = "" if typed else known_as(name, classes)
            found.append(HandedImage(name, row, truth, text=texts.text(place)))
    return ReadImages(tuple(found), {}, tuple(refused[len(texts) <= MOST :]))


def known_as(name: str, classes: Sequence[str]) -> str:
    """The class whose name the image's folder has, "" where it has none."""
    folder = PurePath(name.replace("\\", "/")).parent.name
    return folder if folder in classes else ""


@dataclass(frozen=True)
class ReadClasses:
    bins: tuple[Bin, ...]
    read: ReadImages


def read_classes(paths: Sequence[str], by: ByHand, cancelled: Cancelled) -> ReadClasses:
    """Of a folder of class folders all of them; another folder or zip is one class, and so are all files together.
    Raises `DataError`, `Cancelled`."""
    if by.form.tokenizer:
        return read_text_classes(paths, by, cancelled)
    found, originals, refused = list[Bin](), dict[str, Pixels](), list[str]()
    for name, images in parted(paths):
        read = read_images(images, by, (), cancelled)
        found.append(Bin(name, tuple(replace(image, truth=name) for image in read.images)))
        originals |= read.originals
        refused += read.refused
    return ReadClasses(tuple(one for one in found if one.images), ReadImages((), originals, tuple(refused)))


def read_text_classes(paths: Sequence[str], by: ByHand, cancelled: Cancelled) -> ReadClasses:
    """Of a table or folder that says them its classes; another one is a class with the name of its file. Raises as
    `read_classes`."""
    from engine.data.files.names import clean
    from engine.using.tasks import bins_of_texts

    found, refused = list[Bin](), list[str]()
    for path in paths:
        try:
            found += bins_of_texts(path, by.form, cancelled).bins
        except DataError:
            name, read = clean(Path(path).stem), read_images([path], by, (), cancelled)
            found.append(Bin(name, tuple(replace(text, truth=name) for text in read.images)))
            refused += read.refused
    return ReadClasses(tuple(one for one in found if one.images), ReadImages((), {}, tuple(refused)))


def parted(paths: Sequence[str]) -> list[tuple[str, list[str]]]:
    """(class, its paths): "" for the class of files, which gets a name when it is made."""
    from engine.data.files.names import clean
    from engine.using.tasks import class_folders

    found, files = list[tuple[str, list[str]]](), list[str]()
    for path in paths:
        if holds_classes(path):
            found += [(clean(one.name), [str(one)]) for one in class_folders(path)]
        elif Path(path).is_dir():
            found.append((clean(Path(path).name), [path]))
        else:
            files.append(path)
    return [*found, ("", files)] if files else found


def holds_classes(path: str) -> bool:
    """Whether it is a folder of folders."""
    try:
        return sum(one.is_dir() and not one.name.startswith(".") for one in Path(path).iterdir()) > 1
    except OSError:
        return False


def read_alike(one: ByHand, other: ByHand) -> bool:
    """Whether both read an image into the same pixels."""
    return (one.form, one.read_as) == (other.form, other.read_as)


def read_again(
    bins: Bins, asked: Sequence[HandedImage], by: ByHand, cancelled: Cancelled
) -> tuple[Bins, tuple[HandedImage, ...], tuple[str, ...]]:
    """The same images as another network reads them, and what could not be read again, in sentences. Files come first:
    drawings are read as light or as dark as the examples among these are."""
    of_texts = bool(by.form.tokenizer)
    files = {
        id(image): file_again(image, by, cancelled) for image in (*bins.images, *asked) if image.ink is None or of_texts
    }
    examples = [found for image in bins.images if isinstance(found := files.get(id(image)), HandedImage)]
    refused = tuple(found for found in files.values() if isinstance(found, str))

    def again(images: Sequence[HandedImage]) -> tuple[HandedImage, ...]:
        found = (files[id(image)] if id(image) in files else drawn_again(image, by, examples) for image in images)
        return tuple(one for one in found if isinstance(one, HandedImage))

    return Bins(tuple(Bin(one.name, again(one.images)) for one in bins.bins)), again(asked), refused


def drawn_again(image: HandedImage, by: ByHand, examples: Sequence[HandedImage]) -> HandedImage:
    """examples: from files, as this network reads them."""
    from engine.using.drawn import as_read, is_light_on_dark

    assert image.ink is not None
    light = is_light_on_dark(by.read_as, examples, by.form)
    return replace(image, pixels=as_read(image.ink, by.form, light, image.centred))


def file_again(image: HandedImage, by: ByHand, cancelled: Cancelled) -> HandedImage | str:
    from engine.texts.tokens import tokens

    if by.form.tokenizer and image.text:
        return replace(image, pixels=tokens(by.form.tokenizer, [image.text], by.form.size)[0])
    if by.form.tokenizer or image.text:
        return " ".join(NO_IMAGES if by.form.tokenizer else NO_TEXTS)
    try:
        read = read_images([image.name], by, (), cancelled)
    except DataError:
        return f"“{PurePath(image.name).name}” could not be read again for this network."
    return replace(image, pixels=read.images[0].pixels) if read.images else read.refused[0]
