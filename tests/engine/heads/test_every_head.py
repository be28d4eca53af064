"""Every head against what all of them promise: what order, names and other queries do to its answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.artifacts.bookmark import read_state, write_state
from engine.bench.draws import LabelCount
from engine.bench.measure import HeadCell
from engine.heads.catalog import HEADS
from engine.heads.head import Head, scores

CLASSES, PER_CLASS, WIDTH = 4, 5, 8
EVERY_HEAD = pytest.mark.parametrize("head", HEADS, ids=[head.name for head in HEADS])
ROUNDING = {"rtol": 1e-4, "atol": 1e-4}  # some learn by steps in float32


def clouds() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features of labelled images that overlap, their labels, and features of queries."""
    rng = np.random.default_rng(0)
    labels, centres = np.repeat(np.arange(CLASSES), PER_CLASS), rng.normal(size=(CLASSES, WIDTH))
    known = centres[labels] + rng.normal(size=(len(labels), WIDTH))
    return known, labels, centres[[0, 1, 2, 3, 3, 1, 0]] + rng.normal(size=(7, WIDTH))


@EVERY_HEAD
def test_the_order_of_the_labelled_images_does_not_matter(head: Head) -> None:
    known, labels, asked = clouds()
    order = np.random.default_rng(1).permutation(len(labels))
    expected = scores(head, known, labels, CLASSES, asked)
    assert expected.std() > 0.01
    assert np.allclose(scores(head, known[order], labels[order], CLASSES, asked), expected, **ROUNDING)


@EVERY_HEAD
def test_the_names_of_the_classes_do_not_matter(head: Head) -> None:
    known, labels, asked = clouds()
    called = np.array([2, 0, 3, 1])
    expected = scores(head, known, labels, CLASSES, asked)
    assert np.allclose(scores(head, known, called[labels], CLASSES, asked)[:, called], expected, **ROUNDING)


@EVERY_HEAD
def test_an_answer_depends_on_other_queries_only_where_the_head_says_so(head: Head) -> None:
    known, labels, asked = clouds()
    alone = np.concatenate([scores(head, known, labels, CLASSES, query[None]) for query in asked])
    same = np.allclose(alone, scores(head, known, labels, CLASSES, asked), rtol=1e-9, atol=1e-9)
    assert same != getattr(head, "transductive", False)


@EVERY_HEAD
def test_labels_dealt_out_anew_bring_it_to_chance(head: Head) -> None:
    rng, shares = np.random.default_rng(2), []
    for right in (True, False):
        found = []
        for _ in range(20):
            labels, centres = np.repeat(np.arange(CLASSES), PER_CLASS), 2 * rng.normal(size=(CLASSES, WIDTH))
            known, asked = (centres[labels] + rng.normal(size=(len(labels), WIDTH)) for _ in range(2))
            given = labels if right else rng.permutation(labels)
            found.append((scores(head, known, given, CLASSES, asked).argmax(1) == labels).mean())
        shares.append(float(np.mean(found)))
    assert shares[0] > 0.8
    assert abs(shares[1] - 1 / CLASSES) < 0.12


@EVERY_HEAD
def test_its_settings_can_be_kept(head: Head, tmp_path: Path) -> None:
    """What was chosen for a cell answers the same when the cell comes back from a file."""
    known, labels, asked = clouds()
    cell, again = (HeadCell(head, LabelCount(5, 5, False)) for _ in range(2))
    cell.tuned, cell.predicted = head.tuned(known, labels, CLASSES, 0), labels
    write_state(cell.state(), tmp_path / "cell.safetensors")
    again.load_state(read_state(tmp_path / "cell.safetensors"))
    assert type(again.tuned) is type(cell.tuned)
    assert again.tuned is not None
    expected = scores(cell.tuned, known, labels, CLASSES, asked)
    assert np.array_equal(scores(again.tuned, known, labels, CLASSES, asked), expected)


@EVERY_HEAD
def test_it_answers_the_same_again(head: Head) -> None:
    known, labels, asked = clouds()
    first = scores(head.tuned(known, labels, CLASSES, 0), known, labels, CLASSES, asked)
    np.random.rand(3)
    assert np.array_equal(scores(head.tuned(known, labels, CLASSES, 0), known, labels, CLASSES, asked), first)
