"""One answered image: as it is, as the network sees it, and what each run says of it."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from engine.errors import ExperimentError
from ui.trying.answer_book import AnswerBook, Said
from ui.trying.answer_order import short_name
from ui.trying.answers_told import AnswersTold
from ui.trying.captioned import CaptionedPicture
from ui.trying.closer import CloseLook
from ui.trying.label_field import LabelField
from ui.trying.reasons_view import ReasonsView
from ui.widgets.frame import WordsArea
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Elided, Text, plain

NONE = "Choose an image in the list."


class AnswerDetail(QWidget):
    """What stands at the right of the list. image: the one that is shown, None while nothing is chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.image: int | None = None
        self.name, self.where = Elided("", bold=True), Elided("", "small", "muted")
        self.original, self.seen = CaptionedPicture("The image"), [CaptionedPicture("")]
        self._pictures = in_row(self.original, self.seen[0], gap=8)
        self.bars, self.reason, self.label = AnswersTold(), Text("", role="warning"), LabelField()
        self.rests, self.reasons = Text("", "small", "muted"), ReasonsView()
        body = QWidget()
        self.column = in_column(
            self.name, self.where, self._pictures, 4, self.reason, self.bars, self.rests, 4, self.label,
            self.reasons, ..., owner=body, gap=6, edges=12,
        )  # fmt: skip
        in_column(WordsArea(body), owner=self)
        self.show_image(AnswerBook(), None)

    def show_image(self, book: AnswerBook, image: int | None) -> None:
        """What is known at once; `show_look` brings the rest. No picture of another image stays."""
        if image != self.image:
            self.original.picture.show_file(book.small[image] if image is not None else b"")
            for shown in self.seen:
                shown.picture.show_pixels(None)
        self.image = image
        read = image is not None and not book.reasons[image]
        for part in (self.original, self.bars, self.rests, self.label, self.reasons, *self.seen):
            part.setVisible(read)
        self.where.setVisible(image is not None)
        self.reason.setVisible(image is not None and not read)
        self.name.setText(NONE)
        if image is None:
            return
        self.name.setText(short_name(book.names[image]))
        self.where.setText(book.names[image])
        self.where.setToolTip(plain(book.names[image]))
        self.reason.setText(f"It was not read: {book.reasons[image]}." if book.reasons[image] else "")
        self.bars.show_answers([(run.title, run.best(image)) for run in book.runs], book.labels.get(image, ""))
        self.rests.setText("\n".join(dict.fromkeys(told_of(run, image) for run in book.runs)))
        self.label.show_label(book.labels.get(image, ""))

    def show_look(self, image: int, look: CloseLook) -> None:
        if image != self.image:
            return
        self.original.picture.show_pixels(look.original)
        height, width = look.original.shape[:2]
        self.original.setToolTip(f"{width} × {height} pixels as it was read")
        while len(self.seen) < len(look.seen):
            self.seen.append(CaptionedPicture(""))
            self._pictures.addWidget(self.seen[-1])
        for place, part in enumerate(self.seen):
            part.setVisible(place < len(look.seen))
        for part, (pixels, titles) in zip(self.seen, look.seen, strict=False):
            part.picture.show_pixels(pixels)
            part.words.setText(f"Seen at {pixels.shape[0]} px")
            words = f"What the network sees of it, for {', '.join(titles)}"
            part.picture.setToolTip(plain(words))
            part.picture.setAccessibleName(words)

    def show_problem(self, image: int, error: Exception) -> None:
        if image == self.image:
            self.reason.setText(str(error) if isinstance(error, ExperimentError) else "It cannot be read any more.")
            self.reason.show()


def told_of(run: Said, image: int) -> str:
    """What its probabilities rest on, and whether the image is like what it learnt."""
    judged = run.judged(image)
    none = "None of these: it is unlike all that the run learnt. " if judged is not None and judged[1] else ""
    words = run.words.removesuffix(".")
    return f"{none}{words[:1].upper()}{words[1:]}."
