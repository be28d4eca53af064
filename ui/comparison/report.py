"""The comparison as one HTML or PDF file that needs nothing else: verdicts, figures, matrices, settings, runs.

It is read on paper too: dark on white, whatever the window's theme or the reader's.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QBuffer, QMarginsF
from PySide6.QtGui import QPdfWriter, QTextDocument

from ui.comparison.difference_table import table_of
from ui.comparison.report_parts import cell, escape, matrices, runs, table
from ui.comparison.result_bars import figure_heading, value_text
from ui.comparison.sides import Comparison, sentences
from ui.figures.figure_export import Figure, png, svg

SHEET = 560  # pixels of a figure on a sheet of A4

STYLE = """
:root { color-scheme: light; }
body { background: #ffffff; color: #1b1f25; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1000px; margin: 32px auto; padding: 0 16px; }
h1 { font-size: 24px; } h2 { font-size: 18px; margin-top: 32px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 4px 16px 4px 0; border-bottom: 1px solid #bbbbbb; vertical-align: top; }
th, td.short { white-space: nowrap; } td.other { font-weight: 600; }
img { max-width: 100%; border-radius: 4px; } pre { overflow-x: auto; }
p.small { color: #777; font-size: 13px; }
"""


def report(comparison: Comparison, figures: Iterable[Figure], picture: Callable[[Figure], str] | None = None) -> str:
    """The whole page as text. figures: drawn by `picture`, as SVG unless told otherwise."""
    picture = picture or drawing
    names = " and ".join(side.title for side in comparison.sides)
    parts = [
        f"<h1>{escape(names)}</h1>",
        f'<p class="small">Warmstart, {time.strftime("%Y-%m-%d %H:%M")}</p>',
        "".join(f"<p>{escape(said)}</p>" for said in sentences(comparison)),
        "<h2>Results</h2>" + results(comparison),
        *(picture(figure) for figure in figures),
        matrices(comparison, picture),
        "<h2>Settings that differ</h2>" + settings(comparison) if comparison.differences else "",
        "<h2>Runs</h2>" + runs(comparison),
        "<h2>Experiments</h2>" + experiments(comparison),
    ]
    head = f'<meta charset="utf-8"><title>{escape(names)}</title><style>{STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n' + "\n".join(parts) + "\n</body></html>\n"


def drawing(figure: Figure) -> str:
    """A figure inside the page, as SVG; its title is in it."""
    data = base64.b64encode(svg(figure)).decode()
    title = escape(figure.figure_title())
    return f'<p><img alt="{title}" src="data:image/svg+xml;base64,{data}"></p>'


def pixels(figure: Figure) -> str:
    """A figure as PNG, no wider than a sheet of paper: what `QTextDocument` can print."""
    data = base64.b64encode(png(figure)).decode()
    width = min(figure.figure_size().width(), SHEET)
    return f'<p><img width="{width}" src="data:image/png;base64,{data}"></p>'


def results(comparison: Comparison) -> str:
    heads = ("Configuration", figure_heading(comparison), "Rests on", "Protocol")
    rows = [
        (cell(side.title), cell(value_text(side)), cell(side.basis), cell(side.protocol)) for side in comparison.sides
    ]
    return table(heads, rows)


def settings(comparison: Comparison) -> str:
    """Values that differ from the base are bold."""
    heads, rows = table_of(comparison)
    return table(heads, ([cell(one.words, "other" if one.bold else "") for one in row] for row in rows))


def experiments(comparison: Comparison) -> str:
    """All settings of each configuration, as a file that can be run again."""
    said = ((side.title, side.experiment.told()) for side in comparison.sides)
    return "".join(
        f"<details><summary>{escape(title)}</summary><pre>{escape(json.dumps(settings, indent=2))}</pre></details>"
        for title, settings in said
    )


def as_pdf(comparison: Comparison, figures: Iterable[Figure]) -> bytes:
    """The same on sheets of A4."""
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(96)
    writer.setPageMargins(QMarginsF())  # those of the text are enough
    writer.setTitle(" and ".join(side.title for side in comparison.sides))
    page = QTextDocument()
    page.setHtml(report(comparison, figures, pixels).replace("15px/1.5", "10px/1.5").replace("4px 16px", "3px 8px"))
    page.print_(writer)
    buffer.close()
    return bytes(buffer.data().data())


def save_report(comparison: Comparison, figures: Iterable[Figure], path: Path) -> None:
    """Write the report, as PDF where the name ends so, else as a web page; OSError when the file cannot be written."""
    if path.suffix.lower() == ".pdf":
        path.write_bytes(as_pdf(comparison, figures))
    else:
        path.write_text(report(comparison, figures), encoding="utf-8")
