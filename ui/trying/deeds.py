"""What can be done on Try it: each deed once, for the buttons, the keys and the page's menu."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QWidget

from ui.listing.handing_on import EXPORT
from ui.listing.tool_buttons import deed_button
from ui.widgets.deed import Deeds, Entry
from ui.widgets.reflow import FlowLayout

TABLE: dict[str, Entry] = {
    "images": ("Add files…", "Ctrl+Shift+I", "new", "Image files, or texts in tables, lists and text files; or zips"),
    "folder": ("Add folder…", "Ctrl+Shift+D", "folder", "All images or texts in it and below"),
    "paste": ("Paste", "Ctrl+V", "copy", "An image, a text for each line, or files, from the clipboard"),
    "draw": (
        "Draw…",
        "Ctrl+Shift+P",
        "edit",
        "A pad for mouse or pen, for networks of characters and digits",
    ),
    "camera": ("Camera…", "", "camera", "What a camera sees, answered while you look"),
    "table": ("Save as CSV…", "Ctrl+Shift+T", "export", "All answers as a table, as “predict --csv” writes it"),
    "least": (
        "Label the 20 least sure",
        "Ctrl+Shift+L",
        "tag",
        "Of those with the smallest margin between two classes, those that the network sees as least alike",
    ),
    "write": (
        "Write as data set…",
        "",
        "data",
        "What you labelled: images in class folders, texts in a table, with where each came from; your files stay as "
        "they are",
    ),
    "again": (
        "Train again with these",
        "",
        "play",
        "The run's own data and what you labelled, beside each other in New experiment",
    ),
    "export": EXPORT,
    "clear": ("Clear", "", "close", "Take all away; the files stay where they are"),
}
SHORT = {
    "images": "Files…",
    "folder": "Folder…",
    "table": "CSV…",
    "least": "Least sure",
    "write": "Data set…",
    "again": "Train again",
}


class TryingDeeds(Deeds):
    """bar: their buttons."""

    def __init__(self, pane: QWidget, does: Mapping[str, Callable[[], object]]) -> None:
        super().__init__(pane, TABLE, does)
        self.bar = QWidget()
        row = FlowLayout(owner=self.bar, spacing=4)
        for key, action in self.actions.items():
            row.addWidget(deed_button(action, SHORT.get(key, TABLE[key][0])))

    def adjust(self, some: bool, answered: bool, labelled: bool, one_run: bool, texts: bool = False) -> None:
        """texts: they are what is answered, not images. some: any were handed in. answered: all that were are answered.
        labelled: a person labelled some. one_run: one thing is ticked, and it is a run."""
        for key in ("draw", "camera"):
            self.actions[key].setEnabled(not texts)
        self.actions["export"].setEnabled(one_run)
        self.actions["clear"].setEnabled(some)
        self.actions["table"].setEnabled(answered)
        self.actions["least"].setEnabled(answered)
        self.actions["write"].setEnabled(answered and labelled)
        self.actions["again"].setEnabled(answered and labelled)
