"""The columns and files of a person's texts, offered where a setting asks which of them it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from engine.experiment import DatasetChoice
from ui.background import Background
from ui.new_experiment.hyperparameter_form import HyperparameterForm

if TYPE_CHECKING:
    from engine.data.files.offered import Offered

COLUMNS, FILES = "columns", "files"


class OfferedColumns(QObject):
    """Looks into the files anew only where other ones are chosen."""

    def __init__(self, background: Background, forms: dict[str, HyperparameterForm], parent: QObject) -> None:
        super().__init__(parent)
        self._background = background
        self._forms = {name: form for name, form in forms.items() if any(r.field.offered for r in form.rows.values())}
        self._of: tuple[str, str] | None = None

    def look(self, choice: DatasetChoice) -> None:
        """Offer what is in the files of this choice."""
        form = self._forms.get(choice.name)
        if form is None or not choice.path:
            return
        path, only = str(choice.path), str(getattr(choice, "only_file", ""))
        if self._of == (path, only):
            return
        self._of = path, only

        def read(cancelled: object) -> Offered:
            from engine.data.files.offered import offered
            from engine.data.files.tree import list_files

            return offered(list_files(path), only)

        def nothing(error: Exception) -> None:
            """What is wrong is said where the texts are read; columns of other files are not offered for these."""
            form.offer(COLUMNS, ())
            form.offer(FILES, ())

        self._background.run(read, lambda found: show(form, found), nothing, key="columns of texts")

    def forget(self) -> None:
        """The files may be others by now."""
        self._of = None


def show(form: HyperparameterForm, found: Offered) -> None:
    form.offer(COLUMNS, found.columns)
    form.offer(FILES, found.files)
