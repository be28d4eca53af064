"""Tasks as a learner meets them, to look at before a run: drawn from the split and by the settings of the method."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from engine.data.episode_splits import EpisodeShape, samplers
from engine.data.preview import EpisodePreview, episode_rows, turned_name
from engine.data.sources import dataset, load
from engine.data.splits import for_tasks
from engine.experiment import DatasetChoice

Part = Literal["training", "validation", "test"]


def tasks_preview(
    choice: DatasetChoice, shape: EpisodeShape, part: Part, seed: int, count: int = 3
) -> list[EpisodePreview]:
    """`count` tasks of this part of the classes; the same seed draws the same. Raises `InvalidExperiment` when any part
    cannot give such tasks, with the numbers that would fit."""
    data = for_tasks(load(choice), choice)
    found = samplers(data, choice, shape)
    sampler = {"training": found.train, "validation": found.validation, "test": found.test}[part]
    draw = np.random.default_rng([seed, 8])
    episodes = [sampler.sample(draw) for _ in range(count)]
    return [
        EpisodePreview(
            support=episode_rows(data, episode, episode.support),
            query=episode_rows(data, episode, episode.query),
            names=tuple(
                turned_name(data, int(place), int(turn))
                for place, turn in zip(episode.classes, episode.turns, strict=True)
            ),
        )
        for episode in episodes
    ]


def curves_preview(choice: DatasetChoice, shot: int, seed: int, count: int = 3) -> list[dict[str, Any]]:
    """`count` regression tasks as `CurveTaskPicture` takes them: the curve and the points that are given of it."""
    source, draw = dataset(choice.name).curves, np.random.default_rng([seed, 8])
    assert source is not None
    return [{**source.drawing(source.one(choice, draw, shot, 1)), "predictions": []} for _ in range(count)]
