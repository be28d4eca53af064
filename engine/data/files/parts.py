"""Folders that are parts of a split, by their names: train and test, however they are called."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

TRAIN, VALIDATION, TEST = 0, 1, 2
TITLES = ("training", "validation", "test")
FEW_SHOT = {
    "meta-train": TRAIN, "meta-val": VALIDATION, "meta-test": TEST, "metatrain": TRAIN, "metaval": VALIDATION,
    "metatest": TEST, "meta_train": TRAIN, "meta_val": VALIDATION, "meta_test": TEST, "base": TRAIN, "novel": TEST,
}  # fmt: skip
WORD = re.compile(r"(train(?:ing)?|val(?:id(?:ation)?)?|dev|test(?:ing)?|eval(?:uation)?)(?:set|data|imgs?|images?)?")
MEANT = {"train": TRAIN, "val": VALIDATION, "dev": VALIDATION, "test": TEST, "eval": TEST}
FILLING = frozenset((
    "set", "data", "dataset", "datasets", "image", "images", "img", "imgs", "pic", "pics", "picture", "pictures",
    "photo", "photos", "folder", "dir", "files", "split", "part", "samples", "png", "jpg", "jpeg", "the",
))  # fmt: skip


def parts(names: Iterable[str]) -> dict[str, int]:
    """The folders among siblings that are parts of a split. What else their names hold must be common to them all:
    "seg_train" and "seg_test", but not "bullet train" and "test strip"."""
    found = {name: told for name in names if (told := _part(name)) is not None}
    common = frozenset.intersection(*(rest for _, rest in found.values())) if found else frozenset[str]()
    known = {name: part for name, (part, rest) in found.items() if rest <= common}
    if any("test" in words(name) for name in known):  # then what is evaluated before it validates
        known |= {name: VALIDATION for name in known if "eval" in words(name)}
    return known


def is_split(found: dict[str, int]) -> bool:
    return len(set(found.values())) >= 2 and TRAIN in found.values()


def mixed_with_classes(names: Iterable[str]) -> bool:
    """Whether all the names hold a class and a part in one, as in "cat_train", "cat_test", "dog_train"."""
    told = [_part(name) for name in names]
    known = [one for one in told if one is not None]
    kinds = [{part for part, own in known if own == rest} for rest in {rest for _, rest in known}]
    return len(known) == len(told) and len(kinds) > 1 and any(TRAIN in kind and len(kind) > 1 for kind in kinds)


def only_wraps(outer: str, inner: str) -> bool:
    """Whether a folder, alone in another, says nothing more: train/train, train/images, asl_train/asl_train."""
    return words(inner) <= words(outer) | FILLING


@lru_cache(maxsize=4096)
def _part(name: str) -> tuple[int, frozenset[str]] | None:
    if name.lower() in FEW_SHOT:
        return FEW_SHOT[name.lower()], frozenset()
    found, kinds = words(name), {part for word, part in MEANT.items() if word in words(name)}
    return (kinds.pop(), found - frozenset(MEANT) - FILLING) if len(kinds) == 1 else None


@lru_cache(maxsize=4096)
def words(name: str) -> frozenset[str]:
    """The words of a name, parts of a split by their short word: "TrainingSet_2" -> {"train", "set"}."""
    name = re.sub(r"(?<=[a-z])T([rs])$", lambda end: {"r": " train", "s": " test"}[end[1]], name)  # imagesTr, imagesTs
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return frozenset(_short(word) for word in re.findall(r"[^\W\d_]+", apart.lower()))


def _short(word: str) -> str:
    return next(key for key in MEANT if word.startswith(key)) if WORD.fullmatch(word) else word
