"""Classes made by hand: bins of a few images or texts, and answers that follow every change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QImage, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QWidget

from engine.errors import DataError
from engine.heads.catalog import HEADS
from engine.using.bins import HandedImage
from storage.rows import RunRow
from ui.parts import Parts
from ui.trying.hand.asked_side import AskedSide
from ui.trying.hand.class_card import shown_as
from ui.trying.hand.class_side import ClassSide
from ui.trying.hand.keeping import KeepingMenu
from ui.trying.hand.pad_side import PadSide
from ui.trying.hand.pasting import paste
from ui.trying.hand.seen import SEE, hand_camera
from ui.trying.hand.sources import HandSource, read_rows, sources
from ui.trying.hand.sureness import look_again, sure_words
from ui.trying.hand.type_side import TypeSide
from ui.trying.hand.words import IN_ORDER, TOGETHER, plus
from ui.trying.hand.work import HandWork
from ui.widgets.buttons import button
from ui.widgets.fields import Choice
from ui.widgets.frame import ThinSplitter, WordsArea
from ui.widgets.invitation import Invitation
from ui.widgets.layouts import in_column, in_row, one_of
from ui.widgets.picking import pick_files
from ui.widgets.problem import Problem
from ui.widgets.text import Text, TextPlace

if TYPE_CHECKING:
    from engine.using.kept_classes import KeptClasses

DRAWING = "Drawing {}"
NOBODY = "A run that kept its weights, or a backbone whose weights are here, tells classes apart that you make here."


class HandPane(QWidget):
    """Wiring: the work reads and answers, cards and list show, the pad draws."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self.parts = parts
        self.work = HandWork(parts.background, parts.workspace.runs, self)
        self.sources: tuple[HandSource, ...] = ()
        self._pictures: dict[str, QImage] = {}
        self._drawings = self._asked = self._answered = 0  # the last two: what can answer
        self._wanted = ""  # uid of a run that is to answer once it is known
        self._build()
        self._connect()
        self._show_state()

    def _build(self) -> None:
        self.source, self.head = Choice(), Choice([(head.name, head.title) for head in HEADS])
        self.source.setAccessibleName("Answered by")
        self.head.setAccessibleName("Head")
        self.source.setMinimumContentsLength(24)
        self.head.setMinimumContentsLength(14)
        self.head.hide()  # until it is known who answers
        self.undo = button("Undo", "undo", clicked=self.work.undo)
        self.keeping = KeepingMenu(self.work, self.parts, self._say, self._show_kept)
        self.problem, self.hint = Problem(), TextPlace("", "small", "muted", lines=2)
        self.camera = hand_camera(self.work, self.parts.background, self)
        see = button("Camera…", "camera", SEE, self.camera.open_camera)
        asked = (Text("Answered by", wrap=False), (self.source, 3), (self.head, 2))
        answers = in_row(*asked, ..., see, self.undo, self.keeping, gap=8)
        self.classes, self.asked, self.pad = ClassSide(self.picture), AskedSide(self.picture), PadSide()
        top, pad_side, whole = QWidget(), QWidget(), QWidget()
        drawn = WordsArea(self.pad)
        in_column(TypeSide(self.work, drawn), (drawn, 1), owner=pad_side, edges=(8, 4, 16, 12))
        pad_side.setMinimumWidth(236)
        self.splitter = ThinSplitter("by hand", self.classes, self.asked, pad_side)
        for place, stretch in enumerate((1, 0, 0)):
            self.splitter.setStretchFactor(place, stretch)
        in_column(answers, self.problem, self.hint, owner=top, gap=6, edges=(16, 12, 16, 4))
        in_column(top, (self.splitter, 1), owner=whole, gap=0)
        self.nobody = Invitation(
            "Nothing can answer yet", NOBODY, "Set up an experiment",
            lambda: self.parts.navigator.open("new_experiment"),
        )  # fmt: skip
        self.stack = one_of(whole, self.nobody)
        in_column(self.stack, owner=self)
        self.reset_layout()

    def reset_layout(self) -> None:
        self.splitter.setSizes([520, 380, 250])

    def _connect(self) -> None:
        self.parts.library.changed.connect(lambda _: self.refresh())
        self.source.currentIndexChanged.connect(lambda _: self._choose())
        self.head.currentIndexChanged.connect(lambda _: self._choose())
        self.work.changed.connect(self._show_state)
        self.work.answered.connect(self._show_answers)
        self.work.opened.connect(self._show_state)
        self.work.opened.connect(self._look)
        for part in (self.work, self.classes, self.asked):
            part.refused.connect(self.problem.say)
        self.paste = partial(paste, self.work, self.parts.background)
        self._connect_classes()
        self._connect_asked()
        QShortcut(QKeySequence(QKeySequence.StandardKey.Undo), self, self.work.undo)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), self, self.paste)

    def _connect_classes(self) -> None:
        side, work = self.classes, self.work
        side.added.connect(lambda: work.deed("+1 class", work.state.bins.with_bin()))
        side.removed.connect(self._remove)
        side.renamed.connect(self._rename)
        side.example_removed.connect(self._take_out)
        side.asks.connect(self._ask_for_examples)
        side.pastes.connect(self.paste)
        side.brought_to.connect(work.add_examples)
        side.brought.connect(work.add_classes)

    def _connect_asked(self) -> None:
        asked = self.asked.asked
        asked.told.connect(self._tell)
        asked.taken.connect(self._take_away)
        asked.exampled.connect(self._make_examples)
        self.asked.asks.connect(self._ask_for_images)
        self.asked.brought.connect(self.work.ask)
        self.pad.drawn.connect(self._look)
        self.pad.exampled.connect(self._draw_example)
        self.pad.asked.connect(self._ask_drawing)

    def is_settled(self) -> bool:
        """Nothing is read or answered any more."""
        return not self.work.is_at_work and self._asked == self._answered

    def _say(self, words: str) -> None:
        self.parts.toasts.show(words)

    # Who answers

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh(looked_at=True)

    def refresh(self, looked_at: bool = False) -> None:
        """What can answer now, while somebody looks."""
        if looked_at or self.isVisible():
            self._asked += 1
            self.parts.library.read(read_rows, partial(self._list_sources, self._asked))
            look_again(self.work, self.parts.background, self.parts.workspace.runs)

    def _list_sources(self, number: int, rows: tuple[RunRow, ...]) -> None:
        self.parts.background.run(lambda _: sources(rows), partial(self._take_sources, number))

    def _take_sources(self, number: int, found: tuple[HandSource, ...]) -> None:
        if number != self._asked:  # two that are worked out side by side may come in any order
            return
        before, self.sources, self._answered = self.source.key(), found, number
        self.source.set_options([(one.answering, one.title) for one in found])
        self.stack.setCurrentIndex(0 if found else 1)
        if found and before is None:
            self._choose()
        self.want(self._wanted)

    def want(self, uid: str) -> None:
        """Let this run answer, now or as soon as it is known what can."""
        self._wanted = uid
        wanted = next((one for one in self.sources if uid and one.answering.run == uid), None)
        if wanted is not None:
            self._wanted = ""
            self.source.set_key(wanted.answering)

    def _choose(self) -> None:
        chosen = next((one for one in self.sources if one.answering == self.source.key()), None)
        if chosen is not None:
            self.head.setVisible(not chosen.learns_tasks)
            self.work.choose(chosen, str(self.head.key()))

    def _show_kept(self, kept: KeptClasses) -> None:
        """Choose the network of classes that were kept, and show them."""
        asked = kept.answering.run, kept.answering.backbone
        found = next((one for one in self.sources if (one.answering.run, one.answering.backbone) == asked), None)
        if found is None:
            self.problem.say(f"What tells these classes apart, {kept.title}, is not here any more.")
            return
        for choice, key in ((self.source, found.answering), (self.head, kept.answering.head)):
            with QSignalBlocker(choice):
                choice.set_key(key)
        self.head.setVisible(not found.learns_tasks)
        self.work.show_kept(kept, found)

    # Classes

    def _remove(self, place: int) -> None:
        bins = self.work.state.bins
        self.work.deed(f"−{bins.names[place]}", bins.without_bin(place))

    def _rename(self, place: int, name: str) -> None:
        bins, old = self.work.state.bins, self.work.state.bins.names[place]
        try:
            renamed = bins.renamed(place, name)
        except DataError as error:
            self.problem.say(str(error))
            self._show_state()
            return
        new = renamed.names[place]
        asked = [replace(image, truth=new) if image.truth == old else image for image in self.work.state.asked]
        self.work.deed(f"“{old}” is “{new}”", renamed, asked)

    def _take_out(self, place: int, index: int) -> None:
        bins = self.work.state.bins
        self.work.deed(f"−1 example of {bins.names[place]}", bins.without_image(place, index))

    def _ask_for_examples(self, place: int) -> None:
        if paths := pick_files(self, "Images, texts or zips of this class"):
            self.work.add_examples(place, paths)

    def _make_examples(self, images: Sequence[HandedImage], name: str) -> None:
        bins = self.work.state.bins
        known = [replace(image, truth=name) for image in images]
        left = without(self.work.state.asked, images)
        self.work.deed(plus(len(known), name), bins.with_images(bins.names.index(name), known), left)

    # What is asked

    def _tell(self, images: Sequence[HandedImage], name: str) -> None:
        keys = {image.key for image in images}
        asked = [replace(image, truth=name) if image.key in keys else image for image in self.work.state.asked]
        self.work.deed(f"Told: {name or 'not known'}", None, asked)

    def _take_away(self, images: Sequence[HandedImage]) -> None:
        self.work.deed("Taken away", None, without(self.work.state.asked, images))

    def _ask_for_images(self) -> None:
        if paths := pick_files(self, "Images, texts or zips to classify"):
            self.work.ask(paths)

    # The pad

    def _look(self) -> None:
        empty = self.pad.pad.is_empty
        drawing = None if empty else self.work.read_drawing(self.pad.ink, self.pad.centred.isChecked())
        self.pad.show_seen(drawing.pixels if drawing else None)
        self.work.look_at(drawing)

    def _drawing(self, truth: str = "") -> HandedImage | None:
        self._drawings += 1
        name, centred = DRAWING.format(self._drawings), self.pad.centred.isChecked()
        return self.work.read_drawing(self.pad.ink, centred, name, truth)

    def _draw_example(self, name: str) -> None:
        bins, drawing = self.work.state.bins, self._drawing(name)
        if drawing is not None and name in bins.names:
            self.work.deed(plus(1, name), bins.with_images(bins.names.index(name), [drawing]))
            self.pad.pad.clear()

    def _ask_drawing(self) -> None:
        if drawing := self._drawing():
            self.work.deed("+1 drawing to classify", None, (*self.work.state.asked, drawing))
            self.pad.pad.clear()

    # What is shown

    def picture(self, image: HandedImage) -> QImage:
        """The original, as small as it is shown; of what was kept without it, what the network sees."""
        if image.key not in self._pictures:
            original = self.work.originals.get(image.key, image.pixels)
            self._pictures[image.key] = shown_as(image, original)
        return self._pictures[image.key]

    def _show_state(self) -> None:
        bins = self.work.state.bins
        self.classes.show_bins(bins, self.work.by.way if self.work.by else None)
        self.pad.show_classes(bins.names)
        self.asked.show_state(self.work)
        self._adjust()

    def _show_answers(self) -> None:
        found = self.work.found
        self.asked.show_answers(self.work)
        self.pad.show_shares(found.drawn, "" if self.pad.pad.is_empty else found.why_not)
        self._adjust()

    def _adjust(self) -> None:
        work, by = self.work, self.work.by
        remarks = []
        if by is not None:
            remarks = [sure_words(by)] if work.found.answers else []
            remarks += [words for words, so in ((TOGETHER, by.together), (IN_ORDER, by.in_order)) if so]
        self.hint.setText(work.found.why_not if work.found.why_not and work.state.bins.count else " ".join(remarks))
        self.undo.setEnabled(bool(work.undo_words))
        self.undo.setToolTip(f"Undo: {work.undo_words}" if work.undo_words else "")


def without(asked: Sequence[HandedImage], gone: Sequence[HandedImage]) -> list[HandedImage]:
    keys = {image.key for image in gone}
    return [image for image in asked if image.key not in keys]
