"""The chosen set above its tabs: its title, how much it holds, where it lies, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from engine.comparison.wording import count, size
from ui.data.known_sets import KnownSet
from ui.listing.card_list import ProgressLine
from ui.widgets.buttons import PrimaryButton, button
from ui.widgets.layouts import in_column
from ui.widgets.menu_button import MenuButton
from ui.widgets.problem import Problem
from ui.widgets.reflow import FlowLayout
from ui.widgets.text import Elided, Text

if TYPE_CHECKING:
    from engine.data.inventory import Inventory
    from engine.data.labelled_set import LabelledSet


class SetHeader(QWidget):
    """Shows what it is given; the actions come from the page."""

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self.title = Elided("", "title", bold=True)
        self.facts = Text("", role="text")
        self.place = Elided("", "small", "muted", mode=Qt.TextElideMode.ElideMiddle)
        self.state = Text("", "small", "muted")
        self.bar = ProgressLine("Reading the data")
        self.problem, self.doubts, self.changed = Problem(), Problem("warning"), Problem("warning")
        self.use = PrimaryButton("Use in New experiment", "new")
        self.use.clicked.connect(lambda _=False: actions["use"].trigger())
        self.fetch = PrimaryButton("Download", "download")
        self.fetch.clicked.connect(lambda _=False: actions["fetch"].trigger())
        self.folder = button("Show in folder", "folder", actions["folder"].toolTip(), actions["folder"].trigger)
        self.again = button("Read again", "reset", actions["again"].toolTip(), actions["again"].trigger)
        menu = QMenu(self, toolTipsVisible=True)
        menu.addActions([actions["rename"], actions["forget"]])
        menu.addSeparator()
        menu.addAction(actions["bin"])
        self.more = MenuButton("More", "Rename or remove this data set", menu=menu, name="More about this data set")
        deeds = FlowLayout(self.use, self.fetch, self.folder, self.again, self.more)
        in_column(
            self.title,
            self.facts,
            self.place,
            self.state,
            self.bar,
            self.problem,
            self.doubts,
            self.changed,
            4,
            deeds,
            owner=self,
            gap=4,
        )

    def show_set(self, chosen: KnownSet) -> None:
        """What is known before anything is read."""
        self.title.setText(chosen.title)
        self.facts.setText(chosen.facts)
        self.place.setText(chosen.place or ("comes with the program" if chosen.there else ""))
        self.place.setVisible(bool(self.place.text()))
        self.problem.say()
        self.doubts.say()
        self.show_progress(0.0)
        self.use.setVisible(chosen.there or chosen.is_own)
        self.fetch.setVisible(not chosen.there and not chosen.is_own)
        named = ((self.use, "use"), (self.fetch, "fetch"), (self.folder, "folder"), (self.again, "again"))
        for widget, key in named:
            widget.setEnabled(self._actions[key].isEnabled())
            widget.setToolTip(self._actions[key].toolTip())

    def show_progress(self, share: float) -> None:
        """How much of the images was looked at."""
        self.state.setText("Reading the data…" if share <= 0 else f"Looking at everything… {share:.0%}")
        self.state.show()
        self.bar.show_share(share, "accent", self.state.text(), at_work=True)

    def show_silent(self, seconds: int) -> None:
        """Nothing was heard of the set for so long."""
        self.state.setText(f"No answer for {seconds} s: its drive may be slow, or gone. Other sets can be looked at.")

    def show_listed(self, data: LabelledSet) -> None:
        self.facts.setText(f"{count(len(data), data.what)} · {classes_words(data)}")

    def show_read(self, data: LabelledSet, found: Inventory) -> None:
        self.facts.setText(facts_of(data, found))
        self.state.setText(" · ".join(word for word in (data.layout, f"licence: {data.licence}") if word))
        self.bar.show_share(1, "good", "", at_work=False)
        self.problem.say()
        self.doubts.say(*data.doubts)

    def show_changed(self, words: str) -> None:
        """What has changed since a run learnt from it."""
        self.changed.say(words)

    def show_fetching(self, words: str, share: float | None) -> None:
        """What would be fetched, or how far it is: share is None while nothing was asked for."""
        self.state.setText(words)
        self.state.show()
        self.bar.show_share(share or 0.0, "accent", words, at_work=share is not None)

    def show_problem(self, words: str) -> None:
        self.state.hide()
        self.bar.show_share(0, "accent", "", at_work=False)
        self.problem.say(words)


def facts_of(data: LabelledSet, found: Inventory) -> str:
    """ "2,527 images · 6 classes · 512 × 384 px · 42 MB"."""
    words = [count(len(data), data.what), classes_words(data), typical_of(found)]
    words += [size(found.stored)] if found.stored else []
    words += (
        [f"{count(len(data.skipped), 'files' if data.what == 'images' else data.what)} left out"]
        if data.skipped
        else []
    )
    return " · ".join(words)


def typical_of(found: Inventory) -> str:
    """ "about 512 × 384 px", "about 8 words"."""
    several = "about " if len(found.sizes) > 1 else ""
    if found.lengths is not None:
        return f"{several}{count(found.lengths.typical, 'words')}"
    height, width = found.typical
    return f"{several}{width:,} × {height:,} px"


def classes_words(data: LabelledSet) -> str:
    """ "6 classes", "no labels"."""
    return count(len(data.class_names), "classes") if data.labelled else "no labels"
