"""Hardness of a test episode: the nearest mean on the pixels, by hand; and what is said of a figure by it."""

from __future__ import annotations

import numpy as np
import torch

from engine.data.episodes import Episode, EpisodeSampler
from engine.data.target import CLASSES
from engine.meta.results import figure, hardness, with_hardness
from engine.meta.task import ImageTasks, TaskImages
from engine.preparation.inputs import Normaliser


def test_share_of_queries_nearer_to_another_mean() -> None:
    values = [0, 20, 10, 200, 220, 90, 120]  # grey of each image; class 0: the first three, class 1: the others
    pixels = torch.tensor(values, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 1, 32, 32).contiguous()
    labels = np.array([0, 0, 0, 1, 1, 1, 1])
    # means of the support: 10 and 210, so their middle is 110: 10 -> 0 (right), 90 -> 0 (wrong), 120 -> 1 (right)
    easy = Episode(np.array([[0, 1], [3, 4]]), np.array([[2], [6]]), np.array([0, 1]), np.zeros(2, np.int8))
    hard = Episode(np.array([[0, 1], [3, 4]]), np.array([[2], [5]]), np.array([0, 1]), np.zeros(2, np.int8))
    images = TaskImages(pixels, torch.arange(7), Normaliser(32, 1))
    sampler = EpisodeSampler(labels, np.array([0, 1]), 2, 1, 1)
    found = hardness(ImageTasks(images, sampler, (), (easy, hard), 2))
    assert found is not None
    assert found.tolist() == [0.0, 0.5]


def test_a_figure_tells_the_easier_and_the_harder_half() -> None:
    scores = np.array([0.2, 0.9, 0.4, 0.7])
    found = with_hardness(figure(scores, CLASSES), np.array([0.8, 0.1, 0.6, 0.3]))
    assert found.protocol["by hardness"] == "easier half 80.0 %, harder half 30.0 %"
    assert found.hardness is not None
    assert found.hardness.tolist() == [0.8, 0.1, 0.6, 0.3]
    assert with_hardness(found, None) is found
