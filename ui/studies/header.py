"""The chosen study above its figure: title, question, how far it is, and the buttons."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from engine.comparison.wording import count, short_host, to_go
from engine.events import CLUSTER
from ui.listing.card_list import ProgressLine
from ui.studies.reading import StudyNow, progress_words
from ui.studies.study_list import share_of
from ui.widgets.buttons import PrimaryButton, button
from ui.widgets.layouts import in_column
from ui.widgets.menu_button import MenuButton
from ui.widgets.reflow import FlowLayout
from ui.widgets.text import Elided, Text

LEAST_WIDTH = 320  # pixels


MOST_NAMED = 3  # machines that are told by name
SAID = {"starting": "Checking the data. ", "working": "At work: ", "ending": "Ending what is at work: "}


def status_words(now: StudyNow, word: str, expected: str = "", machines: Sequence[str] = ()) -> str:
    """One line: what it does, how far it is, where, what is still to come. word: see `StudyDriver.word`. expected: how
    long it will take, before its first run. machines: see `StudyDriver.machines`."""
    parts = [f"{SAID.get(word, '')}{progress_words(now.progress)}"]
    if now.progress.in_line and not word:
        parts.append("at work in another window or terminal")
    elif now.study.device == CLUSTER and not now.is_complete:
        parts.append(cluster_words(word, machines))
    if now.seconds_left and not now.is_complete:
        parts.append(f"about {to_go(now.seconds_left / max(1, len(machines)))} to go")
    elif not now.is_complete and now.seconds_per_run is None:
        parts.append(expected or "how long it takes is known after the first run")
    return ", ".join(parts) + "."


def cluster_words(word: str, machines: Sequence[str]) -> str:
    """ "3 runs at work on office and rack"."""
    names = sorted({short_host(one) for one in machines})
    if not names:
        return "no machine of the cluster works on it yet" if word == "working" else "set up for the cluster"
    where = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    where = where if len(names) <= MOST_NAMED else count(len(set(machines)), "machines")
    return f"{count(len(machines), 'runs')} at work on {where}"


class StudyHeader(QWidget):
    """Shows what `show_study` is given; the actions come from the page."""

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self.title = Elided("", "title", bold=True)
        self.question = Text("", role="muted")
        self.status = Text("", "small", "muted")
        self.bar = ProgressLine("Progress of the study")
        self.start = PrimaryButton("Start", "play")
        self.start.clicked.connect(lambda _=False: actions["start"].trigger())
        self.stop = button("Stop", "stop", actions["stop"].toolTip(), actions["stop"].trigger)
        self.compare = button("Compare", "compare", actions["compare"].toolTip(), actions["compare"].trigger)
        self.menu = QMenu(self, toolTipsVisible=True)
        for key in ("change", "copy", "rename", "note", "file"):
            self.menu.addAction(actions[key])
        self.menu.addSeparator()
        self.menu.addAction(actions["delete"])
        self._lay_out()

    def _lay_out(self) -> None:
        tip = "Change, copy, rename, save or delete this study"
        more = MenuButton("More", tip, menu=self.menu, name="More about this study")
        deeds = FlowLayout(self.start, self.stop, self.compare, more)
        in_column(self.title, self.question, self.status, self.bar, 4, deeds, owner=self, gap=4)

    def minimumSizeHint(self) -> QSize:
        """As high as its words are at the least width of the page, not at that of a button."""
        layout = self.layout()
        return QSize(LEAST_WIDTH, layout.minimumHeightForWidth(LEAST_WIDTH)) if layout is not None else QSize()

    def show_study(self, now: StudyNow, word: str, expected: str = "", machines: Sequence[str] = ()) -> None:
        """See `status_words`."""
        self.title.setText(now.row.title)
        self.question.setText(now.study.description)
        self.question.setVisible(bool(now.study.description))
        self.status.setText(status_words(now, word, expected, machines))
        done = now.progress
        share, role = share_of(done.finished, done.total)
        self.bar.show_share(share, role, progress_words(done), done.finished < done.total)
        self._show_buttons()

    def _show_buttons(self) -> None:
        """The buttons are as the actions are."""
        for widget, key in ((self.start, "start"), (self.stop, "stop"), (self.compare, "compare")):
            action = self._actions[key]
            widget.setText(action.text().replace("&", ""))
            widget.setEnabled(action.isEnabled())
            widget.setToolTip(action.toolTip())
        self.start.set_icon("pause" if self.start.text() == "Pause" else "play")
        self.start.setVisible(self._actions["start"].isEnabled())
        self.stop.setVisible(self._actions["stop"].isEnabled())
