"""Labelled images or texts written in the background. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine.comparison.wording import count
from engine.errors import Cancelled
from engine.experiment import DatasetChoice, Experiment
from ui.trying.lot import Stop, drained
from ui.trying.triable import Triable

if TYPE_CHECKING:
    from engine.using.answerer import Answerer
    from engine.using.labelled import OwnLabel, Written
    from ui.trying.at_work import TrialWork

FOLDER = "corrected"  # of the workspace: sets made to train again
SETS = {"images": "folder", "texts": "texts"}  # by which data set they are read


def own_labels(work: TrialWork) -> list[OwnLabel]:
    """What a person said, with what the first run answered before."""
    from engine.using.labelled import OwnLabel

    run, labels = work.book.runs[0], work.book.labelled
    best = {image: run.best(image)[0] for image in labels}
    return [OwnLabel(*work.place(image), label, *best[image], run.title) for image, label in labels.items()]


def writing(labels: Sequence[OwnLabel], folder: Path) -> Callable[[Stop], Written]:
    """Raises `ExperimentError`, `Cancelled`."""

    def write(cancelled: Stop) -> Written:
        from engine.using.labelled import write_labelled
        from engine.using.labelled_texts import of_texts, write_labelled_texts

        return (write_labelled_texts if of_texts(labels) else write_labelled)(labels, folder, cancelled)

    return write


def joined(
    labels: Sequence[OwnLabel], run: Triable, network: Answerer, root: Path
) -> Callable[[Stop], tuple[Experiment, str]]:
    """The run's experiment on its own images and these, and what is said of it. Raises `ExperimentError`,
    `Cancelled`."""

    def join(cancelled: Stop) -> tuple[Experiment, str]:
        from engine.using.labelled import folder_name, write_joined
        from engine.using.labelled_texts import of_texts, write_joined_texts

        material, experiment = drained(run.learnt_from(network), lambda _: None, cancelled)
        if cancelled():
            raise Cancelled
        name = f"{material.data.title} corrected {datetime.now():%Y-%m-%d %H.%M.%S}"
        texts = of_texts(labels)
        write = write_joined_texts if texts else write_joined
        written = write(labels, material, root / FOLDER / folder_name(name), cancelled)
        what = "texts" if texts else "images"
        return on_both(experiment, written, what), said_of(written, what)

    return join


def on_both(experiment: Experiment, written: Written, what: str = "images") -> Experiment:
    """The same on the joined images or texts, divided as the folder says."""
    data = DatasetChoice(name=SETS[what], path=str(written.folder), split="given", shift=experiment.dataset.shift,
                         tested_on=experiment.dataset.tested_on)  # fmt: skip
    return experiment.model_copy(update={"dataset": data})


def said_of(written: Written, what: str = "images") -> str:
    """In two sentences: what is learnt from, and what it is tested on."""
    left = (
        f" {count(written.left_out, what, 'labelled ')} left out: copies of {what} that it is tested or validated on."
        if written.left_out else ""
    )  # fmt: skip
    replaced = (
        f" {count(written.replaced, what)} of the run gave way to the same {what} as you labelled them."
        if written.replaced else ""
    )  # fmt: skip
    return (
        f"{count(written.added, what, 'labelled ')} beside the {written.own:,} {what} of the run, in "
        f"“{written.folder}”. It is validated and tested on the same {what} as before, so that both can be "
        f"compared.{left}{replaced}"
    )
