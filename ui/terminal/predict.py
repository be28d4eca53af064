"""`predict` and `adapt`: what a saved run says of image files or texts, of folders and zips of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from engine.errors import InvalidExperiment, shown
from engine.families import MULTITASK, named
from engine.given import person_path
from engine.multitask.titles import of_one, refuse_task, task_called, titled
from engine.using.table import Unlike, answer_table
from storage.store import RunRow, RunStore
from ui.terminal.handed import loose
from ui.terminal.output import print_json, say
from ui.terminal.workspaces import open_workspace

if TYPE_CHECKING:
    from engine.artifacts.saved import SavedModel
    from engine.data.files.loose import LooseExamples
    from engine.events import Preparing
    from engine.preparation.inputs import Preparer
    from engine.using.assured import Assured
    from engine.using.predictions import ImagePrediction, Judges, Predicts

Measured = TypeVar("Measured")
SHOWN = 3  # classes of an image, for people
MEASURING = "Measuring on the run's own images how sure it may be, once"


class Writer(Protocol):
    def __call__(self, one: ImagePrediction) -> object: ...


def predict_from_command_line(chosen: argparse.Namespace) -> int:
    """Exit code 1 where nothing could be read. Raises `ExperimentError`."""
    from engine.using.predictions import form_of, names_of

    if person_path(chosen.run).is_dir():
        return ask_folder(chosen)
    run, folder, model = opened(chosen)
    model.refuse_tasks()
    form = form_of(model)

    def ready() -> tuple[Judges, str]:
        judging = sure(model, folder)
        return judging, f"Run {run.id}, {run.name}: {judging.words}"

    with loose(chosen, form, model.read_as) as images:
        return answer(chosen, ready, form, images, names_of(model))


def adapt_from_command_line(chosen: argparse.Namespace) -> int:
    """Exit code 1 where nothing could be read. Raises `ExperimentError`."""
    from engine.using.answering import head_of
    from engine.using.by_hand import of_run
    from engine.using.calibration import read
    from engine.using.kept_words import is_kept
    from engine.using.task_calibration import calibrated_tasks
    from engine.using.tasks import bins_of

    if is_kept(person_path(chosen.run)):
        return ask_kept(chosen)
    if not chosen.classes:
        raise InvalidExperiment("No classes are given.", "Name a folder with a folder for each class, or a table.")
    run, folder, model = opened(chosen)
    if chosen.calibrate:
        finished(calibrated_tasks(model, folder))
    by_hand = of_run(model, head_of(chosen.head), run.name, read(folder))
    met = by_hand.meet(bins_of(chosen.classes, by_hand.form, by_hand.read_as))
    with loose(chosen, by_hand.form, model.read_as) as images:
        words = f"Run {run.id}, {run.name}: {by_hand.words}"
        return answer(chosen, lambda: (met, words), by_hand.form, images, met.names)


def ask_kept(chosen: argparse.Namespace) -> int:
    """Of classes that were kept; all that stands behind them are images or texts."""
    from engine.using.kept_classes import kept_classes

    kept = kept_classes(person_path(chosen.run))
    chosen.images = [*filter(None, [chosen.classes]), *chosen.images]
    workspace = open_workspace(chosen.workspace)
    with RunStore(workspace) as store:
        own = store.run(kept.answering.run).experiment if kept.answering.run else None
    by_hand = kept.open(workspace.runs, own)
    met = by_hand.meet(kept.bins)
    with loose(chosen, by_hand.form, by_hand.read_as) as images:
        words = f"Kept classes, {by_hand.title}: {by_hand.words}"
        return answer(chosen, lambda: (met, words), by_hand.form, images, met.names)


def ask_folder(chosen: argparse.Namespace) -> int:
    """Of a folder that was exported."""
    from engine.export.opening import open_folder

    folder = open_folder(person_path(chosen.run), chosen.device or "cpu")
    answerer = folder.answerer
    heading = f"Exported run, {folder.title}: {answerer.words}"
    with loose(chosen, answerer.form, answerer.read_as) as images:
        return answer(chosen, lambda: (answerer, heading), answerer.form, images, answerer.classes)


def opened(chosen: argparse.Namespace) -> tuple[RunRow, Path, SavedModel]:
    """The run, its folder, and its network."""
    from engine.artifacts.saved import SavedModel

    with RunStore(open_workspace(chosen.workspace)) as store:
        run = store.run(chosen.run)
        folder, told = store.directory(run), store.class_names(run.id)
    if named(run.family) is MULTITASK:
        return of_task(run, folder, chosen)
    refuse_task(chosen.task, run.name)
    return run, folder, SavedModel.open(folder, run.experiment, told, device=chosen.device or "cpu")


def of_task(run: RunRow, folder: Path, chosen: argparse.Namespace) -> tuple[RunRow, Path, SavedModel]:
    """The same of one of its several tasks."""
    from engine.artifacts.saved import SavedModel
    from engine.multitask.alone import as_one_task

    place = task_called(run.experiment, chosen.task or "")
    alone, name = as_one_task(folder, place, run.experiment), titled(run.name, run.experiment, place)
    own = replace(run, name=name, experiment=of_one(run.experiment, place))
    return own, alone, SavedModel.open(alone, device=chosen.device or "cpu")


def sure(model: SavedModel, folder: Path) -> Assured:
    """The network with its calibration, which is measured on the run's own images where it never was."""
    from engine.using.assured import assured

    return finished(assured(model, folder))


