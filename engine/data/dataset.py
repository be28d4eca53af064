"""What a data set is: its card, its own settings, how it is recognised and read, what suits it. Torch-free."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.data.curves import Curves
from engine.data.files.tree import Listing
from engine.data.goals import Goals
from engine.data.labelled_set import LabelledSet
from engine.data.target import CLASSES, MOVES, NUMBERS, Target
from engine.downloads.remote import Remote
from engine.experiment import DatasetChoice

YOURS = "yours"  # the licence of what is a person's own
BUNDLED, OWN, HERE, DOWNLOAD = "bundled", "your folder", "on this machine", "download"
USUAL, FEW_SHOT, PHOTOS, SMALL, MEDICAL = "usual", "few-shot", "photos", "small images", "medical"
SHELVES = (USUAL, FEW_SHOT, PHOTOS, SMALL, MEDICAL)  # in the order of the lists
COLOURS = 3
GIVEN = ("given", "As the folders say")


def inside(words: str) -> str:
    """A title or a sentence as it stands within another: "land cover regions", "EuroSAT", "MNIST"."""
    rest = words.partition(" ")[0][1:]
    return words[:1].lower() + words[1:] if rest == rest.lower() else words


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """What a card shows without reading any image. images, classes, image_size: None when it depends on the path.

    where: "bundled", "on this machine" once it was fetched, "download", or "your folder" for what needs a path; asked
    of the machine by `datasets`. shelf: the kind it stands with in a long list. bytes: to fetch, 0 where nothing is.
    """

    name: str
    title: str
    description: str
    images: int | None = None
    classes: int | None = None
    image_size: tuple[int, int] | None = None
    licence: str = YOURS
    where: str = BUNDLED
    shelf: str = USUAL
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Start:
    """What a person begins with on such data. preset: of any method, its values for such data; values: of `method`.
    most_way: classes a task can have at most, 0 for as many as there are. rather: the network to begin with where
    pretrained weights of it are here. episodes: values of every method that draws episodes."""

    backbone: str = "conv4"
    method: str = "lp_ft"
    preset: str = ""
    values: Mapping[str, Any] = field(default_factory=dict, hash=False)
    most_way: int = 0
    rather: str = ""
    episodes: Mapping[str, Any] = field(default_factory=dict, hash=False)


READ = {CLASSES.kind: "images", NUMBERS.kind: "numbers", MOVES.kind: "states"}  # what a network of such tasks reads
CURVES_START = Start("sine_mlp", "maml", preset="Sinusoid")
TEXTS_START = Start("text_transformer", "lp_ft", rather="minilm")


@dataclass(frozen=True, slots=True, eq=False)
class DataSet:
    """One kind of data. Its file in `engine/data/sets/` calls it `DATASET`.

    It has one of four. load: choice -> images that come with the program. read: (choice, listing, progress, cancelled)
    -> those of a folder or zip; raises `DataError`, `Cancelled`. curves: tasks that ask for numbers. goals: tasks
    that ask for moves.
    Choice: with its own settings, each a `Field` with title and description, from which form and terminal are made.
    recognises: whether a folder or zip holds it, by the names of its files. files: what is to be chosen, in words.
    given: the split it comes with, (key, words). groups: splits of its classes by what they are parts of.
    download: the files it is published as. kept_in: folder among all that is fetched, its own name if empty; sets made
    of the same files share one. once_folder: class folders, read as such where a saved choice calls them so.
    for_tasks: why it serves meta-learning alone, in a sentence; "" where it does not. bands: most channels of an image.
    texts: whether its examples are texts.
    order: its place in the lists.
    """

    info: DatasetInfo
    load: Callable[[Any], LabelledSet] | None = None
    read: Callable[..., LabelledSet] | None = None
    curves: Curves | None = None
    goals: Goals | None = None
    Choice: type[DatasetChoice] = DatasetChoice
    recognises: Callable[[Listing], bool] | None = None
    files: str = ""
    given: tuple[str, str] | None = None
    groups: tuple[tuple[str, str], ...] = ()
    download: tuple[Remote, ...] = ()
    kept_in: str = ""
    once_folder: bool = False
    for_tasks: str = ""
    bands: int = COLOURS
    texts: bool = False
    own_start: Start | None = None
    order: int = 100

    @property
    def name(self) -> str:
        return self.info.name

    @property
    def bytes(self) -> int:
        """To fetch; 0 where nothing is, or its size is not stated."""
        sizes = [file.bytes for file in self.download]
        return sum(sizes) if all(sizes) else 0

    @property
    def target(self) -> Target:
        if self.goals is not None:
            return MOVES
        return NUMBERS if self.curves is not None else CLASSES

    @property
    def what(self) -> str:
        """What its examples are, in words."""
        return "texts" if self.texts else "images"

    @property
    def kind(self) -> str:
        """What a network of such data reads, as `Form.kind` of a backbone says it."""
        return "texts" if self.texts else READ[self.target.kind]

    @property
    def drawn(self) -> Curves | Goals | None:
        """Where its tasks come from, if they are drawn as they are needed: there are no images then."""
        return self.curves or self.goals

    @property
    def start(self) -> Start:
        """What its tasks are begun with, where it has no start of its own."""
        return self.own_start or (CURVES_START if self.curves else Start())
