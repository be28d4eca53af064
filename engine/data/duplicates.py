"""Copies within a set: byte for byte, and what is nearly one: images that look alike, such as the same photo saved
smaller, and texts that differ in case, signs and numbers. Torch-free.

What looks alike is told by a perceptual hash (Zauner 2010, Implementation and Benchmarking of Perceptual Image Hash
Functions: 64 signs of the lowest frequencies of the cosine transform) and then by the pictures themselves: the hash
alone takes any two plain images for one another.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image

from engine.data.hashes import digest, short_hash
from engine.data.images import Cancel, ImageSet, Progress, check, images_of, in_threads
from engine.data.labelled_set import LabelledSet
from engine.data.text_set import TextSet
from engine.errors import DataError
from engine.experiment import DatasetChoice
from engine.machine.files import MEBIBYTE, cache_folder, replacing, trim

SIDE, LOW, SMALL = 32, 8, 16  # pixels that are transformed; frequencies kept; pixels that are compared
NUMBER = re.compile(r"\d+(?: \d+)*")  # "1 000" where a sign stood
RADIUS = 6  # bits in which the hashes of two pictures of one thing differ at most
LIKENESS = 0.985  # correlation of the small pictures from which on they are of one thing
PLAIN, SHADES = 2.0, 2.0  # deviation up to which a picture is plain; grey values that two such may lie apart
ROUNDING = 1.0  # of a frequency in float32; of a plain picture all are nothing else
BLOCK = 1 << 20  # pairs that are looked at together
FOLDER, RECIPE, MOST_BYTES = "looks", "1", 512 * MEBIBYTE
TRAIN, VALIDATION, TEST = 0, 1, 2
Groups = tuple[NDArray[np.int64], ...]
Parts = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class Looks:
    """hashes: uint64 [images]. small: uint8 [images, 256], each a grey picture of 16 x 16 pixels."""

    hashes: NDArray[np.uint64]
    small: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Groups of image indices, int64 ascending, the largest group first. copies: equal byte for byte. alike: of one
    thing by their looks, copies among them; a group that is nothing but copies is not repeated. looks: see `kin`."""

    copies: Groups
    alike: Groups
    looks: NDArray[np.int64]


def duplicates(data: LabelledSet, progress: Progress | None = None, cancelled: Cancel | None = None) -> Duplicates:
    """Raises `Cancelled`."""
    looks = kin(data, progress, cancelled)
    alike = tuple(group for group in groups(looks) if len(np.unique(data.contents[group])) > 1)
    return Duplicates(groups(data.contents), alike, looks)


def groups(keys: NDArray[np.uint64] | NDArray[np.int64]) -> Groups:
    """The places of each key that occurs more than once."""
    order = np.argsort(keys, kind="stable").astype(np.int64)
    starts = np.flatnonzero(np.diff(keys[order])) + 1
    found = [np.sort(part) for part in np.split(order, starts) if len(part) > 1]
    return tuple(sorted(found, key=lambda part: (-len(part), part[0])))


def kin(data: LabelledSet, progress: Progress | None = None, cancelled: Cancel | None = None) -> NDArray[np.int64]:
    """int64 [examples], equal for copies, for images that look alike, and for texts that are the same but for case,
    signs and numbers. Raises `Cancelled`."""
    if isinstance(data, TextSet):
        keys = np.array([digest(letters_of(text).encode("utf-8", "surrogatepass")) for text in data.texts], np.uint64)
        return np.unique(keys, return_inverse=True)[1].astype(np.int64)
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    seen = pictures(images_of(data), progress, cancelled)
    _, first, place = np.unique(data.contents, return_index=True, return_inverse=True)
    pairs = [np.stack([first[place], np.arange(len(data))]), *alike_pairs(seen, cancelled)]
    left, right = np.concatenate(pairs, axis=1)
    ties = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(len(data), len(data)))
    return connected_components(ties, directed=False)[1].astype(np.int64)


def without_copies(
    data: LabelledSet, choice: DatasetChoice, divided: list[Parts]
) -> tuple[list[Parts], tuple[int, int]]:
    """The parts of each class without images that are met before in another part, and how many those were of the
    validation and the test images. Raises `DataError`."""
    if choice.leave_out is None:
        return divided, (0, 0)
    looks = kin(data) if choice.leave_out == "look-alikes" else data.contents
    learnt, validated = (looks[np.concatenate([parts[part] for parts in divided])] for part in (TRAIN, VALIDATION))
    before = np.concatenate((learnt, validated))
    kept = [
        (learning, validating[~np.isin(looks[validating], learnt)], testing[~np.isin(looks[testing], before)])
        for learning, validating, testing in divided
    ]
    if not sum(len(testing) for _, _, testing in kept):
        raise DataError(f"Every test {data.what[:-1]} of {data.title} is a copy of one to learn from.",
                        "Add others to test on, or keep the copies.")  # fmt: skip
    gone = [
        sum(len(parts[part]) for parts in divided) - sum(len(parts[part]) for parts in kept)
        for part in (VALIDATION, TEST)
    ]
    return kept, (gone[0], gone[1])


def letters_of(text: str) -> str:
    """A text without case and signs, each number as 0: what campaigns and forms repeat."""
    kept = "".join(letter if letter.isalnum() else " " for letter in unicodedata.normalize("NFKC", text).casefold())
    return NUMBER.sub("0", " ".join(kept.split())) or text


# Looks


