"""Which method: the families, and in each one line per method under the heading of its group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QWidget

from engine.families import FAMILIES, Family
from engine.method import Method
from engine.spoken import said_of
from ui.widgets.choice_list import ChoiceList, ChoiceRow
from ui.widgets.frame import Segment
from ui.widgets.layouts import in_column, in_row

BROKEN = {"Fine-tuning": "Fine-\ntuning", "Meta-learning": "Meta-\nlearning", "Pretraining": "Pre-\ntraining"}


class MethodChoices(QWidget):
    """chosen(name): the person chose a method. family_wanted(key): the person turned to another family."""

    chosen = Signal(str)
    family_wanted = Signal(str)

    def __init__(self, methods: Iterable[type[Method]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards: dict[str, ChoiceRow] = {}
        self.families: dict[str, Segment] = {}
        self.lists = {one.key: ChoiceList() for one in listed()}
        self._family_of: dict[str, str] = {}
        self._ideas: dict[str, str] = {}
        self._rows = QButtonGroup(self)
        in_column(self._family_buttons(), *self.lists.values(), owner=self, gap=8)
        self._add(methods)
        self._rows.buttonClicked.connect(lambda row: self.chosen.emit(row.key))

    def _family_buttons(self) -> QHBoxLayout:
        row = in_row(gap=6)
        group = QButtonGroup(self)
        for one in listed():
            button = Segment(one.title, narrow=BROKEN.get(one.title, ""))
            button.clicked.connect(lambda _=False, key=one.key: self.family_wanted.emit(key))
            group.addButton(button)
            self.families[one.key] = button
            row.addWidget(button, button.sizeHint().width())  # by its words: equal ones would cut the longest
        return row

    def _add(self, methods: Iterable[type[Method]]) -> None:
        groups: dict[str, dict[str, list[type[Method]]]] = {key: {} for key in self.lists}
        for method in methods:
            family = self._family_of[method.name] = list_of(method)
            groups[family].setdefault(method.group, []).append(method)
        for family, found in groups.items():
            for title in in_order(found, FAMILIES[family].groups):
                self.lists[family].add(title, [self._row(method) for method in found[title]])

    def _row(self, method: type[Method]) -> ChoiceRow:
        self._ideas[method.name] = method.idea
        row = self.cards[method.name] = ChoiceRow(method.name, method.title, method.idea)
        self._rows.addButton(row)
        return row

    def speak_of(self, what: str) -> None:
        """The ideas in words about "images" or "texts"."""
        for name, card in self.cards.items():
            card.show_idea(said_of(self._ideas[name], what))

    def show_choice(self, name: str) -> None:
        """Turn to this method's family, open its group and mark it."""
        family = self._family_of[name]
        self.families[family].setChecked(True)
        self.cards[name].setChecked(True)
        for key, shown in self.lists.items():
            shown.setVisible(key == family)
        self.lists[family].reveal(name)

    def list_of(self, name: str) -> ChoiceList:
        return self.lists[self._family_of[name]]

    def tab_order(self, name: str) -> tuple[QWidget, ...]:
        """The family of this method and its rows."""
        return (*self.families.values(), *self.list_of(name).tab_order())


def listed() -> list[Family]:
    """The families that have a list of their own."""
    return [one for one in FAMILIES.values() if not one.under]


def list_of(method: type[Method]) -> str:
    """Key of the family in whose list the method is shown."""
    return FAMILIES[method.family].under or method.family


def in_order(titles: Iterable[str], known: Sequence[str]) -> list[str]:
    """Groups as they are listed: the known ones first, others after them as they came."""
    order = {title: place for place, title in enumerate(known)}
    return sorted(titles, key=lambda title: order.get(title, len(order)))
