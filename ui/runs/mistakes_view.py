"""Which classes a run mistakes for which, and the test images behind each cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from engine.comparison.wording import count
from engine.events import Evaluated
from engine.experiment import Experiment
from ui.comparison.cell_images import CellImages
from ui.comparison.confusion import MOST_CLASSES, ConfusionMatrix
from ui.figures.painted import Section
from ui.widgets.layouts import in_column

TITLE = "Which classes are mistaken"


class MistakesView(QWidget):
    """Hidden while no predictions over few enough classes are known."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.matrix, self.images = ConfusionMatrix("Test predictions"), CellImages()
        self._result: Evaluated | None = None
        self._experiment: Experiment | None = None
        self._run_id = -1
        self.matrix.cell_chosen.connect(self._show_cell)
        section = Section(TITLE, self.matrix, self.matrix.menu)
        if (layout := section.layout()) is not None:
            layout.setAlignment(self.matrix, Qt.AlignmentFlag.AlignTop)  # else it is no higher than its hint
        in_column(section, self.images, ..., owner=self, gap=8)
        self.hide()

    def show_results(self, results: Sequence[Evaluated], experiment: Experiment, run_id: int) -> None:
        """The first of the results that kept its predictions."""
        kept = next((r for r in results if r.predicted is not None and r.class_names), None)
        if kept is not None and len(kept.class_names) > MOST_CLASSES:
            kept = None
        again = run_id == self._run_id and same_predictions(kept, self._result)
        self._result, self._experiment, self._run_id = kept, experiment, run_id
        self.setVisible(kept is not None)
        if kept is not None and not again:
            self.images.clear()
            self.matrix.show_values(count(kept.n, kept.unit, "test "), kept.class_names, counts(kept), False, run_id)

    def _show_cell(self, true: int, predicted: int) -> None:
        if self._result is None or self._experiment is None:
            return
        names, kept = self._result.class_names, self._result
        inside = (np.asarray(kept.truth) == true) & (np.asarray(kept.predicted) == predicted)
        ids = np.asarray(kept.ids, np.int64)[inside]
        title = f"True {names[true]}, predicted {names[predicted]}: {count(len(ids), 'images')}"
        self.images.ask(title, self._experiment, ids)


def same_predictions(first: Evaluated | None, second: Evaluated | None) -> bool:
    """Whether one was read of the disk again."""
    return first is not None and second is not None and np.array_equal(first.predicted, second.predicted)  # type: ignore[arg-type]


def counts(result: Evaluated) -> np.ndarray:
    """float64 [classes, classes]: how often the class of the row was taken for the class of the column."""
    size = len(result.class_names)
    pairs = np.asarray(result.truth, np.int64) * size + np.asarray(result.predicted, np.int64)
    return np.bincount(pairs, minlength=size * size).reshape(size, size).astype(float)
