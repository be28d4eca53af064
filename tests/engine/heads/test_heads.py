"""Each head against values computed by hand, and ridge's closed-form leave-one-out against fits without each image."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.heads.catalog import HEADS
from engine.heads.cosine_classifier import CosineClassifier
from engine.heads.head import Head, one_hot, scores, standardiser
from engine.heads.logistic import STRENGTHS, Logistic
from engine.heads.mahalanobis import Mahalanobis
from engine.heads.nearest_mean import NearestMean, NearestMeanCosine
from engine.heads.ridge import Centred, Ridge
from engine.heads.simple_shot import CentredNearestMean, PowerNearestMean, rooted
from engine.methods.bench.head_bench import HeadBench

# Two images of class 0 with mean (1, 0), one of class 1 at (0, 4).
FEATURES = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 4.0]])
LABELS = np.array([0, 0, 1])


def blobs(per_class: int, classes: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Noisy clouds around random centres."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), per_class)
    return rng.normal(size=(classes, width))[labels] * 3 + rng.normal(size=(len(labels), width)), labels


@pytest.mark.anchors("head:nearest_mean")
def test_nearest_mean_by_distance() -> None:
    found = NearestMean().fit(FEATURES, LABELS, 2)(np.array([[1.0, 1.0]]))
    assert found == pytest.approx(np.array([[-1.0, -10.0]]))  # 0² + 1² and 1² + 3²


@pytest.mark.anchors("head:nearest_mean_cosine")
def test_nearest_mean_by_angle() -> None:
    found = NearestMeanCosine().fit(FEATURES, LABELS, 2)(np.array([[3.0, 4.0], [0.0, 0.0]]))
    assert found == pytest.approx(np.array([[0.6, 0.8], [0.0, 0.0]]))


@pytest.mark.anchors("head:nearest_mean_centred")
def test_simple_shot_subtracts_the_mean_of_the_labelled_images_and_sees_directions() -> None:
    """The mean is (2, 2), from which the classes lie in the directions (0.6, 0.8) and (-0.6, -0.8)."""
    x, y = np.array([[5.0, 6.0], [-1.0, -2.0]]), np.array([0, 1])
    found = CentredNearestMean().fit(x, y, 2)(np.array([[6.0, 5.0], [2.0, -3.0]]))  # (4, 3) / 5 and (0, -5) / 5
    # (0.8 - 0.6)² + (0.6 - 0.8)² = 0.08; 1.4² + 1.4² = 3.92; 0.6² + 1.8² = 3.6; 0.6² + 0.2² = 0.4
    assert found == pytest.approx(np.array([[-0.08, -3.92], [-3.6, -0.4]]))


@pytest.mark.anchors("head:nearest_mean_power")
def test_the_power_transform_takes_roots_and_scales_them_to_length_one() -> None:
    """(9, 16) -> (3, 4) / 5; a negative value keeps its sign, a row of zeros stays."""
    assert rooted(np.array([[9.0, 16.0], [-9.0, 16.0], [0.0, 0.0]])) == pytest.approx(
        np.array([[0.6, 0.8], [-0.6, 0.8], [0.0, 0.0]])
    )
    x, y = np.array([[9.0, 16.0], [16.0, 9.0], [0.0, 4.0]]), np.array([0, 0, 1])  # means (0.7, 0.7) and (0, 1)
    found = PowerNearestMean().fit(x, y, 2)(np.array([[16.0, 9.0]]))
    assert found == pytest.approx(np.array([[-0.02, -0.8]]))  # 0.1² + 0.1²; 0.8² + 0.4²


@pytest.mark.anchors("head:mahalanobis")
def test_mahalanobis_with_a_class_of_one_image() -> None:
    """Σ = [4/3 -4/3; -4/3 16/3]; Q_0 = 2/3 [2 0; 0 0] + Σ/3 + I = [25 -4; -4 25] / 9; Q_1 = Σ/2 + I."""
    found = Mahalanobis().fit(FEATURES, LABELS, 2)(np.array([[1.0, 3.0]]))
    # (0, 3) Q_0⁻¹ (0, 3) = 9/609 · 25 · 9; (1, -1) Q_1⁻¹ (1, -1) = 3/51 · (11 - 2 - 2 + 5)
    assert found == pytest.approx(np.array([[-0.5 * 2025 / 609, -0.5 * 36 / 51]]))


def test_mahalanobis_where_a_class_has_more_images_than_features() -> None:
    """Against the definition with plain inverses."""
    x, y = blobs(8, 3, 4)
    queries = np.random.default_rng(1).normal(size=(5, 4))
    task, expected = np.cov(x.T), np.empty((5, 3))
    for k in range(3):
        members = x[y == k]
        q = 8 / 9 * np.cov(members.T) + 1 / 9 * task + np.eye(4)
        away = queries - members.mean(0)
        expected[:, k] = -0.5 * np.einsum("ni,ij,nj->n", away, np.linalg.inv(q), away)
    assert Mahalanobis().fit(x, y, 3)(queries) == pytest.approx(expected)


@pytest.mark.anchors("head:ridge")
def test_ridge_with_one_feature() -> None:
    """XᵀX = 2, α = 2, Xᵀ(Y - ½) = (-1, 1): weights ∓1/4, bias 1/2, so that x = 2 gets 0 and 1."""
    x, y = np.array([[-1.0], [1.0]]), np.array([0, 1])
    assert Ridge((2.0,)).fit(x, y, 2)(np.array([[2.0]])) == pytest.approx(np.array([[0.0, 1.0]]))


@pytest.mark.parametrize("width", [3, 40])
def test_ridge_leaves_out_in_closed_form_what_refits_leave_out(width: int) -> None:
    x, y = blobs(4, 3, width)
    targets, alpha = one_hot(y, 3), 1.7
    expected = []
    for left in range(len(x)):
        rest = np.delete(np.arange(len(x)), left)
        mean, target_mean = x[rest].mean(0), targets[rest].mean(0)
        centred = x[rest] - mean
        weights = np.linalg.solve(centred.T @ centred + alpha * np.eye(width), centred.T @ targets[rest])
        expected.append(target_mean + (x[left] - mean) @ weights)
    assert Centred(x, targets).left_out(alpha) == pytest.approx(np.array(expected))


def test_ridge_takes_the_strength_that_predicts_left_out_images_best() -> None:
    x, y = blobs(4, 3, 20, seed=3)
    x += np.random.default_rng(4).normal(size=x.shape) * 4
    targets = one_hot(y, 3)
    errors = {a: float(((Centred(x, targets).left_out(a) - targets) ** 2).sum()) for a in (0.01, 30.0, 1e5)}
    best = min(errors, key=lambda alpha: errors[alpha])
    assert best == 30.0
    queries = x[:2] + 1
    assert Ridge((0.01, 30.0, 1e5)).fit(x, y, 3)(queries) == pytest.approx(Ridge((30.0,)).fit(x, y, 3)(queries))


@pytest.mark.anchors("head:logistic")
def test_logistic_regression_of_two_images() -> None:
    """Minimum of w²/2 + C · 2 log(1 + e^-w) at x = ±1: w = 2 C / (1 + e^w)."""
    found = Logistic(1.0).fit(np.array([[-1.0], [1.0]]), np.array([0, 1]), 2)(np.array([[1.0]]))
    w = float(found[0, 1] - found[0, 0])
    assert w == pytest.approx(2 / (1 + math.exp(w)), abs=2e-3)


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("images,size,classes", [(20, 64, 10), (60, 200, 3), (300, 20, 5)])
def test_logistic_regression_ends_at_its_optimum(strength: float, images: int, size: int, classes: int) -> None:
    """Against Newton's method: weights within a thousandth of the largest one."""
    from sklearn.linear_model import LogisticRegression

    rng, labels = np.random.default_rng(0), np.arange(images) % classes
    features = rng.normal(size=(classes, size))[labels] + rng.normal(size=(images, size))
    newton = LogisticRegression(C=strength, solver="newton-cg", tol=1e-9, max_iter=1000).fit(features, labels)
    score = Logistic(strength).fit(features, labels, classes)
    found = score(np.eye(size)) - score(np.zeros((1, size)))
    assert np.abs(found.T - newton.coef_).max() <= 1e-3 * np.abs(newton.coef_).max()


