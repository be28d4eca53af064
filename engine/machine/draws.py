"""Torch's global random state is one for all threads: who seeds it or leaves it as it was does so alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_turn = threading.RLock()


@contextmanager
def own_draws(seed: int | None = None) -> Iterator[None]:
    """What is drawn inside starts from `seed`, if it is given, and leaves the state as it was: the CPU's, where every
    network is made. Other threads wait meanwhile, so draw here and nothing else; the same thread may be inside twice.
    """
    with _turn, torch.random.fork_rng(devices=[]):
        if seed is not None:
            torch.default_generator.manual_seed(seed)
        yield
