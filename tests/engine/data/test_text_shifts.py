"""Shifts of texts: the same text has the same errors, a more severe shift is further away, and no text is lost."""

from __future__ import annotations

from difflib import SequenceMatcher

import numpy as np
import pytest

from engine.data.shifts import ALL_OR_NOTHING, KINDS, SEVERITIES, TEXT_KINDS, kinds_of
from engine.data.text_shifts import shifted_text
from engine.experiment import Shift, ShiftKind
from engine.preparation.inputs import Pieces
from tests.texts import text_set

LONG = (
    "Could you, please, tell me when the next train to the old airport of this town leaves? "
    "I've to be there (really!) by noon."
)
ODD = ["", " ", "a", "...", "שלום עולם", "🙂🙂 🙂", "one\ntwo\tthree", "\x00\x01", "word" * 400]


def shifted(text: str, kind: ShiftKind, severity: int = 3, number: int = 0) -> str:
    return shifted_text(text, Shift(kind=kind, severity=severity), number)


@pytest.mark.parametrize("kind", TEXT_KINDS)
def test_a_text_has_the_same_errors_whenever_it_is_asked_for(kind: ShiftKind) -> None:
    texts = [f"{word} {LONG}" for word in ("first", "second", "third")]
    once = [shifted(text, kind, 4, number) for number, text in enumerate(texts)]
    assert [shifted(text, kind, 4, number) for number, text in reversed(list(enumerate(texts)))] == once[::-1]
    assert all(one != text for one, text in zip(once, texts, strict=True))


@pytest.mark.parametrize("kind", [kind for kind in TEXT_KINDS if kind not in ALL_OR_NOTHING])
def test_a_more_severe_shift_is_further_from_the_text(kind: ShiftKind) -> None:
    def likeness(severity: int) -> float:
        found = [
            SequenceMatcher(None, LONG, shifted(LONG, kind, severity, n), autojunk=False).ratio() for n in range(8)
        ]
        return float(np.mean(found))

    alike = [likeness(severity) for severity in SEVERITIES]
    assert alike == sorted(alike, reverse=True)
    assert alike[0] > alike[-1]


@pytest.mark.parametrize("kind", kinds_of("texts"))
@pytest.mark.parametrize("text", ODD)
def test_odd_texts_are_shifted_without_a_word_lost_altogether(kind: ShiftKind, text: str) -> None:
    found = shifted(text, kind, 2)
    assert not text.split() or found.strip() or kind in ("no punctuation", "typos")


def test_values_by_hand() -> None:
    assert shifted("What's the weather, please?", "no punctuation") == "What s the weather please"
    assert shifted("one two three four five six seven", "cut", 3) == "one two three four five six"
    assert shifted("one two three", "cut", 5) == "one two"
    assert shifted("one two three", "case", 5) == "ONE TWO THREE"
    kept = shifted("a b c d e f g h i j k l m n o p q r s t", "dropped words", 5)
    assert 4 <= len(kept.split()) <= 16
    assert kept.split() == sorted(kept.split())


def test_what_belongs_to_images_or_labels_leaves_a_text_alone() -> None:
    assert all(shifted(LONG, kind) == LONG for kind in KINDS if kind not in TEXT_KINDS)


def test_a_set_is_read_shifted() -> None:
    data, form, shift = text_set(), Pieces(16, "words"), Shift(kind="cut", severity=5)
    found = data.read([4, 9], form, shift)
    assert (found[:, 2:] == 0).all()
    assert (found[:, :2] == data.read([4, 9], form)[:, :2]).all()
    assert data.shown([4], shift) == [" ".join(data.texts[4].split()[:2])]
