"""Answers as a CSV file, with the columns and digits of the terminal. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ui.trying.answer_book import AnswerBook

COUNT = 1  # classes of each image, as the terminal gives where no number is asked for


def saving(book: AnswerBook, path: Path) -> Callable[[Callable[[], bool]], None]:
    """For the background; of what is answered by now, also where more is meanwhile. Raises `StorageError`."""
    names, reasons, texts = tuple(book.names), tuple(book.reasons), tuple(map(book.text, range(len(book))))

    def save(cancelled: Callable[[], bool]) -> None:
        from engine.using.table import answer_table

        with answer_table(path, COUNT, of_runs=len(book.runs) > 1, what=book.what) as row:
            for run in book.runs:
                for image, (name, reason) in enumerate(zip(names, reasons, strict=True)):
                    row(name, run.best(image), reason, run.judged(image), run.title, texts[image])

    return save
