"""Sentences about images, said of texts: most of what is said of the one holds of the other. Torch-free."""

from __future__ import annotations

import re

NAMED = re.compile(r"\btexts?\b", re.IGNORECASE)
QUOTED = re.compile(r"(“[^”]*”)")  # names that a person gave
IMAGE = re.compile(r"\b([Aa])n (image)\b|\b([Ii])mage(s?)\b")


def said_of(words: str, what: str) -> str:
    """The sentence said of `what`, "images" or "texts". What already names texts, or is of neither, stays as it is, and
    so does what stands in “quotation marks”."""
    if what != "texts" or NAMED.search(words):
        return words
    return "".join(part if part.startswith("“") else IMAGE.sub(_text, part) for part in QUOTED.split(words))


def refusal_of(message: str, advice: str, what: str) -> tuple[str, str]:
    """Both sentences said of `what`; where one names texts, "images" in the other are meant."""
    if NAMED.search(message) or NAMED.search(advice):
        return message, advice
    return said_of(message, what), said_of(advice, what)


def _text(found: re.Match[str]) -> str:
    if found[2]:
        return f"{found[1]} text"
    return ("T" if found[3] == "I" else "t") + f"ext{found[4]}"
