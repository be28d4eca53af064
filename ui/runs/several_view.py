"""What each task of a run does while several are learnt: accuracy, loss and weight, and where gradients disagree."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QWidget

from engine.work.recorder import SavedCurve
from ui.figures.curve_axes import StepScale
from ui.figures.painted import Section
from ui.runs.block_curves import SEVERAL, BlockCurves
from ui.runs.conflict_picture import TITLE, ConflictPicture
from ui.widgets.layouts import in_column
from ui.widgets.reflow import Beside


class SeveralView(QWidget):
    """Hidden for a run that learns one task."""

    def __init__(self, settings: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tasks = BlockCurves(settings, "task", SEVERAL)
        self.conflicts = ConflictPicture()
        self.section = Section(TITLE, self.conflicts, self.conflicts.menu)
        in_column((Beside(self.tasks, self.section, least=300, spacing=24), 1), owner=self, gap=0)
        self.hide()

    def show_curves(
        self, curves: Mapping[str, SavedCurve], blocks: Mapping[str, str], axis: str, scale: StepScale, live: bool
    ) -> None:
        """blocks: name -> words. live: drawn fast."""
        names = dict.fromkeys(name.partition("/")[2] for name in curves if name.partition("/")[0] in SEVERAL)
        self.setVisible(bool(names))
        if not names:
            return
        self.tasks.show_curves(curves, {name: name for name in sorted(names)}, axis, scale, live)
        self.conflicts.show_curves(curves, blocks)
        self.section.setVisible(not self.conflicts.is_empty)
