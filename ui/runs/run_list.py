"""The runs as a list: what waits and works first, in its order, then the others, the newest first; text filter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt

from engine.events import RunState
from ui.listing.finding import WordSearch, search
from ui.runs.run_now import RunNow, run_now
from ui.widgets.text import plain

if TYPE_CHECKING:
    from storage.store import RunRow
    from ui.live import LiveRun

Index = QModelIndex | QPersistentModelIndex
NOW = Qt.ItemDataRole.UserRole
_RANK = {RunState.RUNNING: 0, RunState.PAUSED: 0, RunState.QUEUED: 1}


class RunListModel(QAbstractListModel):
    """Rows by id. buffer(run id) gives the memory of a run that this window works."""

    def __init__(self, buffer: Callable[[int], LiveRun | None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._buffer = buffer
        self._rows: list[RunRow] = []
        self._known_places: dict[int, int] | None = {}  # None after lines went: worked out when next asked for

    @property
    def _places(self) -> dict[int, int]:
        if self._known_places is None:
            self._known_places = {row.id: number for number, row in enumerate(self._rows)}
        return self._known_places

    def rows(self) -> list[RunRow]:
        return list(self._rows)

    def row_of(self, run_id: int) -> RunRow | None:
        place = self._places.get(run_id)
        return None if place is None else self._rows[place]

    def now(self, run_id: int) -> RunNow | None:
        row = self.row_of(run_id)
        return None if row is None else run_now(row, self._buffer(run_id))

    def place(self, run_id: int) -> QModelIndex:
        """Its index, invalid when it is not listed."""
        return self.index(self._places[run_id]) if run_id in self._places else QModelIndex()

    def set_rows(self, rows: Iterable[RunRow]) -> None:
        """All runs there are; those that stay keep their selection."""
        wanted = {row.id: row for row in rows}
        self._remove([place for place, row in enumerate(self._rows) if row.id not in wanted])
        self.update_rows(wanted.values())

    def update_rows(self, rows: Iterable[RunRow]) -> None:
        """Some runs anew: a deleted one leaves the list, an unknown one joins it."""
        rows = list(rows)
        gone = {row.id for row in rows if row.deleted_at is not None}
        self._remove(sorted(self._places[run_id] for run_id in gone & self._places.keys()))
        new = []
        for row in rows:
            if row.id in gone:
                continue
            if row.id in self._places:
                place = self._places[row.id]
                if self._rows[place] is not row:
                    self._rows[place] = row
                    self.touch(row.id)
            else:
                new.append(row)
        self._append(new)

    def touch(self, run_id: int) -> None:
        """Its memory changed: draw it again."""
        if run_id in self._places:
            index = self.index(self._places[run_id])
            self.dataChanged.emit(index, index)

    def _append(self, rows: list[RunRow]) -> None:
        if rows:
            first = len(self._rows)
            self.beginInsertRows(QModelIndex(), first, first + len(rows) - 1)
            self._rows += rows
            self._places.update({row.id: first + offset for offset, row in enumerate(rows)})
            self.endInsertRows()

    def _remove(self, places: Sequence[int]) -> None:
        """Lines at these ascending places, neighbours at once and the last ones first: so the others stay where they
        are until they go."""
        known = set(places)
        firsts = [place for place in places if place - 1 not in known]
        lasts = [place for place in places if place + 1 not in known]
        for first, last in zip(reversed(firsts), reversed(lasts), strict=True):
            self.beginRemoveRows(QModelIndex(), first, last)
            del self._rows[first : last + 1]
            self._known_places = None
            self.endRemoveRows()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = 0) -> Any:
        row = self._rows[index.row()]
        if role == NOW:
            return run_now(row, self._buffer(row.id))
        if role == Qt.ItemDataRole.DisplayRole:
            return row.name
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            spoken = run_now(row, self._buffer(row.id)).spoken()
            return plain(spoken) if role == Qt.ItemDataRole.ToolTipRole else spoken
        return None


class RunOrder(QSortFilterProxyModel):
    """Sorts and filters a `RunListModel`. Ended runs of studies and the archive are left out until asked for."""

    def __init__(self, runs: RunListModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.runs = runs
        self._search = WordSearch()
        self._texts: dict[int, tuple[RunRow, str]] = {}  # what the filter looks in, worked out once
        self._folded, self._without_archive = True, True
        self._kept = -1
        self.setSourceModel(runs)
        self.setDynamicSortFilter(True)
        self.sort(0)

    def set_filter(self, text: str) -> None:
        """Keep the runs that `text` means (see `ui/listing/finding.py`)."""
        self.beginFilterChange()
        self._search = search(text)
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def set_folded(self, folded: bool) -> None:
        """Whether the ended runs of studies are left out."""
        self.beginFilterChange()
        self._folded = folded
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def set_archived(self, on: bool) -> None:
        """Whether the runs of the archive are listed too."""
        self.beginFilterChange()
        self._without_archive = not on
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def keep(self, run_id: int) -> None:
        """This run is listed as long as somebody looks at it."""
        self._kept = run_id
        if not self.mapFromSource(self.runs.place(run_id)).isValid():
            self.set_folded(self._folded)

    def lessThan(self, left: Index, right: Index) -> bool:
        rows = self.runs._rows
        return order(rows[left.row()]) < order(rows[right.row()])

    def filterAcceptsRow(self, place: int, parent: Index) -> bool:
        row = self.runs._rows[place]
        return not self._is_away(row) and self._finds(row)

    def _finds(self, row: RunRow) -> bool:
        known = self._texts.get(row.id)
        if known is None or known[0] is not row:
            known = self._texts[row.id] = (row, searched(row))
        return self._search.finds(row, known[1])

    def _is_away(self, row: RunRow) -> bool:
        if row.archived and self._without_archive:
            return True
        return self._folded and row.study_id is not None and not row.is_live and row.id != self._kept

    def count_away(self) -> tuple[int, int]:
        """How many runs the filter means that are only left out as runs of studies, and as archived ones."""
        found = [row for row in self.runs._rows if self._is_away(row) and self._finds(row)]
        archived = sum(row.archived for row in found)
        return len(found) - archived, archived


def order(row: RunRow) -> tuple[int, float]:
    """Working, then waiting in their order, then ended with the newest first."""
    if row.is_live:
        return _RANK[row.state], row.created
    return 2, -(row.ended or row.created)


def searched(row: RunRow) -> str:
    """The text that the filter looks in."""
    experiment = row.experiment
    parts = [row.name, row.note, row.plan, row.study, row.state.value, experiment.method.name, experiment.backbone.name,
             experiment.dataset.name, experiment.dataset.path or "", "starred" if row.starred else "",
             *row.tags]  # fmt: skip
    return " ".join(parts).casefold()
