"""For a newcomer, above the form: the example, until there is a run or it is put away."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QWidget

from engine.given import is_file
from ui.parts import Parts
from ui.widgets.buttons import button, icon_button
from ui.widgets.card import Card
from ui.widgets.layouts import in_row, set_shown
from ui.widgets.text import Text, TextPlace

REMEMBERED = "new experiment/welcome hidden"
EMPTY = "new experiment/empty workspace"  # the one that had no run when it was last looked at
WORDS = (
    "Three methods learn 40 handwritten classes from two labelled images each and are compared; nothing is downloaded."
)


class FirstRun(QWidget):
    """There from the first paint on where there was no run when the program last looked: nothing moves when that is
    known, nor when it goes by itself. Hidden where there are runs."""

    def __init__(self, parts: Parts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts, self._is_over = parts, False
        self.example = button("Run the one-minute example", "play", WORDS, self.run_example)
        self.put_away = icon_button("close", "Put the welcome away", self._put_away)
        words = TextPlace(WORDS, "small", "muted", lines=2)
        words.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self.card = card = Card()
        card.setAccessibleName("Welcome")
        row = in_row(Text("New here?", bold=True, wrap=False), (words, 1), self.example, self.put_away)
        card.body.setContentsMargins(12, 6, 8, 6)
        card.body.addLayout(row)
        in_row(card, owner=self, edges=(16, 8, 16, 0))
        set_shown(self, not self._is_put_away and self._was_empty())
        parts.library.changed.connect(lambda _: self.look())

    @property
    def _is_put_away(self) -> bool:
        return str(self._parts.settings.value(REMEMBERED, "false")) == "true"

    def _was_empty(self) -> bool:
        workspace, settings = self._parts.workspace, self._parts.settings
        if not is_file(workspace.database):
            settings.setValue(EMPTY, str(workspace.root))  # also for the next time, if this one ends before it is asked
        return str(settings.value(EMPTY, "")) == str(workspace.root)

    def look(self) -> None:
        """Ask whether there is a run; not while it is put away."""
        if self._is_over or self._is_put_away:
            return
        self._parts.library.read(lambda store: bool(store.runs()), self._show)

    def _show(self, any_run: bool) -> None:
        if self._is_over or self._is_put_away:
            return  # decided while it was asked
        self._is_over = any_run  # from the first run on nothing is asked any more
        self._parts.settings.setValue(EMPTY, "" if any_run else str(self._parts.workspace.root))
        if any_run:
            self._go()
        else:
            self.show()

    def _go(self) -> None:
        """Where it is looked at its place stays empty until the page is left: nothing moves under the mouse."""
        self._is_over = True
        if self.isVisible():
            self.setFixedHeight(self.height())
            self.card.hide()
        else:
            self.hide()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._is_over and not event.spontaneous():
            QTimer.singleShot(0, self, self.hide)

    def tab_order(self) -> tuple[QWidget, ...]:
        return self.example, self.put_away

    def run_example(self) -> None:
        from engine.plan import preset
        from ui.demo import start_demo

        self._go()  # there is a run from now on
        start_demo(self._parts, preset("demo"))

    def _put_away(self) -> None:
        """Its place too: whoever presses that wants the room, and only the cross was under the mouse."""
        self._parts.settings.setValue(REMEMBERED, "true")
        self._is_over = True
        self.hide()