def finished(work: Generator[Preparing, None, Measured]) -> Measured:
    """What it came to; a person is told where it takes a while."""
    said = False
    while True:
        try:
            next(work)
        except StopIteration as end:
            found: Measured = end.value
            return found
        if not said:
            say(MEASURING, error=True)
        said = True


def answer(
    chosen: argparse.Namespace, ready: Callable[[], tuple[Predicts | Judges, str]], form: Preparer,
    images: LooseExamples, names: tuple[str, ...],
) -> int:  # fmt: skip
    """Whether nothing could be read. ready: asked once all places are open, for the network, or what it became when it
    met new classes, and what its answers rest on."""
    from engine.using.predictions import predictions

    with ExitStack() as open_files:
        writers = [for_programs(names, chosen.top) if chosen.json else for_people(names, chosen.top)]
        if chosen.csv:
            table = in_table(Path(chosen.csv).expanduser(), names, chosen.top, images.what)
            writers.append(open_files.enter_context(table))
        answering, heading = ready()
        found = predictions(answering, form, images)
        first = next(found)
        if not chosen.json:
            say(heading)
        return int(written(chain([first], found), writers))


def written(found: Iterable[ImagePrediction], writers: list[Writer]) -> bool:
    """Whether nothing could be read."""
    read_none = True
    for one in found:
        read_none = read_none and one.probabilities is None
        for write in writers:
            write(one)
    return read_none


def for_people(names: tuple[str, ...], top: int | None) -> Writer:
    def write(one: ImagePrediction) -> None:
        best = [f"{names[place]} {100 * share:.1f} %" for place, share in one.best(top or SHOWN)]
        none = "none of these; " if one.none_of_these else ""
        about = f"“{shown(one.text)}”" if one.text else one.image
        say(f"{about}: {none + ', '.join(best) if best else f'not read, {one.reason}'}")

    return write


def for_programs(names: tuple[str, ...], top: int | None) -> Writer:
    """All classes where no number is asked for."""

    def write(one: ImagePrediction) -> None:
        said = [{"class": names[place], "probability": share} for place, share in one.best(top or len(names))]
        unlike = {"none_of_these": one.none_of_these, "unlike": one.unlike} if one.unlike is not None else {}
        about = {"image": one.image} if one.text is None else {"text": one.text, "from": one.image}
        print_json({**about, "answers": said, **unlike, "reason": one.reason})

    return write


def unlikeness(one: ImagePrediction) -> Unlike:
    return None if one.unlike is None else (one.unlike, one.none_of_these)


@contextmanager
def in_table(path: Path, names: tuple[str, ...], top: int | None, what: str) -> Iterator[Writer]:
    """A CSV file that is there once it is whole. Raises `StorageError` where it cannot be written."""
    count = min(top or 1, len(names))
    with answer_table(path, count, what=what) as row:

        def write(one: ImagePrediction) -> None:
            best = [(names[place], share) for place, share in one.best(count)]
            row(one.image, best, one.reason, unlikeness(one), text=one.text or "")

        yield write
