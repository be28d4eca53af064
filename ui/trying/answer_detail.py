"""One answered image or text: as it is, as the network sees it, and what each run says of it."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from engine.errors import ExperimentError
from ui.trying.answer_book import AnswerBook, Said
from ui.trying.answers_told import AnswersTold
from ui.trying.captioned import CaptionedPicture
from ui.trying.closer import CloseLook, CloseText, Looked
from ui.trying.label_field import LabelField
from ui.trying.reasons import Reasons
from ui.trying.reasons_view import ReasonsView
from ui.trying.text_shown import TextShown
from ui.widgets.frame import WordsArea
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Elided, Text, plain

NONE = "Choose a line in the list."


class AnswerDetail(QWidget):
    """What stands at the right of the list. image: the one that is shown, None while nothing is chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.image: int | None = None
        self.name, self.where = Elided("", bold=True), Elided("", "small", "muted")
        self.original, self.seen = CaptionedPicture("The image"), [CaptionedPicture("")]
        self._pictures = in_row(self.original, self.seen[0], gap=8)
        self.text = TextShown()
        self.bars, self.reason, self.label = AnswersTold(), Text("", role="warning"), LabelField()
        self.rests, self.reasons = Text("", "small", "muted"), ReasonsView()
        body = QWidget()
        self.column = in_column(
            self.name, self.where, self._pictures, self.text, 4, self.reason, self.bars, self.rests, 4, self.label,
            self.reasons, ..., owner=body, gap=6, edges=12,
        )  # fmt: skip
        in_column(WordsArea(body), owner=self)
        self.show_image(AnswerBook(), None)

    def show_image(self, book: AnswerBook, image: int | None) -> None:
        """What is known at once; `show_look` brings the rest. No picture of another image stays."""
        if image != self.image:
            self._show_first(book, image)
            for shown in self.seen:
                shown.picture.show_pixels(None)
        self.image = image
        read = image is not None and not book.reasons[image]
        for part in (self.bars, self.rests, self.label, self.reasons):
            part.setVisible(read)
        for picture in (self.original, *self.seen):
            picture.setVisible(read and not book.of_texts)
        self.text.setVisible(read and book.of_texts)
        self.reasons.what = book.what
        self.where.setVisible(image is not None)
        self.reason.setVisible(image is not None and not read)
        self.name.setText(NONE)
        if image is None:
            return
        self.name.setText(book.called(image))
        self.where.setText(book.names[image])
        self.where.setToolTip(plain(book.names[image]))
        self.reason.setText(f"It was not read: {book.reasons[image]}." if book.reasons[image] else "")
        self.bars.show_answers([(run.title, run.best(image)) for run in book.runs], book.labels.get(image, ""))
        self.rests.setText("\n".join(dict.fromkeys(told_of(run, image) for run in book.runs)))
        self.label.show_label(book.labels.get(image, ""))

    def _show_first(self, book: AnswerBook, image: int | None) -> None:
        """Its small picture, or all of a text."""
        small = book.small[image] if image is not None else b""
        self.original.picture.show_file(small if isinstance(small, bytes) else b"")
        self.text.show_text(small if isinstance(small, str) else "")

    def show_reasons(self, image: int, found: Reasons) -> None:
        if image == self.image:
            self.reasons.show_reasons(found)
            if isinstance(found.part, tuple):
                self.text.show_weights(found.part)

    def show_look(self, image: int, look: Looked) -> None:
        if image != self.image:
            return
        if isinstance(look, CloseText):
            letters, pieces, _ = min(look.seen)
            self.text.show_seen(letters, pieces)
        else:
            self._show_close(look)

    def _show_close(self, look: CloseLook) -> None:
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
