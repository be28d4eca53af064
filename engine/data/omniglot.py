"""Omniglot's tree: alphabets of characters, each drawn by 20 people; black on white, turned to white on black."""

from __future__ import annotations

import re

import numpy as np

from engine.data.folder import FilePixels, fingerprint, inspect, typical_size
from engine.data.images import Cancel, ImageSet, Progress
from engine.data.layout import Item
from engine.data.tree import Entry, Listing, natural
from engine.errors import DataError

TITLE = "Omniglot"
LICENCE = "MIT (Brenden Lake and others)"
HALVES = ("images_background", "images_evaluation")
CHARACTER = re.compile(r"character\d+$", re.IGNORECASE)
Place = tuple[str, str, str]


def is_omniglot(listing: Listing) -> bool:
    """Whether every image lies as alphabet/characterNN/image."""
    images = listing.images
    return bool(images) and all(_place(entry) is not None for entry in images)


def _place(entry: Entry) -> Place | None:
    """(half or "", alphabet, character) of an image, or None when it does not lie in such a tree."""
    parts = entry.path.split("/")
    if len(parts) < 3 or not CHARACTER.match(parts[-2]):
        return None
    half = next((part for part in parts[:-3] if part in HALVES), "")
    return half, parts[-3], parts[-2]


def load_omniglot(listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None) -> ImageSet:
    """Characters as classes, in the order of half, alphabet and number. Raises `DataError`, `Cancelled`."""
    if not is_omniglot(listing):
        raise DataError(
            f"“{listing.root.name}” is not Omniglot's tree.",
            "Pick the folder that holds images_background and images_evaluation, or use it as a folder of classes.",
        )
    placed = {entry.path: place for entry in listing.images if (place := _place(entry)) is not None}
    items = [Item(entry, "/".join(placed[entry.path][1:]), None, _short(entry)) for entry in listing.images]
    facts, skipped = inspect(listing, items, progress, cancelled)
    items = [item for item, fact in zip(items, facts, strict=True) if fact is not None]
    whole = [fact for fact in facts if fact is not None]
    places = sorted({placed[item.entry.path] for item in items}, key=lambda place: natural("/".join(place)))
    if len(places) < 2:
        raise DataError(f"“{listing.root.name}” has fewer than two characters.", "Pick the folder of all alphabets.")
    rank = {place: number for number, place in enumerate(places)}
    items.sort(key=lambda item: rank[placed[item.entry.path]])
    alphabets = tuple(alphabet for _, alphabet, _ in places)
    held_out = frozenset(alphabet for half, alphabet, _ in places if half == HALVES[1])
    return ImageSet(
        name="omniglot",
        title=TITLE,
        licence=LICENCE,
        labels=np.array([rank[placed[item.entry.path]] for item in items], dtype=np.int64),
        class_names=tuple(f"{alphabet.replace('_', ' ')} {character}" for _, alphabet, character in places),
        source=FilePixels(listing, items, inverted=True),
        fingerprint=fingerprint(items),
        channels=1,
        typical_size=typical_size(whole),
        layout=f"{len(places):,} characters of {len(set(alphabets))} alphabets",
        alphabets=alphabets,
        held_out=held_out if len(held_out) < len(set(alphabets)) else frozenset(),
        skipped=skipped,
        characters=True,
    )


def _short(entry: Entry) -> str:
    return "/".join(entry.path.split("/")[-3:])
