"""Putting all runs that ended in one way in line once more: those that failed, were stopped, cut off or discarded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from engine.comparison.wording import count
from engine.events import RunState
from ui import icons
from ui.listing.tool_buttons import deed_button
from ui.parts import Parts

if TYPE_CHECKING:
    from storage.store import RunRow, RunStore

Deed = Callable[[Parts, Sequence["RunRow"]], None]
KINDS = ("failed", "interrupted", "stopped", "discarded")


def kind_of(row: RunRow) -> str:
    """How a run ended, in one of `KINDS`, or "". Discarded is what was stopped without a test and deleted."""
    if row.deleted_at is not None:
        return "discarded" if row.state is RunState.STOPPED and row.test is None else ""
    return str(row.state) if str(row.state) in KINDS and not row.archived else ""


def restartable(rows: Iterable[RunRow]) -> dict[str, list[RunRow]]:
    """Kind -> the runs of it, oldest first: one of equal ones, none that was run again since, and none of a study,
    which goes on by itself."""
    found: dict[str, list[RunRow]] = {kind: [] for kind in KINDS}
    seen: set[tuple[str, int]] = set()
    for row in sorted(rows, key=lambda row: -row.id):
        key = (row.group, row.experiment.seed)
        kind = kind_of(row)
        if row.study_id is None and key not in seen and kind:
            found[kind].append(row)
        if row.deleted_at is None or kind:
            seen.add(key)
    return {kind: sorted(runs, key=lambda row: row.id) for kind, runs in found.items()}


def read_restartable(store: RunStore) -> dict[str, list[RunRow]]:
    """For the storage thread."""
    return restartable([*store.runs(), *store.runs(deleted=True)])


def run_again(parts: Parts, rows: Sequence[RunRow]) -> None:
    """Put the same experiments in line once more, under their own names."""
    for row in rows:
        parts.submit([row.experiment], row.name, row.plan)
    parts.toasts.show(f"{count(len(rows), 'runs')} put in line.", "Show", lambda: parts.navigator.open("runs"))


def go_on(parts: Parts, rows: Sequence[RunRow]) -> None:
    """Let each go on where it was cut off."""
    parts.go_on([row.id for row in rows])


WAYS: dict[str, tuple[tuple[str, Deed], ...]] = dict.fromkeys(KINDS, (("Run again", run_again),))
WAYS["interrupted"] = (("Resume", go_on), ("Run again", run_again))


class Restart(QObject):
    """`action` and its `button` open a menu with how many runs there are of each kind."""

    def __init__(self, page: QWidget, parts: Parts) -> None:
        super().__init__(page)
        self._page, self._parts = page, parts
        self.action = QAction(icons.icon("redo"), "Run all again…", page)
        self.action.setToolTip("Every run that failed, or was stopped, interrupted or discarded")
        self.action.triggered.connect(lambda _=False: parts.library.read(read_restartable, self._open))
        self.button = deed_button(self.action, "Run all again")
        icons.dress(self.button, "redo")  # in the palette's colour, also when that changes

    def _open(self, found: dict[str, list[RunRow]]) -> None:
        if not self.button.isVisible():
            return  # another page is looked at by now
        self.menu(found).popup(self.button.mapToGlobal(QPoint(0, self.button.height())))

    def menu(self, found: dict[str, list[RunRow]]) -> QMenu:
        """One line for each kind and way; those without runs are off."""
        menu = QMenu(self._page)
        menu.aboutToHide.connect(menu.deleteLater)
        for kind in KINDS:
            for verb, deed in WAYS[kind]:
                line = menu.addAction(f"{verb}: all {kind} ({len(found[kind]):,})")
                line.setEnabled(bool(found[kind]))
                line.triggered.connect(lambda _=False, deed=deed, kind=kind: deed(self._parts, found[kind]))
        return menu
