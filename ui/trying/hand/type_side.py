"""Where texts are typed for classes by hand: to be classified, or as examples of a class. It stands in the pad's place
while what answers reads texts."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from ui.trying.hand.work import HandWork
from ui.trying.lot import TypedTexts
from ui.trying.typing_texts import TypingTexts
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_column, set_shown
from ui.widgets.text import Text

ASKED = ""  # to be classified


class TypeSide(QWidget):
    """pad: which it takes the place of."""

    def __init__(self, work: HandWork, pad: QWidget) -> None:
        super().__init__()
        self._work, self._pad = work, pad
        self.typing, self.goes = TypingTexts(upright=True), Choice()
        self.goes.setAccessibleName("What becomes of the texts")
        self.typing.ask.setText("Hand in")
        self.typing.given.connect(self._give)
        in_column(Text("Type", "heading", bold=True, wrap=False), self.goes, self.typing, ..., owner=self, gap=8)
        work.changed.connect(self.adjust)
        work.opened.connect(self.adjust)
        self.adjust()

    def adjust(self) -> None:
        by, names = self._work.by, self._work.state.bins.names
        texts = by is not None and bool(by.form.tokenizer)
        set_shown(self, texts)
        set_shown(self._pad, not texts)
        self.goes.set_options([(ASKED, "To classify"), *((name, f"Examples of {name}") for name in names)])

    def _give(self, texts: TypedTexts) -> None:
        name, names = self.goes.key(), self._work.state.bins.names
        if name in names:
            self._work.add_examples(names.index(str(name)), texts)
        else:
            self._work.ask(texts)
