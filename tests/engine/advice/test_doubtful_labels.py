"""Doubtful labels: the rule by hand, and labels that were turned on purpose."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from engine.advice import doubtful_labels as doubtful_module
from engine.advice.doubtful_labels import SMALL, DoubtfulLabels, doubtful_labels, doubts, out_of_fold, unshared
from engine.data.images import ArrayPixels, ImageSet
from engine.data.sources import load
from engine.errors import DataError
from engine.experiment import BackboneChoice, DatasetChoice

CONV4 = BackboneChoice(name="conv4", weights="omniglot-supervised")


def drained(work) -> DoubtfulLabels:  # type: ignore[no-untyped-def]
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def test_the_rule_by_hand() -> None:
    """Means of the own class: 0.6 of class 0, (0.7 + 0.3) / 2 = 0.5 of class 1. The third is surer of 0, 0.7 >= 0.6;
    the fifth of 1, but less than 0.5: no class is believed, and nothing is said; the last of all is believed in both
    and keeps the likelier."""
    shares = np.array([[0.9, 0.1], [0.3, 0.7], [0.7, 0.3], [0.35, 0.65], [0.55, 0.45]])
    labels = np.array([0, 1, 1, 0, 0])
    found, suggested = doubts(shares, labels)
    assert found.tolist() == [2, 3]
    assert suggested.tolist() == [0, 1]


def test_nothing_is_judged_by_a_head_that_learnt_from_it() -> None:
    """Features without any meaning: judged by itself every image would be right, by the others half of them."""
    rng = np.random.default_rng(0)
    features, labels = rng.normal(size=(120, 300)).astype(np.float32), np.repeat([0, 1], 60)
    shares = drained(out_of_fold(features, labels))
    assert 0.3 < (shares.argmax(1) == labels).mean() < 0.7  # type: ignore[attr-defined]
    assert np.allclose(shares.sum(1), 1)  # type: ignore[attr-defined]


def test_turned_labels_are_found(tmp_path: Path) -> None:
    """30 of 600 digits bear another digit's label: most are in the list, and most of the list is these."""
    data = load(DatasetChoice(name="digits"))
    kept = np.concatenate([np.flatnonzero(data.labels == one)[:60] for one in range(10)])
    rng = np.random.default_rng(1)
    turned = rng.choice(len(kept), 30, replace=False)
    labels = data.labels[kept].copy()
    labels[turned] = (labels[turned] + rng.integers(1, 10, 30)) % 10
    found = drained(doubtful_labels(subset(data, kept, labels), CONV4, tmp_path))
    assert np.isin(turned, found.ids).mean() > 0.6
    assert np.isin(found.ids, turned).mean() > 0.7
    right = data.labels[kept]
    known = np.isin(found.ids, turned)
    assert (found.suggested[known] == right[found.ids[known]]).mean() > 0.8
    assert (np.diff(found.own - found.other) >= 0).all()


def subset(data: ImageSet, kept: np.ndarray, labels: np.ndarray) -> ImageSet:
    assert isinstance(data.source, ArrayPixels)
    source = ArrayPixels(data.source.array[kept], str)
    return ImageSet(
        name="digits", title="Turned", licence="", labels=labels, class_names=data.class_names, source=source,
        fingerprint=f"turned {labels.tobytes().hex()[:20]}", channels=1,
    )  # fmt: skip


def test_classes_of_one_image_are_told_and_two_classes_are_needed(tmp_path: Path) -> None:
    data = load(DatasetChoice(name="digits"))
    kept = np.concatenate([np.flatnonzero(data.labels == one)[:4] for one in range(2)])
    kept = np.append(kept, np.flatnonzero(data.labels == 7)[:1])
    found = drained(doubtful_labels(subset(data, kept, data.labels[kept]), CONV4, tmp_path))
    assert found.alone == (data.class_names[7],)
    assert found.judged == 8
    with pytest.raises(DataError, match="not two classes"):
        drained(doubtful_labels(subset(data, kept[:4], data.labels[kept[:4]]), CONV4, tmp_path))


def test_a_class_of_which_one_image_was_drawn_is_not_told_as_one_of_one_image(monkeypatch: pytest.MonkeyPatch) -> None:
    data = load(DatasetChoice(name="digits"))
    monkeypatch.setattr(doubtful_module, "MOST", 20)
    ids, alone = doubtful_module.judged(data)
    assert 2 <= len(ids) < 20  # some class is there once alone
    assert alone == ()


def blas_threads() -> list[int]:
    return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]


def test_a_small_fit_is_not_shared_out_and_others_are_left_as_they_were() -> None:
    """Also where two fit at the same time, of which one is done before the other."""
    before = blas_threads()
    with unshared(SMALL + 1):
        assert blas_threads() == before
    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(lambda _: inside(), range(40)))
    assert seen == [{1}] * 40
    assert blas_threads() == before


def inside() -> set[int]:
    with unshared(SMALL):
        return set(blas_threads())
