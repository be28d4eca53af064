"""The model of a long list: a star, then a column for each text. Whatever changes, the lines are made anew at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QPixmap

from ui import icons
from ui.shelf.list_line import ListColumn, ListLine, Test
from ui.shelf.list_order import STAR, ListOrder

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
# Plain numbers: Qt asks thousands of times per repaint.
TEXT, ALIGNED, TIPPED, SPOKEN = (
    int(role)
    for role in (
        Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.TextAlignmentRole, Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.AccessibleTextRole,
    )
)  # fmt: skip
ROLES = frozenset((TEXT, ALIGNED, TIPPED, SPOKEN))
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
NAME = 1
STAR_TIP = "Favourites, which stand behind the usual ones. Click, or F: in or out"


class ListModel(QAbstractTableModel):
    """columns: what stands behind the star; the last one says where an entry is, or how far its download."""

    def __init__(self, columns: Sequence[ListColumn], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.columns = (ListColumn("★", 2, STAR_TIP), *columns)
        self.lines = ListOrder()
        self.where = next((place for place, one in enumerate(self.columns) if one.title == "Where"), NAME)
        self._progress: Mapping[str, tuple[str, float | None]] = {}

    # What it is told

    def set_entries(self, entries: Sequence[ListLine]) -> None:
        with self._anew():
            self.lines.set_entries(entries)

    def set_words(self, typed: str) -> None:
        """Leave those in which all of these words occur."""
        words = tuple(typed.casefold().split())
        if words != self.lines.words:
            with self._anew():
                self.lines.words = words
                self.lines.choose()

    def set_tests(self, tests: Iterable[Test]) -> None:
        with self._anew():
            self.lines.tests = tuple(tests)
            self.lines.choose()

    def set_favourites(self, keys: frozenset[str]) -> None:
        """Only marks them; where they stand follows with the next order: no line runs away from under a hand."""
        self.lines.favourites = keys
        self._redraw(STAR)

    def set_misfits(self, misfits: Mapping[str, str]) -> None:
        """misfits: by key, why it does not suit."""
        if misfits != self.lines.misfits:
            with self._anew():
                self.lines.misfits = misfits
                self.lines.sort()

    def set_progress(self, progress: Mapping[str, tuple[str, float | None]]) -> None:
        """progress: words and a fraction, None if not known, by the key of a download."""
        if progress != self._progress:
            self._progress = progress
            self._redraw(self.where)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if 0 <= column < len(self.columns):
            with self._anew():
                self.lines.column, self.lines.descending = column, order == Qt.SortOrder.DescendingOrder
                self.lines.sort()

    # What others ask

    def entry(self, row: int) -> ListLine | None:
        return self.lines.shown[row] if 0 <= row < len(self.lines.shown) else None

    def row_of(self, key: str) -> int:
        """-1 where it is not shown."""
        return next((row for row, entry in enumerate(self.lines.shown) if entry.key == key), -1)

    def progress(self, entry: ListLine) -> tuple[str, float | None] | None:
        return self._progress.get(entry.fetch_key) if entry.fetch_key else None

    def _anew(self) -> _Anew:
        return _Anew(self)

    def _redraw(self, column: int) -> None:
        if self.lines.shown:
            self.dataChanged.emit(self.index(0, column), self.index(len(self.lines.shown) - 1, column))

    # What Qt asks

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.lines.shown)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == TEXT:
            return column.title
        if role == ALIGNED:
            return RIGHT if column.number else LEFT
        if role == SPOKEN:
            return "Favourite" if section == STAR else column.title
        return column.help or None if role == TIPPED else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role not in ROLES:
            return None
        entry, column = self.lines.shown[index.row()], index.column()
        if column == STAR:
            on = entry.key in self.lines.favourites
            return ("Favourite" if on else "No favourite") if role in (TIPPED, SPOKEN) else None
        if role == TEXT:
            return self.text(entry, column)
        if role == ALIGNED:
            return self.side(column)
        misfit = self.lines.misfits.get(entry.key, "")
        return f"{entry.cells[column - 1]}\n{misfit}" if misfit else entry.cells[column - 1]

    # What is drawn

    def text(self, entry: ListLine, column: int) -> str:
        running = self.progress(entry) if column == self.where else None
        return running[0] if running else entry.cells[column - 1]

    def side(self, column: int) -> int:
        return RIGHT if self.columns[column].number else LEFT

    def star(self, on: bool) -> QPixmap:
        return icons.pixmap("star-filled" if on else "star", 14, "accent" if on else "faint")


class _Anew:
    """While open the lines change; views drop what they know of them."""

    def __init__(self, model: ListModel) -> None:
        self._model = model

    def __enter__(self) -> None:
        self._model.beginResetModel()

    def __exit__(self, *_: object) -> None:
        self._model.endResetModel()
