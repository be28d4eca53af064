"""The dialog that a long list is chosen from: words, filters, the list, what is known of a line, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QWidget

from engine.comparison.wording import thousands
from engine.downloads.wanted import Wanted
from ui import icons
from ui.parts import Parts
from ui.shelf.fetching import Fetching
from ui.shelf.filter_line import FilterLine
from ui.shelf.list_line import Filter, ListColumn, ListLine, Told
from ui.shelf.list_table import BACK, ListTable
from ui.shelf.side_panel import SidePanel
from ui.widgets.buttons import PrimaryButton, button
from ui.widgets.frame import ThinSplitter
from ui.widgets.layouts import in_column, in_row
from ui.widgets.place import fit
from ui.widgets.text import Text
from ui.window_memory import WindowMemory

MOVES = frozenset((Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown))
SHELF_WORK, FIT_WORK = "shelf", "shelf misfits"  # keys of the background's work
SIDE_AFTER = 120  # milliseconds of quiet, after which the side follows


@dataclass(frozen=True)
class Shelf:
    """What a picker shows of one kind of things.

    name: the kind's, by which favourites are kept. many: what they are called, "sets of weights". use: the button.
    load: all entries, in another thread. misfits: why some do not suit, by key, in another thread; may raise
    `ExperimentError`. told: what the side says. wanted: what would be fetched for one, None where nothing can be.
    why_not: why one cannot be used now, "" where it can.
    """

    name: str
    title: str
    many: str
    use: str
    columns: Sequence[ListColumn]
    load: Callable[[], Sequence[ListLine]]
    filters: Callable[[Sequence[ListLine]], Sequence[Filter]]
    told: Callable[[ListLine], Told]
    wanted: Callable[[ListLine], Wanted | None]
    why_not: Callable[[ListLine], str]
    misfits: Callable[[Sequence[ListLine]], Mapping[str, str]] | None = None
    boxes: Sequence[tuple[str, str, Callable[[ListLine], bool]]] = field(default_factory=tuple)


class Picker(QDialog):
    """Opens at once and fills when the list is read. then(line) gets what was chosen."""

    def __init__(
        self,
        parts: Parts,
        shelf: Shelf,
        current: str,
        then: Callable[[ListLine], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(shelf.title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._parts, self._shelf, self._then = parts, shelf, then
        self._memory = WindowMemory(parts.settings)
        self.search = QLineEdit(placeholderText="Search by words", clearButtonEnabled=True)
        self.filters = FilterLine()
        self.table = ListTable(shelf.columns, shelf.title)
        self.side = SidePanel()
        self.count = Text("", "small", "muted", wrap=False)
        self.why_not = Text("", "small", "muted")
        self.use = PrimaryButton(shelf.use)
        self.fetching = Fetching(parts.downloads, shelf.wanted)
        self._side_soon = QTimer(self, singleShot=True, interval=SIDE_AFTER)
        self._lay_out()
        self._connect()
        self.table.list.set_favourites(self._memory.favourites(shelf.name))
        self.table.choose(current)
        self._show_entry(None)
        self._load()

    def _lay_out(self) -> None:
        icons_action = self.search.addAction(icons.icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        icons_action.setEnabled(False)
        self.search.setAccessibleName("Search by words")
        self.search.setToolTip("All of these words occur. Up and Down go through the list, Return uses a line")
        for title, tip, test in (*self._shelf.boxes, ("Favourites", "Only what has a star", self._is_favourite)):
            self.filters.add_box(title, tip, test)
        middle = ThinSplitter(f"shelf {self._shelf.name}", self.table, self.side)
        middle.setStretchFactor(0, 3)
        middle.setStretchFactor(1, 1)
        middle.setSizes([820, 340])
        in_column(
            in_row((self.search, 1), self.count, gap=12), self.filters, (middle, 1), self._buttons(), owner=self,
            gap=10, edges=12,
        )  # fmt: skip
        fit(self, 1180, 720)
        self._memory.restore_splitters(self)

    def _buttons(self) -> QHBoxLayout:
        close = button("Close", clicked=self.reject)
        close.setAutoDefault(False)
        self.use.setAutoDefault(False)
        words = in_column(self.why_not, self.fetching.words, gap=2)
        return in_row((words, 1), self.fetching.button, self.use, close, gap=8)

    def _connect(self) -> None:
        self.search.textChanged.connect(self._search)
        self.search.returnPressed.connect(self._use)
        self.search.installEventFilter(self)
        self.filters.changed.connect(self._filter)
        self.table.chosen.connect(lambda _: self._side_soon.start())
        self._side_soon.timeout.connect(lambda: self._show_entry(self.table.current()))
        self.table.used.connect(self._use)
        self.table.starred.connect(self._star)
        self.table.typed.connect(self._type)
        self.use.clicked.connect(self._use)
        self._parts.downloads.changed.connect(self._show_progress)
        self._parts.downloads.arrived.connect(self._load)
        QShortcut(QKeySequence.StandardKey.Find, self, self._find)
        self.finished.connect(lambda _: self._end())

    def _find(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    # What there is

    def _load(self) -> None:
        """Read the list, again when something has arrived."""
        if not self.table.list.lines.all():
            self.count.setText("Looking…")
        failed = self._parts.background.saying(self.count.setText, "The list could not be read.")
        self._parts.background.run(lambda _: self._shelf.load(), self._fill, failed, SHELF_WORK, at_once=True)

    def _fill(self, entries: Sequence[ListLine]) -> None:
        self.filters.show_filters(self._shelf.filters(entries))
        self.table.list.set_entries(entries)
        self._show_progress()
        self._say_count()
        judge = self._shelf.misfits
        if judge is not None:
            failed = self._parts.background.saying(lambda _: None, "")  # what is wrong with the data, its column says
            self._parts.background.run(
                lambda cancelled: judge(entries), self._take_misfits, failed, key=FIT_WORK
            )  # fmt: skip

    def _take_misfits(self, misfits: Mapping[str, str]) -> None:
        self.table.list.set_misfits(misfits)
        self._show_entry(self.table.current())

    def _end(self) -> None:
        self._side_soon.stop()
        self._memory.save_splitters(self)
        for key in (SHELF_WORK, FIT_WORK):
            self._parts.background.cancel(key)

    # Finding

    def _search(self, typed: str) -> None:
        self.table.list.set_words(typed)
        self._say_count()

    def _filter(self) -> None:
        self.table.list.set_tests(self.filters.tests())
        self._say_count()

    def _say_count(self) -> None:
        lines = self.table.list.lines
        every = thousands(len(lines.all()))
        shown = every if len(lines.shown) == len(lines.all()) else f"{thousands(len(lines.shown))} of {every}"
        self.count.setText(f"{shown} {self._shelf.many}")

    def _type(self, text: str) -> None:
        """Letters that were typed over the list."""
        self.search.setFocus()
        if text == BACK:
            self.search.backspace()
        else:
            self.search.end(False)
            self.search.insert(text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys that move go from the field to the list, and so does the keyboard."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in MOVES:
            self.table.setFocus()
            self.table.keyPressEvent(event)
            return True
        return super().eventFilter(watched, event)

    # The line that is chosen

    def _is_favourite(self, entry: ListLine) -> bool:
        return entry.key in self.table.list.lines.favourites

    def _star(self) -> None:
        entry = self.table.current()
        if entry is not None:
            kept = self.table.list.lines.favourites ^ {entry.key}
            self._memory.set_favourites(self._shelf.name, kept)
            self.table.list.set_favourites(kept)

    def _show_entry(self, entry: ListLine | None) -> None:
        """The side and the buttons follow the line."""
        self.side.setEnabled(entry is not None)
        misfit = self.table.list.lines.misfits.get(entry.key, "") if entry else ""
        nothing = Told("Nothing found" if self.table.list.lines.all() else "", ())
        self.side.tell(self._shelf.told(entry) if entry else nothing, misfit)
        reason = self._shelf.why_not(entry) if entry else ""
        self.use.setEnabled(entry is not None and not reason)
        self.use.setToolTip(reason)
        self.why_not.setText(reason)
        self.fetching.show_for(entry)

    def _show_progress(self) -> None:
        self.table.list.set_progress(self.fetching.progress())
        self.fetching.adjust()

    def _use(self) -> None:
        entry = self.table.current()
        if entry is not None and not self._shelf.why_not(entry):
            self.accept()
            self._then(entry)
