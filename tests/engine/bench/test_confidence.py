"""How sure the chosen head of a bench is: every head in units of its own, held against how often it is right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.bench.confidence import confidence, left_out
from engine.bench.draws import LabelCount
from engine.bench.measure import Benched, FeaturePart, HeadCell, measuring
from engine.comparison.answers import kept
from engine.comparison.reliability import Answered
from engine.events import Evaluated
from engine.execute import execute
from engine.heads.catalog import HEADS
from engine.heads.head import Head, scores
from tests.engine.bench.test_head_bench import bench


def clouds(each: int, seed: int) -> FeaturePart:
    """Five overlapping clouds in sixteen dimensions of positive features."""
    rng = np.random.default_rng(seed)
    means = np.random.default_rng(7).normal(2, 0.45, (5, 16))
    labels = np.repeat(np.arange(5), each)
    features = np.abs(means[labels] + rng.normal(0, 1, (len(labels), 16))).astype(np.float32)
    return FeaturePart(features, labels, np.arange(len(labels)))


def chosen(head: Head, labels: int | None) -> tuple[HeadCell, Benched]:
    train, test = clouds(20, 1), clouds(200, 2)
    on = Benched(train, test, tuple("abcde"), train.labels)
    cell = HeadCell(head, LabelCount(labels, labels or 20, labels is None))
    for _ in measuring(cell, on, 0, 1):
        pass
    return cell, on


@pytest.mark.parametrize("head", HEADS, ids=lambda head: head.name)
def test_a_head_is_about_as_sure_as_it_is_right(head: Head) -> None:
    cell, on = chosen(head, None)
    found = confidence(cell, on, 0)
    assert found is not None
    assert (found.classes[:, 0] == cell.predicted).all()
    assert (np.diff(found.probabilities, axis=1) <= 0).all()
    assert np.allclose(found.probabilities.sum(1), 1, atol=1e-5)  # of five classes all are kept
    right = cell.predicted == on.test.labels
    assert 0.4 < right.mean() < 0.95
    answered = Answered(found.probabilities[:, 0].astype(np.float64), right)
    assert answered.error() < 0.09  # 0.3 and more as the scores are, for distances and cosines
    assert found.loss.mean() < np.log(5)


def test_no_image_tells_how_sure_a_head_is_that_learnt_from_it() -> None:
    """By hand: the scores of an image are those of the head fitted on the other folds."""
    cell, on = chosen(HEADS[0], 2)
    labelled = on.labelled(cell.count, 0, 0)
    found = left_out(cell.head, labelled, on.classes, 0)
    assert found is not None
    again = left_out(cell.head, FeaturePart(labelled.features.copy(), labelled.labels, labelled.ids), 5, 0)
    assert np.array_equal(found, again)  # type: ignore[arg-type]
    whole = scores(cell.head, labelled.features, labelled.labels, 5, labelled.features)
    assert (whole.argmax(1) == labelled.labels).mean() >= (found.argmax(1) == labelled.labels).mean()
    assert not np.isclose(whole, found).any(axis=1).all()


def test_one_label_per_class_tells_nothing() -> None:
    assert confidence(*chosen(HEADS[0], 1), 0) is None


def test_a_bench_keeps_how_sure_it_is_and_says_what_that_rests_on(tmp_path: Path) -> None:
    told = [one for one in execute(bench(repeats=1), tmp_path / "run") if isinstance(one, Evaluated)]
    answers = kept(tmp_path / "run", np.asarray(told[0].ids))
    assert answers is not None
    assert (answers.classes[:, 0] == told[0].predicted).all()
    assert not len(answers.seconds)
    assert "temperature" in told[0].protocol["how sure"]
