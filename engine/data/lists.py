"""What a folder held when a run learnt from it: a list of its files by content, class and part, kept once per change.

Two lists say what was added, has gone or was put into another class; a run can be repeated on exactly its list, as far
as the files are still there, wherever in the folder they lie now. Torch-free.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.data.files.read_as import PLAIN, ReadAs
from engine.data.hashes import BY_CONTENT, short_hash
from engine.data.images import PixelSource, images_of
from engine.data.labelled_set import LabelledSet, Skipped, as_counted
from engine.data.text_set import TextSet
from engine.errors import DataError, StorageError
from engine.machine.files import replacing
from engine.machine.places import home

FOLDER, ENDING, GONE = "lists", ".json.z", "in the list, but not there any more"


@dataclass(frozen=True, slots=True)
class FileList:
    """One entry an image, in the set's order. names: as shown; digests: of the files, 64 bits; labels: places in
    `classes`; parts: 0, 1 or 2, empty where none is given."""

    names: tuple[str, ...]
    digests: tuple[int, ...]
    classes: tuple[str, ...]
    labels: tuple[int, ...]
    parts: tuple[int, ...] = ()

    def of_class(self, place: int) -> str:
        return self.classes[self.labels[place]]


@dataclass(frozen=True, slots=True)
class Changes:
    """Images that only the later list has, that only the earlier has, that are in another class there, and that are in
    the same class but another part."""

    added: int
    gone: int
    relabelled: int
    divided: int = 0

    @property
    def words(self) -> str:
        """ "14 added, 3 relabelled"; "" where nothing changed but names or the order."""
        counts = (
            (self.added, "added"), (self.gone, "gone"), (self.relabelled, "relabelled"),
            (self.divided, "in another part"),
        )  # fmt: skip
        return ", ".join(f"{count:,} {word}" for count, word in counts if count)


def list_of(data: LabelledSet) -> FileList:
    names = tuple(data.image_name(index) for index in range(len(data)))
    parts = () if data.given_split is None else tuple(data.given_split.tolist())
    return FileList(names, tuple(data.contents.tolist()), data.class_names, tuple(data.labels.tolist()), parts)


def keep(data: LabelledSet) -> None:
    """Write the list of a set of files where it is not kept yet, or damaged; raises `OSError`."""
    if not data.fingerprint.startswith(BY_CONTENT) or kept(data.fingerprint) is not None:
        return
    made = list_of(data)
    body = {name: getattr(made, name) for name in FileList.__slots__}
    with replacing(_path(data.fingerprint), shared=True) as part:
        part.write_bytes(zlib.compress(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(), 6))


def kept(fingerprint: str) -> FileList | None:
    """The list of the set that has this fingerprint; None where none was kept, or it is damaged."""
    try:
        return _read(_path(fingerprint))
    except (OSError, ValueError, KeyError, TypeError, zlib.error):
        return None


@lru_cache(maxsize=8)  # which keeps no failure: a list may be kept later
def _read(path: Path) -> FileList:
    body = json.loads(zlib.decompress(path.read_bytes()))
    return FileList(**{name: tuple(body[name]) for name in FileList.__slots__})


def _path(fingerprint: str) -> Path:
    return home() / FOLDER / f"{short_hash(fingerprint)}{ENDING}"


def changes(before: FileList, after: FileList) -> Changes:
    """By content: a file that was renamed alone has not changed, and a copy that came or went is one image."""
    old, new = _places_of(before), _places_of(after)
    added = gone = relabelled = divided = 0
    for digest in old.keys() | new.keys():
        had, has = (Counter(label for label, _ in places[digest].elements()) for places in (old, new))
        came, left = (has - had).total(), (had - has).total()
        moved = min(came, left)
        added, gone, relabelled = added + came - moved, gone + left - moved, relabelled + moved
        divided += (had & has).total() - (old[digest] & new[digest]).total()
    return Changes(added, gone, relabelled, divided)


def _places_of(found: FileList) -> dict[int, Counter[tuple[str, int]]]:
    """How often each content is in which class and part; -1 where none is given."""
    places: dict[int, Counter[tuple[str, int]]] = defaultdict(Counter)
    for place, digest in enumerate(found.digests):
        places[digest][found.of_class(place), found.parts[place] if found.parts else -1] += 1
    return places


def changed_words(before: str, after: str) -> str:
    """What changed between two fingerprints: "14 added, 3 relabelled"; "" where a list is not kept."""
    if kept(before) is None or kept(after) is None:
        return ""
    return _words(_path(before), _path(after))


@lru_cache(maxsize=64)
def _words(before: Path, after: Path) -> str:
    return changes(_read(before), _read(after)).words


# On a list


class ListedSource:
    """The images of another source at these places."""

    def __init__(self, source: PixelSource, places: Sequence[int], names: Sequence[str]) -> None:
        self._source, self._places, self._names = source, places, names

    def image(self, index: int, size: int, channels: int) -> Image.Image:
        return self._source.image(self._places[index], size, channels)

    def name(self, index: int) -> str:
        return self._names[index]

    @property
    def read_as(self) -> ReadAs:
        """As the other source reads its files."""
        found = getattr(self._source, "read_as", PLAIN)
        return found if isinstance(found, ReadAs) else PLAIN

    def file(self, index: int) -> Path | None:
        """Where the file lies; None in a zip."""
        where = getattr(self._source, "file", None)
        return where(self._places[index]) if where else None


def as_listed(data: LabelledSet, fingerprint: str) -> LabelledSet:
    """The images of a list in its order and with its classes, as far as they are there; the others are in `skipped`.

    Raises `DataError` where the list is not kept, or none of it is there.
    """
    if data.fingerprint == fingerprint:
        return data
    wanted = kept(fingerprint)
    if wanted is None:
        raise DataError("The list of what this run is to be repeated on is not kept here.",
                        "Use the folder as it is now: clear “listed”.")  # fmt: skip
    places = _found(data, wanted)
    there = [place for place, index in enumerate(places) if index >= 0]
    if not there:
        raise DataError(f"Nothing of the list is in {data.title} any more.", "Use the folder as it is now.")
    gone = tuple(Skipped(wanted.names[place], GONE) for place, index in enumerate(places) if index < 0)
    return _of_list(data, wanted, [places[place] for place in there], there, gone, fingerprint)


def keep_others(data: LabelledSet, images: NDArray[np.int64]) -> str:
    """Keep the list of a set of files without these images, and say its fingerprint; classes that they were all of go
    too. Raises `DataError` where fewer than two classes are left, `StorageError`."""
    others = np.setdiff1d(np.arange(len(data)), images)
    there, labels = np.unique(data.labels[others], return_inverse=True)
    if len(there) < 2:
        raise DataError("Without these there are not two classes left.", "Leave fewer out.")
    names = [data.image_name(index) for index in others]
    gone = (data.image_name(index) for index in images)
    rest = replace(
        _at(data, others.tolist(), names),
        labels=labels.astype(np.int64),
        class_names=tuple(data.class_names[place] for place in there),
        digests=data.contents[others],
        given_split=None if data.given_split is None else data.given_split[others],
        fingerprint=BY_CONTENT + short_hash(data.fingerprint, *gone),
        alphabets=None,
        kinds=None,
        given_classes=None,
    )
    try:
        keep(rest)
    except OSError as error:
        raise StorageError("The list of examples could not be written.", "Make room in the workspace.") from error
    return rest.fingerprint


def _found(data: LabelledSet, wanted: FileList) -> list[int]:
    """Index of each listed image, first where it has its name too, -1 where its content is not there."""
    free: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, digest in reversed(list(enumerate(data.contents.tolist()))):  # the first is the last, which `pop` takes
        free[digest][data.image_name(index)].append(index)
    found = [
        free[digest][name].pop() if free[digest][name] else -1
        for name, digest in zip(wanted.names, wanted.digests, strict=True)
    ]
    for place, index in enumerate(found):
        if index < 0:
            others = next((left for left in free[wanted.digests[place]].values() if left), None)
            found[place] = others.pop() if others else -1
    return found


def _of_list(
    data: LabelledSet,
    wanted: FileList,
    places: list[int],
    there: list[int],
    gone: tuple[Skipped, ...],
    fingerprint: str,
) -> LabelledSet:
    """places: indices in `data`; there: their places in the list."""
    same = as_counted(wanted.classes) == as_counted(data.class_names)
    present: NDArray[np.int64] = np.array(there, dtype=np.int64)
    return replace(
        _at(data, places, [wanted.names[place] for place in there]),
        labels=np.array(wanted.labels, dtype=np.int64)[present],
        class_names=wanted.classes,
        digests=np.array(wanted.digests, dtype=np.uint64)[present],
        given_split=np.array(wanted.parts, dtype=np.int8)[present] if wanted.parts else None,
        fingerprint=fingerprint if not gone else BY_CONTENT + short_hash(fingerprint, *(one.path for one in gone)),
        skipped=gone,
        layout=f"{data.layout}, by a list of {len(wanted.names):,} examples",
        alphabets=data.alphabets if same else None,
        kinds=data.kinds if same else None,
        given_classes=data.given_classes if same else None,
    )


def _at(data: LabelledSet, places: Sequence[int], names: Sequence[str]) -> LabelledSet:
    """The examples at these places, called so; their labels and parts are still those of the whole set."""
    if isinstance(data, TextSet):
        return replace(data, texts=[data.texts[place] for place in places], names=tuple(names))
    images = images_of(data)
    return replace(images, source=ListedSource(images.source, places, names), of_regions=None)
