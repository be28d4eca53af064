"""The test images behind a cell of a confusion matrix: how many, which, and what they look like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.experiment import Experiment
from ui.widgets.images import ImageStrip
from ui.widgets.text import Text

MOST = 40
HINT = "Click a cell to see which images it holds."
Named = tuple[np.ndarray, str]


class CellImages(QWidget):
    """wanted(experiment, ids, answer): whoever has the data calls `answer` with the images and their names, each
    (uint8 [height, width, channels], name); with none where the data are gone."""

    wanted = Signal(object, object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = Text(HINT, "small", "muted")
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.strip = ImageStrip(tile=64, rows=3)
        self.strip.setAccessibleName("Images of the cell")
        self._asked = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.words)
        column.addWidget(self.strip)
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
        self.words.setText(f"{title}. {self._listed('Image numbers', numbers, len(ids))}".strip())
        if len(ids):
            number = self._asked
            self.wanted.emit(experiment, shown, lambda found: self._show(number, title, found, len(ids)))

    def _show(self, number: int, title: str, found: Sequence[Named], total: int) -> None:
        if number != self._asked or not found:
            return
        names = [name for _, name in found]
        self.words.setText(f"{title}. {self._listed('Images', names, total)}".strip())
        self.strip.set_images([pixels for pixels, _ in found], names)
        self.strip.show()

    def _listed(self, what: str, names: Sequence[str], total: int) -> str:
        more = f" and {total - len(names)} more" if total > len(names) else ""
        return f"{what}: {' · '.join(names)}{more}." if names else ""
