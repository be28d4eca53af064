"""The chosen set above its tabs: its title, how much it holds, where it lies, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from engine.comparison.wording import count
from ui.data.known_sets import KnownSet
from ui.listing.card_list import ProgressLine
from ui.widgets.buttons import PrimaryButton, button
from ui.widgets.layouts import in_column
from ui.widgets.menu_button import MenuButton
from ui.widgets.problem import Problem
from ui.widgets.reflow import FlowLayout
from ui.widgets.text import Elided, Text

if TYPE_CHECKING:
    from engine.data.images import ImageSet
    from engine.data.inventory import Inventory

MEGA = 10**6


class SetHeader(QWidget):
    """Shows what it is given; the actions come from the page."""

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self.title = Elided("", "title", bold=True)
        self.facts = Text("", role="text")
        self.place = Elided("", "small", "muted", mode=Qt.TextElideMode.ElideMiddle)
        self.state = Text("", "small", "muted")
        self.bar = ProgressLine("Reading the images")
        self.problem = Problem()
        self.use = PrimaryButton("Use in New experiment", "new")
        self.use.clicked.connect(lambda _=False: actions["use"].trigger())
        self.folder = button("Show in folder", "folder", actions["folder"].toolTip(), actions["folder"].trigger)
        self.again = button("Read again", "reset", actions["again"].toolTip(), actions["again"].trigger)
        menu = QMenu(self, toolTipsVisible=True)
        menu.addActions([actions["rename"], actions["forget"]])
        menu.addSeparator()
        menu.addAction(actions["bin"])
        self.more = MenuButton("More", "Rename or remove this data set", menu=menu, name="More about this data set")
        deeds = FlowLayout(self.use, self.folder, self.again, self.more)
        in_column(self.title, self.facts, self.place, self.state, self.bar, self.problem, 4, deeds, owner=self, gap=4)

    def show_set(self, chosen: KnownSet) -> None:
        """What is known before anything is read."""
        self.title.setText(chosen.title)
        self.facts.setText(chosen.facts)
        where = chosen.key.partition(":")[2]
        self.place.setText(where or {"With the program": "comes with the program"}.get(chosen.group, ""))
        self.place.setVisible(bool(self.place.text()))
        self.problem.say()
        self.show_progress(0.0)
        for widget, key in ((self.use, "use"), (self.folder, "folder"), (self.again, "again")):
            widget.setEnabled(self._actions[key].isEnabled())
            widget.setToolTip(self._actions[key].toolTip())

    def show_progress(self, share: float) -> None:
        """How much of the images was looked at."""
        self.state.setText("Reading the images…" if share <= 0 else f"Looking at every image… {share:.0%}")
        self.state.show()
        self.bar.show_share(share, "accent", self.state.text(), at_work=True)

    def show_listed(self, data: ImageSet) -> None:
        self.facts.setText(f"{count(len(data), 'images')} · {count(len(data.class_names), 'classes')}")

    def show_read(self, data: ImageSet, found: Inventory) -> None:
        self.facts.setText(facts_of(data, found))
        self.state.setText(" · ".join(word for word in (data.layout, f"licence: {data.licence}") if word))
        self.bar.show_share(1, "good", "", at_work=False)
        self.problem.say()

    def show_problem(self, words: str) -> None:
        self.state.hide()
        self.bar.show_share(0, "accent", "", at_work=False)
        self.problem.say(words)


def facts_of(data: ImageSet, found: Inventory) -> str:
    """ "2,527 images · 6 classes · 512 × 384 px · 42 MB"."""
    height, width = found.typical
    several = "about " if len(found.sizes) > 1 else ""
    words = [count(len(data), "images"), count(len(data.class_names), "classes"), f"{several}{width:,} × {height:,} px"]
    words += [megabytes(found.stored)] if found.stored else []
    words += [f"{count(len(data.skipped), 'files')} left out"] if data.skipped else []
    return " · ".join(words)


def megabytes(size: int) -> str:
    """ "1.4 GB", "42 MB", "0.3 MB"."""
    if size >= 1000 * MEGA:
        return f"{size / MEGA / 1000:,.1f} GB"
    return f"{size / MEGA:,.0f} MB" if size >= 10 * MEGA else f"{size / MEGA:,.1f} MB"
