"""Answers as a CSV file: the same columns and digits from the terminal and from the window.

It is opened in spreadsheets, which compute what begins as a formula: such words of a stranger get an apostrophe before
them, as in tables that are copied. By "from" a row is joined back to its text; `predict --json` leaves every letter.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from engine.errors import StorageError
from engine.given import in_cell
from engine.machine.files import replacing

Unlike = tuple[float, bool] | None  # how unlike all that was learnt, and whether it is none of the classes; not known
Said = Sequence[tuple[str, float]]  # classes with their probabilities, the likeliest first


class AnswerRow(Protocol):
    def __call__(
        self, image: str, said: Said, reason: str, unlike: Unlike, run: str = "", text: str = ""
    ) -> None: ...  # fmt: skip


@contextmanager
def answer_table(path: Path, count: int, of_runs: bool = False, what: str = "images") -> Iterator[AnswerRow]:
    """A file that is there once it is whole; gives what writes a row: (image, answers, why it was not read,
    whether it is like what was learnt, run, what a text says).

    count: classes of each image. of_runs: several answer, and a first column says which. what: "texts" stand before
    where they were found. Raises `StorageError` where it cannot be written.
    """
    columns = [part for place in range(1, count + 1) for part in (f"class {place}", f"probability {place}")]
    try:
        with replacing(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
            table = csv.writer(file)
            subject = ["text", "from"] if (of_texts := what == "texts") else ["image"]
            table.writerow([*(["run"] if of_runs else []), *subject, *columns, "none of these", "unlikeness", "reason"])

            def write(image: str, said: Said, reason: str, unlike: Unlike, run: str = "", text: str = "") -> None:
                best = [cell for name, share in said[:count] for cell in (name, f"{share:.6f}")]
                judged = ("", "") if unlike is None else ("yes" if unlike[1] else "no", f"{unlike[0]:.6f}")
                empty = [""] * (2 * count - len(best))
                about = [text, image] if of_texts else [image]
                words = [*([run] if of_runs else []), *about, *best, *empty, *judged, reason]
                table.writerow([in_cell(word) for word in words])

            yield write
    except BrokenPipeError:  # of whoever reads standard output
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StorageError(f"“{path}” cannot be written ({reason}).", "Choose another place.") from None
