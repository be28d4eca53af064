"""What the camera sees with live answers: it is frozen, and taken among the images or into a class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import ModuleType

from PySide6.QtCore import QEvent, QObject, QSize, Signal
from PySide6.QtGui import QHideEvent, QImage
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from ui.background import Background
from ui.trying.answers_told import AnswersTold
from ui.trying.camera.device import CAMERA, CameraDevice, load
from ui.trying.camera.live import Answering, LiveAnswer, LiveAnswers
from ui.trying.camera.port import FramePort
from ui.trying.handing_in import encoding
from ui.widgets.buttons import PrimaryButton, button
from ui.widgets.fields import Choice
from ui.widgets.frame import WordsArea
from ui.widgets.install_line import InstallLine
from ui.widgets.layouts import in_column, in_row, set_shown
from ui.widgets.picture import Picture
from ui.widgets.place import fit
from ui.widgets.problem import Problem
from ui.widgets.text import Text

ABOUT = "Nothing is recorded: a picture is kept only when you add it."
MISSING = "The camera needs QtMultimedia, which is not installed here. {}"
INTO = "It comes into Warmstart's own environment, by pip: PySide6-Addons, about 440 MB on the disk."
LOAD, NEW_CLASS = "loading the camera", "A new class"
SOON = "Answers in a moment."
BUG = "The camera could not be opened."
FREEZE = "Keep this picture and its answer; again to go on"


class CameraDialog(QDialog):
    """answering: who answers now, or a sentence why nobody does. classes: among which a picture is taken, None where it
    goes to the images. taken(file by its name, class): "" for a new class, and where there are none.

    Open as long as the pane it belongs to is seen; the camera is let go when it closes."""

    taken = Signal(object, str)

    def __init__(
        self, background: Background, pane: QWidget, answering: Callable[[], Answering | str],
        classes: Callable[[], Sequence[str]] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(pane)
        self._background, self._answering, self._classes = background, answering, classes
        self.port, self.live = FramePort(self), LiveAnswers(background, self)
        self.device: CameraDevice | None = None
        self._build()
        self.port.came.connect(self._show_frame)
        self.live.answered.connect(self._show_answer)
        self.install.installed.connect(self.begin)
        self.install.refused.connect(self.problem.say)
        pane.installEventFilter(self)

    def _build(self) -> None:
        self.setWindowTitle("Camera")
        self.picture = Picture(QSize(240, 180), QSize(480, 360), "What the camera sees")
        self.bars, self.rests, answers = AnswersTold(), Text("", "small", "muted"), QWidget()
        in_column(self.bars, self.rests, ..., owner=answers, gap=8)
        self.problem, self.again = Problem(), button("Try again", "redo", "Look for a camera once more", self.begin)
        self.install = InstallLine(CAMERA, "PySide6-Addons", INTO, self._background)
        self.freeze = button("Freeze", "pause", FREEZE)
        self.freeze.setCheckable(True)
        self.freeze.toggled.connect(self._freeze)
        self.among, whole = Choice(), self._classes is None
        self.among.setAccessibleName("Class of the picture")
        set_shown(self.among, not whole)
        self.among.setMinimumContentsLength(14)
        self.add = PrimaryButton("Add to images" if whole else "Add to class")
        self.add.clicked.connect(self._take)
        foot = in_row(self.freeze, ..., self.among, self.add, gap=8)
        column = in_column(
            Text(ABOUT, "small", "muted"), (self.picture, 1), self.problem, in_row(self.again, ...), self.install,
            (WordsArea(answers), 1), foot, owner=self, gap=8, edges=16,
        )  # fmt: skip
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        fit(self, 460, 640)

    def open_camera(self) -> None:
        """Show the dialog; the camera begins."""
        self.show()
        self.begin()

    def begin(self) -> None:
        """Open the camera, or say what is missing."""
        self._stop()
        self._background.run(load, self._loaded, self._background.saying(self._refuse, BUG), f"{LOAD} {id(self)}")

    def _loaded(self, multimedia: ModuleType | None) -> None:
        if multimedia is None:
            why = CAMERA.why_not_here()
            self.problem.say(MISSING.format(why or INTO))
            self.install.setVisible(not why)
            return
        if self.device is None:
            self.device = CameraDevice(multimedia, self.port, self)
            self.device.refused.connect(self._refuse)
        self.device.open()

    def _refuse(self, words: str) -> None:
        """What was seen last goes: nobody sees it now."""
        self._clear()
        self.problem.say(words)
        self.again.show()

    # What is seen

    def _show_frame(self, image: QImage) -> None:
        """Frames that come while one is looked at are not shown."""
        if not self.isVisible() or self.freeze.isChecked():
            return
        self._show_image(image)
        self._adjust()
        if callable(answer := self._answering()):
            self.live.offer(image, answer)
            self.rests.setText(self.rests.text() or SOON)
        else:
            self._show_answer(LiveAnswer(why_not=answer))

    def _freeze(self, frozen: bool) -> None:
        """The answer that stays is that of the picture that stays."""
        if frozen and not self.picture.image.isNull() and callable(answer := self._answering()):
            self.live.ask(self.picture.image, answer)

    def look_again(self) -> None:
        """Classes or what tells them apart are others: a picture that is frozen is answered anew."""
        if self.isVisible():
            self._adjust()
            self._freeze(self.freeze.isChecked())

    def _show_answer(self, found: LiveAnswer) -> None:
        self.bars.show_answers(found.told)
        self.rests.setText(found.why_not or found.rests)

    def _show_image(self, image: QImage) -> None:
        self.problem.say("")
        for one in (self.again, self.install):
            one.hide()
        self.picture.image = image
        self.picture.update()

    def _adjust(self) -> None:
        some = not self.picture.image.isNull()
        self.freeze.setEnabled(some)
        self.add.setEnabled(some)
        if self._classes is not None:
            self._list_classes(list(self._classes()))

    def _list_classes(self, names: list[str]) -> None:
        """One that was made just now is chosen where a new one was wanted: more pictures of it follow."""
        listed = [self.among.itemData(place) for place in range(self.among.count())]
        if listed != [*names, ""]:
            self.among.set_options([*((name, name) for name in names), ("", NEW_CLASS)])
            if self.among.key() == "" and len(names) >= len(listed) > 0:
                self.among.set_key(names[-1])

    # What is kept

    def _take(self) -> None:
        """The picture that is seen, as an image file of it."""
        name = str(self.among.key() or "")
        done: Callable[[Mapping[str, bytes]], None] = partial(self._hand_on, name)
        self._background.run(encoding(self.picture.image, "camera"), done)

    def _hand_on(self, name: str, bodies: Mapping[str, bytes]) -> None:
        self.taken.emit(bodies, name)

    # The end

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The pane is left, or its window closes."""
        if event.type() == QEvent.Type.Hide:
            self.close()
        return False

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._stop()
        self.install.cancel()

    def _stop(self) -> None:
        self._background.cancel(f"{LOAD} {id(self)}")
        if self.device is not None:
            self.device.close()
        self._clear()
        for one in (self.install, self.again):
            one.hide()
        self.problem.say("")

    def _clear(self) -> None:
        self.live.stop()
        self.freeze.setChecked(False)
        self.picture.show_pixels(None)
        self._show_answer(LiveAnswer())
        self._adjust()
