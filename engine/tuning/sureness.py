"""How sure the network is of each test image, and how long it takes: gathered while it is tested, read at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from engine.comparison.answers import KEPT, Answers

WARMING = 1  # batches at the start whose time does not count where others follow


class Sureness:
    """batch: images of a full batch; only those are timed. Nothing waits for a device before `answers`."""

    def __init__(self, batch: int) -> None:
        self._batch = batch
        self._parts: list[tuple[Tensor, Tensor, Tensor]] = []
        self._marks: list[tuple[torch.cuda.Event, torch.cuda.Event]] = []
        self._seconds: list[float] = []

    @contextmanager
    def timed(self, inputs: Tensor) -> Iterator[None]:
        """What the network computes for these inputs [n, …], without what is read for it."""
        if len(inputs) < self._batch:
            yield
        elif inputs.device.type == "cuda":
            begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            begin.record()
            yield
            end.record()
            self._marks.append((begin, end))
        else:
            begun = time.perf_counter()
            yield
            if inputs.device.type == "cpu":  # others compute on when the program goes on
                self._seconds.append(time.perf_counter() - begun)

    def take(self, outputs: Tensor, labels: Tensor) -> None:
        """outputs: [n, classes], before the softmax. labels: int64 [n]."""
        chances = outputs.float().softmax(1)
        ordered, places = chances.sort(dim=1, descending=True, stable=True)
        most = min(KEPT, chances.shape[1])
        self._parts.append((places[:, :most], ordered[:, :most], chances.gather(1, labels[:, None])[:, 0]))

    def answers(self, ids: np.ndarray, places: Tensor | slice = slice(None)) -> Answers:
        """ids: int64 [n], of all images that were taken. places: int64 [n], when each of them was taken."""
        classes, chances, truth = (torch.cat(parts).cpu()[places].numpy() for parts in zip(*self._parts, strict=True))
        seconds = [begin.elapsed_time(end) / 1000 for begin, end in self._marks] or self._seconds
        timed = np.asarray(seconds[WARMING:] if len(seconds) > WARMING else seconds, np.float64)
        return Answers(ids.astype(np.int64), classes.astype(np.int16), chances, truth, timed, self._batch)
