"""The test result with what it takes to believe it: interval, number, split, batch-norm mode. Never a bare number."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from engine.comparison.intervals import Interval
from engine.comparison.wording import caveats, count, figure, interval_text, is_share
from engine.events import Evaluated
from engine.metrics import AT_THRESHOLD, title
from ui.widgets.card import Card
from ui.widgets.layouts import in_column, in_row
from ui.widgets.problem import Problem
from ui.widgets.text import Text

_FIRST = ("split", "batch norm", "weights")
_TITLES = {"split": "Split", "batch norm": "Batch norm", "weights": "Tested weights", "interval": "Interval",
           "episodes": "Episodes", "validation": "Validation", "split seed": "Split seed"}  # fmt: skip
_HIDDEN = ("data", "test list")  # fingerprints say nothing to a reader
_BESIDE = ("median", "diverged")  # stand beside the figure, together with the batch norm of a figure over episodes


class ResultCard(Card):
    """Hidden while there is no result."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Test result")
        self.value = Text("", "title", bold=True, wrap=False)
        self.interval = Text("", role="text")
        self.beside = Text("", role="text")
        self.others = Text("", "small", "text")
        self.caveats = Problem("warning")
        self.protocol = Text("", "small", "muted")
        for line in (self.value, self.interval, self.beside, self.others, self.protocol):
            line.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
        words = in_column(self.interval, self.beside, self.caveats, self.others, self.protocol, gap=2)
        row = in_row((self.value, 0, Qt.AlignmentFlag.AlignVCenter), (words, 1), gap=24)
        self.body.addLayout(row)
        self.hide()

    def show_results(self, results: Sequence[Evaluated]) -> None:
        """The first is the run's figure; others follow, and then the small print."""
        self.setVisible(bool(results))
        if not results:
            return
        first = results[0]
        self.value.setText(figure(first.metric, first.value))
        behind = count(first.n, first.unit, "test ")
        self.interval.setText(f"{title(first.metric)} · {interval_words(first)} · {behind}")
        self.beside.setText(beside_words(first))
        self.beside.setVisible(bool(self.beside.text()))
        self.caveats.say(*(f"{words[0].upper()}{words[1:]}." for words in caveats(first.notes)))
        lines = [
            f"{title(other.metric, other.at)} {figure(other.metric, other.value)}, {interval_words(other)}, "
            f"{count(other.n, other.unit)}{more_words(other)}"
            for other in results[1:]
        ]
        self.others.setText("\n".join(lines))
        self.others.setVisible(bool(lines))
        self.protocol.setText(protocol_words(first))
        said = (self.value, self.interval, self.beside, self.caveats.text, self.others, self.protocol)
        self.setAccessibleDescription(", ".join(line.text() for line in said if line.text()))


def more_words(result: Evaluated) -> str:
    """What the other queries bring, of the inductive twin of a transductive figure; what a threshold makes of the
    examples; else ""."""
    gain, refused = result.notes.get("gained by the others"), result.notes.get(AT_THRESHOLD)
    return (f"; the other queries bring {gain}" if gain else "") + (f"; {refused}" if refused else "")


def interval_words(result: Evaluated) -> str:
    """ "95 % interval 78.1 to 83.0 %", "0.331 to 0.373" of an error, "no interval" without one."""
    interval = Interval(result.value, result.low, result.high, result.n)
    return interval_text(interval, result.metric) + (" %" if is_share(result.metric) and interval.known else "")


def beside_words(result: Evaluated) -> str:
    """ "Median 96.0 % · 0 of 600 diverged · 3 inner steps · batch norm: transductive (query batch)" of a figure over
    episodes; "" of one over images."""
    known = result.protocol
    if result.unit != "episodes" or "median" not in known:
        return ""
    parts = [f"Median {known['median']}", f"{known['diverged']} diverged" if "diverged" in known else ""]
    steps = known.get("inner steps")
    parts += [f"{steps} inner {'step' if steps == '1' else 'steps'}" if steps else ""]
    parts += [f"queries {known['query images']}" if "query images" in known else ""]
    return " · ".join(part for part in [*parts, f"batch norm: {known.get('batch norm', 'not said')}"] if part)


def protocol_words(result: Evaluated) -> str:
    """ "Split: stratified… · Batch norm: running statistics · …", the most important first."""
    hidden = (*_HIDDEN, *_BESIDE, "inner steps", "batch norm", "query images") if beside_words(result) else _HIDDEN
    hidden = (*hidden, "batch norm") if result.unit == "texts" else hidden  # no network of texts has any
    known = {key: str(value) for key, value in result.protocol.items() if key not in hidden}
    keys = [key for key in _FIRST if key in known] + [key for key in known if key not in _FIRST]
    words = " · ".join(f"{_TITLES.get(key, key.capitalize())}: {known[key]}" for key in keys)
    return words.replace("query images", "queries").replace("Query images", "Queries")
