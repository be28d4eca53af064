"""A line of words of which the one that is being typed is completed."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QStringListModel, Qt
from PySide6.QtWidgets import QCompleter, QLineEdit, QWidget


class WordCompleter(QCompleter):
    """Offers words for the last word of a line and leaves those before it as they are."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._words = QStringListModel(self)
        self.setModel(self._words)
        self.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._before = ""

    def set_words(self, words: Iterable[str]) -> None:
        wanted = list(words)
        if wanted != self._words.stringList():
            self._words.setStringList(wanted)

    def splitPath(self, path: str) -> list[str]:
        self._before, _, last = path.replace(",", " ").rpartition(" ")
        return [last] if last else ["\0"]  # an empty word would offer everything at once

    def pathFromIndex(self, index: QModelIndex | QPersistentModelIndex) -> str:
        word = super().pathFromIndex(index)
        return f"{self._before} {word}" if self._before else word


def complete_words(field: QLineEdit) -> WordCompleter:
    """Give a field a completer of words."""
    completer = WordCompleter(field)
    field.setCompleter(completer)
    return completer
