"""Tags and the archive as a person changes them, the same from the list of runs and from the table."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QWidget

from engine.comparison.wording import count
from storage.rows import RunRow
from ui.listing.finding import known_tags
from ui.listing.word_field import complete_words
from ui.parts import Parts
from ui.widgets.layouts import in_column
from ui.widgets.text import Elided

TAG = ("Tags…", "T", "tag", "Words to find these runs by: the filter “tag:x” shows those that have one")
ARCHIVE = ("Archive", "A", "archive", "Keep them but take them out of the lists; the tick “Archived” shows them")


class TagDialog(QDialog):
    """The tags that all of these runs have, to be typed anew. wanted(): what is to be added and taken away."""

    def __init__(self, rows: Sequence[RunRow], known: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Tags")
        shared = set.intersection(*({tag.casefold() for tag in row.tags} for row in rows))
        self._shared = [tag for tag in rows[0].tags if tag.casefold() in shared]
        of = f"“{rows[0].name}”" if len(rows) == 1 else f"all {count(len(rows), 'runs')}"
        self.field = QLineEdit(" ".join(self._shared) + (" " if self._shared else ""))
        self.field.setAccessibleName("Tags")
        self.field.setPlaceholderText("for example: paper baseline")
        complete_words(self.field).set_words(known)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        in_column(Elided(f"Tags of {of}, with spaces between them"), self.field, buttons, owner=self, gap=8, edges=None)
        self.setMinimumWidth(420)

    def wanted(self) -> tuple[list[str], list[str]]:
        typed = self.field.text().replace(",", " ").split()
        kept = {tag.casefold() for tag in typed}
        had = {tag.casefold() for tag in self._shared}
        return [tag for tag in typed if tag.casefold() not in had], [
            tag for tag in self._shared if tag.casefold() not in kept
        ]


def ask_tags(page: QWidget, parts: Parts, rows: Sequence[RunRow], everything: Sequence[RunRow]) -> None:
    """Let the person type the tags of these runs. everything: runs whose tags are offered."""
    if not rows:
        return
    dialog = TagDialog(rows, known_tags(everything), page)
    if dialog.exec() == QDialog.DialogCode.Accepted:
        add, remove = dialog.wanted()
        ids = [row.id for row in rows]
        if add or remove:
            parts.library.write(lambda store: store.tag(ids, add, remove), runs=ids)
    dialog.deleteLater()


def archives(rows: Sequence[RunRow]) -> bool:
    """Whether the deed puts these runs into the archive; it brings them back when all of them are there."""
    return not all(row.archived for row in rows)


def archive(parts: Parts, rows: Sequence[RunRow]) -> None:
    """Put the ended ones among these runs into the archive or bring them back; the toast and Ctrl+Z undo it."""
    ended = [row for row in rows if not row.is_live]
    ids, into = [row.id for row in ended], archives(ended)
    if not ids:
        return
    what = count(len(ids), "runs") if len(ids) > 1 else f"“{ended[0].name}”"
    said = f"{what} {'put into the archive' if into else 'brought back from the archive'}."
    parts.write_undoable(lambda store: store.archive(ids, into), said[:1].upper() + said[1:], ids)
