"""Figures that versions up to 0.5 saved in words, their metric's name and one protocol, as the data that they are."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping

from engine.metrics import HEAD, LABELS, SHIFT, SHOTS, STEPS

# What a protocol said of how a figure came about, not of what must agree before it is compared.
NOTES = frozenset(
    {
        "interval", "weights", "validation", "head", "labels per class", "standardised", "chosen by", "by hardness",
        "median", "diverged", "inner steps", "seen before", "copies", "classes tested", "classes validated",
        "balanced over", "chosen values", "fine-tuning", "mixup", "support set", "gained by the others", "folds",
        "cross-validation", "mean labels per class",
    }
)  # fmt: skip
_PLACES = {
    STEPS: re.compile(r"^(\d+) inner steps?$"), SHOTS: re.compile(r"^(\d+)-shot$"),
    "items": re.compile("^(not seen before)$"), "method": re.compile("^(inductive twin)$"),
}  # fmt: skip
_OWN_SHOT = re.compile(r"\b(\d+)-shot\b")
Words = Mapping[str, str]


def restate(connection: sqlite3.Connection) -> None:
    """Take every saved figure apart. Belongs inside a transaction."""
    for key, name, text in connection.execute("SELECT id, metric, conditions FROM result").fetchall():
        try:
            protocol = dict(json.loads(text))
            (metric, at), told = place(name, protocol), notes(protocol)
        except (ValueError, TypeError, LookupError, AttributeError):
            continue  # damaged: said where it is read
        agree = {word: said for word, said in protocol.items() if word not in NOTES}
        parts = [json.dumps(part) for part in (at, agree, told)]
        connection.execute(
            "UPDATE result SET metric = ?, at = ?, conditions = ?, notes = ? WHERE id = ?", (metric, *parts, key)
        )


def place(name: str, protocol: Words) -> tuple[str, dict[str, str | int]]:
    """ "test/accuracy" and {"shots": 5} of "test/accuracy, 5-shot"; {"head": "Ridge regression", "labels": 2} of a
    bench's cell, {"shift": "noise 5"} of further test images, {} of a run's own test."""
    metric, comma, where = name.partition(", ")
    if not comma:
        return metric, {}
    if "mean labels per class" in protocol:
        count = protocol["labels per class"].partition(" ")[0]
        return metric, {HEAD: protocol["head"], LABELS: int(count) if count.isdecimal() else "all labels"}
    for key, pattern in _PLACES.items():
        if found := pattern.match(where):
            return metric, {key: int(found[1]) if found[1].isdecimal() else found[1]}
    return metric, {SHIFT: where}


def notes(protocol: Words) -> dict[str, str | float]:
    """What is for reading; numbers where they are read as such."""
    return {word: said for word, said in protocol.items() if word in NOTES} | dict(_numbers(protocol))


def _numbers(protocol: Words) -> Iterator[tuple[str, float]]:
    for word in (STEPS, "mean labels per class"):
        if word in protocol:
            yield word, int(protocol[word])
    for word in ("median", "cross-validation"):
        if (said := protocol.get(word, "none")) != "none":
            yield word, float(said.removesuffix(" %")) / (100 if said.endswith("%") else 1)
    if found := _OWN_SHOT.search(protocol.get("episodes", "")):
        yield SHOTS, int(found[1])
