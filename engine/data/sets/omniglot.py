"""Omniglot's tree: alphabets of characters, each drawn by 20 people; black on white, turned to white on black.

Lake, Salakhutdinov and Tenenbaum 2015: 30 background and 20 evaluation alphabets.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import GIVEN, DataSet, DatasetInfo
from engine.data.files import grey
from engine.data.files.decode import ImageFacts
from engine.data.files.folder import FilePixels, digests, fingerprint, inspect, typical_size
from engine.data.files.layout import Item
from engine.data.files.order import natural
from engine.data.files.read_as import ReadAs
from engine.data.files.reading import Entry
from engine.data.files.tree import Listing
from engine.data.images import Cancel, ImageSet, Progress
from engine.data.labelled_set import Skipped
from engine.downloads.remote import Remote
from engine.errors import DataError

TITLE = "Omniglot"
LICENCE = "MIT (Brenden Lake and others)"
HALVES = ("images_background", "images_evaluation")
BACKGROUND = frozenset(
    (
        "Alphabet_of_the_Magi", "Anglo-Saxon_Futhorc", "Arcadian", "Armenian", "Asomtavruli_(Georgian)", "Balinese",
        "Bengali", "Blackfoot_(Canadian_Aboriginal_Syllabics)", "Braille", "Burmese_(Myanmar)", "Cyrillic",
        "Early_Aramaic", "Futurama", "Grantha", "Greek", "Gujarati", "Hebrew",
        "Inuktitut_(Canadian_Aboriginal_Syllabics)",
        "Japanese_(hiragana)", "Japanese_(katakana)", "Korean", "Latin", "Malay_(Jawi_-_Arabic)",
        "Mkhedruli_(Georgian)", "N_Ko", "Ojibwe_(Canadian_Aboriginal_Syllabics)", "Sanskrit", "Syriac_(Estrangelo)",
        "Tagalog", "Tifinagh",
    )
)  # fmt: skip
EVALUATION = frozenset(
    (
        "Angelic", "Atemayar_Qelisayer", "Atlantean", "Aurek-Besh", "Avesta", "Ge_ez", "Glagolitic", "Gurmukhi",
        "Kannada", "Keble", "Malayalam", "Manipuri", "Mongolian", "Old_Church_Slavonic_(Cyrillic)", "Oriya", "Sylheti",
        "Syriac_(Serto)", "Tengwar", "Tibetan", "ULOG",
    )
)  # fmt: skip
CHARACTERS, PAPERS = 1623, (1100, 100)  # of all; to train and to validate with
NEARLY, SAMPLE = 0.95, 8  # share of images that lie in the tree; images looked at for their colour
CHARACTER = re.compile(r"character\d+$", re.IGNORECASE)
Place = tuple[str, str, str]
Labels = NDArray[np.int64]


def is_omniglot(listing: Listing) -> bool:
    """Whether nearly every image lies as alphabet/characterNN/image, with a half's or an alphabet's name to show for
    it, and is grey where that is the alphabet's alone.

    Characters of a game lie in such folders too, and would be turned from black to white.
    """
    placed = _placed(listing.images)
    if not placed:
        return False
    if all(place[0] in HALVES for place in placed.values()):
        return True
    known = BACKGROUND | EVALUATION
    if not all(half in HALVES or alphabet in known for half, alphabet, _ in placed.values()):
        return False
    sample = [Item(entry, "", None, "") for entry in list(placed)[:: max(1, len(placed) // SAMPLE)]]
    return all(fact.grey for fact in inspect(listing, sample)[0] if fact is not None)  # of those that can be read


def _placed(images: Sequence[Entry]) -> dict[Entry, Place]:
    """Where those lie that are in such a tree; of none once too many are not."""
    found, missed, most = dict[Entry, Place](), 0, (1 - NEARLY) * len(images)
    for entry in images:
        if (place := _place(entry)) is not None:
            found[entry] = place
        elif (missed := missed + 1) > most:
            return {}
    return found


def _place(entry: Entry) -> Place | None:
    """(half or "", alphabet, character) of an image, or None when it does not lie in such a tree."""
    parts = entry.path.split("/")
    if len(parts) < 3 or not CHARACTER.match(parts[-2]):
        return None
    half = next((part for part in parts[:-3] if part in HALVES), "")
    return half, parts[-3], parts[-2]


def load_omniglot(listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None) -> ImageSet:
    """Characters as classes, in the order of half, alphabet and number. Raises `DataError`, `Cancelled`."""
    placed = {entry.path: place for entry, place in _placed(listing.images).items()}
    if not placed:
        raise DataError(
            f"“{listing.root.name}” is not Omniglot's tree.",
            "Pick the folder that holds images_background and images_evaluation, or use it as a folder of classes.",
        )
    inside, outside = ([e for e in listing.images if (e.path in placed) == known] for known in (True, False))
    items = [
        Item(entry, "/".join(placed[entry.path][1:]), None, "/".join(entry.path.split("/")[-3:])) for entry in inside
    ]
    facts, damaged = inspect(listing, items, progress, cancelled)
    skipped = (*damaged, *(Skipped(entry.path, "not in an alphabet") for entry in outside), *listing.odd)
    found = [(item, fact) for item, fact in zip(items, facts, strict=True) if fact is not None]
    places = sorted({placed[item.entry.path] for item, _ in found}, key=lambda place: natural("/".join(place)))
    if len(places) < 2:
        raise DataError(f"“{listing.root.name}” has fewer than two characters.", "Pick the folder of all alphabets.")
    rank = {place: number for number, place in enumerate(places)}
    found.sort(key=lambda pair: rank[placed[pair[0].entry.path]])
    labels = np.array([rank[placed[item.entry.path]] for item, _ in found], dtype=np.int64)
    return _image_set(listing, found, places, labels, skipped)


def _image_set(
    listing: Listing,
    found: list[tuple[Item, ImageFacts]],
    places: list[Place],
    labels: Labels,
    skipped: tuple[Skipped, ...],
) -> ImageSet:
    items, facts = [item for item, _ in found], [fact for _, fact in found]
    alphabets = tuple(alphabet for _, alphabet, _ in places)
    held_out = frozenset(alphabet for half, alphabet, _ in places if half == HALVES[1])
    scales = grey.scales(fact.levels for fact in facts)
    return ImageSet(
        name="omniglot",
        title=TITLE,
        licence=LICENCE,
        labels=labels,
        class_names=tuple(f"{alphabet.replace('_', ' ')} {character}" for _, alphabet, character in places),
        source=FilePixels(listing, items, facts, ReadAs(scales, inverted=True)),
        fingerprint=fingerprint(items, facts, scales),
        digests=digests(facts),
        channels=1,
        typical_size=typical_size(facts),
        layout=f"{len(places):,} characters of {len(set(alphabets))} alphabets",
        alphabets=alphabets,
        held_out=held_out if len(held_out) < len(set(alphabets)) else frozenset(),
        usual_parts=PAPERS if len(places) == CHARACTERS else None,
        skipped=skipped,
        characters=True,
    )


HOST = "https://raw.githubusercontent.com/brendenlake/omniglot/master/python/"
DOWNLOAD = (
    Remote(
        f"{HOST}images_background.zip", "images_background.zip", 9_464_212, "md5:68d2efa1b9178cc56df9314c21c6e718",
        b"PK\x03\x04",
    ),
    Remote(
        f"{HOST}images_evaluation.zip", "images_evaluation.zip", 6_462_886, "md5:6b91aef0f799c5bb55b94e3f2daec811",
        b"PK\x03\x04",
    ),
)  # fmt: skip
DATASET = DataSet(
    DatasetInfo(
        "omniglot", TITLE, "1,623 characters of 50 alphabets, each drawn by 20 people.",
        32460, CHARACTERS, (105, 105), LICENCE,
    ),
    read=lambda choice, *given: load_omniglot(*given), recognises=is_omniglot, given=GIVEN,
    groups=(("by-alphabet", "By alphabet"), ("in-each-group", "In each alphabet")), download=DOWNLOAD, order=6,
)  # fmt: skip
