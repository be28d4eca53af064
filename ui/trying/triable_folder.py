"""Folders that were exported, as what can answer on Try it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ExperimentError, InvalidExperiment
from engine.events import Preparing
from engine.experiment import Experiment
from ui.trying.triable import Key, Stamp, stamp_of

if TYPE_CHECKING:
    from engine.data.labelled_set import LabelledSet
    from engine.tuning.material import Material
    from engine.using.answerer import Answerer
    from engine.using.nearest import Gallery

STAYED = "What it was trained on stayed with the run: an exported folder holds none of it."
EXPORTED = ("config.json",)  # which tells the digests of all other files


@dataclass(frozen=True, slots=True)
class TriableFolder:
    """A folder that was exported, here or elsewhere. name: of the run that it was. classes: how many it tells apart.
    network: its title. reads: what that answers, images or texts."""

    folder: Path
    name: str
    classes: int
    network: str
    reads: str = "images"

    @property
    def key(self) -> Key:
        return self.folder

    @property
    def title(self) -> str:
        """Beside its run it is told apart."""
        return f"Exported: {self.name}"

    @property
    def stamp(self) -> Stamp:
        return stamp_of(self.folder, EXPORTED)

    def opened(self) -> Generator[Preparing, None, Answerer]:
        from engine.export.opening import open_folder

        yield from ()
        return open_folder(self.folder).answerer

    def unmeasured(self) -> Answerer:
        """It brings with it what was measured."""
        from engine.export.opening import open_folder

        return open_folder(self.folder).answerer

    def gallery(self, network: Answerer) -> Generator[Preparing, None, tuple[Gallery, LabelledSet]]:
        yield from ()
        raise InvalidExperiment(STAYED, "Tick its run to see those that are most alike.")

    def learnt_from(self, network: Answerer) -> Generator[Preparing, None, tuple[Material, Experiment]]:
        yield from ()
        raise InvalidExperiment(STAYED, "Tick its run, or write what you labelled as a data set and train on that.")


def read_folders(paths: Sequence[str]) -> tuple[TriableFolder, ...]:
    """Those that are still there and as they were exported, in this order."""
    found = []
    for path in paths:
        with suppress(ExperimentError):
            found.append(read_folder(Path(path)))
    return tuple(found)


def read_folder(folder: Path) -> TriableFolder:
    """For the background: every file of it is compared with what was exported. Raises `StorageError` for a folder that
    is none or was edited, `InvalidExperiment` for one that knows no classes."""
    from engine.export.config import whole
    from engine.naming import backbone_title

    said = whole(folder)
    title, reads = backbone_title(said.architecture), str(said.preparation.get("kind", "images"))
    return TriableFolder(folder, said.title, len(said.classes), title, reads)
