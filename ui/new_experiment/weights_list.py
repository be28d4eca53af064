"""All weights there are to start from, one line each: those that suit the images first, the others with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QWidget

from ui.new_experiment.offers import Offer
from ui.widgets.choice_list import ChoiceRow, GroupHeading
from ui.widgets.column import caption
from ui.widgets.layouts import in_column
from ui.widgets.text import plain

SUIT, YOURS, RANDOM, MISFITS = "Suit this data", "Yours", "Random weights", "Do not suit"
FEW = 2  # rows that are not worth a fold


class WeightsList(QWidget):
    """chosen(key) by a person. Groups open and close under their headings; rows that are gone leave the others in
    place."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: dict[str, ChoiceRow] = {}
        self._group = QButtonGroup(self)
        self._group.buttonClicked.connect(lambda row: self.chosen.emit(row.key))
        self.first = caption(SUIT)
        self.headings = {title: GroupHeading(title) for title in (YOURS, RANDOM, MISFITS)}
        self._places = {title: in_column(gap=2) for title in (SUIT, *self.headings)}
        self._inside: dict[str, list[str]] = {title: [] for title in self._places}
        column = in_column(self.first, self._places[SUIT], owner=self, gap=2)
        for title, heading in self.headings.items():
            column.addWidget(heading)
            column.addLayout(self._places[title])
            heading.toggled.connect(lambda _, title=title: self._open(title))

    # What there is

    def show_offers(self, offers: Sequence[Offer], why: Callable[[Offer], str]) -> None:
        """why: an offer does not suit, "" where it does."""
        reasons = {one.key: why(one) for one in offers}
        groups = grouped(offers, reasons)
        if groups[RANDOM] != self._inside[RANDOM]:  # other networks suit: a few rows need no fold
            self.headings[RANDOM].setChecked(len(groups[RANDOM]) <= FEW or self.marked() in groups[RANDOM])
        self._drop(set(self.rows) - set(reasons))
        for one in offers:
            self._row(one).set_note(reasons[one.key])
        for title, keys in groups.items():
            self._fill(title, keys)

    def _row(self, offer: Offer) -> ChoiceRow:
        row = self.rows.get(offer.key)
        if row is None:
            row = self.rows[offer.key] = ChoiceRow(offer.key, offer.title, cuts_facts=True)
            self._group.addButton(row)
            row.toggled.connect(lambda _: self._summarise())
        row.set_words(offer.title, offer.beside)
        row.set_faint(not offer.here)
        told = ". ".join(part for part in (offer.badge, offer.facts) if part)
        row.setAccessibleDescription(told)
        row.setToolTip(plain(f"{offer.words}. {told}" if told else offer.words))
        return row

    def _drop(self, keys: Iterable[str]) -> None:
        for key in keys:
            row = self.rows.pop(key)
            self._group.removeButton(row)
            row.hide()
            row.deleteLater()

    def _fill(self, title: str, keys: list[str]) -> None:
        place = self._places[title]
        if keys != self._inside[title] or place.count() != len(keys):
            while place.count():
                place.takeAt(0)
            for key in keys:
                place.addWidget(self.rows[key])
            self._inside[title] = keys
        if title == SUIT:
            self.first.setVisible(bool(keys))
            for key in keys:
                self.rows[key].show()
        else:
            self._open(title)

    # Which one is chosen, and which are seen

    def mark(self, key: str) -> None:
        if key in self.rows:
            self.rows[key].setChecked(True)
            self._summarise()

    def marked(self) -> str:
        row = self._group.checkedButton()
        return row.key if isinstance(row, ChoiceRow) else ""

    def open(self, title: str) -> None:
        self.headings[title].setChecked(True)

    def _open(self, title: str) -> None:
        for key in self._inside[title]:
            self.rows[key].setVisible(self.headings[title].isChecked())
        self._summarise()

    def _summarise(self) -> None:
        """A closed heading names what is in it, or the one that is chosen."""
        for title, heading in self.headings.items():
            rows = [self.rows[key] for key in self._inside[title] if key in self.rows]
            chosen = next((row.text() for row in rows if row.isChecked()), "")
            heading.set_summary(", ".join(row.text() for row in rows) or "nothing yet", chosen)
            heading.setEnabled(bool(rows))

    def in_order(self) -> tuple[QWidget, ...]:
        """Rows and headings as they stand."""
        found: list[QWidget] = [self.rows[key] for key in self._inside[SUIT]]
        for title, heading in self.headings.items():
            found += [heading, *(self.rows[key] for key in self._inside[title])]
        return tuple(found)


def grouped(offers: Sequence[Offer], reasons: dict[str, str]) -> dict[str, list[str]]:
    """Keys by group. Random weights stand with what suits where nothing pretrained does."""
    fit = [one for one in offers if not reasons[one.key]]
    trained = [one.key for one in fit if one.group == "published"]
    random = [one.key for one in fit if one.group == "random"]
    return {
        SUIT: trained or random,
        YOURS: [one.key for one in fit if one.group == "yours"],
        RANDOM: random if trained else [],
        MISFITS: [one.key for one in sorted(offers, key=lambda one: one.group == "random") if reasons[one.key]],
    }
