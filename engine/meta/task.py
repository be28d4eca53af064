"""A task: the images of one episode, as tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.inputs import Normaliser

if TYPE_CHECKING:
    from engine.data.episodes import Episode


@dataclass(frozen=True)
class Task:
    """support_images [way·shot, C, H, W], support_labels [way·shot], and the same for the query set."""

    support_images: Tensor
    support_labels: Tensor
    query_images: Tensor
    query_labels: Tensor
    way: int


class TaskImages:
    """Draws the images of episodes from the decoded data. pixels: uint8 [n, C, H, W]; rows: data-set index -> row."""

    def __init__(self, pixels: Tensor, rows: Tensor, shape: Normaliser) -> None:
        self.pixels, self.rows, self.shape = pixels, rows, shape

    def task(self, episode: Episode) -> Task:
        way, shot = episode.support.shape
        query = episode.query.shape[1]
        slots = torch.arange(way, device=self.pixels.device)
        return Task(
            self._images(episode.support, episode.turns),
            slots.repeat_interleave(shot),
            self._images(episode.query, episode.turns),
            slots.repeat_interleave(query),
            way,
        )

    def _images(self, indices: np.ndarray, turns: np.ndarray) -> Tensor:
        """indices: int64 [way, k]; turns: quarter turns per class [way]."""
        images = self.pixels[self.rows[torch.from_numpy(indices)]]
        for slot, quarter in enumerate(turns):
            if quarter:
                images[slot] = torch.rot90(images[slot], int(quarter), (-2, -1))
        return self.shape(images.flatten(0, 1))
