"""Conditional neural processes against NumPy: the mean that is read, the least deviation, the likelihood."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.adaptation.conditional import ConditionalNetworks, negative_likelihood


def perceptron(layers: torch.nn.Sequential, x: np.ndarray) -> np.ndarray:
    linear = [layer for layer in layers if isinstance(layer, torch.nn.Linear)]
    for number, layer in enumerate(linear):
        x = x @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
        x = np.maximum(x, 0) if number < len(linear) - 1 else x
    return x


def test_a_curve_is_read_by_its_mean_and_answered_with_a_deviation_of_a_tenth_at_least() -> None:
    torch.manual_seed(0)
    networks, rng = ConditionalNetworks(2, True, 5).double(), np.random.default_rng(0)
    x, y, asked = rng.normal(size=(4, 2)), rng.normal(size=(4, 1)), rng.normal(size=(3, 2))
    mean, deviation = (part.detach().numpy() for part in networks.curve(*map(torch.tensor, (x, y, asked))))
    summary = perceptron(networks.h, np.c_[x, y]).mean(0)
    answers = perceptron(networks.g, np.c_[np.tile(summary, (3, 1)), asked])
    assert np.allclose(mean[:, 0], answers[:, 0], rtol=1e-12)
    assert np.allclose(deviation[:, 0], 0.1 + 0.9 * np.log1p(np.exp(answers[:, 1])), rtol=1e-12)


@pytest.mark.parametrize(("raw", "expected"), [(0.0, 0.723832), (-40.0, 0.1), (2.0, 2.014235)])
def test_the_deviation_of_numbers_worked_out(raw: float, expected: float) -> None:
    """0.1 + 0.9 ln(1 + e^raw), as in Garnelo et al.'s code: 0.1 + 0.9 * 0.693147, 0.1, 0.1 + 0.9 * 2.126928."""
    networks = ConditionalNetworks(1, True, 4).double()
    torch.nn.init.zeros_(networks.g[-1].weight)
    networks.g[-1].bias.data = torch.tensor([1.5, raw], dtype=torch.float64)
    mean, deviation = networks.curve(*(torch.ones(1, 1, dtype=torch.float64) for _ in range(3)))
    assert (float(mean.detach()), float(deviation.detach())) == (1.5, pytest.approx(expected, abs=1e-6))


def test_the_likelihood_is_the_normal_one() -> None:
    """-log N(2; 1, 0.5²) = (2 - 1)²/(2 * 0.25) + ln 0.5 + ln(2π)/2 = 2 - 0.693147 + 0.918939."""
    one = torch.ones(1, 1)
    assert float(negative_likelihood(one, 0.5 * one, 2 * one)) == pytest.approx(2.225791, abs=1e-6)


def test_classes_are_scored_each_against_the_mean_of_its_own_images() -> None:
    torch.manual_seed(1)
    networks, rng = ConditionalNetworks(2, False, 5).double(), np.random.default_rng(1)
    x, targets, asked = rng.normal(size=(5, 2)), np.array([1, 0, 1, 1, 0]), rng.normal(size=(3, 2))
    summaries = networks.summaries(torch.tensor(x), torch.tensor(targets), 2)
    found = networks.scores(summaries, torch.tensor(asked)).detach().numpy()
    for label in range(2):
        summary = perceptron(networks.h, x[targets == label]).mean(0)
        expected = perceptron(networks.g, np.c_[np.tile(summary, (3, 1)), asked])[:, 0]
        assert np.allclose(found[:, label], expected, rtol=1e-12)
