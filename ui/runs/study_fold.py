"""Runs that the list leaves out unless somebody wants to see them: the ended ones of studies, and the archive."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QCheckBox, QWidget

from storage.rows import RunRow
from ui.runs.run_list import RunOrder
from ui.widgets.layouts import set_shown


class RunsFold(QCheckBox):
    """words: what it shows, with how many there are. Hidden while there is none and it is not ticked, unless
    it is always there, so that the list stays where it is."""

    def __init__(
        self, words: str, tip: str, belongs: Callable[[RunRow], bool], show: Callable[[bool], object],
        always: bool = False, parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._words, self._belongs, self._always = words, belongs, always
        self.setToolTip(tip)
        self.toggled.connect(show)
        self.count([])

    def count(self, rows: Sequence[RunRow]) -> None:
        """These are all runs there are."""
        total = sum(self._belongs(row) for row in rows)
        self.setText(f"{self._words} ({total:,})")
        set_shown(self, total > 0 or self.isChecked() or self._always)


def study_fold(order: RunOrder) -> RunsFold:
    tip = "A study's runs are on Studies; here they are listed while they work, or with this tick"
    return RunsFold("Runs of studies", tip, lambda row: row.study_id is not None,
                lambda on: order.set_folded(not on))  # fmt: skip


def archive_fold(order: RunOrder) -> RunsFold:
    tip = "Also list the runs that were put into the archive (A)"
    return RunsFold("Archived", tip, lambda row: row.archived, order.set_archived, always=True)
