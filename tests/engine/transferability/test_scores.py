"""Every score equals values worked out on paper, and keeps what it must whatever the images."""

from __future__ import annotations

import subprocess
import sys
from math import exp, log

import numpy as np
import pytest

from engine.transferability import evidence
from engine.transferability.evidence import logme
from engine.transferability.neighbours import leave_one_out, neighbours
from engine.transferability.source import leep, nce
from engine.transferability.spread import gbc, h_score, parc, transrate
from engine.transferability.table import KINDS, KNN, of_features, of_source

TWO = np.array([0, 0, 1, 1])


def column(*values: float) -> np.ndarray:
    return np.array(values, np.float64)[:, None]


# On paper


def test_leave_one_out_by_hand() -> None:
    """Mean (0, 0): the two at the right see each other, so do the two at the top; the last is nearest to the others."""
    features = np.array([[3.0, 0.1], [3.0, -0.1], [-0.1, 3.0], [0.1, 3.0], [-6.0, -6.0]])
    assert list(leave_one_out(features, np.array([0, 0, 1, 1, 1]), 1)) == [True, True, True, True, False]
    assert list(leave_one_out(features, np.array([0, 1, 0, 1, 1]), 1)) == [False] * 4 + [True]


def test_more_neighbours_where_there_are_more_images() -> None:
    assert [neighbours(np.repeat([0, 1], [count, 99])) for count in (2, 4, 5, 14, 15)] == [1, 1, 3, 3, 5]


