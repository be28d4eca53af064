"""How many images each class has, and which sizes, shapes, colours and kinds of files there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.comparison.wording import count, thousands
from ui.data.bar_list import BarList
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_column, in_row
from ui.widgets.problem import Problem
from ui.widgets.text import Text

if TYPE_CHECKING:
    from engine.data.inventory import Inventory
    from engine.data.labelled_set import LabelledSet

ORDERS: list[tuple[object, str]] = [("given", "As listed"), ("most", "Most first"), ("fewest", "Fewest first")]


class Balance(QWidget):
    """class_wanted(class): its images are to be shown."""

    class_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words, self.alike = Text(""), Problem("warning")
        self.order = Choice(ORDERS)
        self.order.setAccessibleName("Order of the classes")
        self.order.currentIndexChanged.connect(lambda _: self._fill())
        self.bars = BarList("Examples per class")
        self.bars.chosen.connect(lambda row: self.class_wanted.emit(self._places[row]))
        self._counts: list[tuple[str, int]] = []
        self._places: list[int] = []
        in_column(in_row((self.words, 1), self.order, gap=8), self.alike, (self.bars, 1), owner=self, gap=8)

    def show_set(self, data: LabelledSet) -> None:
        self._counts = list(zip(data.class_names, data.counts.tolist(), strict=True))
        self.words.setText(balance_words([number for _, number in self._counts], data.what))
        self.bars.setAccessibleName(f"{data.what.capitalize()} per class")
        self.alike.say()
        self._fill()

    def show_inventory(self, found: Inventory) -> None:
        groups = ["“" + "” and “".join(group) + "”" for group in found.alike[:3]]
        more = f" and {len(found.alike) - 3:,} more such" if len(found.alike) > 3 else ""
        if groups:
            self.alike.say(f"Classes whose names differ in case only: {', '.join(groups)}{more}. "
                           "Make them one class if they are the same.")  # fmt: skip

    def _fill(self) -> None:
        places = range(len(self._counts))
        sign = {"given": 0, "most": -1, "fewest": 1}[str(self.order.key())]
        self._places = sorted(places, key=lambda place: sign * self._counts[place][1])
        self.bars.show_counts([self._counts[place] for place in self._places])


def balance_words(counts: list[int], what: str) -> str:
    """ "20 images in each of 1,623 classes", "59 to 800 images per class"."""
    if not counts:
        return ""
    if min(counts) == max(counts):
        return f"{count(counts[0], what)} in each of {thousands(len(counts))} classes"
    return f"{thousands(min(counts))} to {thousands(max(counts))} {what} per class"


class Sizes(QWidget):
    """Sizes as bars under what else was counted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = Text("")
        self.bars = BarList("Sizes and how many are of each")
        in_column(self.words, (self.bars, 1), owner=self, gap=8)

    def show_inventory(self, found: Inventory) -> None:
        (low, high), lines = (found.smallest, found.largest), []
        if (of := found.lengths) is not None:
            lines.append(f"Shortest {count(of.shortest, 'words')}, longest {count(of.longest, 'words')}, "
                         f"typical {count(of.typical, 'words')}; {of.cut_words}")  # fmt: skip
        elif low != high:
            lines.append(f"Smallest {low[1]:,} × {low[0]:,} px, largest {high[1]:,} × {high[0]:,} px, "
                         f"typical {found.typical[1]:,} × {found.typical[0]:,} px")  # fmt: skip
        named = (("Shapes", found.shapes), ("Colours", found.colours), ("Files", found.kinds))
        lines += [f"{title}: {listed}" for title, counts in named if (listed := counted(counts))]
        self.words.setText("\n".join(lines))
        self.bars.show_counts(found.sizes)


def counted(counts: tuple[tuple[str, int], ...]) -> str:
    """ "wide 2,400, tall 127"."""
    return ", ".join(f"{words} {thousands(number)}" for words, number in counts)
