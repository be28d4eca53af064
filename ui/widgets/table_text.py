"""A table as text: cells with separators, quotes or line breaks in them stay one cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from PySide6.QtGui import QGuiApplication

from engine.given import in_cell


def separated(rows: Iterable[Sequence[object]], delimiter: str = ",") -> str:
    """One line per row, quoted where a cell needs it; an empty cell for NaN."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(
        [_cell(value) for value in row] for row in rows
    )
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, float):
        return "" if value != value else f"{value:.10g}"
    if not isinstance(value, str):
        return value
    return in_cell(value.replace("\r\n", "\n").replace("\r", "\n"))  # the only line break that csv quotes


def copy_table(rows: Iterable[Sequence[object]]) -> None:
    """Put it on the clipboard as spreadsheets take it, separated by tabs."""
    QGuiApplication.clipboard().setText(separated(rows, "\t").removesuffix("\n"))