def test_logme_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alpha 50, beta 2.5, weights ±0.1, squared rest 1.4 for each class; the published loop stops near it."""
    features = column(-3, -1, 1, 3)
    by_hand = (
        2 * log(2.5) - 2 * log(2 * np.pi) - 1.25 * 1.4 - 25 * 0.01 + 0.5 * log(50) - 0.5 * log(50 + 2.5 * 20)
    ) / 4
    assert by_hand == pytest.approx(-1.047437, abs=1e-6)
    assert logme(features, TWO) == pytest.approx(by_hand, abs=1e-6)
    monkeypatch.setattr(evidence, "ROUNDS", 11)
    assert logme(features, TWO) == pytest.approx(by_hand, abs=1e-3)


def test_logme_is_the_evidence_at_its_best_precisions() -> None:
    """Against the log density of the labels themselves, a normal with covariance I / beta + F F' / alpha, maximised by
    a search that knows nothing of the fixed point; fewer and more features than images, and level ones."""
    from scipy.optimize import minimize
    from scipy.stats import multivariate_normal

    draws = np.random.default_rng(3)
    for n, d, rank in ((12, 3, 3), (9, 20, 20), (12, 5, 2)):
        labels = np.arange(n) % 3
        features = draws.normal(size=(n, rank)) @ draws.normal(size=(rank, d)) + 0.5 * labels[:, None]
        best = []
        for one in range(3):
            hot = (labels == one).astype(float)

            def worse(logs: np.ndarray, hot: np.ndarray = hot, features: np.ndarray = features) -> float:
                covariance = np.eye(len(hot)) * exp(-logs[1]) + features @ features.T * exp(-logs[0])
                return -float(multivariate_normal.logpdf(hot, cov=covariance)) / len(hot)

            found = (minimize(worse, start, bounds=[(-8, 25), (-8, 12)]).fun for start in ([0, 0], [4, 1], [9, 2]))
            best.append(-min(found))
        assert logme(features, labels) == pytest.approx(np.mean(best), abs=1e-4)


@pytest.mark.parametrize("values,score", [((0, 1, 2, 3), 0.8), ((0, 0, 1, 1), 1.0), ((0, 1, 0, 1), 0.0)])
def test_h_score_by_hand(values: tuple[float, ...], score: float) -> None:
    for shrunk in (False, True):  # one feature is not shrunk
        assert h_score(column(*values), TWO, shrunk) == pytest.approx(score, abs=1e-6)


def test_shrunk_h_score_by_hand() -> None:
    """Covariance diag(2, 1/2), shrunk by 17/18 to diag(31/24, 29/24); class means ±(1, 1/2)."""
    features = np.array([[2.0, 0], [-2, 0], [0, 1], [0, -1]])
    score = h_score(features, np.array([0, 1, 0, 1]))
    assert score == pytest.approx((24 / 31 + 6 / 29) / 18, abs=1e-6)


@pytest.mark.parametrize("n,d", [(40, 6), (20, 50)])
def test_h_score_is_the_trace_it_is_defined_by(n: int, d: int) -> None:
    from sklearn.covariance import LedoitWolf

    features, labels = images(8, n=n, d=d)
    fitted = LedoitWolf().fit(features)
    means = np.stack([features[labels == one].mean(0) for one in range(4)])[labels]
    between = (1 - fitted.shrinkage_) * np.cov(means, rowvar=False, bias=True)
    assert h_score(features, labels) == pytest.approx(np.trace(np.linalg.inv(fitted.covariance_) @ between))


def test_leep_by_hand() -> None:
    sure = np.array([[0.9, 0.1]] * 2 + [[0.1, 0.9]] * 2)
    assert leep(sure, TWO) == pytest.approx(log(0.82), abs=1e-6)
    assert leep(np.eye(2)[TWO], TWO) == pytest.approx(0.0, abs=1e-6)
    assert leep(np.full((4, 7), 1 / 7), TWO) == pytest.approx(-log(2), abs=1e-6)


def test_nce_by_hand() -> None:
    """Also with source classes of unequal sizes: three of four images in the first, one label of them another."""
    assert nce(np.eye(2)[TWO], TWO) == pytest.approx(0.0, abs=1e-6)
    assert nce(np.eye(2)[[0, 1, 0, 1]], TWO) == pytest.approx(-0.693147, abs=1e-6)
    uneven = -0.75 * (2 / 3 * log(3 / 2) + 1 / 3 * log(3))
    assert nce(np.eye(3)[[0, 0, 0, 2]], TWO) == pytest.approx(uneven, abs=1e-6)


def test_gbc_by_hand() -> None:
    """Variance 1, means 0 and 2; then three such classes in a row; then variances 1 and 4 around one mean."""
    assert gbc(column(-1, 1, 1, 3), TWO) == pytest.approx(-2 * exp(-0.5), abs=1e-6)
    three = gbc(column(-1, 1, 1, 3, 3, 5), np.array([0, 0, 1, 1, 2, 2]))
    assert three == pytest.approx(-4 * exp(-0.5) - 2 * exp(-2), abs=1e-6)
    assert gbc(column(-1, 1, -2, 2), TWO) == pytest.approx(-2 * (5 / 4) ** -0.5, abs=1e-6)


def test_gbc_takes_classes_of_one_image() -> None:
    assert gbc(column(0, 1), np.array([0, 1])) == pytest.approx(-2 * exp(-1 / (8e-4)), abs=1e-6)


def test_parc_by_hand() -> None:
    labels = np.repeat(np.arange(3), 2)
    assert parc(np.eye(3)[labels], labels) == pytest.approx(100, abs=1e-6)
    assert parc(np.ones((6, 3)), labels) == 0.0  # nothing to tell apart


def test_transrate_by_hand() -> None:
    """Opposite classes on a line say nothing; classes at right angles ½ log 2 of each."""
    assert transrate(column(-1, -1, 1, 1), TWO, 1.0) == pytest.approx(0.0, abs=1e-6)
    labels = np.array([0, 0, 1, 1])
    across = np.array([[2.0, 0], [-2, 0], [0, 2], [0, -2]])
    assert transrate(across, labels, 1.0) == pytest.approx(log(3) - 0.5 * log(5), abs=1e-6)


# Whatever the images


def images(seed: int, n: int = 40, d: int = 12, classes: int = 4, apart: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    draws = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    return draws.normal(size=(n, d)) + apart * draws.normal(size=(classes, d))[labels], labels


def all_scores(features: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    exponents = np.exp(features - features.max(1, keepdims=True))
    return of_features(features, labels) | of_source(exponents / exponents.sum(1, keepdims=True), labels)


def test_every_kind_has_its_score_and_is_the_only_one() -> None:
    assert list(all_scores(*images(0))) == [
        kind.name for source in (False, True) for kind in KINDS if kind.source == source and kind.name != KNN
    ]
    assert next(kind.name for kind in KINDS) == KNN


@pytest.mark.parametrize("d", [12, 60, 100])
def test_order_and_names_of_classes_do_not_matter(d: int) -> None:
    features, labels = images(1, d=d)
    before = all_scores(features, labels)
    order = np.random.default_rng(2).permutation(len(labels))
    assert all_scores(features[order], labels[order]) == pytest.approx(before, rel=1e-6)
    renamed = np.array([7, 3, 11, 5])[labels]
    assert all_scores(features, renamed) == pytest.approx(before, rel=1e-6)


@pytest.mark.parametrize("d", [3, 40, 200])
def test_classes_that_lie_apart_score_higher_than_shuffled_labels(d: int) -> None:
    features, labels = images(4, d=d)
    shuffled = np.random.default_rng(5).permutation(labels)
    right, wrong = all_scores(features, labels), all_scores(features, shuffled)
    assert [name for name in right if right[name] <= wrong[name]] == []


def test_odd_features_give_numbers() -> None:
    """Constant, all zero, repeated, single-image classes, two classes, very large and very small values."""
    features, labels = images(6)
    alone = np.append(labels[:-1], 9)
    cases = [
        (np.zeros_like(features), labels), (np.ones_like(features), labels), (features, alone),
        (np.repeat(features[:, :1], 12, 1), labels), (features, labels % 2), (features * 1e6, labels),
        (features * 1e-6, labels), (features[:2], np.array([0, 1])), (np.eye(40), labels),
    ]  # fmt: skip
    for values, named in cases:
        assert all(np.isfinite(score) for score in all_scores(values, named).values())


def test_source_classes_that_nothing_is_taken_for_do_not_count() -> None:
    features, labels = images(7)
    probabilities = np.abs(features) / np.abs(features).sum(1, keepdims=True)
    more = np.concatenate([probabilities, np.zeros((40, 5))], 1)
    assert of_source(more, labels) == pytest.approx(of_source(probabilities, labels))


def test_the_scores_need_no_torch() -> None:
    code = (
        "import sys, numpy; from engine.transferability.table import of_features\n"
        "of_features(numpy.eye(8), numpy.arange(8) % 2); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
