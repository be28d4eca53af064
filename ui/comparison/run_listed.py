"""Which runs the table lists: words and tags that were typed, filters of columns, and two ticks. No Qt."""

from __future__ import annotations

from collections.abc import Mapping

from storage.rows import RunRow
from ui.comparison.run_columns import search_text
from ui.comparison.run_filters import Filter, passes
from ui.listing.finding import WordSearch, search


class ListedRuns:
    """Runs of studies and of the archive are left out unless asked for; those that are ticked stay."""

    def __init__(self) -> None:
        self.filters: Mapping[str, Filter] = {}
        self._search = WordSearch()
        self._studies = self._archive = False
        self._texts: dict[int, str] = {}  # run id -> what is looked in

    def change(
        self, words: str | None = None, filters: Mapping[str, Filter] | None = None, studies: bool | None = None,
        archive: bool | None = None,
    ) -> bool:  # fmt: skip
        """Change what is given; False where nothing differs."""
        before = (self._search, self.filters, self._studies, self._archive)
        self._search = self._search if words is None else search(words)
        self.filters = self.filters if filters is None else dict(filters)
        self._studies = self._studies if studies is None else studies
        self._archive = self._archive if archive is None else archive
        return before != (self._search, self.filters, self._studies, self._archive)

    def forget(self, run_id: int | None = None) -> None:
        """This run, or every run, has changed."""
        if run_id is None:
            self._texts.clear()
        else:
            self._texts.pop(run_id, None)

    def is_away(self, row: RunRow) -> bool:
        """Not listed unless it is ticked."""
        return (row.study_id is not None and not self._studies) or (row.archived and not self._archive)

    def passes(self, row: RunRow, ticked: bool) -> bool:
        if (self.is_away(row) and not ticked) or not passes(row, self.filters):
            return False
        if row.id not in self._texts:
            self._texts[row.id] = search_text(row)
        return self._search.finds(row, self._texts[row.id])