def test_logistic_regression_chooses_its_strength_on_the_labelled_images_alone() -> None:
    x, y = blobs(10, 3, 5)
    assert Logistic().tuned(x, y, 3, 0).strength in STRENGTHS
    noise, any_label = np.random.default_rng(6).normal(size=(90, 40)), np.arange(90) % 3
    assert Logistic().tuned(noise, any_label, 3, 0).strength <= 0.01  # nothing to learn: a strong pull
    assert Logistic(0.5).tuned(x[::10], y[::10], 3, 0).strength == 0.5  # one image per class: nothing to leave out


@pytest.mark.anchors("head:cosine_classifier")
def test_the_cosine_classifier_starts_from_the_means_and_sees_directions_only() -> None:
    untrained = CosineClassifier(steps=0).fit(FEATURES, LABELS, 2)
    assert untrained(np.array([[3.0, 4.0]])) == pytest.approx(np.array([[6.0, 8.0]]), abs=1e-5)  # 10 times the cosines
    x, y = blobs(5, 3, 6)
    trained = CosineClassifier().fit(x, y, 3)
    assert (trained(x).argmax(1) == y).all()
    assert trained(7 * x) == pytest.approx(trained(x))


def test_features_are_standardised_by_the_training_images_and_small_numbers_are_not_trusted() -> None:
    """Variances 1 and 0 with mean 1/2, which counts as ten images beside two: 7/12 and 5/12."""
    standard = standardiser(np.array([[0.0, 1.0], [2.0, 1.0]]))
    assert standard(np.array([[2.0, 2.0]])) == pytest.approx(np.array([[(7 / 12) ** -0.5, (5 / 12) ** -0.5]]))
    assert standardiser(np.ones((2, 2)))(np.ones((1, 2))) == pytest.approx(np.zeros((1, 2)))


@pytest.mark.parametrize("head", HEADS, ids=[head.name for head in HEADS])
@pytest.mark.parametrize("per_class,width", [(1, 30), (6, 4)])
def test_every_head_learns_clouds_that_lie_apart(head: Head, per_class: int, width: int) -> None:
    x, y = blobs(per_class + 10, 4, width, seed=width)
    learnt = np.concatenate([np.flatnonzero(y == k)[:per_class] for k in range(4)])
    rest = np.setdiff1d(np.arange(len(y)), learnt)
    found = scores(head, x[learnt], y[learnt], 4, x[rest])
    assert found.shape == (len(rest), 4)
    assert (found.argmax(1) == y[rest]).mean() > 0.8


def test_every_head_can_be_asked_for_alone() -> None:
    for head in HEADS:
        assert HeadBench.from_values({"heads": head.title}).heads == (head,)