def pictures(data: ImageSet, progress: Progress | None = None, cancelled: Cancel | None = None) -> Looks:
    """Of every image, black where it cannot be read any more; kept between sessions where all could, as all of them are
    decoded for it. Raises `Cancelled`."""
    path = cache_folder() / FOLDER / f"{short_hash(RECIPE, data.name, data.fingerprint, PIL.__version__)}.npz"
    if (kept := _kept(path, len(data))) is not None:
        return kept
    read = list(in_threads(lambda index: _grey(data, index), range(len(data)), progress, cancelled))
    grey = np.stack([np.zeros((SIDE, SIDE), dtype=np.uint8) if one is None else one for one in read])
    found = Looks(hashed(grey), _halved(grey))
    if any(one is None for one in read):
        return found
    try:
        with replacing(path, shared=True) as part, part.open("wb") as file:
            np.savez(file, hashes=found.hashes, small=found.small)
    except OSError:
        return found  # made again next time
    trim(path.parent, path, MOST_BYTES)
    return found


def _kept(path: Path, images: int) -> Looks | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            found = Looks(file["hashes"], file["small"])
    except (OSError, ValueError, KeyError, EOFError):
        return None
    fits = found.hashes.shape == (images,) and found.small.shape == (images, SMALL * SMALL)
    return found if fits and found.hashes.dtype == np.uint64 and found.small.dtype == np.uint8 else None


def _grey(data: ImageSet, index: int) -> NDArray[np.uint8] | None:
    """uint8 [32, 32] of the whole image; None where it cannot be read any more."""
    try:
        image = data.source.image(index, SIDE, 1).convert("L")
    except DataError:
        return None
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX))


def _halved(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """[n, 32, 32] -> [n, 256]: means of 2 x 2 pixels."""
    squares = grey.reshape(len(grey), SMALL, 2, SMALL, 2).mean((2, 4), dtype=np.float32)
    return np.rint(squares).astype(np.uint8).reshape(len(grey), SMALL * SMALL)


def hashed(grey: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """uint64 [n] of uint8 [n, 32, 32]: which of the 8 x 8 lowest frequencies lie above their median."""
    place = np.arange(SIDE)
    waves = np.cos(np.pi * (2 * place + 1) * np.arange(LOW)[:, None] / (2 * SIDE)).astype(np.float32)
    found = np.concatenate(
        [waves @ part.astype(np.float32) @ waves.T for part in np.array_split(grey, 1 + len(grey) // 4096)]
    )
    flat = found.reshape(len(grey), LOW * LOW)
    middle = np.median(flat[:, 1:], axis=1, keepdims=True)  # without the mean, which says how bright it is
    signs = flat > middle + ROUNDING
    return np.packbits(signs, axis=1).view(np.uint64).ravel()


# Pairs


def alike_pairs(seen: Looks, cancelled: Cancel | None = None) -> Iterator[NDArray[np.int64]]:
    """Pairs of images that look alike, int64 [2, pairs] each time. Raises `Cancelled`."""
    unique, first, place = np.unique(seen.hashes, return_index=True, return_inverse=True)
    order = np.lexsort((seen.small.mean(1), place)).astype(np.int64)  # of one hash: each with the next brighter one
    same = np.stack([order[:-1], order[1:]])[:, np.diff(place[order]) == 0]
    yield same[:, _same_picture(seen.small, same)]
    for pairs in near_pairs(unique, RADIUS):
        check(cancelled)
        there = first[pairs]
        yield there[:, _same_picture(seen.small, there)]


def near_pairs(hashes: NDArray[np.uint64], radius: int) -> Iterator[NDArray[np.int64]]:
    """All pairs of distinct hashes that differ in at most so many bits, int64 [2, pairs]; some may come twice.

    Of radius + 1 pieces two such hashes share one (Norouzi et al. 2012, multi-index hashing), so that only those that
    share a piece are compared, not all with all.
    """
    edges = np.linspace(0, 64, radius + 2).round().astype(np.uint64)
    for low, high in pairwise(edges):
        piece = (hashes >> low) & np.uint64((1 << int(high - low)) - 1)
        order = np.argsort(piece, kind="stable").astype(np.int64)
        for left, right in _neighbours(piece[order]):
            pair = np.stack([order[left], order[right]])
            apart = np.bitwise_count(hashes[pair[0]] ^ hashes[pair[1]])
            yield pair[:, apart <= radius]


def _neighbours(ordered: NDArray[np.uint64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Places of all pairs of equal values, in blocks: each value with the next, with the one after it, and so on."""
    left, away = np.arange(len(ordered), dtype=np.int64), 0
    while len(left):
        away += 1
        left = left[left + away < len(ordered)]
        left = left[ordered[left] == ordered[left + away]]
        for start in range(0, len(left), BLOCK):
            yield left[start : start + BLOCK], left[start : start + BLOCK] + away


def _same_picture(small: NDArray[np.uint8], pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the small pictures of each pair are of one thing, bool [pairs]."""
    found = np.zeros(pairs.shape[1], dtype=bool)
    for start in range(0, pairs.shape[1], BLOCK // 64):
        part = slice(start, start + BLOCK // 64)
        one, other = (small[place].astype(np.float32) for place in pairs[:, part])
        means = one.mean(1), other.mean(1)
        one, other = one - means[0][:, None], other - means[1][:, None]
        spread = np.sqrt((one * one).mean(1)), np.sqrt((other * other).mean(1))
        plain = (spread[0] <= PLAIN) | (spread[1] <= PLAIN)
        likeness = (one * other).mean(1) / np.maximum(spread[0] * spread[1], 1e-6)
        both_plain = (np.maximum(*spread) <= PLAIN) & (np.abs(means[0] - means[1]) <= SHADES)
        found[part] = np.where(plain, both_plain, likeness >= LIKENESS)
    return found
