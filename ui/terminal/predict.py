"""`predict` and `adapt`: what a saved run says of image files, folders and zips."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engine.errors import StorageError
from engine.machine.files import replacing
from storage.store import RunRow, RunStore
from ui.terminal.output import print_json, say
from ui.terminal.workspaces import open_workspace

if TYPE_CHECKING:
    from engine.artifacts.saved import SavedModel
    from engine.using.predictions import ImagePrediction, Predicts

SHOWN = 3  # classes of an image, for people


class Writer(Protocol):
    def __call__(self, one: ImagePrediction) -> object: ...


def predict_from_command_line(chosen: argparse.Namespace) -> int:
    """Exit code 1 where no image could be read. Raises `ExperimentError`."""
    from engine.using.predictions import names_of

    run, model = opened(chosen)
    return answer(chosen, run, model, model, names_of(model))


def adapt_from_command_line(chosen: argparse.Namespace) -> int:
    """Exit code 1 where no image could be read. Raises `ExperimentError`."""
    from engine.using.answering import head_of
    from engine.using.by_hand import of_run
    from engine.using.tasks import bins_of

    run, model = opened(chosen)
    by_hand = of_run(model, head_of(chosen.head), run.name)
    met = by_hand.meet(bins_of(chosen.classes, by_hand.form, by_hand.read_as))
    return answer(chosen, run, model, met, met.names)


def opened(chosen: argparse.Namespace) -> tuple[RunRow, SavedModel]:
    from engine.artifacts.saved import SavedModel

    with RunStore(open_workspace(chosen.workspace)) as store:
        run = store.run(chosen.run)
        folder, told = store.directory(run), store.class_names(run.id)
    return run, SavedModel.open(folder, run.experiment, told, device=chosen.device or "cpu")


def answer(
    chosen: argparse.Namespace, run: RunRow, model: SavedModel, answering: Predicts, names: tuple[str, ...]
) -> int:
    """Whether no image could be read. answering: the network, or what it became when it met new classes."""
    from engine.data.files.loose import LooseImages
    from engine.using.predictions import form_of, predictions

    with LooseImages(chosen.images, model.read_as) as images, ExitStack() as open_files:
        writers = [for_programs(names, chosen.top) if chosen.json else for_people(names, chosen.top)]
        if chosen.csv:
            writers.append(open_files.enter_context(table_of(Path(chosen.csv).expanduser(), names, chosen.top)))
        found = predictions(answering, form_of(model), images)
        first = next(found)
        if not chosen.json:
            say(f"Run {run.id}, {run.name}: probabilities as its network gives them, which are often too sure")
        return int(written(chain([first], found), writers))


def written(found: Iterable[ImagePrediction], writers: list[Writer]) -> bool:
    """Whether no image could be read."""
    read_none = True
    for one in found:
        read_none = read_none and one.probabilities is None
        for write in writers:
            write(one)
    return read_none


def for_people(names: tuple[str, ...], top: int | None) -> Writer:
    def write(one: ImagePrediction) -> None:
        best = [f"{names[place]} {100 * share:.1f} %" for place, share in one.best(top or SHOWN)]
        say(f"{one.image}: {', '.join(best) if best else f'not read, {one.reason}'}")

    return write


def for_programs(names: tuple[str, ...], top: int | None) -> Writer:
    """All classes where no number is asked for."""

    def write(one: ImagePrediction) -> None:
        said = [{"class": names[place], "probability": share} for place, share in one.best(top or len(names))]
        print_json({"image": one.image, "answers": said, "reason": one.reason})

    return write


@contextmanager
def table_of(path: Path, names: tuple[str, ...], top: int | None) -> Iterator[Writer]:
    """A CSV file that is there once it is whole. Raises `StorageError` where it cannot be written."""
    count = min(top or 1, len(names))
    columns = [part for place in range(1, count + 1) for part in (f"class {place}", f"probability {place}")]
    try:
        with replacing(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
            table = csv.writer(file)
            table.writerow(["image", *columns, "reason"])

            def write(one: ImagePrediction) -> None:
                best = [cell for place, share in one.best(count) for cell in (names[place], f"{share:.6f}")]
                table.writerow([one.image, *best, *[""] * (2 * count - len(best)), one.reason])

            yield write
    except BrokenPipeError:  # of whoever reads standard output
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StorageError(f"“{path}” cannot be written ({reason}).", "Choose another place.") from None
