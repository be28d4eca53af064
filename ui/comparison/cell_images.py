"""The test images behind a cell of a confusion matrix: how many, which, and what they look like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QScrollArea, QWidget

from engine.experiment import Experiment
from ui.comparison.pick_strip import PickStrip
from ui.widgets.large_image import Found, LargeImage, open_folder_of
from ui.widgets.layouts import in_column
from ui.widgets.text import Text

MOST = 40
HINT = "Click a cell or a class to see its examples."


class CellImages(QWidget):
    """wanted(experiment, ids, large, answer): whoever has the data calls `answer` with what was `Found`, as tiles or
    large; with none where the data are gone. told: something was asked for, or (True) is there."""

    wanted = Signal(object, object, bool, object)
    told = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = Text(HINT, "small", "muted")
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.strip = PickStrip(tile=64, rows=3)
        self.strip.setAccessibleName("Examples of the cell")
        self.strip.opened.connect(self._open)
        self.strip.folder_wanted.connect(lambda index: open_folder_of(self._found[index]))
        self._asked = 0
        self._title, self._ids = "", np.zeros(0, np.int64)
        self._found: tuple[Found, ...] = ()
        self._experiment: Experiment | None = None
        in_column(self.words, self.strip, owner=self, gap=8)
        self.clear()

    def clear(self) -> None:
        """Another matrix: what was asked is answered in vain."""
        self._asked += 1
        self.words.setText(HINT)
        self.strip.hide()

    def ask(self, title: str, experiment: Experiment, ids: np.ndarray) -> None:
        """Tell the numbers of these images at once and their names and looks as soon as they are read."""
        self.clear()
        shown = ids[:MOST]
        numbers = [str(int(one)) for one in shown]
        self.words.setText(f"{title}. {self._listed('Numbers', numbers, len(ids))}".strip())
        if len(ids):
            number, self._title, self._experiment, self._ids = self._asked, title, experiment, shown
            self.wanted.emit(experiment, shown, False, lambda found: self._show(number, title, found, len(ids)))
        self.told.emit(False)

    def _show(self, number: int, title: str, found: Sequence[Found], total: int) -> None:
        if number != self._asked or not found:
            return
        self._found, names = tuple(found), [one.name for one in found]
        self.words.setText(f"{title}. {self._listed('Examples', names, total)}".strip())
        self.strip.set_images([one.pixels for one in found], names)
        self.strip.folder.setEnabled(any(one.file is not None for one in found))
        self.strip.show()
        self.told.emit(True)

    def _open(self, index: int) -> None:
        """One of them large, and from there the others."""
        experiment, ids = self._experiment, self._ids
        self.dialog = LargeImage(
            self._title, self._found,
            lambda place, answer: self.wanted.emit(experiment, ids[place : place + 1], True, answer), self.window(),
        )  # fmt: skip
        self.dialog.show_image(index)
        self.dialog.finished.connect(lambda _: self.strip.pick(self.dialog.index))
        self.dialog.open()

    def _listed(self, what: str, names: Sequence[str], total: int) -> str:
        more = f" and {total - len(names)} more" if total > len(names) else ""
        return f"{what}: {' · '.join(names)}{more}." if names else ""


def keep_in_sight(images: CellImages, area: QScrollArea) -> None:
    """Scroll to what was asked for, and again once it is there, unless somebody has scrolled meanwhile."""
    left_at = -1

    def scroll(is_there: bool) -> None:
        nonlocal left_at
        bar = area.verticalScrollBar()
        if not is_there or bar.value() == left_at:
            area.ensureWidgetVisible(images, 0, 16)
            left_at = bar.value()

    images.told.connect(lambda is_there: QTimer.singleShot(0, images, lambda: scroll(is_there)))
