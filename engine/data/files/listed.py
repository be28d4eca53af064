"""A folder or zip by the names of its files alone: what can be shown of it before every image was looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from engine.data.files.arranged import Wish, arranged
from engine.data.files.decode import Damaged, decode
from engine.data.files.layout import Item
from engine.data.files.tree import Listing
from engine.data.images import ImageSet
from engine.errors import DataError
from engine.machine.files import Unread


class ListedPixels:
    """Decodes files when asked, whatever is in them now."""

    def __init__(self, listing: Listing, items: tuple[Item, ...]) -> None:
        self.items = items
        self._files = listing.open()
        self._root, self._is_zip = listing.root, listing.is_zip

    def image(self, index: int, size: int, channels: int) -> Image.Image:
        """As `PixelSource`; grey values beyond 0..255 are scaled by the image's own. Raises `DataError`."""
        entry = self.items[index].entry
        try:
            return decode(self._files.image(entry), size, channels)
        except (Damaged, Unread) as fault:
            raise DataError(f"“{entry.path}” cannot be shown ({fault}).", "Replace the file, or remove it.") from None

    def name(self, index: int) -> str:
        return self.items[index].short

    def file(self, index: int) -> Path | None:
        """Where the file lies; None in a zip."""
        return None if self._is_zip else self._root / self.items[index].entry.real


def listed(listing: Listing) -> ImageSet:
    """What class folders say by their names, without a fingerprint: damaged images are still among them.

    Raises `DataError` for what is laid out otherwise.
    """
    layout = arranged(listing, Wish())
    place = {name: number for number, name in enumerate(layout.class_names)}
    return ImageSet(
        name="folder",
        title=listing.root.stem if listing.is_zip else listing.root.name,
        licence="yours",
        labels=np.array([place[item.class_name] for item in layout.items], dtype=np.int64),
        class_names=layout.class_names,
        source=ListedPixels(listing, layout.items),
        fingerprint="",
        layout=layout.words,
        skipped=layout.skipped,
        doubts=layout.doubts,
    )
