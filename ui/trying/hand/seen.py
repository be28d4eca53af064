"""The camera for classes by hand: what is seen is told among them, and becomes an example of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QWidget

from ui.background import Background
from ui.trying.camera.dialog import CameraDialog
from ui.trying.camera.live import Answering, LiveAnswer
from ui.trying.hand.answering import answered
from ui.trying.hand.reading import read_images
from ui.trying.hand.sureness import sure_words
from ui.trying.hand.work import HandWork

SEE = "What a camera sees, told among these classes while you look"
NOBODY = "Nothing answers yet. Choose a run or a backbone first."


def hand_camera(work: HandWork, background: Background, pane: QWidget) -> CameraDialog:
    """The pane's camera; it is not open yet."""
    dialog = CameraDialog(background, pane, lambda: hand_answers(work), lambda: work.state.bins.names)
    dialog.taken.connect(lambda body, name: take(work, body, name))
    work.answered.connect(dialog.look_again)
    return dialog


def hand_answers(work: HandWork) -> Answering | str:
    """Among the classes as they are now; or why there is no answer."""
    by, bins, source = work.by, work.state.bins.filled, work.source
    if by is None or source is None:
        return NOBODY

    def answer(body: Mapping[str, bytes], cancelled: Callable[[], bool]) -> LiveAnswer:
        read = read_images(body, by, (), cancelled)
        if not read.images:
            return LiveAnswer(why_not=read.refused[0])
        found = answered(by, bins, read.images, None, cancelled)
        told = tuple((source.title, shares) for shares in found.shares.values())
        return LiveAnswer(told, sure_words(by), found.why_not)

    return answer


def take(work: HandWork, body: Mapping[str, bytes], name: str) -> None:
    """As an example of this class, or of a new one where there is none of this name any more."""
    if name not in work.state.bins.names:
        work.deed("+1 class", work.state.bins.with_bin(name))
        name = work.state.bins.names[-1]
    work.add_examples(work.state.bins.names.index(name), body)
