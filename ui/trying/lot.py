"""One lot of work in the background: networks are opened, what was handed in is listed and answered. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from engine.errors import DataError
from ui.trying.triable import Triable

if TYPE_CHECKING:
    from engine.artifacts.saved import SavedModel
    from engine.data.files.loose import LooseImages

Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Opened:
    """classes: of each chosen run, the names of what it tells apart."""

    classes: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """refused: a sentence for each path that holds no images."""

    images: LooseImages | None
    refused: tuple[str, ...] = ()


@dataclass
class Networks:
    """Those that are open. held: by the lot that is at work; the next one waits for it to see that it was cancelled."""

    models: dict[int, SavedModel] = field(default_factory=dict)
    held: Lock = field(default_factory=Lock)

    def open(self, chosen: Sequence[Triable]) -> list[SavedModel]:
        """Others are forgotten. Raises `ExperimentError`."""
        from engine.artifacts.saved import SavedModel

        kept = {one.row.id: self.models.get(one.row.id) for one in chosen}
        self.models = {
            one.row.id: kept[one.row.id] or SavedModel.open(one.folder, one.row.experiment, one.told) for one in chosen
        }
        return [self.models[one.row.id] for one in chosen]


@dataclass(frozen=True, slots=True)
class Lot:
    """begun: images that are listed, with the place of the first that is not answered. new: paths to be listed."""

    chosen: tuple[Triable, ...]
    begun: tuple[tuple[LooseImages, int], ...]
    new: tuple[tuple[str, ...], ...]

    def work(self, networks: Networks, post: Callable[[object], None], cancelled: Cancelled) -> None:
        """Posts `Opened`, `Listed` for each of `new`, and `AnsweredBatch` in the order of the images. Raises
        `ExperimentError`, `Cancelled`."""
        from engine.using.predictions import names_of
        from engine.using.trial import answers

        with networks.held:
            listed = []
            for paths in self.new:
                found = list_images(paths, cancelled)
                post(found)
                listed += [] if found.images is None else [(found.images, 0)]
            models = networks.open(self.chosen)
            post(Opened(tuple(map(names_of, models))))
            for images, first in (*self.begun, *listed):
                for batch in answers(models, images, first, cancelled):
                    post(batch)


def list_images(paths: Sequence[str], cancelled: Cancelled) -> Listed:
    """What is no image by its name is left to be read, and told then. Raises `Cancelled`."""
    from engine.data.files.loose import LooseImages

    good, refused = [], []
    try:
        return Listed(LooseImages(paths, cancelled=cancelled))
    except DataError:
        for path, words in each_refused(paths, cancelled):
            refused += [words] if words else []
            good += [] if words else [path]
    return Listed(LooseImages(good, cancelled=cancelled) if good else None, tuple(refused))


def each_refused(paths: Sequence[str], cancelled: Cancelled) -> Iterator[tuple[str, str]]:
    """Each path with why it cannot be used, "" where it can."""
    from engine.data.files.loose import LooseImages

    for path in paths:
        try:
            with LooseImages([path], cancelled=cancelled):
                yield path, ""
        except DataError as error:
            yield path, str(error)
