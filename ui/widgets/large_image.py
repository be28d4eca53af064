"""One image as large as it fits, where it lies, what was said of it and what the network saw; the arrow keys go to the
others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, overload

import numpy as np
from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QPushButton, QWidget

from ui.widgets.buttons import button
from ui.widgets.chance_bars import ChanceBars
from ui.widgets.folders import show_folder
from ui.widgets.images import Sample
from ui.widgets.layouts import in_column, in_row
from ui.widgets.picture import Picture
from ui.widgets.problem import Problem
from ui.widgets.quiet import QuietText
from ui.widgets.text import Text

WAYS = {int(Qt.Key.Key_Left): -1, int(Qt.Key.Key_Right): 1}
SIDE_WIDTH = 260  # pixels of what stands beside the image
USUAL = QSize(900, 640)


class Found(NamedTuple):
    """pixels: uint8 [height, width, channels], or a text. name: short, for the list. file: where it lies, None in
    memory or in a zip. truth: its true class, "" where it is not known. answers: (class, probability), the likeliest
    first. remark: more about its answers. seen: what the network reads, uint8 [side, side, channels]."""

    pixels: Sample
    name: str
    file: Path | None = None
    truth: str = ""
    answers: tuple[tuple[str, float], ...] = ()
    remark: str = ""
    seen: np.ndarray | None = None


Answer = Callable[[Sequence[Found] | str], None]  # the image, or why it cannot be read


class ImagesInOrder(Sequence[Found]):
    """So many images in an order, each made when it is asked for; none is decoded."""

    def __init__(self, count: int, find: Callable[[int], Found]) -> None:
        self._count, self._find = count, find

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Found: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Found]: ...
    def __getitem__(self, place: int | slice) -> Found | Sequence[Found]:
        if isinstance(place, slice):
            return [self._find(one) for one in range(*place.indices(self._count))]
        return self._find(range(self._count)[place])


class AboutImage(QWidget):
    """Truth, answers, and what the network saw; hidden where none of them is known."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.truth, self.remark = Text("", bold=True), Text("", "small", "muted")
        self.bars = ChanceBars()
        self.heading = Text("What the network saw", "small", "muted", wrap=False)
        self.seen = Picture(QSize(120, 120), QSize(SIDE_WIDTH, 200), "What the network saw")
        self.setFixedWidth(SIDE_WIDTH)
        in_column(self.truth, self.remark, self.bars, self.heading, (self.seen, 1), ..., owner=self, gap=8)

    def show_found(self, found: Found) -> None:
        self.setVisible(bool(found.truth or found.answers or found.remark))
        self.truth.setText(f"True class: {found.truth}" if found.truth else "")
        self.truth.setVisible(bool(found.truth))
        self.remark.setText(found.remark)
        self.bars.setVisible(bool(found.answers))
        self.bars.show_chances(found.answers, found.truth)
        self.show_seen(found.seen)

    def show_seen(self, pixels: np.ndarray | None) -> None:
        """What the network reads, as soon as it is known."""
        self.seen.show_pixels(pixels)
        self.heading.setHidden(pixels is None)
        if pixels is not None:
            self.heading.setText(f"What the network saw: {pixels.shape[1]} × {pixels.shape[0]} pixels")


class LargeImage(QDialog):
    """read(index, answer): whoever has the data calls `answer` with the large image, or with why it cannot be read;
    until then the small one is shown."""

    def __init__(
        self, title: str, found: Sequence[Found], read: Callable[[int, Answer], None],
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._found, self._read, self.index = found, read, -1
        self._open_still = True
        self.setWindowTitle("Test example")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.picture, self.about = Picture(QSize(240, 200), QSize(520, 440)), AboutImage()
        self.text = QuietText()
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Text")
        self.problem = Problem()
        self.classes, self.place = Text(title, bold=True), Text("", role="muted")
        self.place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.before = button("Previous", tip="The one before (Left)", clicked=lambda: self.show_image(self.index - 1))
        self.after = button("Next", tip="The one after (Right)", clicked=lambda: self.show_image(self.index + 1))
        self.folder = button("Open its folder", "folder", "In the system's file manager", self._open)
        self._lay_out()

    def _lay_out(self) -> None:
        row = in_row(self.before, self.after, self.folder, ..., button("Close", clicked=self.reject), gap=8)
        both = in_row((self.picture, 1), (self.text, 1), self.about, gap=16)
        in_column(self.classes, (both, 1), self.problem, self.place, row, owner=self, gap=8, edges=16)
        self.about.hide()
        self.text.hide()
        self.resize(USUAL.boundedTo(self.screen().availableSize() * 0.9))
        for one in self.findChildren(QPushButton):
            one.installEventFilter(self)  # on which the arrow keys would only move the focus

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        return isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._goes(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._goes(event):
            super().keyPressEvent(event)

    def _goes(self, event: QKeyEvent) -> bool:
        """Whether this key goes to another image."""
        way = WAYS.get(event.key(), 0)
        self.show_image(self.index + way)
        return bool(way)

    def show_image(self, index: int) -> None:
        """One of the images; nothing before the first and after the last."""
        if not 0 <= index < len(self._found) or index == self.index:
            return
        self.index, shown = index, self._found[index]
        self._show(shown.pixels)
        self.problem.say()
        self.about.show_found(shown)
        where = str(shown.file) if shown.file is not None else shown.name
        self.place.setText(f"{index + 1:,} of {len(self._found):,}: {where}")
        self.picture.setAccessibleDescription(f"{self.classes.text()}. {self.place.text()}")
        self.before.setEnabled(index > 0)
        self.after.setEnabled(index + 1 < len(self._found))
        self.folder.setEnabled(shown.file is not None)
        self._read(index, lambda found: self._take(index, found))

    def _take(self, index: int, found: Sequence[Found] | str) -> None:
        if not found or index != self.index or not self._open_still:
            return
        if isinstance(found, str):
            self._show(None)
            self.problem.say(found)
        else:
            self._show(found[0].pixels)
            if found[0].seen is not None:
                self.about.show_seen(found[0].seen)

    def _show(self, sample: Sample | None) -> None:
        """A text can be scrolled and copied."""
        self.text.setVisible(isinstance(sample, str))
        self.picture.setHidden(isinstance(sample, str))
        if isinstance(sample, str):
            self.text.setPlainText(sample)
        else:
            self.picture.show_pixels(sample)

    def done(self, result: int) -> None:
        """Closed: what is still read comes too late."""
        self._open_still = False
        super().done(result)

    def _open(self) -> None:
        open_folder_of(self._found[self.index])


def open_folder_of(found: Found) -> None:
    """The folder in which the file lies, in the system's file manager."""
    if found.file is not None:
        show_folder(found.file.parent)
