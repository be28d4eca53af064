"""The runs of studies in the list of runs: folded away once they have ended, unless somebody wants to see them."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QWidget

from ui.runs.run_list import RunOrder


class StudyFold(QCheckBox):
    """Hidden while no listed run belongs to a study."""

    def __init__(self, order: RunOrder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._order = order
        self.setToolTip("A study's runs are on Studies; here they are listed while they work, or with this tick")
        self.toggled.connect(lambda on: order.set_folded(not on))
        for signal in (order.runs.rowsInserted, order.runs.rowsRemoved, order.runs.modelReset):
            signal.connect(lambda *_: self._count())
        self._count()

    def _count(self) -> None:
        """Say how many runs belong to studies."""
        total = sum(row.study_id is not None for row in self._order.runs.rows())
        self.setText(f"Runs of studies ({total:,})")
        self.setVisible(total > 0)
