"""One test image as large as it fits, with its truth, the answers it was given and what the network saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QWidget

from engine.comparison.examined import Examined
from engine.comparison.wording import number, percent
from ui.background import Background
from ui.data.large import BLANK, NOT_SHOWN
from ui.exploring.reading import ExaminedRun, looked_at
from ui.widgets.images import Sample
from ui.widgets.large_image import Answer, Found, ImagesInOrder, LargeImage

if TYPE_CHECKING:
    from engine.data.labelled_set import LabelledSet


def examined_images(data: LabelledSet, of: Examined, places: np.ndarray) -> ImagesInOrder:
    """places: int64 [k], of the images in the examined run, in the order in which they are gone through."""
    from engine.data.samples import file_of

    def found(place: int) -> Found:
        at = int(places[place])
        image, truth = int(of.ids[at]), of.names[of.truth[at]]
        return Found(BLANK, data.image_name(image), file_of(data, image), truth, of.chances(at), remark(of, at))

    return ImagesInOrder(len(places), found)


def remark(of: Examined, place: int) -> str:
    """ "Taken for plastic with 62.1 %; loss 2.31. Wrong in 4 of 5 seeds." """
    said = "Right" if of.truth[place] == of.predicted[place] else f"Taken for {of.names[of.predicted[place]]}"
    if of.answers is None:
        said += ". How sure the network was is not kept of this run"
    else:
        said += f" with {percent(float(of.answers.probabilities[place, 0]))}"
        said += f"; loss {number(float(of.answers.loss[place]), 2)}"
    return said + (f". Wrong in {int(of.wrong_in[place])} of {of.seeds} seeds." if of.seeds > 1 else ".")


def show_test_image(
    run: ExaminedRun, data: LabelledSet, places: np.ndarray, chosen: int, title: str, background: Background,
    window: QWidget,
) -> LargeImage:  # fmt: skip
    """A window with the chosen-th of these images; the keys go to the others."""
    images = examined_images(data, run.examined, places)

    def read(place: int, answer: Answer) -> None:
        image = int(run.examined.ids[places[place]])

        def done(found: tuple[Sample, np.ndarray | None]) -> None:
            answer([images[place]._replace(pixels=found[0], seen=found[1])])

        failed = background.saying(answer, NOT_SHOWN)
        background.run(looked_at(data, run, image), done, failed, key=f"test image {id(images)}")

    dialog = LargeImage(title, images, read, window)
    dialog.show_image(chosen)
    dialog.show()
    return dialog
