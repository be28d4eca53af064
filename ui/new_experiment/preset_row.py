"""The values of a method that have a name, and the way back to the usual ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.method import ENCODERS, Method
from ui.widgets.buttons import icon_button
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_row
from ui.widgets.text import Text

OWN = "own"  # key of what stands for values that are no preset
Values = Mapping[str, Any]


class PresetRow(QWidget):
    """wanted: these values, and the method's own for all others."""

    wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presets: dict[str, Values] = {}
        self._usual: Values = {}
        self.choice = Choice()
        self.choice.setAccessibleName("Preset")
        self.choice.activated.connect(lambda _: self._use())
        self.reset = icon_button("reset", "Reset to the usual values", lambda: self.wanted.emit(self._usual))
        in_row(Text("Values", wrap=False), (self.choice, 1), self.reset, owner=self, edges=(0, 8, 0, 0))

    def offer(self, method: type[Method], encoder: bool, usual: Values) -> None:
        """Its presets that suit the network. encoder: one that was pretrained on texts. usual: what it begins with on
        such a network, nothing where that is its first preset."""
        self._presets = {title: own for title, own in method.presets.items() if title != ENCODERS or encoder}
        first = next(iter(self._presets), "")
        self._usual = usual or self._presets.get(first, {})
        self.choice.set_options([*((title, title) for title in self._presets), (OWN, "Own values")])
        words = "the paper's values" if "paper" in first.lower() and not usual else "the usual values"
        self.reset.setToolTip(f"Reset to {words}")
        self.reset.setAccessibleName(f"Reset to {words}")

    def show_values(self, values: Values, usual: Values) -> None:
        """Which preset they are. usual: the method's own, those of every field."""
        known = (title for title, own in self._presets.items() if values == {**usual, **own})
        self.choice.set_key(next(known, OWN))

    def _use(self) -> None:
        own = self._presets.get(str(self.choice.key()))
        if own is not None:
            self.wanted.emit(own)
